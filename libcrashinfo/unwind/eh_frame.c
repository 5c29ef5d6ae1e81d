/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/eh_frame.h"

/* An .eh_frame reached through a header without a table has no size of its own. */
#define SECTION_MAX UINT32_MAX

/* A length field and what it encloses. */
struct entry {
	uint64_t id_at, id;    /* where the CIE pointer is, its value */
	uint64_t content, end; /* what follows it */
	bool is_cie;
};

static bool is_debug_frame(const struct unwind_cfi *cfi)
{
	return cfi->kind == UNWIND_DEBUG_FRAME;
}

/* False at a terminator, at the end of the section and where it is damaged. */
static bool read_entry(const struct unwind_cfi *cfi, uint64_t at, uint64_t section_end,
		       struct entry *ret)
{
	struct reader r;
	uint64_t length;
	bool wide;

	reader_init(&r, &cfi->memory, at, section_end - at);
	length = reader_uint(&r, 4);
	wide = length == 0xffffffff;
	if (wide)
		length = reader_uint(&r, 8);
	if (r.failed || !length || length > section_end - r.at)
		return false;
	ret->end = r.at + length;
	ret->id_at = r.at;
	wide &= is_debug_frame(cfi);
	ret->id = reader_uint(&r, wide ? 8 : 4);
	ret->content = r.at;
	if (is_debug_frame(cfi))
		ret->is_cie = ret->id == (wide ? UINT64_MAX : 0xffffffff);
	else
		ret->is_cie = ret->id == 0;
	return !r.failed && ret->content <= ret->end;
}

static uint64_t cie_address(const struct unwind_cfi *cfi, const struct entry *fde)
{
	return is_debug_frame(cfi) ? cfi->address + fde->id : fde->id_at - fde->id;
}

static struct pointer_bases bases_of(const struct unwind_cfi *cfi)
{
	return (struct pointer_bases){.text = cfi->text_base};
}

/* What an augmentation that begins with 'z' says; unknown letters end it, as its size is known. */
static void read_augmentation(struct reader *r, const struct unwind_cfi *cfi, const char *letters,
			      struct unwind_cie *cie)
{
	struct pointer_bases bases = bases_of(cfi);
	uint64_t size = reader_uleb(r), data = r->at;
	uint8_t encoding;

	for (letters++; *letters; letters++) {
		switch (*letters) {
		case 'R': cie->encoding = reader_u8(r); break;
		case 'L': reader_u8(r); break;
		case 'P':
			encoding = reader_u8(r);
			reader_encoded(r, encoding & (uint8_t)~PE_INDIRECT, &bases);
			break;
		case 'S': cie->signal_frame = true; break;
		case 'B': /* key of pointer authentication */
		case 'G': /* tagged stack */ break;
		default: goto done;
		}
	}
done:
	r->at = data;
	reader_skip(r, size);
}

static bool read_cie(const struct unwind_cfi *cfi, uint64_t at, uint64_t section_end,
		     struct unwind_cie *ret)
{
	struct unwind_cie cie = {.at = at, .encoding = PE_ABSPTR};
	char letters[8] = "";
	struct entry entry;
	struct reader r;
	uint8_t version;
	unsigned n = 0;

	if (at >= section_end || !read_entry(cfi, at, section_end, &entry) || !entry.is_cie)
		return false;
	reader_init(&r, &cfi->memory, entry.content, entry.end - entry.content);
	version = reader_u8(&r);
	if (version != 1 && version != 3 && version != 4)
		return false;
	while (n < sizeof(letters) && (letters[n] = (char)reader_u8(&r)))
		n++;
	if (n == sizeof(letters))
		return false;
	if (version == 4 && reader_uint(&r, 2) != 8) /* address size 8, segment size 0 */
		return false;
	cie.code_align = reader_uleb(&r);
	cie.data_align = reader_sleb(&r);
	cie.return_column = version == 1 ? reader_u8(&r) : reader_uleb(&r);
	cie.has_augmentation_size = letters[0] == 'z';
	if (cie.has_augmentation_size)
		read_augmentation(&r, cfi, letters, &cie);
	else if (letters[0])
		return false;
	cie.instructions = r.at;
	cie.instructions_end = entry.end;
	if (!r.failed)
		*ret = cie;
	return !r.failed;
}

/* `ret->cie` is kept when it is the right one already. */
static bool read_fde(const struct unwind_cfi *cfi, const struct entry *entry, uint64_t section_end,
		     struct unwind_fde *ret)
{
	struct pointer_bases bases = bases_of(cfi);
	uint64_t cie_at = cie_address(cfi, entry), range;
	struct reader r;

	if (ret->cie.at != cie_at && !read_cie(cfi, cie_at, section_end, &ret->cie))
		return false;
	reader_init(&r, &cfi->memory, entry->content, entry->end - entry->content);
	ret->start = reader_encoded(&r, ret->cie.encoding, &bases);
	range = reader_encoded(&r, ret->cie.encoding & 0x0f, &bases);
	if (r.failed || !ret->start)
		return false;
	if (is_debug_frame(cfi))
		ret->start += cfi->bias;
	if (range > UINT64_MAX - ret->start)
		return false;
	ret->end = ret->start + range;
	if (ret->cie.has_augmentation_size)
		reader_skip(&r, reader_uleb(&r));
	ret->instructions = r.at;
	ret->instructions_end = entry->end;
	ret->memory = cfi->memory;
	ret->bias = cfi->bias;
	return !r.failed;
}

static bool covers(const struct unwind_fde *fde, uint64_t pc)
{
	return pc >= fde->start && pc < fde->end;
}

/* The FDE at an address that a search table or the cache gave. */
static bool fde_at(const struct unwind_cfi *cfi, uint64_t at, uint64_t pc, struct unwind_fde *ret)
{
	struct unwind_fde fde = {.cie.at = UINT64_MAX};
	struct entry entry;

	if (!read_entry(cfi, at, UINT64_MAX, &entry) || entry.is_cie ||
	    !read_fde(cfi, &entry, UINT64_MAX, &fde) || !covers(&fde, pc))
		return false;
	*ret = fde;
	return true;
}

static void remember(const struct unwind_cfi *cfi, uint64_t at, const struct unwind_fde *fde)
{
	struct unwind_cache *cache = cfi->cache;
	unsigned n;

	if (!cache)
		return;
	n = cache->next++ % UNWIND_CACHE_ENTRIES;
	cache->entries[n].place = cfi->address;
	cache->entries[n].at = at;
	cache->entries[n].start = fde->start;
	cache->entries[n].end = fde->end;
}

static bool find_remembered(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret)
{
	const struct unwind_cache *cache = cfi->cache;

	for (unsigned n = 0; cache && n < UNWIND_CACHE_ENTRIES; n++)
		if (cache->entries[n].place == cfi->address && pc >= cache->entries[n].start &&
		    pc < cache->entries[n].end)
			return fde_at(cfi, cache->entries[n].at, pc, ret);
	return false;
}

static bool search(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret)
{
	struct unwind_fde fde = {.cie.at = UINT64_MAX};
	uint64_t end = cfi->address + cfi->size;
	struct entry entry;

	if (end < cfi->address)
		return false;
	for (uint64_t at = cfi->address; at < end; at = entry.end) {
		if (!read_entry(cfi, at, end, &entry))
			return false;
		if (entry.is_cie || !read_fde(cfi, &entry, end, &fde))
			continue;
		if (covers(&fde, pc)) {
			remember(cfi, at, &fde);
			*ret = fde;
			return true;
		}
	}
	return false;
}

static bool find_linear(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret)
{
	return find_remembered(cfi, pc, ret) || search(cfi, pc, ret);
}

/* The sorted table of an .eh_frame_hdr: pairs of address and FDE, both relative to the header. */
struct table {
	uint64_t at, count;
	uint64_t base;
};

static bool table_pair(const struct unwind_cfi *cfi, const struct table *table, uint64_t n,
		       uint64_t *start_ret, uint64_t *fde_ret)
{
	int32_t pair[2];

	if (!cfi->memory.read(cfi->memory.context, table->at + n * sizeof(pair), pair,
			      sizeof(pair)))
		return false;
	*start_ret = table->base + (uint64_t)(int64_t)pair[0];
	*fde_ret = table->base + (uint64_t)(int64_t)pair[1];
	return true;
}

static bool find_in_table(const struct unwind_cfi *cfi, const struct table *table, uint64_t pc,
			  struct unwind_fde *ret)
{
	uint64_t low = 0, high = table->count, start, found, fde = 0;

	/* The last entry that starts at or before pc is before `high`. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (!table_pair(cfi, table, middle, &start, &found))
			return false;
		if (start <= pc) {
			low = middle + 1;
			fde = found;
		} else {
			high = middle;
		}
	}
	return low && fde_at(cfi, fde, pc, ret);
}

static bool find_by_header(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret)
{
	struct pointer_bases bases = {.text = cfi->text_base, .data = cfi->address};
	uint8_t pointer_encoding, count_encoding, table_encoding;
	struct unwind_cfi section = *cfi;
	struct table table = {.base = cfi->address};
	struct reader r;

	reader_init(&r, &cfi->memory, cfi->address, cfi->size);
	if (reader_u8(&r) != 1)
		return false;
	pointer_encoding = reader_u8(&r);
	count_encoding = reader_u8(&r);
	table_encoding = reader_u8(&r);
	section.kind = UNWIND_EH_FRAME;
	section.size = SECTION_MAX;
	section.address = reader_encoded(&r, pointer_encoding, &bases);
	if (r.failed)
		return false;
	if (table_encoding != (PE_DATAREL | PE_SDATA4) || count_encoding == PE_OMIT)
		return find_linear(&section, pc, ret);
	table.count = reader_encoded(&r, count_encoding, &bases);
	table.at = r.at;
	if (r.failed || table.count > (r.end - r.at) / 8)
		return false;
	return find_in_table(&section, &table, pc, ret);
}

bool unwind_find_fde(const struct unwind_cfi *cfi, uint64_t pc, struct unwind_fde *ret)
{
	switch (cfi->kind) {
	case UNWIND_EH_FRAME_HDR: return find_by_header(cfi, pc, ret);
	case UNWIND_EH_FRAME:
	case UNWIND_DEBUG_FRAME: return find_linear(cfi, pc, ret);
	}
	return false;
}
