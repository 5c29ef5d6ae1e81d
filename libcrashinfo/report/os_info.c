/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine runs, in the words the report format uses for it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <crashinfo/report.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/strbuf.h"
#include "json/write.h"

/* os-release files are a few hundred bytes. */
#define OS_RELEASE_BYTES 65536

/* ID of os-release to the display name; others are "Linux". */
static const char *const distributions[][2] = {
	{"alpine", "Alpine Linux"},
	{"amzn", "Amazon Linux AMI"},
	{"arch", "Arch Linux"},
	{"centos", "CentOS"},
	{"debian", "Debian"},
	{"fedora", "Fedora"},
	{"linuxmint", "Linux Mint"},
	{"nixos", "NixOS"},
	{"ol", "Oracle Linux"},
	{"opensuse-leap", "openSUSE"},
	{"rhel", "Red Hat Enterprise Linux"},
	{"rocky", "Rocky Linux"},
	{"sles", "SUSE Linux Enterprise Server"},
	{"ubuntu", "Ubuntu"},
};

static const char *display_name(const char *id)
{
	for (size_t i = 0; i < sizeof(distributions) / sizeof(distributions[0]); i++)
		if (!strcmp(distributions[i][0], id))
			return distributions[i][1];
	return "Linux";
}

/* The value of KEY=value or KEY="value" into `ret`, cut to its size; "" when it is not there. */
static void release_value(const char *text, const char *key, char *ret, size_t size)
{
	size_t key_size = strlen(key);

	ret[0] = '\0';
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		const char *value;

		line += *line == '\n';
		if (strncmp(line, key, key_size) || line[key_size] != '=')
			continue;
		value = line + key_size + 1;
		value += *value == '"' || *value == '\'';
		snprintf(ret, size, "%.*s", (int)strcspn(value, "\"'\n"), value);
		return;
	}
}

/* "12" and "22.04" become "12.0.0" and "22.4.0", as numbers are printed again. */
static void version_numbers(const char *text, char *ret, size_t size)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(text, "%9u.%9u.%9u", &major, &minor, &patch) >= 1)
		snprintf(ret, size, "%u.%u.%u", major, minor, patch);
	else
		snprintf(ret, size, "%s", *text ? text : "Unknown");
}

static void add_member(struct strbuf *buf, const char *name, const char *value)
{
	strbuf_addc(buf, buf->size ? ',' : '{');
	json_add_string(buf, name, strlen(name));
	strbuf_addc(buf, ':');
	json_add_string(buf, value, strlen(value));
}

static void add_members(struct strbuf *buf, const struct utsname *host, const char *release)
{
	char id[64], numbers[64], version[64];

	release_value(release, "ID", id, sizeof(id));
	release_value(release, "VERSION_ID", numbers, sizeof(numbers));
	version_numbers(numbers, version, sizeof(version));
	add_member(buf, "architecture", host->machine);
	add_member(buf, "bitness", sizeof(long) == 8 ? "64-bit" : "32-bit");
	add_member(buf, "os_type", display_name(id));
	add_member(buf, "version", version);
	strbuf_addc(buf, '}');
}

struct crashinfo_error *crashinfo_os_info_json(char **ret)
{
	struct strbuf text _strbuf_ = {0}, json _strbuf_ = {0};
	struct crashinfo_error *error;
	struct utsname host;

	if (uname(&host))
		return crashinfo_error_from_errno(errno, "uname");
	error = io_read_file("/etc/os-release", OS_RELEASE_BYTES, &text);
	if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	/* a machine without os-release is simply "Linux" */
	crashinfo_error_destroy(error);
	add_members(&json, &host, text.data);
	if (json.failed)
		return crashinfo_error_no_memory();
	*ret = strbuf_steal(&json);
	return NULL;
}
