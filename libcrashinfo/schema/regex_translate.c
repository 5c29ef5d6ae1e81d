/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the grammar of ECMA-262 (22.2.1) to that of PCRE2. The grammar is the one of the `u` flag,
 * but punctuation may be escaped needlessly and lone `]`, `{` and `}` stand for themselves, as
 * annex B has it and as patterns in the wild need it.
 */
#include "schema/regex.h"

#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "schema/regex_property.h"

/* White space and line ends of ECMA-262, and all other characters, as members of a class. */
#define SPACES                                                                               \
	"\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
	"\\x{205f}\\x{3000}\\x{feff}"
#define NO_SPACES                                                                        \
	"\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}" \
	"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"   \
	"\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"
#define NEWLINES "\\x{a}\\x{d}\\x{2028}\\x{2029}"

/* Larger counts are cut: PCRE2 refuses them, and they stay comparable. */
#define COUNT_MAX 1000000000

struct group_name {
	const char *text;
	size_t size;
	unsigned number;
};

struct translation {
	const char *text;
	size_t size, at;
	struct strbuf *out;
	VEC(struct group_name) names;
	unsigned groups; /* capturing ones in the whole pattern */
	/* kinds of the groups that are open: ')' ends a group, '!' an assertion not to be repeated
	 */
	struct strbuf open;
	bool no_memory;
	bool repeatable;     /* what came last may have a quantifier */
	const char *problem; /* why the pattern is none, NULL as long as it is fine */
};

/* An escape or a character: one code point, or a set of them. */
struct atom {
	bool is_set;
	uint32_t code;
};

static bool fail(struct translation *t, const char *problem)
{
	t->problem = problem;
	return false;
}

static int peek(const struct translation *t, size_t ahead)
{
	return t->at + ahead < t->size ? (unsigned char)t->text[t->at + ahead] : -1;
}

static bool accept(struct translation *t, const char *text)
{
	size_t n = strlen(text);

	if (t->size - t->at < n || memcmp(t->text + t->at, text, n))
		return false;
	t->at += n;
	return true;
}

static void add_code(struct translation *t, uint32_t code)
{
	/* a lone surrogate reads as U+FFFD in the texts that are matched, too */
	if (code >= 0xd800 && code <= 0xdfff)
		code = 0xfffd;
	strbuf_addf(t->out, "\\x{%x}", code);
}

/* --- groups, found before anything is translated: references may point forward --- */

static bool is_name_char(int c)
{
	return c >= 0x80 || c == '_' || c == '$' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The name that ends in '>' at the current place; `*size_ret` is 0 when there is none. */
static const char *read_name(struct translation *t, size_t *size_ret)
{
	const char *name = t->text + t->at;
	size_t n = 0;

	while (is_name_char(peek(t, n)))
		n++;
	*size_ret = 0;
	if (!n || peek(t, n) != '>' || (name[0] >= '0' && name[0] <= '9'))
		return NULL;
	*size_ret = n;
	t->at += n + 1;
	return name;
}

static const struct group_name *find_name(const struct translation *t, const char *name,
					  size_t size)
{
	for (size_t i = 0; i < t->names.size; i++)
		if (t->names.data[i].size == size && !memcmp(t->names.data[i].text, name, size))
			return &t->names.data[i];
	return NULL;
}

static bool add_group_name(struct translation *t)
{
	struct group_name *group;
	size_t size;
	const char *name = read_name(t, &size);

	if (!name)
		return fail(t, "invalid name of a group");
	if (find_name(t, name, size))
		return fail(t, "two groups have the same name");
	group = vec_push(&t->names);
	if (!group) {
		t->no_memory = true;
		return false;
	}
	*group = (struct group_name){name, size, t->groups};
	return true;
}

static bool scan_groups(struct translation *t)
{
	bool in_class = false;

	while (t->at < t->size) {
		char c = t->text[t->at++];

		if (c == '\\')
			t->at++;
		else if (c == '[' || c == ']')
			in_class = c == '[';
		if (c != '(' || in_class)
			continue;
		if (peek(t, 0) != '?') {
			t->groups++;
		} else if (peek(t, 1) == '<' && peek(t, 2) != '=' && peek(t, 2) != '!') {
			t->groups++;
			t->at += 2;
			if (!add_group_name(t))
				return false;
		}
	}
	t->at = 0;
	return true;
}

/* --- escapes --- */

static bool read_hex(struct translation *t, size_t digits, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		int digit = peek(t, i) < 0 ? -1 : hex_digit((char)peek(t, i));

		if (digit < 0)
			return false;
		value = value << 4 | (unsigned)digit;
	}
	t->at += digits;
	*ret = value;
	return true;
}

static bool read_braced_hex(struct translation *t, uint32_t *ret)
{
	uint32_t value = 0, digit;

	if (peek(t, 0) == '}')
		return false;
	while (!accept(t, "}")) {
		if (!read_hex(t, 1, &digit))
			return false;
		value = value << 4 | digit;
		if (value > 0x10ffff)
			return false;
	}
	*ret = value;
	return true;
}

/* Behind "\u": four digits (two pairs of them for a surrogate pair) or "{…}". */
static bool read_unicode(struct translation *t, uint32_t *ret)
{
	size_t start;
	uint32_t low;

	if (accept(t, "{"))
		return read_braced_hex(t, ret);
	if (!read_hex(t, 4, ret))
		return false;
	start = t->at;
	if ((*ret & 0xfc00) == 0xd800 && accept(t, "\\u") && read_hex(t, 4, &low) &&
	    (low & 0xfc00) == 0xdc00)
		*ret = 0x10000 + ((*ret & 0x3ff) << 10) + (low & 0x3ff);
	else
		t->at = start;
	return true;
}

/* Behind "\p" or "\P". */
static bool translate_property(struct translation *t, char letter)
{
	const char *name, *brace;

	if (!accept(t, "{"))
		return fail(t, "\\p must be followed by the name of a property in braces");
	name = t->text + t->at;
	brace = memchr(name, '}', t->size - t->at);
	strbuf_addf(t->out, "\\%c{", letter);
	if (!brace || !regex_add_property(t->out, name, (size_t)(brace - name)))
		return fail(t, "invalid name of a property");
	strbuf_addc(t->out, '}');
	t->at += (size_t)(brace - name) + 1;
	return true;
}

/* \d, \s and so on; inside of a class without brackets of their own. */
static bool translate_set(struct translation *t, char letter, bool in_class)
{
	switch (letter) {
	case 'd':
	case 'D':
	case 'w':
	case 'W': strbuf_addf(t->out, "\\%c", letter); return true;
	case 's': strbuf_adds(t->out, in_class ? SPACES : "[" SPACES "]"); return true;
	case 'S': strbuf_adds(t->out, in_class ? NO_SPACES : "[" NO_SPACES "]"); return true;
	default: return translate_property(t, letter);
	}
}

/* What an escape of one character stands for, whose backslash has been read. */
static bool read_character_escape(struct translation *t, uint32_t *ret)
{
	static const char letters[] = "tnvfr";
	static const uint32_t codes[] = {'\t', '\n', '\v', '\f', '\r'};
	int c = peek(t, 0);
	const char *letter = c > 0 ? strchr(letters, c) : NULL;

	t->at++;
	if (letter) {
		*ret = codes[letter - letters];
		return true;
	}
	switch (c) {
	case -1: return fail(t, "nothing follows the last backslash");
	case 'c':
		c = peek(t, 0) | 0x20;
		if (c < 'a' || c > 'z')
			return fail(t, "\\c must be followed by a letter");
		t->at++;
		*ret = (uint32_t)c & 0x1f;
		return true;
	case '0':
		if (peek(t, 0) >= '0' && peek(t, 0) <= '9')
			return fail(t, "octal escapes are not allowed");
		*ret = 0;
		return true;
	case 'x': return read_hex(t, 2, ret) || fail(t, "\\x must be followed by two hex digits");
	case 'u': return read_unicode(t, ret) || fail(t, "\\u must be followed by four hex digits");
	default:
		*ret = (uint32_t)c;
		return (c < 0x80 && c > 0x20 && (c == '_' || !is_name_char(c) || c == '$')) ||
		       fail(t, "invalid escape");
	}
}

static bool is_set_letter(int c)
{
	return c > 0 && strchr("dDwWsSpP", c);
}

static bool translate_reference(struct translation *t)
{
	const struct group_name *group;
	const char *name;
	uint64_t number = 0;
	size_t size;

	if (accept(t, "k<")) {
		name = read_name(t, &size);
		group = name ? find_name(t, name, size) : NULL;
		if (!group)
			return fail(t, "\\k must name a group of the pattern");
		number = group->number;
	} else {
		while (peek(t, 0) >= '0' && peek(t, 0) <= '9' && number < COUNT_MAX)
			number = number * 10 + (unsigned)(peek(t, 0) - '0'), t->at++;
		if (number > t->groups)
			return fail(t, "reference to a group that does not exist");
	}
	strbuf_addf(t->out, "\\g{%u}", (unsigned)number);
	return true;
}

/* Behind a backslash outside of classes. */
static bool translate_escape(struct translation *t)
{
	int c = peek(t, 0);
	uint32_t code;

	t->repeatable = true;
	if (c == 'b' || c == 'B') {
		t->at++;
		t->repeatable = false;
		strbuf_addf(t->out, "\\%c", c);
		return true;
	}
	if ((c >= '1' && c <= '9') || c == 'k')
		return translate_reference(t);
	if (is_set_letter(c)) {
		t->at++;
		return translate_set(t, (char)c, false);
	}
	if (!read_character_escape(t, &code))
		return false;
	add_code(t, code);
	return true;
}

/* --- classes --- */

/* A single character is only read, as it may begin a range; a set is added right away. */
static bool read_class_atom(struct translation *t, struct atom *ret)
{
	size_t length;

	*ret = (struct atom){0};
	if (!accept(t, "\\")) {
		ret->code = utf8_next(t->text + t->at, t->size - t->at, &length);
		t->at += length;
		return true;
	}
	if (accept(t, "b")) {
		ret->code = '\b';
		return true;
	}
	ret->is_set = is_set_letter(peek(t, 0));
	if (ret->is_set)
		return translate_set(t, t->text[t->at++], true);
	return read_character_escape(t, &ret->code);
}

static bool translate_class_item(struct translation *t)
{
	struct atom low, high;

	if (!read_class_atom(t, &low))
		return false;
	if (!low.is_set)
		add_code(t, low.code);
	if (peek(t, 0) != '-' || peek(t, 1) == ']' || peek(t, 1) < 0)
		return true;
	t->at++;
	/* with a set on either side the hyphen stands for itself */
	if (low.is_set || (peek(t, 0) == '\\' && is_set_letter(peek(t, 1)))) {
		add_code(t, '-');
		return true;
	}
	if (!read_class_atom(t, &high))
		return false;
	if (high.code < low.code)
		return fail(t, "a range of characters is in reverse order");
	strbuf_addc(t->out, '-');
	add_code(t, high.code);
	return true;
}

/* Behind the opening bracket. */
static bool translate_class(struct translation *t)
{
	bool negated = accept(t, "^");

	t->repeatable = true;
	if (accept(t, "]")) {
		strbuf_adds(t->out, negated ? "[\\x{0}-\\x{10ffff}]" : "(?!)");
		return true;
	}
	strbuf_adds(t->out, negated ? "[^" : "[");
	while (!accept(t, "]")) {
		if (t->at >= t->size)
			return fail(t, "a class of characters is not closed");
		if (!translate_class_item(t))
			return false;
	}
	strbuf_addc(t->out, ']');
	return true;
}

/* --- groups, quantifiers, everything --- */

/* Behind the opening parenthesis. Names are gone: references go by number. */
static bool open_group(struct translation *t)
{
	static const char *const kinds[] = {"?:", "?=", "?!", "?<=", "?<!"};
	size_t size;

	t->repeatable = false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (accept(t, kinds[i])) {
			strbuf_addf(t->out, "(%s", kinds[i]);
			strbuf_addc(&t->open, kinds[i][1] == '<' ? '!' : ')');
			return true;
		}
	}
	strbuf_addc(t->out, '(');
	strbuf_addc(&t->open, ')');
	if (accept(t, "?<"))
		return read_name(t, &size);
	return peek(t, 0) != '?' || fail(t, "invalid kind of group");
}

static bool close_group(struct translation *t)
{
	if (!t->open.size)
		return fail(t, "unmatched )");
	t->repeatable = t->open.data[--t->open.size] == ')';
	strbuf_addc(t->out, ')');
	return true;
}

static bool read_count(struct translation *t, size_t *at, unsigned *ret)
{
	size_t start = *at;
	uint64_t value = 0;

	for (; *at < t->size && t->text[*at] >= '0' && t->text[*at] <= '9'; (*at)++)
		if (value < COUNT_MAX)
			value = value * 10 + (unsigned)(t->text[*at] - '0');
	*ret = (unsigned)value;
	return *at > start;
}

/* "{2}", "{2,}" or "{2,5}" at the current place; false, and nothing read, for anything else. */
static bool read_counts(struct translation *t, bool *ordered)
{
	size_t at = t->at + 1;
	unsigned low, high;

	if (!read_count(t, &at, &low))
		return false;
	high = low;
	if (at < t->size && t->text[at] == ',') {
		at++;
		if (!read_count(t, &at, &high))
			high = COUNT_MAX * 2u;
	}
	if (at >= t->size || t->text[at] != '}')
		return false;
	*ordered = low <= high;
	strbuf_add(t->out, t->text + t->at, at + 1 - t->at);
	t->at = at + 1;
	return true;
}

static bool translate_quantifier(struct translation *t, bool *found)
{
	bool ordered = true, repeatable = t->repeatable;
	int c = peek(t, 0);

	*found = c == '*' || c == '+' || c == '?';
	if (*found) {
		strbuf_addc(t->out, (char)c);
		t->at++;
	} else if (c == '{') {
		*found = read_counts(t, &ordered);
	}
	if (!*found)
		return true;
	if (!repeatable)
		return fail(t, "a quantifier has nothing to repeat");
	if (!ordered)
		return fail(t, "the counts of a quantifier are in reverse order");
	if (accept(t, "?"))
		strbuf_addc(t->out, '?');
	t->repeatable = false;
	return true;
}

static bool translate_term(struct translation *t)
{
	size_t length;
	uint32_t code = utf8_next(t->text + t->at, t->size - t->at, &length);

	t->at += length;
	switch (code) {
	case '\\': return translate_escape(t);
	case '[': return translate_class(t);
	case '(': return open_group(t);
	case ')': return close_group(t);
	case '|':
	case '^':
	case '$':
		strbuf_addc(t->out, (char)code);
		t->repeatable = false;
		return true;
	case '.':
		strbuf_adds(t->out, "[^" NEWLINES "]");
		t->repeatable = true;
		return true;
	default:
		add_code(t, code);
		t->repeatable = true;
		return true;
	}
}

static bool translate_all(struct translation *t)
{
	if (!scan_groups(t))
		return false;
	while (t->at < t->size) {
		bool found;

		if (!translate_quantifier(t, &found))
			return false;
		if (!found && !translate_term(t))
			return false;
	}
	return !t->open.size || fail(t, "a group is not closed");
}

struct crashinfo_error *schema_regex_translate(const char *pattern, size_t size, struct strbuf *buf)
{
	struct translation t = {.text = pattern, .size = size, .out = buf};
	struct crashinfo_error *error = NULL;

	if (!translate_all(&t))
		error = crashinfo_error_at(
			crashinfo_error_create(CRASHINFO_ERROR_SYNTAX, "%s",
					       t.problem ? t.problem : "invalid pattern"),
			NULL, t.at, 0, 0);
	if (t.no_memory || t.open.failed) {
		crashinfo_error_destroy(error);
		error = crashinfo_error_no_memory();
	}
	free(t.names.data);
	strbuf_deinit(&t.open);
	return error;
}
