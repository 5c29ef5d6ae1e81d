/* SPDX-License-Identifier: Apache-2.0 */
/* The words for why an address has the answer it has. */
#include <crashinfo/symbol.h>

struct status_row {
	const char *name, *text;
	bool has_name;
};

static const struct status_row rows[] = {
	[CRASHINFO_SYMBOL_RESOLVED] = {"resolved", "function and line are known", true},
	[CRASHINFO_SYMBOL_RESOLVED_SYMBOL_ONLY] =
		{"resolved-symbol-only", "the name comes from the symbol table; there is no line",
		 true},
	[CRASHINFO_SYMBOL_NO_LINE] = {"no-line", "the debug information has no line here", true},
	[CRASHINFO_SYMBOL_MODULE_UNKNOWN] = {"module-unknown", "the frame names no module", false},
	[CRASHINFO_SYMBOL_NO_DEBUG_FILE] = {"no-debug-file",
					    "no file of this module in the folders given", false},
	[CRASHINFO_SYMBOL_BUILD_ID_MISMATCH] = {"build-id-mismatch",
						"only files of another build are at hand", false},
	[CRASHINFO_SYMBOL_CRC_MISMATCH] = {"crc-mismatch",
					   "the file named by the debug link is another one",
					   false},
	[CRASHINFO_SYMBOL_ALTLINK_MISSING] = {"altlink-missing",
					      "the common debug file that dwz split off is missing",
					      false},
	[CRASHINFO_SYMBOL_RESOLVED_MEMORY_LIMIT] =
		{"resolved-memory-limit",
		 "only the name is known, as the debug information needs more memory than allowed",
		 true},
	[CRASHINFO_SYMBOL_MEMORY_LIMIT] = {"memory-limit",
					   "the debug information needs more memory than allowed",
					   false},
	[CRASHINFO_SYMBOL_RESOLVED_SPLIT_MISSING] =
		{"resolved-split-missing",
		 "inlined functions are not known, as the file with the split debug information "
		 "is missing",
		 true},
	[CRASHINFO_SYMBOL_SPLIT_MISSING] = {"split-missing",
					    "the file with the split debug information is missing",
					    false},
	[CRASHINFO_SYMBOL_NO_DWARF] = {"no-dwarf",
				       "the file has no debug information and no symbol here",
				       false},
	[CRASHINFO_SYMBOL_ADDRESS_OUTSIDE_UNITS] = {"address-outside-units",
						    "the file describes no code at this address",
						    false},
	[CRASHINFO_SYMBOL_CORRUPT_DEBUG_INFO] = {"corrupt-debug-info",
						 "the debug information is damaged", false},
	[CRASHINFO_SYMBOL_LIMIT_REACHED] = {"limit-reached", "a limit stopped the look-up", false},
};

const char *crashinfo_symbol_status_name(enum crashinfo_symbol_status status)
{
	return rows[status].name;
}

const char *crashinfo_symbol_status_text(enum crashinfo_symbol_status status)
{
	return rows[status].text;
}

bool crashinfo_symbol_status_has_name(enum crashinfo_symbol_status status)
{
	return rows[status].has_name;
}
