/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/snapshot.h>

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <crashinfo/core.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "dump/snapshot.h"

#define FILE_NAME "ddcrash/stack"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static crashinfo_json_node member(const struct crashinfo_json *json, crashinfo_json_node node,
				  const char *name)
{
	if (node == CRASHINFO_JSON_NONE || crashinfo_json_type(json, node) != CRASHINFO_JSON_OBJECT)
		return CRASHINFO_JSON_NONE;
	return crashinfo_json_member(json, node, name);
}

static crashinfo_json_node files_of(const struct crashinfo_json *json)
{
	return member(json, 0, "files");
}

bool crashinfo_snapshot_is_there(const struct crashinfo_report *report)
{
	const struct crashinfo_json *json = crashinfo_report_json(report);

	return member(json, files_of(json), FILE_NAME) != CRASHINFO_JSON_NONE;
}

/* --- registers -------------------------------------------------------------------------------- */

static const struct dump_arch *arch_of(const struct crashinfo_json *json,
				       crashinfo_json_node context)
{
	static const unsigned machines[] = {EM_X86_64, EM_AARCH64};
	crashinfo_json_node name = member(json, context, "arch");

	for (size_t i = 0; name != CRASHINFO_JSON_NONE && i < COUNT(machines); i++) {
		const struct dump_arch *arch = dump_arch_of(machines[i]);

		if (arch && crashinfo_json_string_equals(json, name, arch->name))
			return arch;
	}
	return NULL;
}

static bool take_register(const struct crashinfo_json *json, crashinfo_json_node value,
			  uint64_t *ret)
{
	struct crashinfo_slice text = {0};
	_free_ char *storage = NULL;
	struct crashinfo_error *error;
	bool is_taken;

	if (value == CRASHINFO_JSON_NONE)
		return false;
	error = crashinfo_json_string(json, value, &text, &storage);
	is_taken = !error && parse_address(text.data, text.size, ret);
	crashinfo_error_destroy(error);
	return is_taken;
}

static struct crashinfo_error *take_registers(const struct crashinfo_json *json,
					      struct snapshot *snapshot)
{
	crashinfo_json_node context = member(json, 0, "ucontext");
	crashinfo_json_node registers = member(json, context, "registers");
	const struct dump_arch *arch = arch_of(json, context);

	if (registers == CRASHINFO_JSON_NONE)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND,
					      "the report has no registers");
	if (!arch || !arch->unwind)
		return crashinfo_error_create(CRASHINFO_ERROR_UNSUPPORTED,
					      "stacks of this machine can't be followed");
	for (size_t i = 0; i < arch->register_count; i++) {
		const struct dump_register *r = &arch->registers[i];
		bool is_needed = i == arch->pc || i == arch->sp;

		if (!take_register(json, member(json, registers, r->name),
				   &snapshot->words[r->word]) &&
		    is_needed)
			return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "register %s is %s",
						      r->name, "missing or no address");
	}
	snapshot->arch = arch;
	return NULL;
}

static struct crashinfo_error *take_report(const struct crashinfo_context *context,
					   const struct crashinfo_report *report,
					   struct snapshot *snapshot)
{
	_free_ char *text = NULL, *maps = NULL;
	size_t size;
	struct crashinfo_error *error;

	error = take_registers(crashinfo_report_json(report), snapshot);
	if (!error)
		error = crashinfo_report_maps_text(report, &maps, &size);
	if (!error)
		error = crashinfo_maps_parse(context, maps, size, &snapshot->maps);
	if (!error)
		error = crashinfo_report_file(report, FILE_NAME, &text, &size);
	return error ? error : snapshot_parse(snapshot, text, size);
}

/* --- unwinding -------------------------------------------------------------------------------- */

static struct crashinfo_error *write_all(int fd, const struct strbuf *bytes)
{
	for (size_t at = 0; at < bytes->size;) {
		ssize_t written = write(fd, bytes->data + at, bytes->size - at);

		if (written <= 0)
			return crashinfo_error_from_errno(errno, "cannot keep the copied memory");
		at += (size_t)written;
	}
	return NULL;
}

/* The report of what was copied, as of a core file. */
static struct crashinfo_error *unwind(const struct crashinfo_context *context,
				      struct crashinfo_finder *finder,
				      const struct snapshot *snapshot, char **ret, size_t *size_ret)
{
	struct crashinfo_core_options how = {.finder = finder};
	_close_ int fd = memfd_create(FILE_NAME, MFD_CLOEXEC);
	_strbuf_ struct strbuf core = {0};
	struct crashinfo_error *error;

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot keep the copied memory");
	error = snapshot_core(snapshot, &core);
	if (!error)
		error = write_all(fd, &core);
	return error ? error : crashinfo_core_report(context, fd, &how, ret, size_ret, NULL);
}

static bool is_complete(const struct crashinfo_json *json, crashinfo_json_node stack)
{
	crashinfo_json_node incomplete = member(json, stack, "incomplete");

	return incomplete != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, incomplete) == CRASHINFO_JSON_FALSE;
}

static size_t frames_of(const struct crashinfo_json *json, crashinfo_json_node stack)
{
	crashinfo_json_node frames = member(json, stack, "frames");

	return frames == CRASHINFO_JSON_NONE ? 0 : crashinfo_json_count(json, frames);
}

/* Put the stack of `made` in the place of the report's. */
static struct crashinfo_error *edit(const struct crashinfo_json *json,
				    const struct crashinfo_json *made,
				    struct crashinfo_json_edits *edits)
{
	crashinfo_json_node to = member(json, 0, "error"), old = member(json, to, "stack");
	crashinfo_json_node stack = member(made, member(made, 0, "error"), "stack");
	struct crashinfo_error *error = NULL;
	struct crashinfo_slice raw;
	bool is_done;

	if (to == CRASHINFO_JSON_NONE || stack == CRASHINFO_JSON_NONE)
		return crashinfo_error_create(CRASHINFO_ERROR_NOT_FOUND, "the report has no %s",
					      "error to put the stack into");
	is_done = is_complete(made, stack);
	if (is_done || frames_of(made, stack) > frames_of(json, old)) {
		raw = crashinfo_json_raw(made, stack);
		error = crashinfo_json_edits_set(edits, to, "stack", raw.data, raw.size);
	}
	if (!error && is_done)
		error = crashinfo_json_edits_remove(edits, files_of(json), FILE_NAME);
	return error;
}

static struct crashinfo_error *merge(const struct crashinfo_context *context,
				     const struct crashinfo_report *report, const char *made,
				     size_t made_size, char **ret, size_t *size_ret)
{
	const struct crashinfo_json *json = crashinfo_report_json(report);
	struct crashinfo_json_edits *edits = NULL;
	struct crashinfo_json *other = NULL;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(context, made, made_size, FILE_NAME, &other);
	if (!error)
		error = crashinfo_json_edits_create(json, &edits);
	if (!error)
		error = edit(json, other, edits);
	if (!error)
		error = crashinfo_json_edits_apply(edits, ret, size_ret);
	crashinfo_json_edits_destroy(edits);
	crashinfo_json_destroy(other);
	return error;
}

struct crashinfo_error *crashinfo_snapshot_unwind(const struct crashinfo_context *context,
						  struct crashinfo_finder *finder,
						  struct crashinfo_report *report, char **ret,
						  size_t *size_ret)
{
	struct snapshot snapshot = {.runs = {0}};
	_free_ char *made = NULL;
	size_t made_size;
	struct crashinfo_error *error = take_report(context, report, &snapshot);

	if (!error)
		error = unwind(context, finder, &snapshot, &made, &made_size);
	if (!error)
		error = merge(context, report, made, made_size, ret, size_ret);
	snapshot_deinit(&snapshot);
	return error;
}
