/* SPDX-License-Identifier: Apache-2.0 */
/* Collector streams and core files to reports, and reports to reports. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/bundle.h>
#include <crashinfo/convert.h>
#include <crashinfo/core.h>
#include <crashinfo/file.h>
#include <crashinfo/input.h>
#include <crashinfo/json.h>
#include <crashinfo/module.h>
#include <crashinfo/normalize.h>
#include <crashinfo/report.h>
#include <crashinfo/snapshot.h>
#include <crashinfo/stream.h>

#include "tool.h"

/* One read of a stream; pipes give no more at once. */
#define READ_BYTES (64 * 1024)
/* Reports of one uuid in one folder; more are a mistake or an attack. */
#define SAME_UUID_MAX 1000
/* Longer names are no UUIDs, and file systems stop at 255. */
#define FILE_NAME_MAX 64
/* The header tells. */
#define CORE_HEAD_BYTES 64

/* In the order of the choices; from PARSE_TEXT to PARSE_HTML as enum crashinfo_render_format. */
enum parse_format {
	PARSE_JSON,
	PARSE_NDJSON,
	PARSE_TEXT,
	PARSE_MARKDOWN,
	PARSE_HTML,
	PARSE_BUNDLE,
};

struct parse_options {
	enum parse_format format;
	const char *split_dir, *version, *exe;
	bool strict, random_uuid, normalize;
	struct tool_list sysroots, debug_dirs;
	struct tool_scrub_options scrub;
};

static const struct tool_option options[] = {
	{"format", 0, "FORMAT", "what to write", TOOL_CHOICE(struct parse_options, format),
	 .choices = "json|ndjson|text|markdown|html|bundle", .fallback = "json", .group = "Output"},
	{"json", 0, NULL, "short for --format json",
	 TOOL_SET(struct parse_options, format, PARSE_JSON)},
	{"split-dir", 0, "DIR", "write each report to DIR/UUID.json instead",
	 TOOL_STRING(struct parse_options, split_dir), .complete = TOOL_DIRS},
	{"schema-version", 0, "VERSION", "convert reports to this version of the schema",
	 TOOL_STRING(struct parse_options, version),
	 .choices = "1.0|1.1|1.2|1.3|1.4|1.5|1.6|1.7|1.8|rfc0002"},
	{"random-uuid", 0, NULL,
	 "give reports without a uuid a random one, not one of their content",
	 TOOL_FLAG(struct parse_options, random_uuid)},
	TOOL_SCRUB_OPTIONS(struct parse_options, scrub),
	{"strict", 0, NULL,
	 "stop at the first damaged line; exit 1 for damaged or incomplete input",
	 TOOL_FLAG(struct parse_options, strict), .group = "Reading"},
	{"exe", 0, "FILE", "the program that left the core file",
	 TOOL_STRING(struct parse_options, exe), .complete = TOOL_FILES, .group = "Addresses"},
	{"normalize", 0, NULL, "find module and address within it of frames that lack them",
	 TOOL_FLAG(struct parse_options, normalize)},
	{"sysroot", 0, "DIR", "look modules up by path below DIR",
	 TOOL_LIST(struct parse_options, sysroots), .complete = TOOL_DIRS},
	{"debug-dir", 0, "DIR", "look modules up by build id in DIR",
	 TOOL_LIST(struct parse_options, debug_dirs), .alias = "debug-file-directory",
	 .complete = TOOL_DIRS},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-parse",
	.summary = "Turn collector streams and core files into crash reports; pass crash reports "
		   "through.",
	.operands = "[INPUT...]",
	.complete = TOOL_FILES,
	.options = options,
	.common = TOOL_HAS_OUTPUT | TOOL_HAS_LAYOUT | TOOL_HAS_COLOR | TOOL_HAS_VERBOSE |
		  TOOL_HAS_PROGRESS,
};

struct parse {
	struct tool tool;
	struct parse_options options;
	struct tool_list operands; /* "-" when there are none */
	bool has_core;             /* one of them is a core file */
	struct crashinfo_inputs *inputs;
	struct crashinfo_finder *finder; /* of --sysroot and --debug-dir */
	struct tool_scrub *scrub;        /* with --scrub */
	struct crashinfo_bundle_writer *bundle;
	bool bundle_failed;
	bool negative; /* the verdict: see finish_document() and judge() */
};

/* A report on its way to the output. */
struct document {
	const char *name; /* of the input */
	const char *text;
	size_t size;
	char *owned; /* `text` when it was made here */
	struct crashinfo_report *report;
};

static void document_end(struct document *document)
{
	crashinfo_report_destroy(document->report);
	free(document->owned);
}

/* Take a new text for the document; on failure it keeps the old one. */
static struct crashinfo_error *document_replace(struct parse *parse, struct document *document,
						char *text, size_t size)
{
	struct document next = {document->name, text, size, text, NULL};
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(&parse->tool.context, text, size, document->name, &json);
	if (!error)
		error = crashinfo_report_create(&parse->tool.context, json, &next.report);
	document_end(error ? &next : document);
	if (!error)
		*document = next;
	return error;
}

/* --- what a report gets --- */

static struct crashinfo_error *make_uuid(const struct parse *parse, const struct document *document,
					 char ret[37])
{
	if (parse->options.random_uuid)
		return crashinfo_uuid_random(ret);
	return crashinfo_uuid_of_content(document->text, document->size, ret);
}

static struct crashinfo_error *add_uuid(struct parse *parse, struct document *document)
{
	const struct crashinfo_json *json = crashinfo_report_json(document->report);
	struct crashinfo_json_edits *edits = NULL;
	char uuid[37], quoted[40], *text;
	size_t size;
	struct crashinfo_error *error;

	if (crashinfo_json_member(json, 0, "uuid") != CRASHINFO_JSON_NONE)
		return NULL;
	error = make_uuid(parse, document, uuid);
	if (!error)
		error = crashinfo_json_edits_create(json, &edits);
	if (error)
		return error;
	snprintf(quoted, sizeof(quoted), "\"%s\"", uuid);
	error = crashinfo_json_edits_set(edits, 0, "uuid", quoted, strlen(quoted));
	if (!error)
		error = crashinfo_json_edits_apply(edits, &text, &size);
	crashinfo_json_edits_destroy(edits);
	return error ? error : document_replace(parse, document, text, size);
}

static struct crashinfo_error *normalize(struct parse *parse, struct document *document)
{
	struct crashinfo_normalize_stats stats = {0};
	char *text;
	size_t size;
	struct crashinfo_error *error;

	error = crashinfo_normalize_report(&parse->tool.context, parse->finder, document->report,
					   &text, &size, &stats);
	if (error && error->code == CRASHINFO_ERROR_UNSUPPORTED) {
		tool_warn(&parse->tool, crashinfo_error_at(error, document->name, 0, 0, 0));
		return NULL;
	}
	if (error)
		return error;
	if (stats.normalized < stats.frames)
		tool_warning(&parse->tool, "%s: %zu of %zu frames not normalized, see comments",
			     document->name, stats.frames - stats.normalized, stats.frames);
	return document_replace(parse, document, text, size);
}

/* Each loss is a line, so that they can be counted. */
static void tell_losses(struct parse *parse, const char *name,
			const struct crashinfo_conversion *conversion)
{
	const char *version = parse->options.version;
	const char *lacks = crashinfo_conversion_lacks(conversion);
	const struct crashinfo_loss *loss;

	for (size_t i = 0; (loss = crashinfo_conversion_loss(conversion, i)); i++)
		tool_warning(&parse->tool, "%s: lost in schema version %s: %s (%s)", name, version,
			     loss->pointer, loss->reason);
	if (!lacks)
		return;
	tool_warning(&parse->tool, "%s: not valid in schema version %s, which requires %s", name,
		     version, lacks);
	parse->negative = true;
}

static struct crashinfo_error *convert(struct parse *parse, struct document *document)
{
	struct crashinfo_conversion *conversion;
	struct crashinfo_slice converted;
	struct crashinfo_error *error;
	char *text;

	error = crashinfo_conversion_create(&parse->tool.context, document->report,
					    parse->options.version, &conversion);
	if (error)
		return crashinfo_error_at(error, document->name, 0, 0, 0);
	tell_losses(parse, document->name, conversion);
	converted = crashinfo_conversion_text(conversion);
	text = strndup(converted.data, converted.size);
	crashinfo_conversion_destroy(conversion);
	return text ? document_replace(parse, document, text, converted.size)
		    : crashinfo_error_no_memory();
}

static struct crashinfo_error *scrub(struct parse *parse, struct document *document)
{
	struct document next = {.name = document->name};
	bool found = false;
	struct crashinfo_error *error;

	error = tool_scrub_report(&parse->tool, parse->scrub, document->name, document->report,
				  &found, &next.owned, &next.size, &next.report);
	if (error)
		return error;
	if (tool_scrub_checks(parse->scrub))
		parse->negative |= found;
	if (!next.report)
		return NULL;
	next.text = next.owned;
	document_end(document);
	*document = next;
	return NULL;
}

/* --- output --- */

/* A file name of the report's uuid, which a stranger wrote: anything but a UUID's characters is
 * not used, and the content gives the name.
 */
static struct crashinfo_error *file_name(const struct document *document,
					 char ret[FILE_NAME_MAX + 1])
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-";
	const char *uuid = crashinfo_report_summary(document->report)->uuid;
	size_t size = uuid ? strlen(uuid) : 0;

	if (!size || size > FILE_NAME_MAX || strspn(uuid, allowed) < size || *uuid == '-')
		return crashinfo_uuid_of_content(document->text, document->size, ret);
	memcpy(ret, uuid, size + 1);
	return NULL;
}

/* Whether the file at `path` has just this content. */
static bool holds(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	bool same =
		f && !fstat(fileno(f), &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
	char buffer[4096];

	for (size_t at = 0, got; same && at < size; at += got) {
		got = fread(buffer, 1, sizeof(buffer), f);
		same = got && got <= size - at && !memcmp(buffer, text + at, got);
	}
	if (f)
		fclose(f);
	return same;
}

/* Another report that has the name already stays; this one gets a number behind its own. */
static struct crashinfo_error *write_new(struct parse *parse, const char *name, const char *text,
					 size_t size)
{
	for (unsigned i = 1; i <= SAME_UUID_MAX; i++) {
		char number[16] = "", *path;
		struct crashinfo_error *error;
		bool written;

		if (i > 1)
			snprintf(number, sizeof(number), ".%u", i);
		if (asprintf(&path, "%s/%s%s.json", parse->options.split_dir, name, number) < 0)
			return crashinfo_error_no_memory();
		error = crashinfo_file_write_new(path, text, size, &written);
		if (!error && !written)
			written = holds(path, text, size);
		if (!error && written && i > 1)
			tool_warning(&parse->tool, "%s: another report has this uuid", path);
		free(path);
		if (error || written)
			return error;
	}
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
				      "more than %d reports in %s have the uuid %s", SAME_UUID_MAX,
				      parse->options.split_dir, name);
}

/* The bytes of a file for a report: "UUID", laid out text that ends with a newline. */
static struct crashinfo_error *make_file(struct parse *parse, const struct document *document,
					 char name[FILE_NAME_MAX + 1], char **text, size_t *size)
{
	bool pretty = parse->tool.layout == TOOL_LAYOUT_PRETTY;
	struct crashinfo_error *error = file_name(document, name);

	if (error)
		return error;
	error = crashinfo_json_layout(document->text, document->size,
				      pretty ? CRASHINFO_JSON_PRETTY : CRASHINFO_JSON_COMPACT, text,
				      size);
	if (error)
		return error;
	(*text)[(*size)++] = '\n'; /* in place of the NUL: from here on it is bytes */
	return NULL;
}

static struct crashinfo_error *split(struct parse *parse, const struct document *document)
{
	char name[FILE_NAME_MAX + 1], *text;
	size_t size;
	struct crashinfo_error *error = make_file(parse, document, name, &text, &size);

	if (error)
		return error;
	error = write_new(parse, name, text, size);
	free(text);
	return error;
}

static struct crashinfo_error *add_to_bundle(struct parse *parse, const struct document *document)
{
	const struct crashinfo_report_summary *summary = crashinfo_report_summary(document->report);
	char name[FILE_NAME_MAX + 1], *text;
	struct crashinfo_bundle_member member = {name, summary->uuid, summary->schema_version};
	size_t size;
	struct crashinfo_error *error = make_file(parse, document, name, &text, &size);

	if (error)
		return error;
	error = crashinfo_bundle_writer_add(parse->bundle, &member, text, size);
	/* an output that cannot be written is no reason to read on */
	parse->bundle_failed = error != NULL;
	free(text);
	return error;
}

/* Nothing does not take the place of what was there when there was an error. */
static void finish_bundle(struct parse *parse)
{
	bool empty = parse->bundle && !crashinfo_bundle_writer_count(parse->bundle);

	if (!parse->bundle)
		return;
	if (parse->bundle_failed || (empty && tool_has_failed(&parse->tool)))
		crashinfo_bundle_writer_destroy(parse->bundle);
	else
		tool_failed(&parse->tool, crashinfo_bundle_writer_finish(parse->bundle));
	parse->bundle = NULL;
}

static bool out_failed(struct parse *parse)
{
	return parse->bundle_failed || tool_out_failed(&parse->tool);
}

static struct crashinfo_error *output(struct parse *parse, struct document *document)
{
	if (parse->options.split_dir)
		return split(parse, document);
	if (parse->bundle)
		return add_to_bundle(parse, document);
	if (parse->options.format >= PARSE_TEXT)
		tool_render(&parse->tool, document->report,
			    (enum crashinfo_render_format)(parse->options.format - PARSE_TEXT),
			    NULL);
	else
		tool_json(&parse->tool, document->text, document->size);
	return NULL;
}

/* Follow the stack that the crashed process only copied. The report stays as it is when that can't
 * be done. */
static struct crashinfo_error *unwind(struct parse *parse, struct document *document)
{
	struct crashinfo_error *error;
	char *text;
	size_t size;

	error = crashinfo_snapshot_unwind(&parse->tool.context, parse->finder, document->report,
					  &text, &size);
	if (!error)
		return document_replace(parse, document, text, size);
	if (error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	error = crashinfo_error_at(error, document->name, 0, 0, 0);
	tool_warn(&parse->tool, error);
	return NULL;
}

static void finish_document(struct parse *parse, struct document *document)
{
	struct crashinfo_error *error = add_uuid(parse, document);

	if (!error && parse->finder && crashinfo_snapshot_is_there(document->report))
		error = unwind(parse, document);
	if (!error && parse->options.normalize)
		error = normalize(parse, document);
	if (!error && parse->options.version)
		error = convert(parse, document);
	if (!error && parse->scrub)
		error = scrub(parse, document);
	if (!error)
		error = output(parse, document);
	tool_failed(&parse->tool, error);
	if (crashinfo_report_summary(document->report)->incomplete)
		parse->negative |= parse->options.strict;
}

/* --- input --- */

static void read_report(struct parse *parse, const struct crashinfo_input *input)
{
	struct crashinfo_slice raw = crashinfo_json_raw(input->json, 0);
	struct document document = {input->name, raw.data, raw.size, NULL, NULL};
	struct crashinfo_error *error;

	error = crashinfo_report_create(&parse->tool.context, input->json, &document.report);
	if (tool_failed(&parse->tool, error))
		return;
	finish_document(parse, &document);
	document_end(&document);
}

/* Feed the stream all it takes; what cannot be read is noted in the report too. */
static struct crashinfo_error *feed(struct parse *parse, const char *name,
				    struct crashinfo_stream *stream)
{
	static const char note[] = "IO Error: the stream could not be read to its end";
	char buffer[READ_BYTES];
	struct crashinfo_error *error = NULL, *read_error = NULL;
	size_t size = 1;

	while (!error && size && !crashinfo_stream_is_done(stream)) {
		read_error = crashinfo_inputs_read(parse->inputs, buffer, sizeof(buffer), &size);
		if (read_error)
			break;
		error = crashinfo_stream_feed(stream, buffer, size);
	}
	if (!error && read_error)
		error = crashinfo_stream_note(stream, note);
	tool_failed(&parse->tool, read_error);
	return crashinfo_error_at(error, name, 0, 0, 0);
}

static void judge(struct parse *parse, const char *name, const struct crashinfo_stream *stream)
{
	struct crashinfo_stream_stats stats = crashinfo_stream_stats(stream);

	if (stats.damaged_lines)
		tool_warning(&parse->tool, "%s: %ju damaged lines, see log_messages", name,
			     (uintmax_t)stats.damaged_lines);
	if (!stats.done)
		tool_warning(&parse->tool, "%s: the end of the stream is missing", name);
	if (stats.damaged_lines || !stats.done)
		parse->negative |= parse->options.strict;
}

static struct crashinfo_error *read_stream(struct parse *parse, const struct crashinfo_input *input,
					   struct crashinfo_stream *stream)
{
	struct document document = {.name = input->name};
	char *text;
	size_t size;
	struct crashinfo_error *error = feed(parse, input->name, stream);

	if (!error)
		error = crashinfo_stream_finish(stream, &text, &size);
	if (error)
		return error;
	judge(parse, input->name, stream);
	error = document_replace(parse, &document, text, size);
	if (!error)
		finish_document(parse, &document);
	document_end(&document);
	return error;
}

static void open_stream(struct parse *parse, const struct crashinfo_input *input)
{
	struct crashinfo_stream_options how = {
		.strict = parse->options.strict,
		.random_uuid = parse->options.random_uuid,
		.source = input->name,
		.timestamp = *input->modified ? input->modified : NULL,
	};
	struct crashinfo_stream *stream = NULL;
	struct crashinfo_error *error;

	error = crashinfo_stream_create(&parse->tool.context, &how, &stream);
	if (!error)
		error = read_stream(parse, input, stream);
	if (error && error->code == CRASHINFO_ERROR_FORMAT && parse->options.strict) {
		/* upstream makes no report of such a stream: a verdict, not a failure */
		tool_warn(&parse->tool, error);
		parse->negative = true;
	} else {
		tool_failed(&parse->tool, error);
	}
	crashinfo_stream_destroy(stream);
}

static void read_inputs(struct parse *parse)
{
	struct crashinfo_input input;
	uint64_t inputs = 0;
	bool done = false;

	while (!done && !out_failed(parse)) {
		if (tool_failed(&parse->tool,
				crashinfo_inputs_next(parse->inputs, &input, &done)) ||
		    done)
			continue;
		tool_progress(&parse->tool, "inputs", ++inputs, 0);
		if (input.kind == CRASHINFO_INPUT_JSON)
			read_report(parse, &input);
		else
			open_stream(parse, &input);
	}
}

/* --- core files --- */

static void judge_core(struct parse *parse, const char *name,
		       const struct crashinfo_core_stats *stats)
{
	if (stats->missing_bytes)
		tool_warning(&parse->tool, "%s: cut off, %ju bytes are missing", name,
			     (uintmax_t)stats->missing_bytes);
	if (stats->missing_files)
		tool_warning(&parse->tool,
			     "%s: %ju modules have no file, see log_messages and --sysroot", name,
			     (uintmax_t)stats->missing_files);
	if (stats->exe_unused)
		tool_warning(&parse->tool, "%s: %s is not the program that crashed", name,
			     parse->options.exe);
	if (stats->missing_bytes || stats->exe_unused)
		parse->negative |= parse->options.strict;
}

static struct crashinfo_error *report_core(struct parse *parse, const char *name, int fd)
{
	struct crashinfo_core_options how = {.finder = parse->finder, .exe = parse->options.exe};
	struct document document = {.name = name};
	struct crashinfo_core_stats stats;
	char modified[28], uuid[37], *text;
	struct crashinfo_error *error = NULL;
	struct stat st;
	size_t size;

	if (!fstat(fd, &st)) {
		crashinfo_timestamp_format(st.st_mtim.tv_sec, (uint32_t)(st.st_mtim.tv_nsec / 1000),
					   modified);
		how.timestamp = modified;
	}
	if (parse->options.random_uuid) {
		error = crashinfo_uuid_random(uuid);
		how.uuid = uuid;
	}
	if (!error)
		error = crashinfo_core_report(&parse->tool.context, fd, &how, &text, &size, &stats);
	if (error)
		return crashinfo_error_at(error, name, 0, 0, 0);
	judge_core(parse, name, &stats);
	error = document_replace(parse, &document, text, size);
	if (!error)
		finish_document(parse, &document);
	document_end(&document);
	return error;
}

/* The operand opened when it is a core file, which takes more than reading in sequence; else -1. */
static int open_core(const char *operand)
{
	int fd = !strcmp(operand, "-")
			 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			 : open(operand, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char head[CORE_HEAD_BYTES];
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return -1;
	got = fstat(fd, &st) || !S_ISREG(st.st_mode) ? -1 : pread(fd, head, sizeof(head), 0);
	if (got > 0 && crashinfo_core_sniff(head, (size_t)got))
		return fd;
	close(fd);
	return -1;
}

/* --- operands --- */

static struct crashinfo_error *open_inputs(struct parse *parse, size_t first, size_t count)
{
	return crashinfo_inputs_create(&parse->tool.context, parse->operands.data + first, count,
				       &parse->inputs);
}

static void read_range(struct parse *parse, size_t first, size_t count)
{
	if (!count || tool_failed(&parse->tool, open_inputs(parse, first, count)))
		return;
	read_inputs(parse);
	crashinfo_inputs_destroy(parse->inputs);
	parse->inputs = NULL;
}

/* Core files one by one, what lies between them in sequence. */
static void read_operands(struct parse *parse)
{
	const struct tool_list *operands = &parse->operands;
	size_t first = 0;

	for (size_t i = 0; i < operands->count; i++) {
		int fd = open_core(operands->data[i]);

		if (fd < 0)
			continue;
		read_range(parse, first, i - first);
		first = i + 1;
		if (!out_failed(parse))
			tool_failed(&parse->tool, report_core(parse, operands->data[i], fd));
		close(fd);
	}
	read_range(parse, first, operands->count - first);
}

static struct crashinfo_error *check_operands(struct parse *parse)
{
	static const char *standard_input[] = {"-"};
	struct tool_list *operands = &parse->operands;
	struct crashinfo_error *error;

	*operands = parse->tool.operands;
	if (!operands->count && isatty(STDIN_FILENO))
		tool_usage(&parse->tool, "no input: name a file, or - for standard input");
	if (!operands->count)
		*operands = (struct tool_list){standard_input, 1};
	for (size_t i = 0; i < operands->count && !parse->has_core; i++) {
		int fd = open_core(operands->data[i]);

		parse->has_core = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	error = open_inputs(parse, 0, operands->count);
	if (error)
		return error;
	crashinfo_inputs_destroy(parse->inputs);
	parse->inputs = NULL;
	return NULL;
}

static struct crashinfo_error *open_finder(struct parse *parse)
{
	const struct parse_options *o = &parse->options;
	struct crashinfo_error *error;

	error = crashinfo_finder_create(&parse->tool.context, &parse->finder);
	for (size_t i = 0; !error && i < o->sysroots.count; i++)
		error = crashinfo_finder_add_sysroot(parse->finder, o->sysroots.data[i]);
	for (size_t i = 0; !error && i < o->debug_dirs.count; i++)
		error = crashinfo_finder_add_debug_dir(parse->finder, o->debug_dirs.data[i]);
	return error;
}

/* What the table of options cannot express. */
static void check_options(struct parse *parse)
{
	const struct parse_options *o = &parse->options;
	bool has_dirs = o->sysroots.count || o->debug_dirs.count;

	if (o->split_dir && parse->tool.output)
		tool_usage(&parse->tool, "--output and --split-dir exclude each other");
	if (o->split_dir && o->format >= PARSE_TEXT)
		tool_usage(&parse->tool, "--split-dir writes JSON, not text or bundles");
	if (o->format == PARSE_BUNDLE &&
	    !(parse->tool.output && crashinfo_bundle_can_write(parse->tool.output)))
		tool_usage(&parse->tool,
			   "--format bundle needs --output FILE, ending with one of %s",
			   crashinfo_bundle_suffixes());
	if (o->normalize && !has_dirs)
		tool_usage(&parse->tool, "--normalize needs --sysroot or --debug-dir");
	if (o->exe && !parse->has_core)
		tool_usage(&parse->tool, "--exe is for core files");
}

/* The bundle is the output, which tool_finish() must not make another of. */
static struct crashinfo_error *open_bundle(struct parse *parse)
{
	const char *path = parse->tool.output;

	parse->tool.output = NULL;
	return crashinfo_bundle_writer_create(&parse->tool.context, path, &parse->bundle);
}

static void prepare(struct parse *parse)
{
	const char *dir = parse->options.split_dir;
	struct crashinfo_error *error;

	error = check_operands(parse);
	if (error && error->code == CRASHINFO_ERROR_INVALID_ARGUMENT) {
		crashinfo_error_destroy(error);
		tool_usage(&parse->tool, "standard input (-) can be read only once");
	}
	check_options(parse);
	parse->scrub = tool_scrub_open(&parse->tool, &parse->options.scrub);
	if (!error && dir && mkdir(dir, 0777) && errno != EEXIST)
		error = crashinfo_error_from_errno(errno, "cannot create folder %s", dir);
	if (!error && (parse->options.sysroots.count || parse->options.debug_dirs.count))
		error = open_finder(parse);
	if (!error && parse->options.format == PARSE_BUNDLE)
		error = open_bundle(parse);
	if (tool_failed(&parse->tool, error))
		exit(tool_finish(&parse->tool, TOOL_FAILED));
}

int main(int argc, char **argv)
{
	struct parse parse = {0};
	enum tool_status status;

	tool_start(&parse.tool, &program, argc, argv, &parse.options);
	parse.tool.ndjson = parse.options.format == PARSE_NDJSON;
	prepare(&parse);
	read_operands(&parse);
	finish_bundle(&parse);
	crashinfo_finder_destroy(parse.finder);
	tool_scrub_close(&parse.tool, parse.scrub);
	status = parse.negative ? TOOL_NEGATIVE : TOOL_OK;
	return tool_finish(&parse.tool, status);
}
