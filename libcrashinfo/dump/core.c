/* SPDX-License-Identifier: Apache-2.0 */
/* From a core file to a report. */
#include "dump/core.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/version.h"

/* Modules without a file that are named one by one. */
#define MISSING_NOTES_MAX 64

#define METADATA                                                                          \
	"{\"library_name\":\"ddcrash-core\",\"library_version\":\"" DDCRASH_VERSION "\"," \
	"\"family\":\"native\"}"

static void core_free(struct core *core)
{
	if (!core)
		return;
	core_images_free(core);
	crashinfo_maps_destroy(core->maps);
	strbuf_deinit(&core->maps_text);
	strbuf_deinit(&core->auxv);
	free(core->segments.data);
	free(core->ranges.data);
	dump_deinit(&core->dump);
	dump_cache_destroy(core->cache);
	arena_deinit(&core->arena);
	free(core);
}

static void cleanup_core(struct core **core)
{
	core_free(*core);
}

/* --- notes about what is missing -------------------------------------------------------------- */

static struct crashinfo_error *say(struct crashinfo_report_builder *builder, const char *format,
				   ...) __attribute__((format(printf, 2, 3)));

static struct crashinfo_error *say(struct crashinfo_report_builder *builder, const char *format,
				   ...)
{
	_free_ char *text = NULL;
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0) {
		text = NULL;
		return crashinfo_error_no_memory();
	}
	return crashinfo_report_builder_log(builder, text, (size_t)size);
}

static struct crashinfo_error *say_cut(const struct core *core,
				       struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;

	if (core->promised > core->size)
		error = say(builder, "the core file is cut off at byte %ju of %ju",
			    (uintmax_t)core->size, (uintmax_t)core->promised);
	if (!error && core->are_headers_cut)
		error = say(builder, "some of the core's program headers are missing");
	if (!error && core->are_notes_cut)
		error = say(builder, "some of the core's notes are missing: threads, files");
	else if (!error && !core->has_notes)
		error = say(builder, "the core has no notes: no threads, no files");
	if (!error && core->are_threads_left_out)
		error = say(builder, "more than %zu threads, the others were left out",
			    core->context.limits.core_threads);
	if (!error && core->are_maps_left_out)
		error = say(builder, "more than %zu mappings, the others were left out",
			    core->context.limits.maps_entries);
	return error;
}

/* Modules that were asked for. */
static struct crashinfo_error *say_missing(const struct core *core, uint64_t *missing_ret,
					   struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < core->all_images.size && !error; i++) {
		const struct core_image *image = core->all_images.data[i];
		char id[2 * ELF_BUILD_ID_MAX + 1];

		if (!image->is_file_tried || !image->missing)
			continue;
		if (++*missing_ret > MISSING_NOTES_MAX)
			continue;
		dump_id_hex(&image->core_id, id);
		error = say(builder,
			    "%s (build id %s): %s; its code is known only where the core "
			    "holds it",
			    image->path, *id ? id : "unknown", image->missing);
	}
	if (!error && *missing_ret > MISSING_NOTES_MAX)
		error = say(builder, "%ju more modules have no file",
			    (uintmax_t)(*missing_ret - MISSING_NOTES_MAX));
	if (!error && core->is_exe_wrong && !core->is_exe_used)
		error = say(builder, "the program that was named is not the one that crashed: %s",
			    "it was not used");
	return error;
}

/* A comment for the frame at which a stack could not be followed further. */
static void explain_end(void *source, uint64_t pc, uint64_t sp, struct strbuf *ret)
{
	struct core *core = source;
	struct unwind_memory memory = core_memory(core);
	const struct crashinfo_map *map = crashinfo_maps_find(core->maps, pc);
	uint64_t word;
	char byte;

	if (!memory.read(memory.context, sp, &word, sizeof(word)))
		strbuf_adds(ret, "the core does not hold the stack here");
	else if (map && !memory.read(memory.context, pc, &byte, 1))
		strbuf_addf(ret, "the core does not hold the code here%s%s", *map->path ? ": " : "",
			    map->path);
}

/* --- the report ------------------------------------------------------------------------------- */

static struct crashinfo_error *add_files(const struct core *core,
					 struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;

	if (core->maps_text.size)
		error = dump_report_file(builder, "/proc/self/maps", core->maps_text.data,
					 core->maps_text.size);
	if (!error && core->auxv.size)
		error = dump_report_file(builder, "/proc/self/auxv", core->auxv.data,
					 core->auxv.size);
	if (!error && core->arguments)
		error = dump_report_file(builder, "/proc/self/cmdline", core->arguments,
					 strlen(core->arguments));
	return error;
}

static struct crashinfo_error *set_times(const struct crashinfo_core_options *options,
					 struct crashinfo_report_builder *builder)
{
	struct crashinfo_error *error = NULL;

	if (options->timestamp)
		error = crashinfo_report_builder_set_text(builder, "timestamp", options->timestamp,
							  strlen(options->timestamp));
	if (!error && options->uuid)
		error = crashinfo_report_builder_set_text(builder, "uuid", options->uuid,
							  strlen(options->uuid));
	return error;
}

/* gdb writes the signal that it stopped the process with, which is no reason for a core. */
static void check_signal(struct dump_signal *signal)
{
	static const int dumping[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE,
				      SIGSEGV, SIGBUS, SIGXCPU, SIGXFSZ, SIGSYS};

	for (size_t i = 0; i < sizeof(dumping) / sizeof(dumping[0]); i++)
		if (signal->signo == dumping[i])
			return;
	*signal = (struct dump_signal){0};
}

/* The kernel records the name of the first thread of the process only. */
static void name_leader(struct core *core)
{
	for (size_t i = 0; i < core->dump.threads.size; i++) {
		struct dump_thread *thread = &core->dump.threads.data[i];

		if (core->command && *core->command && thread->tid == core->dump.pid)
			thread->name = core->command;
	}
}

static struct crashinfo_error *build(struct core *core, struct crashinfo_report_builder *builder,
				     struct crashinfo_core_stats *stats)
{
	struct crashinfo_error *error;
	bool incomplete;

	name_leader(core);
	check_signal(&core->dump.signal);
	error = crashinfo_report_builder_set(builder, "metadata", METADATA, strlen(METADATA));
	if (!error)
		error = set_times(core->options, builder);
	if (!error)
		error = dump_report(&core->dump, builder);
	if (!error)
		error = add_files(core, builder);
	if (!error)
		error = say_cut(core, builder);
	if (!error)
		error = say_missing(core, &stats->missing_files, builder);
	if (core->promised > core->size)
		stats->missing_bytes = core->promised - core->size;
	stats->threads = core->dump.threads.size;
	stats->exe_unused = core->exe.fd >= 0 && !core->is_exe_used;
	incomplete = stats->missing_bytes || !core->dump.threads.size ||
		     core->are_threads_left_out || core->are_maps_left_out;
	if (!error)
		error = crashinfo_report_builder_set_bool(builder, "incomplete", incomplete);
	return error;
}

static struct crashinfo_error *core_open(const struct crashinfo_context *context, int fd,
					 const struct crashinfo_core_options *options,
					 struct core **ret)
{
	struct core *core = calloc(1, sizeof(*core));
	struct stat status;

	if (!core)
		return crashinfo_error_no_memory();
	arena_init(&core->arena);
	core->context = context ? *context : crashinfo_context_default();
	core->fd = fd;
	core->options = options;
	core->cache = dump_cache_create();
	core->exe = (struct dump_cached_file){core->cache, -1};
	core->dump.limits = &core->context.limits;
	*ret = core;
	if (!core->cache)
		return crashinfo_error_no_memory();
	if (fstat(fd, &status))
		return crashinfo_error_from_errno(errno, "cannot read the core file");
	if (!S_ISREG(status.st_mode))
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "a core file must be a file, not a pipe or device");
	core->size = (uint64_t)status.st_size;
	return NULL;
}

static struct crashinfo_error *read_core(struct core *core)
{
	struct crashinfo_error *error = core_read_headers(core);

	if (!error && core->options->exe)
		error = core_open_exe(core, core->options->exe);
	if (!error)
		error = core_make_maps(core);
	if (error)
		return error;
	core_init_space(core);
	core->dump.space = &core->space;
	core->dump.find_place = core_find_place;
	core->dump.explain_end = explain_end;
	core->dump.source = core;
	return NULL;
}

struct crashinfo_error *crashinfo_core_report(const struct crashinfo_context *context, int fd,
					      const struct crashinfo_core_options *options,
					      char **ret, size_t *size_ret,
					      struct crashinfo_core_stats *stats)
{
	static const struct crashinfo_core_options no_options;
	struct crashinfo_report_builder *builder = NULL;
	struct crashinfo_core_stats unused, *to = stats ? stats : &unused;
	__attribute__((cleanup(cleanup_core))) struct core *core = NULL;
	struct crashinfo_error *error;

	*to = (struct crashinfo_core_stats){0};
	error = core_open(context, fd, options ? options : &no_options, &core);
	if (!error)
		error = read_core(core);
	if (!error)
		error = crashinfo_report_builder_create(context, NULL, &builder);
	if (!error)
		error = build(core, builder, to);
	if (!error)
		error = crashinfo_report_builder_finish(builder, ret, size_ret);
	crashinfo_report_builder_destroy(builder);
	return error;
}
