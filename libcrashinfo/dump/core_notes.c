/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/core.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"

/* Of a thread: registers of several kinds, some more with each new kind of processor. */
#define NOTES_PER_THREAD 64

/* struct elf_prstatus: the general registers lie between what precedes and one int. */
#define STATUS_SIGNAL    12
#define STATUS_TID       32
#define STATUS_REGISTERS 112
#define STATUS_BYTES_MAX (STATUS_REGISTERS + DUMP_WORDS_MAX * 8 + 8)

/* struct elf_prpsinfo */
#define INFO_PID       24
#define INFO_NAME      40
#define INFO_NAME_SIZE 16
#define INFO_ARGS_SIZE 80
#define INFO_BYTES     (INFO_NAME + INFO_NAME_SIZE + INFO_ARGS_SIZE)

/* siginfo_t */
#define SIGINFO_CODE    8
#define SIGINFO_ADDRESS 16
#define SIGINFO_BYTES   24

/* What the kernel passes to a program are a few dozen pairs. */
#define AUXV_BYTES_MAX 4096

struct note {
	uint32_t type;
	uint64_t at, size; /* of the content in the core file */
};

static uint32_t get32(const unsigned char *bytes)
{
	struct cursor c = cursor_make(bytes, 4, false);

	return cursor_u32(&c);
}

static uint64_t get64(const unsigned char *bytes)
{
	struct cursor c = cursor_make(bytes, 8, false);

	return cursor_u64(&c);
}

/* --- threads ---------------------------------------------------------------------------------- */

/* Each of these begins a thread; what follows belongs to it. */
static struct crashinfo_error *take_status(struct core *core, const struct note *note)
{
	size_t size = STATUS_REGISTERS + core->arch->words * 8;
	unsigned char bytes[STATUS_BYTES_MAX];
	uint64_t words[DUMP_WORDS_MAX];
	struct dump_thread *thread;

	if (note->size < size || !core_pread(core, note->at, bytes, size))
		return NULL;
	if (core->dump.threads.size >= core->context.limits.core_threads) {
		core->are_threads_left_out = true;
		return NULL;
	}
	thread = vec_push(&core->dump.threads);
	if (!thread)
		return crashinfo_error_no_memory();
	*thread = (struct dump_thread){.tid = get32(bytes + STATUS_TID), .has_registers = true};
	for (unsigned i = 0; i < core->arch->words; i++)
		words[i] = get64(bytes + STATUS_REGISTERS + i * 8);
	thread->registers = dump_unwind_registers(core->arch, words);
	if (core->dump.threads.size == 1 && !core->dump.signal.known)
		core->dump.signal.signo = bytes[STATUS_SIGNAL] | bytes[STATUS_SIGNAL + 1] << 8;
	return NULL;
}

static struct crashinfo_error *take_siginfo(struct core *core, const struct note *note)
{
	unsigned char bytes[SIGINFO_BYTES];

	/* the kernel writes that of the first thread only, gdb one for each */
	if (core->dump.threads.size > 1 || note->size < sizeof(bytes) ||
	    !core_pread(core, note->at, bytes, sizeof(bytes)) || !get32(bytes))
		return NULL;
	core->dump.signal = (struct dump_signal){
		.known = true,
		.signo = (int32_t)get32(bytes),
		.code = (int32_t)get32(bytes + SIGINFO_CODE),
		.address = get64(bytes + SIGINFO_ADDRESS),
	};
	return NULL;
}

/* --- the process ------------------------------------------------------------------------------ */

static const char *copy_text(struct core *core, const unsigned char *bytes, size_t size)
{
	size = strnlen((const char *)bytes, size);
	while (size && bytes[size - 1] == ' ')
		size--;
	return arena_memdup(&core->arena, (const char *)bytes, size);
}

static struct crashinfo_error *take_info(struct core *core, const struct note *note)
{
	unsigned char bytes[INFO_BYTES];

	if (note->size < sizeof(bytes) || !core_pread(core, note->at, bytes, sizeof(bytes)))
		return NULL;
	core->dump.pid = get32(bytes + INFO_PID);
	core->command = copy_text(core, bytes + INFO_NAME, INFO_NAME_SIZE);
	core->arguments = copy_text(core, bytes + INFO_NAME + INFO_NAME_SIZE, INFO_ARGS_SIZE);
	return core->command && core->arguments ? NULL : crashinfo_error_no_memory();
}

static struct crashinfo_error *take_auxv(struct core *core, const struct note *note)
{
	unsigned char bytes[AUXV_BYTES_MAX];
	size_t size = note->size < sizeof(bytes) ? (size_t)note->size : sizeof(bytes);

	size -= size % 16;
	if (core->auxv.size || !core_pread(core, note->at, bytes, size))
		return NULL;
	for (size_t at = 0; at < size; at += 16) {
		uint64_t type = get64(bytes + at), value = get64(bytes + at + 8);

		if (type == AT_NULL)
			break;
		if (type == AT_ENTRY)
			core->entry = value;
		if (type == AT_EXECFN)
			core->exec_name = value;
		if (type == AT_SYSINFO_EHDR)
			core->vdso = value;
		strbuf_addf(&core->auxv, "%ju 0x%jx\n", (uintmax_t)type, (uintmax_t)value);
	}
	return strbuf_error(&core->auxv);
}

/* --- mapped files ----------------------------------------------------------------------------- */

static struct crashinfo_error *take_ranges(struct core *core, struct cursor *c)
{
	uint64_t count = cursor_u64(c), page = cursor_u64(c);
	struct cursor names = *c;

	if (count > cursor_left(c) / 24 || !page)
		return NULL;
	cursor_skip(&names, count * 24);
	for (uint64_t n = 0; n < count; n++) {
		struct core_range range, *slot;
		const char *path;

		range.start = cursor_u64(c);
		range.end = cursor_u64(c);
		if (__builtin_mul_overflow(cursor_u64(c), page, &range.offset))
			range.offset = 0;
		path = cursor_string(&names);
		if (!path)
			return NULL;
		if (range.start >= range.end || !*path)
			continue;
		range.path = arena_strdup(&core->arena, path);
		slot = range.path ? vec_push(&core->ranges) : NULL;
		if (!slot)
			return crashinfo_error_no_memory();
		*slot = range;
	}
	return NULL;
}

static struct crashinfo_error *take_files(struct core *core, const struct note *note)
{
	_free_ unsigned char *bytes = NULL;
	struct cursor c;

	if (core->ranges.size || note->size > core->context.limits.core_note_bytes)
		return NULL;
	bytes = malloc((size_t)note->size + 1);
	if (!bytes)
		return crashinfo_error_no_memory();
	if (!core_pread(core, note->at, bytes, (size_t)note->size))
		return NULL;
	c = cursor_make(bytes, (size_t)note->size, false);
	return take_ranges(core, &c);
}

/* --- notes ------------------------------------------------------------------------------------ */

struct note_kind {
	uint32_t type;
	struct crashinfo_error *(*take)(struct core *core, const struct note *note);
};

static const struct note_kind kinds[] = {
	{NT_PRSTATUS, take_status}, {NT_PRPSINFO, take_info}, {NT_AUXV, take_auxv},
	{NT_SIGINFO, take_siginfo}, {NT_FILE, take_files},
};

static struct crashinfo_error *take_note(struct core *core, const struct note *note)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == note->type)
			return kinds[i].take(core, note);
	return NULL;
}

static bool is_core_note(struct core *core, uint64_t at, const Elf64_Nhdr *header)
{
	char name[5];

	return header->n_namesz == sizeof(name) && core_pread(core, at, name, sizeof(name)) &&
	       !memcmp(name, "CORE", sizeof(name));
}

static uint64_t align4(uint64_t value)
{
	return (value + 3) & ~(uint64_t)3;
}

struct crashinfo_error *core_read_notes(struct core *core, uint64_t offset, uint64_t size)
{
	uint64_t at = offset, end = offset + size, left;
	struct crashinfo_error *error = NULL;
	Elf64_Nhdr header;

	left = core->context.limits.core_threads * (uint64_t)NOTES_PER_THREAD;
	while (!error && end - at >= sizeof(header) && left--) {
		struct note note;
		uint64_t name_at = at + sizeof(header);

		if (!core_pread(core, at, &header, sizeof(header)))
			break;
		note = (struct note){header.n_type, name_at + align4(header.n_namesz),
				     header.n_descsz};
		/* the last one of a core that is cut off may be cut too */
		if (note.at > end || note.size > end - note.at)
			break;
		if (is_core_note(core, name_at, &header))
			error = take_note(core, &note);
		at = note.at + align4(note.size);
		if (at > end)
			break;
	}
	return error;
}
