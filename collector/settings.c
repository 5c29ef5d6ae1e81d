/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "syscall.h"
#include "text.h"

/* Files that stand where the report should go, before it is given up. */
#define MAX_SUFFIX 9

static const int default_signals[] = {
	SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS,
};

static int keep_text(struct settings *settings, const char *text, const char **ret)
{
	size_t size = text_length(text) + 1;
	char *kept = settings->text + settings->text_used;

	if (size > SETTINGS_MAX_TEXT - settings->text_used)
		return -E2BIG;
	for (size_t i = 0; i < size; i++)
		kept[i] = text[i];
	settings->text_used += size;
	*ret = kept;
	return 0;
}

static bool tag_is_sound(const char *tag)
{
	return tag && *tag && *tag != ':' && tag[text_length(tag) - 1] != ':';
}

static int keep_tags(struct settings *settings, const struct ddcrash_config *config)
{
	if (config->tag_count > SETTINGS_MAX_TAGS)
		return -E2BIG;
	for (size_t i = 0; i < config->tag_count; i++) {
		int status;

		if (!tag_is_sound(config->tags[i]))
			return -EINVAL;
		status = keep_text(settings, config->tags[i], &settings->tags[i]);
		if (status)
			return status;
	}
	settings->tag_count = config->tag_count;
	return 0;
}

static int keep_signals(struct settings *settings, const struct ddcrash_config *config)
{
	const int *signals = config->signals ? config->signals : default_signals;
	size_t count = config->signals ? config->signal_count
				       : sizeof(default_signals) / sizeof(default_signals[0]);

	if (!count || count > SETTINGS_MAX_SIGNALS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (signals[i] < 1 || signals[i] >= 32 || signals[i] == SIGKILL ||
		    signals[i] == SIGSTOP)
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (signals[j] == signals[i])
				return -EINVAL;
		settings->signals[i] = signals[i];
	}
	settings->signal_count = count;
	return 0;
}

/* The pattern as an absolute path: the program may change its folder before it crashes. */
static int keep_output(struct settings *settings, const char *pattern)
{
	size_t used = 0, length = text_length(pattern);

	for (size_t i = 0; i < length; i++) {
		if (pattern[i] != '%')
			continue;
		i++;
		if (pattern[i] != 'p' && pattern[i] != '%')
			return -EINVAL;
	}
	if (*pattern != '/') {
		long size = SYS_2(SYS_getcwd, settings->output, SETTINGS_MAX_PATH);

		if (size < 0)
			return (int)size;
		used = (size_t)size;
		/* a percent sign in the folder's own name is not ours to replace */
		for (size_t i = 0; i + 1 < used; i++)
			if (settings->output[i] == '%')
				return -EINVAL;
		settings->output[used - 1] = '/';
	}
	if (length >= SETTINGS_MAX_PATH - used)
		return -ENAMETOOLONG;
	for (size_t i = 0; i <= length; i++)
		settings->output[used + i] = pattern[i];
	return 0;
}

static int keep_names(struct settings *settings, const struct ddcrash_config *config)
{
	int status = keep_text(settings, config->library_name ? config->library_name : "ddcrash",
			       &settings->library_name);

	if (!status)
		status = keep_text(settings,
				   config->library_version ? config->library_version
							   : DDCRASH_VERSION,
				   &settings->library_version);
	if (!status)
		status = keep_text(settings, config->family ? config->family : "native",
				   &settings->family);
	return status;
}

int settings_init(struct settings *ret, const struct ddcrash_config *config)
{
	int status;

	ret->text_used = 0;
	ret->message[0] = '\0';
	ret->output[0] = '\0';
	ret->output_fd = config->output_fd;
	ret->altstack = !(config->flags & DDCRASH_NO_ALTSTACK);
	if ((config->flags & ~DDCRASH_NO_ALTSTACK) || (!config->output && config->output_fd < 0) ||
	    (config->output && !*config->output))
		return -EINVAL;
	status = config->output ? keep_output(ret, config->output) : 0;
	if (!status)
		status = keep_names(ret, config);
	if (!status)
		status = keep_tags(ret, config);
	return status ? status : keep_signals(ret, config);
}

void settings_set_message(struct settings *settings, const char *message)
{
	size_t i = 0;

	for (; message && message[i] && i < SETTINGS_MAX_MESSAGE - 1; i++)
		settings->message[i] = message[i];
	settings->message[i] = '\0';
}

struct path {
	char text[SETTINGS_MAX_PATH + 64];
	size_t used;
};

static void path_add(struct path *path, char character)
{
	if (path->used < sizeof(path->text) - 1)
		path->text[path->used++] = character;
	path->text[path->used] = '\0';
}

static void path_add_number(struct path *path, unsigned value)
{
	char digits[10];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while (value /= 10);
	while (count)
		path_add(path, digits[--count]);
}

static void expand(struct path *path, const char *pattern)
{
	path->used = 0;
	for (; *pattern; pattern++) {
		if (*pattern != '%')
			path_add(path, *pattern);
		else if (*++pattern == 'p')
			path_add_number(path, (unsigned)sys_getpid());
		else
			path_add(path, '%');
	}
}

/* Never through a file or link that somebody put there: the name can be guessed. */
int settings_open_output(const struct settings *settings)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	static struct path path;
	size_t plain;
	int fd;

	expand(&path, settings->output);
	plain = path.used;
	fd = sys_open(path.text, flags, 0600);
	for (unsigned i = 1; fd == -EEXIST && i <= MAX_SUFFIX; i++) {
		path.used = plain;
		path_add(&path, '.');
		path_add_number(&path, i);
		fd = sys_open(path.text, flags, 0600);
	}
	return fd;
}
