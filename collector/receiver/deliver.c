/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a crash: a report in the spool, on standard output, or with whom the uploader
 * brings it to. What can't be made a report of is kept as the stream it is.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <crashinfo/json.h>

#include "receiver/receiver.h"

/* --- names ------------------------------------------------------------------------------------ */

static void make_uuid(char ret[UUID_SIZE])
{
	unsigned char bytes[16] = {0};
	size_t used = 0;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		uint64_t now = now_ms();

		memcpy(bytes, &now, sizeof(now));
	}
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret[used++] = '-';
		used += (size_t)snprintf(ret + used, 3, "%02x", bytes[i]);
	}
}

/* That of the report. */
static void read_uuid(const struct receiver *receiver, const struct child_output *report,
		      char ret[UUID_SIZE])
{
	struct crashinfo_json *json = NULL;
	struct crashinfo_slice raw;
	struct crashinfo_error *error;
	crashinfo_json_node node;

	make_uuid(ret);
	error = crashinfo_json_parse(&receiver->tool.context, report->text, report->size, NULL,
				     &json);
	if (error) {
		crashinfo_error_destroy(error);
		return;
	}
	node = crashinfo_json_member(json, 0, "uuid");
	if (node != CRASHINFO_JSON_NONE) {
		raw = crashinfo_json_raw(json, node);
		/* With its quotes. */
		if (raw.size == UUID_SIZE + 1 && !memchr(raw.data, '/', raw.size)) {
			memcpy(ret, raw.data + 1, UUID_SIZE - 1);
			ret[UUID_SIZE - 1] = '\0';
		}
	}
	crashinfo_json_destroy(json);
}

/* --- making a report -------------------------------------------------------------------------- */

static bool parse(struct crash *crash, struct child_output *ret)
{
	static const char *const argv[] = {
		"ddcrash-parse", "--random-uuid", "--compact", "--quiet", "-", NULL};
	struct receiver *receiver = crash->receiver;
	char reason[CHILD_REASON_MAX];
	size_t size;
	char *stream = compose_stream(crash, &size);
	bool parsed = stream && child_run(receiver, argv, stream, size,
					  receiver->options.report_timeout, ret, reason);

	if (!stream)
		tool_error(&receiver->tool, "out of memory");
	else if (!parsed)
		tool_error(&receiver->tool, "no report could be made of the stream: %s", reason);
	free(stream);
	return parsed;
}

/* The command line of ddcrash-symbolize; free() it. */
static const char **symbolize_command(const struct receiver *receiver)
{
	const struct tool_list *dirs = &receiver->options.debug_dirs;
	const char **argv = calloc(2 * dirs->count + 5, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = "ddcrash-symbolize";
	argv[n++] = "--compact";
	argv[n++] = "--quiet";
	for (size_t i = 0; i < dirs->count; i++) {
		argv[n++] = "--debug-dir";
		argv[n++] = dirs->data[i];
	}
	argv[n] = "-";
	return argv;
}

static bool symbolize(struct crash *crash, struct child_output *report)
{
	struct receiver *receiver = crash->receiver;
	const char **argv = symbolize_command(receiver);
	struct child_output symbolized;
	char reason[CHILD_REASON_MAX] = "out of memory";
	bool done = argv && child_run(receiver, argv, report->text, report->size,
				      receiver->options.symbols_timeout, &symbolized, reason);

	free(argv);
	if (done) {
		free(report->text);
		*report = symbolized;
	} else {
		crash_log(crash, "Error resolving frames: %s", reason);
	}
	return done;
}

static bool make_report(struct crash *crash, struct child_output *ret)
{
	if (!parse(crash, ret))
		return false;
	if (!crash->receiver->options.debug_dirs.count || symbolize(crash, ret))
		return true;
	/* Once more, with the message that says so. */
	free(ret->text);
	return parse(crash, ret);
}

/* --- where it goes ---------------------------------------------------------------------------- */

static bool upload(struct crash *crash, const struct child_output *report)
{
	struct receiver *receiver = crash->receiver;
	const char *argv[] = {"ddcrash-upload",
			      "--no-journal",
			      "--quiet",
			      "--endpoint",
			      receiver->options.upload,
			      "-",
			      NULL,
			      NULL};
	char reason[CHILD_REASON_MAX];
	struct child_output output;

	if (receiver->options.ping) {
		argv[5] = "--ping";
		argv[6] = "-";
	}
	if (child_run(receiver, argv, report->text, report->size, receiver->options.upload_timeout,
		      &output, reason)) {
		free(output.text);
		return true;
	}
	tool_error(&receiver->tool, "the report was not uploaded: %s", reason);
	return false;
}

static bool print(struct crash *crash, const struct child_output *what)
{
	struct tool *tool = &crash->receiver->tool;
	const char *path = tool->output;
	FILE *f;

	if (path && strcmp(path, "-")) {
		/* Now, and not when the program ends: the process's own file is removed before. */
		tool->output = NULL;
		return !tool_failed(tool, spool_write_file(path, what->text, what->size));
	}
	f = tool_out(tool);
	fwrite(what->text, 1, what->size, f);
	return !fflush(f) && !tool_out_failed(tool);
}

static bool store(struct crash *crash, const struct child_output *what, const char *name,
		  const char *suffix)
{
	struct receiver *receiver = crash->receiver;

	if (receiver->options.spool)
		return !tool_failed(&receiver->tool,
				    spool_store(receiver, name, suffix, what->text, what->size));
	return print(crash, what);
}

static bool deliver_stream(struct crash *crash)
{
	struct child_output stream;
	char name[UUID_SIZE];
	bool stored;

	stream.text = compose_stream(crash, &stream.size);
	if (!stream.text)
		return false;
	make_uuid(name);
	stored = store(crash, &stream, name, "stream");
	free(stream.text);
	return stored;
}

/* In the spool only for as long as it is nowhere else. */
static bool deliver_report(struct crash *crash, const struct child_output *report)
{
	const struct receiver_options *options = &crash->receiver->options;
	char name[UUID_SIZE];
	bool stored = false, uploaded;

	read_uuid(crash->receiver, report, name);
	if (options->spool || !options->upload)
		stored = store(crash, report, name, "json");
	if (!options->upload)
		return stored;
	uploaded = upload(crash, report);
	if (uploaded && stored)
		spool_remove(crash->receiver, name, "json");
	return stored || uploaded;
}

bool deliver(struct crash *crash)
{
	struct child_output report;
	bool delivered;

	if (crash->receiver->options.emit == RECEIVER_STREAM || !make_report(crash, &report))
		return deliver_stream(crash);
	delivered = deliver_report(crash, &report);
	free(report.text);
	return delivered;
}
