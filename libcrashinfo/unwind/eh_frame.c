/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of .eh_frame and .eh_frame_hdr: pointers, entries, and which one covers a pc. */
#include "unwind/cfi.h"

/* Form, base and indirection of a pointer encoding. */
enum {
	FORM_ABSOLUTE = 0x00,
	FORM_ULEB = 0x01,
	FORM_U16 = 0x02,
	FORM_U32 = 0x03,
	FORM_U64 = 0x04,
	FORM_SLEB = 0x09,
	FORM_S16 = 0x0a,
	FORM_S32 = 0x0b,
	FORM_S64 = 0x0c,
	FORM_MASK = 0x0f,
	BASE_NONE = 0x00,
	BASE_PC = 0x10,
	BASE_DATA = 0x30,
	BASE_FUNCTION = 0x40,
	BASE_MASK = 0x70,
	INDIRECT = 0x80,
};

/* A table of this many entries is larger than any program; a scan of it must end. */
#define MAX_SCANNED_ENTRIES 262144
#define MAX_AUGMENTATION    16

static bool read_form(struct unwind_cursor *cursor, uint8_t encoding, uint64_t *ret)
{
	switch (encoding & FORM_MASK) {
	case FORM_ABSOLUTE:
	case FORM_U64:
	case FORM_S64: *ret = unwind_cursor_unsigned(cursor, 8); break;
	case FORM_ULEB: *ret = unwind_cursor_uleb(cursor); break;
	case FORM_SLEB: *ret = (uint64_t)unwind_cursor_sleb(cursor); break;
	case FORM_U16: *ret = unwind_cursor_unsigned(cursor, 2); break;
	case FORM_S16: *ret = (uint64_t)unwind_cursor_signed(cursor, 2); break;
	case FORM_U32: *ret = unwind_cursor_unsigned(cursor, 4); break;
	case FORM_S32: *ret = (uint64_t)unwind_cursor_signed(cursor, 4); break;
	default: return false;
	}
	return !cursor->failed;
}

bool cfi_read_pointer(struct unwind_cursor *cursor, uint8_t encoding, const struct cfi_bases *bases,
		      uint64_t *ret)
{
	uint64_t at = cursor->at, value;

	if (!read_form(cursor, encoding, &value))
		return false;
	switch (encoding & BASE_MASK) {
	case BASE_NONE: break;
	case BASE_PC: value += at; break;
	case BASE_DATA: value += bases->data; break;
	case BASE_FUNCTION: value += bases->function; break;
	default: return false;
	}
	if ((encoding & INDIRECT) && !unwind_read_word(cursor->source, value, &value))
		return false;
	*ret = value;
	return true;
}

/* The letters of an augmentation string that begins with 'z', over its data. */
static bool read_augmentation(struct unwind_cursor *cursor, const uint8_t *letters,
			      struct cfi_cie *ret)
{
	static const struct cfi_bases none;
	uint64_t personality, size = unwind_cursor_uleb(cursor), end = cursor->at + size;

	if (cursor->failed || size > cursor->end - cursor->at)
		return false;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R': ret->pointer_encoding = unwind_cursor_u8(cursor); break;
		case 'L': unwind_cursor_u8(cursor); break;
		case 'S': ret->signal_frame = true; break;
		case 'B': break;
		case 'P': {
			/* only its size matters: do not follow where it points */
			uint8_t encoding = unwind_cursor_u8(cursor) & (uint8_t)~INDIRECT;

			if (!cfi_read_pointer(cursor, encoding, &none, &personality))
				return false;
			break;
		}
		/* the size in front lets us skip what an unknown letter brings */
		default: unwind_cursor_seek(cursor, end, cursor->end); return true;
		}
	}
	if (cursor->failed || cursor->at > end)
		return false;
	unwind_cursor_seek(cursor, end, cursor->end);
	return true;
}

/* The end of the entry at the cursor; 0 for the terminator or a malformed length. */
static uint64_t read_length(struct unwind_cursor *cursor)
{
	uint64_t length = unwind_cursor_unsigned(cursor, 4);

	if (length == 0xffffffff)
		length = unwind_cursor_unsigned(cursor, 8);
	if (cursor->failed || length < 4 || length > cursor->end - cursor->at)
		return 0;
	return cursor->at + length;
}

static bool read_cie(struct unwind_cursor *cursor, uint64_t address, uint64_t limit,
		     struct cfi_cie *ret)
{
	uint8_t letters[MAX_AUGMENTATION], version;
	unsigned count = 0;
	uint64_t end;

	unwind_cursor_seek(cursor, address, limit);
	end = read_length(cursor);
	if (!end)
		return false;
	unwind_cursor_seek(cursor, cursor->at, end);
	if (unwind_cursor_unsigned(cursor, 4) != 0)
		return false;
	version = unwind_cursor_u8(cursor);
	if (cursor->failed || (version != 1 && version != 3))
		return false;
	do {
		if (count == MAX_AUGMENTATION)
			return false;
		letters[count] = unwind_cursor_u8(cursor);
	} while (letters[count++]);
	ret->code_align = unwind_cursor_uleb(cursor);
	ret->data_align = unwind_cursor_sleb(cursor);
	ret->return_register = version == 1 ? unwind_cursor_u8(cursor) : unwind_cursor_uleb(cursor);
	ret->pointer_encoding = FORM_ABSOLUTE;
	ret->signal_frame = false;
	ret->augmented = letters[0] == 'z';
	if (cursor->failed || (letters[0] && !ret->augmented))
		return false;
	if (ret->augmented && !read_augmentation(cursor, letters + 1, ret))
		return false;
	ret->program.start = cursor->at;
	ret->program.end = end;
	return ret->return_register < UNWIND_REGISTERS;
}

/* Behind the CIE: the range and the program of the FDE. */
static bool read_range(struct unwind_cursor *cursor, uint64_t end, struct cfi_entry *ret)
{
	static const struct cfi_bases none;

	unwind_cursor_seek(cursor, cursor->at, end);
	if (!cfi_read_pointer(cursor, ret->cie.pointer_encoding, &none, &ret->pc_start) ||
	    !read_form(cursor, ret->cie.pointer_encoding, &ret->pc_size))
		return false;
	if (ret->cie.augmented)
		unwind_cursor_skip(cursor, unwind_cursor_uleb(cursor));
	ret->program.start = cursor->at;
	ret->program.end = end;
	return !cursor->failed;
}

bool cfi_read_fde(struct unwind_cursor *cursor, uint64_t address, uint64_t limit,
		  struct cfi_entry *ret)
{
	uint64_t end, at, distance;

	unwind_cursor_seek(cursor, address, limit);
	end = read_length(cursor);
	at = cursor->at;
	distance = unwind_cursor_unsigned(cursor, 4);
	if (!end || cursor->failed || !distance || distance > at)
		return false;
	if (!read_cie(cursor, at - distance, limit, &ret->cie))
		return false;
	unwind_cursor_seek(cursor, at + 4, end);
	return read_range(cursor, end, ret);
}

static bool covers(const struct cfi_entry *entry, uint64_t pc)
{
	return pc - entry->pc_start < entry->pc_size;
}

/* Each entry in turn, from `start` to the terminator. */
static bool find_by_scan(struct unwind_cursor *cursor, uint64_t start, uint64_t limit, uint64_t pc,
			 struct cfi_entry *ret)
{
	uint64_t address = start, end, id;

	for (unsigned i = 0; i < MAX_SCANNED_ENTRIES; i++) {
		unwind_cursor_seek(cursor, address, limit);
		end = read_length(cursor);
		if (!end)
			return false;
		id = unwind_cursor_unsigned(cursor, 4);
		if (id && cfi_read_fde(cursor, address, limit, ret) && covers(ret, pc))
			return true;
		address = end;
	}
	return false;
}

/* The last row of the sorted table that begins at or below `pc`, as the address of its FDE. */
static bool search_table(struct unwind_cursor *cursor, uint64_t table, uint64_t count, uint64_t pc,
			 uint64_t base, uint64_t *ret)
{
	uint64_t low = 0, high = count, end = table + count * 8;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		unwind_cursor_seek(cursor, table + middle * 8, end);
		if (base + (uint64_t)unwind_cursor_signed(cursor, 4) <= pc)
			low = middle + 1;
		else
			high = middle;
		if (cursor->failed)
			return false;
	}
	if (!low)
		return false;
	unwind_cursor_seek(cursor, table + (low - 1) * 8 + 4, end);
	*ret = base + (uint64_t)unwind_cursor_signed(cursor, 4);
	return !cursor->failed;
}

/* No entry ends beyond this: the header does not say how long .eh_frame is. */
static uint64_t table_limit(uint64_t address)
{
	const uint64_t most = UINT64_C(1) << 30;

	return address > UINT64_MAX - most ? UINT64_MAX : address + most;
}

static bool find_by_header(struct unwind_cursor *cursor, const struct unwind_module *module,
			   uint64_t pc, struct cfi_entry *ret)
{
	uint64_t base = module->eh_frame_hdr, table, count, fde;
	struct cfi_bases bases = {.data = base};
	uint8_t version, frame_encoding, count_encoding, table_encoding;

	unwind_cursor_seek(cursor, base, base + module->eh_frame_hdr_size);
	version = unwind_cursor_u8(cursor);
	frame_encoding = unwind_cursor_u8(cursor);
	count_encoding = unwind_cursor_u8(cursor);
	table_encoding = unwind_cursor_u8(cursor);
	if (cursor->failed || version != 1 ||
	    !cfi_read_pointer(cursor, frame_encoding, &bases, &table))
		return false;
	if (count_encoding == CFI_OMITTED || table_encoding != CFI_DATA_REL_S32)
		return find_by_scan(cursor, table, table_limit(table), pc, ret);
	if (!cfi_read_pointer(cursor, count_encoding, &bases, &count) ||
	    count > (cursor->end - cursor->at) / 8)
		return false;
	return search_table(cursor, cursor->at, count, pc, base, &fde) &&
	       cfi_read_fde(cursor, fde, table_limit(fde), ret) && covers(ret, pc);
}

bool cfi_find(const struct unwind_source *source, const struct unwind_module *module, uint64_t pc,
	      struct cfi_entry *ret)
{
	struct unwind_cursor cursor;

	unwind_cursor_init(&cursor, source, 0, 0);
	if (module->eh_frame_hdr_size)
		return module->eh_frame_hdr <= UINT64_MAX - module->eh_frame_hdr_size &&
		       find_by_header(&cursor, module, pc, ret);
	if (!module->eh_frame_size || module->eh_frame > UINT64_MAX - module->eh_frame_size)
		return false;
	return find_by_scan(&cursor, module->eh_frame, module->eh_frame + module->eh_frame_size, pc,
			    ret);
}
