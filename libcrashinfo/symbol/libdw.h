/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libdw, loaded when our own reader leaves something to it. Its functions have their own names
 * here, and may be called once libdw_load() was successful.
 */
#ifndef SYMBOL_LIBDW_H
#define SYMBOL_LIBDW_H

#include <stdbool.h>

#include <elfutils/libdw.h>

#define LIBDW_FUNCTIONS(X)       \
	X(dwarf_attr)            \
	X(dwarf_attr_integrate)  \
	X(dwarf_begin_elf)       \
	X(dwarf_cfi_addrframe)   \
	X(dwarf_cfi_end)         \
	X(dwarf_child)           \
	X(dwarf_dieoffset)       \
	X(dwarf_end)             \
	X(dwarf_entrypc)         \
	X(dwarf_filesrc)         \
	X(dwarf_formref_die)     \
	X(dwarf_formstring)      \
	X(dwarf_formudata)       \
	X(dwarf_frame_info)      \
	X(dwarf_get_units)       \
	X(dwarf_getcfi_elf)      \
	X(dwarf_getsrcfiles)     \
	X(dwarf_getsrclines)     \
	X(dwarf_haschildren)     \
	X(dwarf_lineaddr)        \
	X(dwarf_linecol)         \
	X(dwarf_lineendsequence) \
	X(dwarf_lineno)          \
	X(dwarf_linesrc)         \
	X(dwarf_offdie)          \
	X(dwarf_onesrcline)      \
	X(dwarf_ranges)          \
	X(dwarf_setalt)          \
	X(dwarf_siblingof)       \
	X(dwarf_tag)

#define LIBDW_MEMBER(name) __typeof__(name) *name##_;
struct libdw {
	LIBDW_FUNCTIONS(LIBDW_MEMBER)
};
#undef LIBDW_MEMBER

/* Load the library unless it is loaded; false when it cannot be. May be called from any thread. */
bool libdw_load(void);

/* After libdw_load(). */
const struct libdw *libdw(void);

#ifndef LIBDW_NAMES_ONLY
#define dwarf_attr            (libdw()->dwarf_attr_)
#define dwarf_attr_integrate  (libdw()->dwarf_attr_integrate_)
#define dwarf_begin_elf       (libdw()->dwarf_begin_elf_)
#define dwarf_cfi_addrframe   (libdw()->dwarf_cfi_addrframe_)
#define dwarf_cfi_end         (libdw()->dwarf_cfi_end_)
#define dwarf_child           (libdw()->dwarf_child_)
#define dwarf_dieoffset       (libdw()->dwarf_dieoffset_)
#define dwarf_end             (libdw()->dwarf_end_)
#define dwarf_entrypc         (libdw()->dwarf_entrypc_)
#define dwarf_filesrc         (libdw()->dwarf_filesrc_)
#define dwarf_formref_die     (libdw()->dwarf_formref_die_)
#define dwarf_formstring      (libdw()->dwarf_formstring_)
#define dwarf_formudata       (libdw()->dwarf_formudata_)
#define dwarf_frame_info      (libdw()->dwarf_frame_info_)
#define dwarf_get_units       (libdw()->dwarf_get_units_)
#define dwarf_getcfi_elf      (libdw()->dwarf_getcfi_elf_)
#define dwarf_getsrcfiles     (libdw()->dwarf_getsrcfiles_)
#define dwarf_getsrclines     (libdw()->dwarf_getsrclines_)
#define dwarf_haschildren     (libdw()->dwarf_haschildren_)
#define dwarf_lineaddr        (libdw()->dwarf_lineaddr_)
#define dwarf_linecol         (libdw()->dwarf_linecol_)
#define dwarf_lineendsequence (libdw()->dwarf_lineendsequence_)
#define dwarf_lineno          (libdw()->dwarf_lineno_)
#define dwarf_linesrc         (libdw()->dwarf_linesrc_)
#define dwarf_offdie          (libdw()->dwarf_offdie_)
#define dwarf_onesrcline      (libdw()->dwarf_onesrcline_)
#define dwarf_ranges          (libdw()->dwarf_ranges_)
#define dwarf_setalt          (libdw()->dwarf_setalt_)
#define dwarf_siblingof       (libdw()->dwarf_siblingof_)
#define dwarf_tag             (libdw()->dwarf_tag_)
#endif

#endif
