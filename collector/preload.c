/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the collector in a program that knows nothing of it: LD_PRELOAD=libddcrash_preload.so with
 * the configuration in environment variables. It never stops the program from running.
 */
#include <unistd.h>

#include "ddcrash.h"
#include "syscall.h"
#include "text.h"

#define MAX_TAG 1024

struct tag_row {
	const char *variable, *name;
};

static const struct tag_row tag_rows[] = {
	{"DD_SERVICE", "service:"},
	{"DD_ENV", "env:"},
	{"DD_VERSION", "version:"},
};

#define TAG_ROWS (sizeof(tag_rows) / sizeof(tag_rows[0]))

/* The value of an environment variable; NULL when it is not set or empty. */
static const char *variable(const char *name)
{
	size_t length = text_length(name);

	for (char **entry = environ; entry && *entry; entry++) {
		size_t i = 0;

		while (i < length && (*entry)[i] == name[i])
			i++;
		if (i == length && (*entry)[i] == '=')
			return (*entry)[i + 1] ? *entry + i + 1 : NULL;
	}
	return NULL;
}

static bool make_tag(const char *name, const char *value, char *tag)
{
	size_t used = 0;

	if (text_length(name) + text_length(value) >= MAX_TAG)
		return false;
	for (; *name; name++)
		tag[used++] = *name;
	for (; *value; value++)
		tag[used++] = *value;
	tag[used] = '\0';
	/* a value ending with a colon makes no valid tag */
	return tag[used - 1] != ':';
}

static void complain(const char *text)
{
	sys_write(STDERR_FILENO, text, text_length(text));
}

__attribute__((constructor)) static void start(void)
{
	struct ddcrash_config config = DDCRASH_CONFIG_INIT;
	char text[TAG_ROWS][MAX_TAG];
	const char *tags[TAG_ROWS + 1];

	config.output = variable("DDCRASH_OUTPUT");
	if (!config.output)
		return;
	for (size_t i = 0; i < TAG_ROWS; i++) {
		const char *value = variable(tag_rows[i].variable);

		if (value && make_tag(tag_rows[i].name, value, text[config.tag_count])) {
			tags[config.tag_count] = text[config.tag_count];
			config.tag_count++;
		}
	}
	tags[config.tag_count++] = "language:native";
	config.tags = tags;
	if (ddcrash_start(&config))
		complain("ddcrash: cannot start: DDCRASH_OUTPUT is not a usable pattern\n");
}
