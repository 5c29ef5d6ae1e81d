/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the kernel run ddcrash-usercrash for processes that crash, and undoes that. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/ctl.h"
#include "host/protocol.h"

#define KERNEL_DIR  "/proc/sys/kernel"
#define STATE_DIR   "/var/lib/ddcrash"
#define SYSCTL_FILE "/etc/sysctl.d/80-ddcrash.conf"

static const struct tool_option options[] = {
	{"client", 0, "FILE", "run this program for each crash",
	 TOOL_STRING(struct ctl_options, client), .fallback = "ddcrash-usercrash beside this one",
	 .complete = TOOL_FILES, .group = "Places"},
	{"state-dir", 0, "DIR", "keep the settings from before here",
	 TOOL_STRING(struct ctl_options, state_dir), .fallback = STATE_DIR, .complete = TOOL_DIRS},
	{"sysctl-file", 0, "FILE", "settings for the next start of the machine",
	 TOOL_STRING(struct ctl_options, sysctl_file), .fallback = SYSCTL_FILE,
	 .complete = TOOL_FILES},
	{"kernel-dir", 0, "DIR", "settings of the kernel",
	 TOOL_STRING(struct ctl_options, kernel_dir), .fallback = KERNEL_DIR,
	 .complete = TOOL_DIRS},
	{"socket", 0, "FILE", "the server listens here", TOOL_STRING(struct ctl_options, socket),
	 .fallback = PROTOCOL_DEFAULT_SOCKET, .complete = TOOL_FILES},
	{"force", 0, NULL, "change the settings of a container's host too",
	 TOOL_FLAG(struct ctl_options, force), .group = "Safety"},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-ctl",
	.summary = "Let the kernel report processes that crash.",
	.operands = "enable|disable|is-active|status",
	.options = options,
	.common = TOOL_HAS_VERBOSE,
};

/* --- commands --------------------------------------------------------------------------------- */

/* Settings of the machine itself are not for everyone to change. */
static bool may_change(struct ctl *ctl)
{
	if (strcmp(ctl->options.kernel_dir, KERNEL_DIR))
		return true;
	if (geteuid()) {
		tool_error(&ctl->tool, "only root may change settings of the kernel");
		return false;
	}
	if (!ctl->options.force && ctl_in_container()) {
		tool_error(&ctl->tool, "this is a container: core_pattern is that of its host, "
				       "enable it there or use --force");
		return false;
	}
	return true;
}

static enum tool_status enable(struct ctl *ctl)
{
	if (!may_change(ctl) || tool_failed(&ctl->tool, ctl_enable(ctl)))
		return TOOL_FAILED;
	tool_note(&ctl->tool, "enabled");
	return TOOL_OK;
}

static enum tool_status disable(struct ctl *ctl)
{
	if (!may_change(ctl) || tool_failed(&ctl->tool, ctl_disable(ctl)))
		return TOOL_FAILED;
	tool_note(&ctl->tool, "disabled");
	return TOOL_OK;
}

static enum tool_status is_active(struct ctl *ctl)
{
	bool enabled = ctl_is_enabled(ctl);

	fprintf(tool_out(&ctl->tool), "%s\n", enabled ? "active" : "inactive");
	return enabled ? TOOL_OK : TOOL_NEGATIVE;
}

static void print_setting(struct ctl *ctl, const char *title, const struct strbuf *value)
{
	int size = (int)value->size;

	while (size && value->data[size - 1] == '\n')
		size--;
	fprintf(tool_out(&ctl->tool), "%-16s %.*s\n", title, size, size ? value->data : "");
}

static enum tool_status status(struct ctl *ctl)
{
	bool enabled = ctl_is_enabled(ctl);

	fprintf(tool_out(&ctl->tool), "%-16s %s\n", "reports", enabled ? "active" : "inactive");
	print_setting(ctl, "core_pattern", &ctl->pattern.now);
	print_setting(ctl, "core_pipe_limit", &ctl->limit.now);
	if (ctl->dumpable.is_there)
		print_setting(ctl, "suid_dumpable", &ctl->dumpable.now);
	if (ctl->pattern.has_previous)
		print_setting(ctl, "before", &ctl->pattern.previous);
	fprintf(tool_out(&ctl->tool), "%-16s %s\n", "server",
		ctl_is_served(ctl) ? "running" : "not running");
	return enabled ? TOOL_OK : TOOL_NEGATIVE;
}

struct command {
	const char *name;
	enum tool_status (*run)(struct ctl *ctl);
};

static const struct command commands[] = {
	{"enable", enable},
	{"disable", disable},
	{"is-active", is_active},
	{"status", status},
};

static const struct command *find_command(struct ctl *ctl)
{
	const struct tool_list *operands = &ctl->tool.operands;

	if (operands->count != 1)
		tool_usage(&ctl->tool, "say one of enable, disable, is-active, status");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(operands->data[0], commands[i].name))
			return &commands[i];
	tool_usage(&ctl->tool, "unknown command %s", operands->data[0]);
}

/* The client stands beside this program. */
static char *find_client(void)
{
	char self[PATH_MAX], *client;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	if (size < 0)
		return NULL;
	self[size] = '\0';
	slash = strrchr(self, '/');
	if (!slash || asprintf(&client, "%.*s/ddcrash-usercrash", (int)(slash - self), self) < 0)
		return NULL;
	return client;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.options =
			{
				.socket = PROTOCOL_DEFAULT_SOCKET,
				.kernel_dir = KERNEL_DIR,
				.state_dir = STATE_DIR,
				.sysctl_file = SYSCTL_FILE,
			},
	};
	enum tool_status result = TOOL_FAILED;
	const struct command *command;
	char *client = NULL;

	tool_start(&ctl.tool, &program, argc, argv, &ctl.options);
	command = find_command(&ctl);
	if (!ctl.options.client)
		ctl.options.client = client = find_client();
	if (!ctl.options.client)
		tool_error(&ctl.tool, "cannot find ddcrash-usercrash, name it with --client");
	else if (!tool_failed(&ctl.tool, ctl_read(&ctl)))
		result = command->run(&ctl);
	ctl_free(&ctl);
	result = (enum tool_status)tool_finish(&ctl.tool, result);
	free(client);
	return result;
}
