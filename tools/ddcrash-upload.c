/* SPDX-License-Identifier: Apache-2.0 */
/* Crash reports to an agent, to the intake, or to files. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "upload.h"

#define JOURNAL_NAME  "ddcrash-upload.journal"
#define KEY_MAX_BYTES 4096
#define MILLISECONDS  1000

static const struct tool_option options[] = {
	{"endpoint", 0, "URL", "http, https, unix or file URL to send to [the environment's]",
	 TOOL_STRING(struct upload_options, endpoint), .group = "Where to"},
	{"target", 0, "LIST", "telemetry, errors or both", .fallback = "telemetry,errors",
	 TOOL_STRING(struct upload_options, targets)},
	{"direct", 0, NULL, "to the intake, not an agent, with the key in DD_API_KEY",
	 TOOL_FLAG(struct upload_options, direct)},
	{"api-key-file", 0, "FILE", "the same with the key in FILE", .complete = TOOL_FILES,
	 TOOL_STRING(struct upload_options, key_file)},
	{"cacert", 0, "FILE", "trust these certificates instead of the system's",
	 .complete = TOOL_FILES, TOOL_STRING(struct upload_options, cacert)},
	{"proxy", 0, "URL", "through this proxy; env: as the environment says [none]",
	 TOOL_STRING(struct upload_options, proxy)},
	{"http-version", 0, "VERSION", "version of HTTP", .choices = "auto|1.1|2",
	 .fallback = "auto", TOOL_CHOICE(struct upload_options, http_version)},
	{"truncate", 0, NULL, "begin the files of a file URL anew",
	 TOOL_FLAG(struct upload_options, truncate)},

	{"ping", 0, NULL, "send a crash ping before each report",
	 TOOL_FLAG(struct upload_options, ping), .group = "What"},
	{"telemetry-payload", 0, "SHAPE", "shape of telemetry's payload", .choices = "object|array",
	 .fallback = "object", TOOL_CHOICE(struct upload_options, bare_array)},
	{"gzip", 0, NULL, "compress request bodies", TOOL_FLAG(struct upload_options, gzip)},
	{"max-payload", 0, "SIZE", "trim reports whose payload would be larger; 0: any size",
	 .fallback = "10M", TOOL_SIZE(struct upload_options, max_payload)},
	{"no-trim", 0, NULL, "refuse them instead", TOOL_FLAG(struct upload_options, no_trim)},
	{"test-token", 0, "TOKEN", "session token for a test agent",
	 TOOL_STRING(struct upload_options, test_token)},

	{"max-concurrency", 0, "N", "requests at a time", .min = 1, .max = 256, .fallback = "20",
	 TOOL_NUMBER(struct upload_options, concurrency), .group = "How"},
	{"rate", 0, "N", "requests begun per second [no bound]", .min = 1, .max = 1000000,
	 TOOL_NUMBER(struct upload_options, rate)},
	{"retries", 0, "N", "further attempts for one payload", .max = 1000, .fallback = "3",
	 TOOL_NUMBER(struct upload_options, retries)},
	{"timeout-ms", 0, "N", "for one attempt", .min = 1, .max = 3600000, .fallback = "3000",
	 TOOL_NUMBER(struct upload_options, timeout_ms)},
	{"deadline", 0, "SECONDS", "for all attempts for one payload", .min = 1, .max = 86400,
	 .fallback = "120", TOOL_NUMBER(struct upload_options, deadline)},
	{"dry-run", 0, NULL, "print requests as JSON, send nothing",
	 TOOL_FLAG(struct upload_options, dry_run)},

	TOOL_SCRUB_OPTIONS(struct upload_options, scrub),

	{"journal", 0, "FILE", "where to record what was sent [" JOURNAL_NAME " beside INPUT]",
	 .complete = TOOL_FILES, TOOL_STRING(struct upload_options, journal), .group = "Record"},
	{"no-journal", 0, NULL, "record nothing, so a second run sends all again",
	 TOOL_FLAG(struct upload_options, no_journal)},
	{"replace-existing", 0, NULL, "send again what the journal has as sent or set aside",
	 TOOL_FLAG(struct upload_options, replace_existing)},
	{"summary", 0, "FILE", "write what became of the reports as JSON", .complete = TOOL_FILES,
	 TOOL_STRING(struct upload_options, summary)},
	{"allow-failure", 0, NULL, "exit 0 also when reports were refused or not sent",
	 TOOL_FLAG(struct upload_options, allow_failure)},
	{NULL},
};

static const struct tool_program program = {
	.name = "ddcrash-upload",
	.summary = "Send crash reports to an agent, to the intake, or to files.",
	.operands = "[INPUT...]",
	.complete = TOOL_FILES,
	.options = options,
	.common = TOOL_HAS_LAYOUT | TOOL_HAS_VERBOSE | TOOL_HAS_PROGRESS,
};

static void defaults(struct upload_options *o)
{
	struct crashinfo_uploader_options library = crashinfo_uploader_options_default();

	o->concurrency = library.concurrency;
	o->retries = library.retries;
	o->timeout_ms = library.timeout_ms;
	o->deadline = library.deadline_ms / MILLISECONDS;
	o->max_payload = library.max_payload;
}

/* --- where to --- */

/* Which targets are asked for, as bits. */
static unsigned targets(struct upload *upload)
{
	const char *list = upload->options.targets;
	unsigned wanted = 0;

	if (!list)
		return 1u << CRASHINFO_UPLOAD_TELEMETRY |
		       (unsigned)crashinfo_endpoint_errors_enabled(NULL) << CRASHINFO_UPLOAD_ERRORS;
	while (*list) {
		size_t size = strcspn(list, ",");
		unsigned before = wanted;

		for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++) {
			const char *name =
				crashinfo_upload_target_name((enum crashinfo_upload_target)i);

			if (size == strlen(name) && !strncmp(list, name, size))
				wanted |= 1u << i;
		}
		if (wanted == before)
			tool_usage(&upload->tool, "--target: not a list of telemetry and errors");
		list += size + (list[size] == ',');
	}
	if (!wanted)
		tool_usage(&upload->tool, "--target: not a list of telemetry and errors");
	return wanted;
}

/* The content of the key file without blanks around it; what is left of the file is wiped. */
static void read_key(struct upload *upload, char ret[KEY_MAX_BYTES + 1])
{
	const char *path = upload->options.key_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0, size = 0;
	char *start = ret;

	while (fd >= 0 && size < KEY_MAX_BYTES &&
	       (n = read(fd, ret + size, (size_t)(KEY_MAX_BYTES - size))) > 0)
		size += n;
	if (fd < 0 || n < 0) {
		tool_error(&upload->tool, "cannot read %s: %s", path, strerror(errno));
		exit(tool_finish(&upload->tool, TOOL_FAILED));
	}
	close(fd);
	while (size && isspace((unsigned char)ret[size - 1]))
		size--;
	ret[size] = '\0';
	while (isspace((unsigned char)*start))
		start++;
	memmove(ret, start, strlen(start) + 1);
}

static void find_endpoints(struct upload *upload)
{
	char key[KEY_MAX_BYTES + 1] = "";
	struct crashinfo_endpoint_options how = {
		.url = upload->options.endpoint,
		.direct = upload->options.direct || upload->options.key_file,
		.key = upload->options.key_file ? key : NULL,
	};
	unsigned wanted = targets(upload);
	struct crashinfo_error *error = NULL;

	if (upload->options.key_file)
		read_key(upload, key);
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS && !error; i++)
		if (wanted & 1u << i)
			error = crashinfo_endpoint_create((enum crashinfo_upload_target)i, &how,
							  &upload->endpoints[i]);
	explicit_bzero(key, sizeof(key));
	if (!error)
		return;
	tool_usage(&upload->tool, "%s", error->message);
}

static bool is_file(const struct upload *upload)
{
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		if (upload->endpoints[i] && upload->endpoints[i]->scheme == CRASHINFO_ENDPOINT_FILE)
			return true;
	return false;
}

/* --- the journal --- */

/* Beside the first input that has a place; NULL when there is none. */
static char *default_journal(const struct upload *upload)
{
	const struct tool_list *operands = &upload->tool.operands;

	for (size_t i = 0; i < operands->count; i++) {
		const char *path = operands->data[i];
		size_t size = strlen(path);
		char *journal;

		if (!strcmp(path, "-"))
			continue;
		while (size > 1 && path[size - 1] == '/')
			size--;
		while (size && path[size - 1] != '/')
			size--;
		if (asprintf(&journal, "%.*s" JOURNAL_NAME, (int)size, path) < 0)
			return NULL;
		return journal;
	}
	return NULL;
}

static char *journal_path(struct upload *upload)
{
	const struct upload_options *o = &upload->options;

	if (o->journal && o->no_journal)
		tool_usage(&upload->tool, "--journal and --no-journal exclude each other");
	if (o->journal && is_file(upload))
		tool_usage(&upload->tool, "a file URL needs no journal");
	if (o->no_journal || o->dry_run || is_file(upload))
		return NULL;
	return o->journal ? strdup(o->journal) : default_journal(upload);
}

/* --- all of it --- */

static struct crashinfo_uploader_options uploader_options(struct upload *upload)
{
	struct crashinfo_uploader_options how = crashinfo_uploader_options_default();
	const struct upload_options *o = &upload->options;

	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		how.endpoints[i] = upload->endpoints[i];
	how.ping = o->ping;
	how.bare_array = o->bare_array;
	how.replace_existing = o->replace_existing;
	how.concurrency = (unsigned)o->concurrency;
	how.retries = (unsigned)o->retries;
	how.timeout_ms = (unsigned)o->timeout_ms;
	how.deadline_ms = (unsigned)o->deadline * MILLISECONDS;
	how.rate = (double)o->rate;
	how.gzip = o->gzip;
	how.max_payload = o->max_payload;
	how.no_trim = o->no_trim;
	how.truncate = o->truncate && !o->dry_run;
	how.test_token = o->test_token;
	how.cacert = o->cacert;
	how.proxy = o->proxy;
	how.external_env = getenv("DD_EXTERNAL_ENV");
	how.http_version = o->http_version;
	how.result = upload_result;
	how.user = upload;
	return how;
}

/* Signal handlers have no other place. */
static volatile sig_atomic_t interrupted;

bool upload_is_interrupted(void)
{
	return interrupted;
}

static void interrupt(int signal_number)
{
	(void)signal_number;
	interrupted = 1;
}

/* The first one lets what is under way come to its end and be recorded, the second one is as
 * always. */
static void catch_signals(struct crashinfo_uploader_options *how)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
	how->interrupted = &interrupted;
}

static void create_uploader(struct upload *upload)
{
	struct crashinfo_uploader_options how = uploader_options(upload);
	char *journal = journal_path(upload);
	struct crashinfo_error *error;

	how.journal = journal;
	if (!upload->options.dry_run && !is_file(upload))
		catch_signals(&how);
	error = crashinfo_uploader_create(&upload->tool.context, &how, &upload->uploader);
	free(journal);
	if (!error)
		return;
	if (how.journal)
		error = crashinfo_error_wrap(error, "nothing was sent");
	tool_failed(&upload->tool, error);
	exit(tool_finish(&upload->tool, TOOL_FAILED));
}

static void open_inputs(struct upload *upload)
{
	static const char *const standard_input[] = {"-"};
	const struct tool_list *operands = &upload->tool.operands;
	struct crashinfo_error *error;

	if (!operands->count && isatty(STDIN_FILENO))
		tool_usage(&upload->tool, "no input: name a file, or - for standard input");
	error = crashinfo_inputs_create(&upload->tool.context,
					operands->count ? operands->data : standard_input,
					operands->count ? operands->count : 1, &upload->inputs);
	if (error && error->code == CRASHINFO_ERROR_INVALID_ARGUMENT)
		tool_usage(&upload->tool, "%s", error->message);
	if (tool_failed(&upload->tool, error))
		exit(tool_finish(&upload->tool, TOOL_FAILED));
	crashinfo_inputs_set_windowed(upload->inputs);
}

static void finish(struct upload *upload)
{
	struct crashinfo_error *error = crashinfo_uploader_finish(upload->uploader);

	if (upload->broken)
		crashinfo_error_destroy(error);
	else
		tool_failed(&upload->tool, error);
}

int main(int argc, char **argv)
{
	struct upload upload = {0};
	enum tool_status status;

	defaults(&upload.options);
	tool_start(&upload.tool, &program, argc, argv, &upload.options);
	find_endpoints(&upload);
	open_inputs(&upload);
	upload.scrub = tool_scrub_open(&upload.tool, &upload.options.scrub);
	create_uploader(&upload);
	upload_summary_begin(&upload);
	upload_reports(&upload);
	if (!upload.options.dry_run)
		finish(&upload);
	status = upload_summary_end(&upload);
	tool_scrub_close(&upload.tool, upload.scrub);
	crashinfo_uploader_destroy(upload.uploader);
	crashinfo_inputs_destroy(upload.inputs);
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		crashinfo_endpoint_destroy(upload.endpoints[i]);
	return tool_finish(&upload.tool, status);
}
