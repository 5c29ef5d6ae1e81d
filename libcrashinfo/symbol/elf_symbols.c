/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from the ELF symbol tables, for all addresses in one pass: each symbol is put at the first
 * address it begins below, then the nearest one is carried on to the addresses behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "symbol/lookup.h"

struct candidate {
	const char *name;
	uint64_t value, size;
	uint64_t limit; /* end of its section, for one without a size */
	unsigned char bind;
};

/* Functions win over labels of assembler code, which may stand within them. */
enum track { TRACK_FUNCTION, TRACK_LABEL, TRACK_COUNT };

struct tracks {
	struct candidate *nearest[TRACK_COUNT]; /* one per lookup each; name NULL when none */
};

/* Among names of one address: visible ones first, then fewer leading underscores, then order. */
static bool is_better(const struct candidate *a, const struct candidate *b)
{
	static const int rank[] = {[STB_LOCAL] = 0, [STB_GLOBAL] = 2, [STB_WEAK] = 1};
	int rank_a = a->bind <= STB_WEAK ? rank[a->bind] : 2;
	int rank_b = b->bind <= STB_WEAK ? rank[b->bind] : 2;
	size_t lead_a, lead_b;

	if (!b->name || a->value != b->value)
		return !b->name || a->value > b->value;
	if (!a->size != !b->size)
		return a->size;
	if (rank_a != rank_b)
		return rank_a > rank_b;
	lead_a = strspn(a->name, "_");
	lead_b = strspn(b->name, "_");
	if (lead_a != lead_b)
		return lead_a < lead_b;
	return strcmp(a->name, b->name) < 0;
}

/* "$x", "$d.3" and the like mark code and data on ARM and RISC-V. */
static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' && strchr("adtx", name[1]) && (!name[2] || name[2] == '.');
}

/* The section that a symbol is defined in; false for absolute, common and undefined ones. */
static bool section_of(const struct elf_file *file, const GElf_Sym *symbol, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;

	if (symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE)
		section = elf_getscn(file->elf, symbol->st_shndx);
	return section && gelf_getshdr(section, ret);
}

static bool track_of(const GElf_Sym *symbol, const GElf_Shdr *section, enum track *ret)
{
	switch (GELF_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC: *ret = TRACK_FUNCTION; break;
	case STT_NOTYPE: *ret = TRACK_LABEL; break;
	default: return false;
	}
	return *ret == TRACK_FUNCTION || section->sh_flags & SHF_EXECINSTR;
}

static void add_symbol(const struct elf_file *file, bool thumb, const GElf_Sym *symbol,
		       const char *name, struct lookups *lookups, struct tracks *tracks)
{
	struct candidate candidate = {
		.name = name,
		.value = symbol->st_value,
		.size = symbol->st_size,
		.bind = GELF_ST_BIND(symbol->st_info),
	};
	GElf_Shdr section;
	enum track track;
	size_t at;

	if (!name || !*name || is_mapping_symbol(name) || !section_of(file, symbol, &section) ||
	    !track_of(symbol, &section, &track))
		return;
	candidate.limit = section.sh_addr + section.sh_size;
	if (thumb && track == TRACK_FUNCTION)
		candidate.value &= ~(uint64_t)1;
	at = lookups_lower(lookups, candidate.value);
	if (at < lookups->count && is_better(&candidate, &tracks->nearest[track][at]))
		tracks->nearest[track][at] = candidate;
}

static void read_table(const struct elf_file *file, Elf_Scn *section, struct lookups *lookups,
		       struct tracks *tracks)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Ehdr elf_header;
	GElf_Shdr header;
	size_t count;

	if (!data || !gelf_getshdr(section, &header) || !gelf_getehdr(file->elf, &elf_header))
		return;
	count = data->d_size / gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT);
	for (size_t i = 1; i < count && i <= INT32_MAX; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol))
			add_symbol(file, elf_header.e_machine == EM_ARM, &symbol,
				   elf_strptr(file->elf, header.sh_link, symbol.st_name), lookups,
				   tracks);
	}
}

static bool covers(const struct candidate *candidate, uint64_t address)
{
	return candidate->name && (address - candidate->value < candidate->size);
}

/* Without a size a symbol lasts until the next one or the end of its section. */
static bool lasts(const struct candidate *candidate, uint64_t address)
{
	return candidate->name && !candidate->size && address < candidate->limit;
}

static void choose(struct lookup *lookup, const struct candidate *function,
		   const struct candidate *label)
{
	const struct candidate *chosen = NULL;

	if (covers(function, lookup->address))
		chosen = function;
	else if (covers(label, lookup->address))
		chosen = label;
	else if (lasts(function, lookup->address) &&
		 (!label->name || label->value <= function->value))
		chosen = function;
	else if (lasts(label, lookup->address) &&
		 (!function->name || label->value >= function->value))
		chosen = label;
	if (!chosen)
		return;
	lookup->symbol = chosen->name;
	lookup->symbol_address = chosen->value;
}

static void carry_and_choose(struct lookups *lookups, struct tracks *tracks)
{
	for (size_t i = 0; i < lookups->count; i++) {
		for (int track = 0; track < TRACK_COUNT; track++) {
			struct candidate *nearest = tracks->nearest[track];

			/* an empty place, or one that a lookup of the same address took */
			if (i && nearest[i - 1].name &&
			    (!nearest[i].name || nearest[i].value < nearest[i - 1].value))
				nearest[i] = nearest[i - 1];
		}
		choose(&lookups->data[i], &tracks->nearest[TRACK_FUNCTION][i],
		       &tracks->nearest[TRACK_LABEL][i]);
	}
}

static Elf_Scn *symbol_table(const struct elf_file *file)
{
	Elf_Scn *section = elf_file_section(file, ".symtab");

	return section ? section : elf_file_section(file, ".dynsym");
}

struct crashinfo_error *elf_symbols_resolve(const struct elf_file *file, struct lookups *lookups)
{
	Elf_Scn *section = symbol_table(file);
	struct tracks tracks;

	if (!section || !lookups->count)
		return NULL;
	tracks.nearest[TRACK_FUNCTION] = calloc(lookups->count, sizeof(struct candidate));
	tracks.nearest[TRACK_LABEL] = calloc(lookups->count, sizeof(struct candidate));
	if (tracks.nearest[TRACK_FUNCTION] && tracks.nearest[TRACK_LABEL]) {
		read_table(file, section, lookups, &tracks);
		carry_and_choose(lookups, &tracks);
	}
	section = tracks.nearest[TRACK_FUNCTION] && tracks.nearest[TRACK_LABEL] ? section : NULL;
	free(tracks.nearest[TRACK_FUNCTION]);
	free(tracks.nearest[TRACK_LABEL]);
	return section ? NULL : crashinfo_error_no_memory();
}

static bool visit_symbol(const struct elf_file *file, const GElf_Sym *symbol, boundary_fn *visit,
			 void *user)
{
	GElf_Shdr section;
	enum track track;

	if (!section_of(file, symbol, &section) || !track_of(symbol, &section, &track))
		return true;
	/* the lowest bit tells the kind of code on some machines */
	return visit(user, symbol->st_value & ~(uint64_t)1) && visit(user, symbol->st_value) &&
	       visit(user, symbol->st_value + symbol->st_size) && visit(user, section.sh_addr) &&
	       visit(user, section.sh_addr + section.sh_size);
}

bool elf_symbols_boundaries(const struct elf_file *file, boundary_fn *visit, void *user)
{
	Elf_Scn *section = symbol_table(file);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Sym symbol;
	size_t count;

	if (!data)
		return true;
	count = data->d_size / gelf_fsize(file->elf, ELF_T_SYM, 1, EV_CURRENT);
	for (size_t i = 1; i < count && i <= INT32_MAX; i++)
		if (gelf_getsym(data, (int)i, &symbol) && !visit_symbol(file, &symbol, visit, user))
			return false;
	return true;
}
