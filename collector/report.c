/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections in the order of their worth: what is cheap, safe and needed to tell that there was a
 * crash comes first, walking the stack last. What takes no time goes out together, before anything
 * that may hang; all else when it is complete.
 */
#include "report.h"

#include "activity.h"
#include "bytes.h"
#include "deputy.h"
#include "descriptors.h"
#include "exception.h"
#include "maps.h"
#include "memory.h"
#include "message.h"
#include "modules.h"
#include "output.h"
#include "runtime.h"
#include "signals.h"
#include "snapshot.h"
#include "state.h"
#include "stream/markers.h"
#include "uplink.h"

static char buffer[WRITER_BUFFER];

/* The report at hand. */
static struct {
	struct writer w;
	struct uplink uplink;
	bool is_file;
	int fd;
	bool is_written, is_whole;
} report;

/* --- sections --------------------------------------------------------------------------------- */

static void write_slot(struct writer *w, const struct slots *slots)
{
	unsigned n = atomic_load(&slots->current);

	writer_bytes(w, slots->text[n], slots->size[n]);
}

/* The file that the receiver removes when its own report is safe. */
static void write_fallback(struct writer *w)
{
	struct stat status;

	if (!report.is_file || !uplink_is_wanted() || raw_fstat(report.fd, &status))
		return;
	writer_text(w, ",\"fallback\":{\"path\":");
	writer_json(w, output_path(), text_length(output_path()));
	writer_text(w, ",\"inode\":");
	writer_decimal(w, (int64_t)status.st_ino);
	writer_text(w, "}");
}

static void write_config(struct writer *w, const struct crash *crash)
{
	const char *separator = "";

	(void)crash;
	writer_text(w, "{\"additional_files\":");
	write_slot(w, &state.additional_files);
	writer_text(w, ",\"collect_all_threads\":");
	writer_text(w, state.all_threads ? "true" : "false");
	writer_text(w, ",\"max_threads\":");
	writer_decimal(w, state.max_threads);
	writer_text(w, ",\"create_alt_stack\":true,\"demangle_names\":false,\"endpoint\":null,"
		       "\"resolve_frames\":\"WithoutSymbols\",\"signals\":[");
	for (int signo = 1; signo <= SIGNALS_MAX; signo++) {
		if (!(state.signals & RAW_SIGNAL(signo)))
			continue;
		writer_text(w, separator);
		writer_decimal(w, signo);
		separator = ",";
	}
	writer_text(w, "],\"timeout\":{\"secs\":");
	writer_decimal(w, state.timeout_ms / 1000);
	writer_text(w, ",\"nanos\":");
	writer_decimal(w, state.timeout_ms % 1000 * 1000000L);
	writer_text(w, "},\"unix_socket_path\":null,\"use_alt_stack\":true");
	write_fallback(w);
	writer_text(w, "}\n");
}

static void write_siginfo(struct writer *w, const struct crash *crash)
{
	const siginfo_t *info = crash->info;

	writer_text(w, "{\"si_code\": ");
	writer_decimal(w, info->si_code);
	writer_text(w, ", \"si_code_human_readable\": \"");
	writer_text(w, signal_code_name(crash->signo, info->si_code));
	writer_text(w, "\", \"si_signo\": ");
	writer_decimal(w, crash->signo);
	writer_text(w, ", \"si_signo_human_readable\": \"");
	writer_text(w, signal_name(crash->signo));
	writer_text(w, "\"");
	if (signal_has_address(crash->signo, info->si_code)) {
		writer_text(w, ", \"si_addr\": \"");
		writer_hex(w, (uintptr_t)info->si_addr, 16);
		writer_text(w, "\"");
	}
	writer_text(w, "}\n");
}

static void write_kind(struct writer *w, const struct crash *crash)
{
	writer_text(w, crash->exception ? "\"UnhandledException\"\n" : "\"UnixSignal\"\n");
}

static void write_metadata(struct writer *w, const struct crash *crash)
{
	(void)crash;
	write_slot(w, &state.metadata);
	writer_text(w, "\n");
}

/* Not before the receiver may look at the process: this is what it waits for. */
static void write_procinfo(struct writer *w, const struct crash *crash)
{
	(void)crash;
	uplink_settle(&report.uplink);
	if (report.uplink.state == UPLINK_FAILED)
		w->second.failed = true;
	writer_text(w, "{\"pid\": ");
	writer_decimal(w, deputy_pid());
	writer_text(w, ", \"tid\": ");
	writer_decimal(w, deputy_tid());
	writer_text(w, " }\n");
}

/* The array of the configuration, open for those that were added later. */
static void write_tags(struct writer *w, const struct crash *crash)
{
	unsigned n = atomic_load(&state.tags.current);
	size_t size = state.tags.size[n];

	(void)crash;
	writer_bytes(w, state.tags.text[n], size - 1);
	activity_write_tags(w, size == 2);
	writer_text(w, "]\n");
}

static bool is_signal(const struct crash *crash)
{
	return !crash->exception;
}

static bool has_maps(const struct crash *crash)
{
	(void)crash;
	return maps_open();
}

static void write_maps(struct writer *w, const struct crash *crash)
{
	if (is_signal(crash))
		maps_watch(arch_context_register(crash->context, arch_registers[1].context));
	maps_read(w);
}

static void write_context(struct writer *w, const struct crash *crash)
{
	const char *separator = "";

	writer_text(w, "{\"arch\": \"" ARCH_NAME "\", \"registers\": {");
	for (size_t i = 0; i < sizeof(arch_registers) / sizeof(arch_registers[0]); i++) {
		writer_text(w, separator);
		writer_text(w, "\"");
		writer_text(w, arch_registers[i].name);
		writer_text(w, "\": \"");
		writer_hex(w, arch_context_register(crash->context, arch_registers[i].context), 16);
		writer_text(w, "\"");
		separator = ", ";
	}
	writer_text(w, "}}\n");
}

struct section {
	const char *begin, *end;
	bool (*is_wanted)(const struct crash *crash); /* NULL: always */
	void (*write)(struct writer *w, const struct crash *crash);
	bool is_quick; /* nothing can keep it from its end: it goes out with the next one */
};

#define SECTION(name) STREAM_BEGIN(name) "\n", STREAM_END(name) "\n"
#define MAPS_SECTION              \
	STREAM_BEGIN(STREAM_FILE) \
	" /proc/self/maps\n", STREAM_END(STREAM_FILE) " \"/proc/self/maps\"\n"

/* As a file: receivers that do not know it keep it with the report. */
#define SNAPSHOT_SECTION          \
	STREAM_BEGIN(STREAM_FILE) \
	" ddcrash/stack\n", STREAM_END(STREAM_FILE) " \"ddcrash/stack\"\n"

static const struct section sections[] = {
	{SECTION(STREAM_CONFIG), NULL, write_config, true},
	{SECTION(STREAM_MESSAGE), message_is_known, message_write},
	{SECTION(STREAM_SIGINFO), is_signal, write_siginfo, true},
	{SECTION(STREAM_KIND), NULL, write_kind, true},
	{SECTION(STREAM_METADATA), NULL, write_metadata, true},
	{SECTION(STREAM_PROCESSINFO), NULL, write_procinfo, true},
	{SECTION(STREAM_COUNTERS), NULL, activity_write_counters, true},
	{SECTION(STREAM_SPAN_IDS), NULL, activity_write_spans, true},
	{SECTION(STREAM_ADDITIONAL_TAGS), NULL, write_tags, true},
	{SECTION(STREAM_TRACE_IDS), NULL, activity_write_traces},
	{MAPS_SECTION, has_maps, write_maps},
	{SECTION(STREAM_UCONTEXT), is_signal, write_context},
	{SECTION(STREAM_STACKTRACE), is_signal, report_stack},
	{SNAPSHOT_SECTION, snapshot_is_wanted, snapshot_write},
	{SECTION(STREAM_WHOLE_STACKTRACE), exception_is, exception_write_stack},
	{SECTION(STREAM_RUNTIME_STACK_FRAME), runtime_has_frames, runtime_write_frames},
	{SECTION(STREAM_RUNTIME_STACK_STRING), runtime_has_string, runtime_write_string},
};

/* --- the whole -------------------------------------------------------------------------------- */

/* First of all: a program begins while all else is done. */
void report_connect(const struct crash *crash)
{
	(void)crash;
	descriptors_give_up();
	report.is_written = report.is_whole = false;
	report.uplink.state = UPLINK_FAILED;
	report.uplink.error = -ENOSYS;
	uplink_open(&report.uplink);
}

void report_open(const struct crash *crash)
{
	report.is_file = state.output[0];
	report.fd = report.is_file ? output_open(state.output, crash->signo) : state.output_fd;
	writer_init(&report.w, report.fd, buffer, raw_milliseconds() + state.timeout_ms);
	if (report.uplink.state == UPLINK_OPEN)
		writer_add_sink(&report.w, report.uplink.fd, report.uplink.deadline);
}

bool report_lacks_descriptor(void)
{
	return report.is_file && report.fd == -EMFILE && report.uplink.state != UPLINK_OPEN;
}

void report_write(const struct crash *crash)
{
	struct writer *w = &report.w;

	if (report.fd < 0 && report.uplink.state != UPLINK_OPEN)
		return;
	memory_begin();
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const struct section *section = &sections[i];

		if (section->is_wanted && !section->is_wanted(crash))
			continue;
		writer_text(w, section->begin);
		section->write(w, crash);
		writer_text(w, section->end);
		if (!section->is_quick)
			writer_flush(w);
	}
	memory_end();
	report.is_written = true;
}

void report_close(const struct crash *crash)
{
	(void)crash;
	/* After a crash on the way the end stays open, as what is missing is not known. */
	writer_end_sink(&report.w, report.is_written ? STREAM_DONE "\n" : "");
	uplink_close(&report.uplink);
	if (report.is_written) {
		uplink_write_log(&report.uplink, &report.w);
		writer_text(&report.w, STREAM_DONE "\n");
		writer_flush(&report.w);
	}
	report.is_whole = report.is_written &&
			  (!report.w.sink.failed || report.uplink.state == UPLINK_RELEASED);
	if (report.is_file && report.fd >= 0)
		raw_close(report.fd);
	report.fd = -1;
	descriptors_restore_limit();
}

bool report_is_whole(void)
{
	return report.is_whole;
}
