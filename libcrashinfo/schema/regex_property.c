/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/regex_property.h"

#include <string.h>

/* General categories by the names that PCRE2 does not know. */
static const struct {
	const char *name, *pcre2;
} categories[] = {
	{"Letter", "L"},
	{"Cased_Letter", "L&"},
	{"LC", "L&"},
	{"Uppercase_Letter", "Lu"},
	{"Lowercase_Letter", "Ll"},
	{"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"},
	{"Other_Letter", "Lo"},
	{"Mark", "M"},
	{"Combining_Mark", "M"},
	{"Nonspacing_Mark", "Mn"},
	{"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"},
	{"Number", "N"},
	{"Decimal_Number", "Nd"},
	{"digit", "Nd"},
	{"Letter_Number", "Nl"},
	{"Other_Number", "No"},
	{"Punctuation", "P"},
	{"punct", "P"},
	{"Connector_Punctuation", "Pc"},
	{"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"},
	{"Close_Punctuation", "Pe"},
	{"Initial_Punctuation", "Pi"},
	{"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"},
	{"Symbol", "S"},
	{"Math_Symbol", "Sm"},
	{"Currency_Symbol", "Sc"},
	{"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"},
	{"Other", "C"},
	{"Control", "Cc"},
	{"cntrl", "Cc"},
	{"Format", "Cf"},
	{"Surrogate", "Cs"},
	{"Private_Use", "Co"},
	{"Unassigned", "Cn"},
};

/* "Script=", "gc=" and the like, and what PCRE2 wants in its place. */
static const struct {
	const char *prefix, *pcre2;
} property_kinds[] = {
	{"General_Category=", ""},      {"gc=", ""},      {"Script=", "sc:"}, {"sc=", "sc:"},
	{"Script_Extensions=", "scx:"}, {"scx=", "scx:"},
};

static const char *category_for_pcre2(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
		if (strlen(categories[i].name) == size && !memcmp(categories[i].name, name, size))
			return categories[i].pcre2;
	return NULL;
}

static bool is_property_name(const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (name[i] != '_' && !(name[i] >= '0' && name[i] <= '9') &&
		    !((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z'))
			return false;
	return size;
}

bool regex_add_property(struct strbuf *out, const char *name, size_t size)
{
	const char *kind = "", *category;

	for (size_t i = 0; i < sizeof(property_kinds) / sizeof(property_kinds[0]); i++) {
		size_t prefix = strlen(property_kinds[i].prefix);

		if (size < prefix || memcmp(name, property_kinds[i].prefix, prefix))
			continue;
		kind = property_kinds[i].pcre2;
		name += prefix;
		size -= prefix;
		break;
	}
	if (!is_property_name(name, size))
		return false;
	category = *kind ? NULL : category_for_pcre2(name, size);
	strbuf_adds(out, kind);
	strbuf_add(out, category ? category : name, category ? strlen(category) : size);
	return true;
}
