/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: text to nodes, one pass, without recursion. */
#include <crashinfo/json.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/number.h"
#include "base/pages.h"
#include "base/utf8.h"
#include "json/document.h"
#include "json/position.h"
#include "json/scan.h"

/*
 * Bytes of text for one node when room is first made. Compact reports have a node each 11 to 16
 * bytes, indented ones each 20; room that is not used is not touched, and growing it moves no
 * bytes.
 */
#define READ_BYTES_PER_NODE 12
/* How many nodes a document of a sequence is first given room for: its end is not known. */
#define READ_SEQUENCE_NODES 1024
/* From here on a document counts as large: it is likely to take the rest of the text. */
#define READ_LARGE_NODES 16384

struct reader {
	const char *begin, *end;
	struct json_node *nodes;
	uint32_t count, capacity, max_nodes;
	uint32_t container; /* the innermost open one; its `next` holds the one around it */
	size_t depth, max_depth;
	/* of a failure */
	enum crashinfo_error_code code;
	const char *at, *what;
	size_t limit;
};

/* `what` stands before "got ..." in the message. Returns NULL like all that fails below. */
static __attribute__((cold, noinline)) const char *read_fail(struct reader *r, const char *at,
							     const char *what)
{
	r->code = CRASHINFO_ERROR_SYNTAX;
	r->at = at;
	r->what = what;
	return NULL;
}

static __attribute__((cold, noinline)) const char *read_limit(struct reader *r, const char *at,
							      const char *what, size_t limit)
{
	r->code = CRASHINFO_ERROR_LIMIT;
	r->at = at;
	r->what = what;
	r->limit = limit;
	return NULL;
}

static __attribute__((cold, noinline)) bool read_grow(struct reader *r, const char *at)
{
	size_t rest = (size_t)(r->end - at) / READ_BYTES_PER_NODE;
	size_t more = r->capacity / 2 + 16;
	size_t capacity = r->capacity + (r->count > READ_LARGE_NODES && rest > more ? rest : more);
	struct json_node *nodes;

	if (r->count >= r->max_nodes)
		return read_limit(r, at, "values and names", r->max_nodes);
	if (capacity > r->max_nodes)
		capacity = r->max_nodes;
	nodes = reallocarray(r->nodes, capacity, sizeof(*nodes));
	if (!nodes) {
		r->code = CRASHINFO_ERROR_NO_MEMORY;
		return false;
	}
	r->nodes = nodes;
	r->capacity = (uint32_t)capacity;
	pages_advise(nodes, capacity * sizeof(*nodes));
	return true;
}

/* Add the node of the token [start, end); returns `end`. */
static inline const char *read_add(struct reader *r, uint32_t info, const char *start,
				   const char *end)
{
	struct json_node *node;

	if (__builtin_expect(r->count == r->capacity, 0) && !read_grow(r, start))
		return NULL;
	node = &r->nodes[r->count++];
	node->start = (uint32_t)(start - r->begin);
	node->end = (uint32_t)(end - r->begin);
	node->next = r->count;
	node->info = info;
	return end;
}

/* Behind the escape whose backslash is at `at`. */
static const char *read_escape(struct reader *r, const char *at)
{
	if (++at == r->end || !memchr("\"\\/bfnrtu", *at, 9))
		return read_fail(r, at, "expected one of \"\\/bfnrtu after a backslash");
	if (*at++ != 'u')
		return at;
	for (int i = 0; i < 4; i++, at++) {
		if (at == r->end || hex_digit(*at) < 0)
			return read_fail(r, at, "expected four hex digits after \\u");
	}
	return at;
}

/* Behind the special byte at `at`, which is not a quote. */
static const char *read_special(struct reader *r, const char *at, uint32_t *info)
{
	size_t length, bad;

	if (at == r->end)
		return read_fail(r, at, "expected a closing quote");
	if (*at == '\\') {
		*info |= JSON_FLAG;
		return read_escape(r, at);
	}
	if ((unsigned char)*at < 0x20)
		return read_fail(r, at, "control characters in strings must be escaped");
	do {
		length = utf8_sequence(at, (size_t)(r->end - at), &bad);
		if (!length)
			return read_fail(r, at, "strings must be valid UTF-8");
		at += length;
	} while (at < r->end && (unsigned char)*at >= 0x80);
	return at;
}

static inline const char *read_string(struct reader *r, const char *start)
{
	uint32_t info = CRASHINFO_JSON_STRING;
	const char *at = scan_string(start + 1, r->end);

	while (at == r->end || *at != '"') {
		at = read_special(r, at, &info);
		if (!at)
			return NULL;
		at = scan_string(at, r->end);
	}
	return read_add(r, info, start, at + 1);
}

static inline bool read_is_digit(const struct reader *r, const char *at)
{
	return at < r->end && *at >= '0' && *at <= '9';
}

/* Behind one or more digits. */
static inline const char *read_digits(struct reader *r, const char *at)
{
	if (!read_is_digit(r, at))
		return read_fail(r, at, "expected a digit");
	do {
		at++;
	} while (read_is_digit(r, at));
	return at;
}

static const char *read_fraction(struct reader *r, const char *at)
{
	if (*at == '.') {
		at = read_digits(r, at + 1);
		if (!at)
			return NULL;
	}
	if (at < r->end && (*at | 0x20) == 'e') {
		at++;
		if (at < r->end && (*at == '+' || *at == '-'))
			at++;
		at = read_digits(r, at);
	}
	return at;
}

static inline const char *read_number(struct reader *r, const char *start)
{
	const char *at = start + (*start == '-');
	uint32_t info = CRASHINFO_JSON_NUMBER;

	if (at < r->end && *at == '0') {
		at++;
		if (read_is_digit(r, at))
			return read_fail(r, at, "numbers have no leading zeros");
	} else {
		at = read_digits(r, at);
		if (!at)
			return NULL;
	}
	if (at < r->end && (*at == '.' || (*at | 0x20) == 'e')) {
		info |= JSON_FLAG;
		at = read_fraction(r, at);
		if (!at)
			return NULL;
	}
	return read_add(r, info, start, at);
}

static const char *read_literal(struct reader *r, const char *start)
{
	static const struct {
		const char *word, *expected;
		enum crashinfo_json_type type;
	} literals[] = {
		{"null", "expected \"null\"", CRASHINFO_JSON_NULL},
		{"true", "expected \"true\"", CRASHINFO_JSON_TRUE},
		{"false", "expected \"false\"", CRASHINFO_JSON_FALSE},
	};

	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
		const char *at = start, *word = literals[i].word;

		if (*at != *word)
			continue;
		for (; *word; at++, word++)
			if (at == r->end || *at != *word)
				return read_fail(r, at, literals[i].expected);
		return read_add(r, literals[i].type, start, at);
	}
	return read_fail(r, start, "expected a value");
}

static inline const char *read_open(struct reader *r, const char *at)
{
	uint32_t info = *at == '{' ? CRASHINFO_JSON_OBJECT : CRASHINFO_JSON_ARRAY;
	uint32_t outer = r->container;

	if (r->depth++ == r->max_depth)
		return read_limit(r, at, "nested arrays and objects", r->max_depth);
	r->container = r->count;
	if (!read_add(r, info, at, at))
		return NULL;
	r->nodes[r->container].next = outer;
	return at + 1;
}

static inline const char *read_close(struct reader *r, const char *at)
{
	struct json_node *node = &r->nodes[r->container];

	r->container = node->next;
	r->depth--;
	node->end = (uint32_t)(at + 1 - r->begin);
	node->next = r->count;
	return at + 1;
}

/* A value, or the beginning of one that is a container. */
static inline const char *read_value(struct reader *r, const char *at)
{
	at = scan_blanks(at, r->end);
	if (at == r->end)
		return read_fail(r, at, "expected a value");
	switch (*at) {
	case '"': return read_string(r, at);
	case '{':
	case '[': return read_open(r, at);
	case '-':
	case '0' ... '9': return read_number(r, at);
	default: return read_literal(r, at);
	}
}

/* A member name and its colon. */
static inline const char *read_name(struct reader *r, const char *at)
{
	at = scan_blanks(at, r->end);
	if (at == r->end || *at != '"')
		return read_fail(r, at, "expected a member name in quotes");
	at = read_string(r, at);
	if (!at)
		return NULL;
	at = scan_blanks(at, r->end);
	if (at == r->end || *at != ':')
		return read_fail(r, at, "expected ':' after a member name");
	return at + 1;
}

/* From behind a value to the next one: closes what ends here, reads a comma and a name. */
static inline const char *read_separator(struct reader *r, const char *at)
{
	while (r->container != CRASHINFO_JSON_NONE) {
		struct json_node *node = &r->nodes[r->container];
		bool object = json_type(node) == CRASHINFO_JSON_OBJECT;

		node->info += JSON_COUNT_ONE;
		at = scan_blanks(at, r->end);
		if (at < r->end && *at == ',')
			return object ? read_name(r, at + 1) : at + 1;
		if (at == r->end || *at != (object ? '}' : ']'))
			return read_fail(r, at,
					 object ? "expected ',' or '}'" : "expected ',' or ']'");
		at = read_close(r, at);
	}
	return at;
}

/* From behind an opening bracket to the first value, or behind the bracket that closes it. */
static inline const char *read_inside(struct reader *r, const char *at)
{
	bool object = json_type(&r->nodes[r->container]) == CRASHINFO_JSON_OBJECT;

	at = scan_blanks(at, r->end);
	if (at < r->end && *at == (object ? '}' : ']'))
		return read_separator(r, read_close(r, at));
	return object ? read_name(r, at) : at;
}

/* Behind the document that begins at `at`. */
static const char *read_document(struct reader *r, const char *at)
{
	do {
		at = read_value(r, at);
		if (!at)
			break;
		/* the newest node being the open container, nothing of it was read yet */
		at = r->container == r->count - 1 ? read_inside(r, at) : read_separator(r, at);
	} while (at && r->container != CRASHINFO_JSON_NONE);
	return at;
}

static void describe_byte(const struct reader *r, char ret[16])
{
	unsigned char c = r->at < r->end ? (unsigned char)*r->at : 0;

	if (r->at == r->end)
		snprintf(ret, 16, "the end");
	else if (c > 0x20 && c < 0x7f)
		snprintf(ret, 16, "'%c'", c);
	else
		snprintf(ret, 16, "byte 0x%02x", c);
}

static struct crashinfo_error *read_error(const struct reader *r, const char *text,
					  const char *source)
{
	size_t offset = (size_t)(r->at - text);
	struct crashinfo_error *error;
	uint32_t line, column;
	char got[16];

	if (r->code == CRASHINFO_ERROR_NO_MEMORY)
		return crashinfo_error_no_memory();
	describe_byte(r, got);
	if (r->code == CRASHINFO_ERROR_LIMIT)
		error = crashinfo_error_create(r->code, "more %s than the limit of %zu", r->what,
					       r->limit);
	else
		error = crashinfo_error_create(r->code, "%s, got %s", r->what, got);
	json_text_position(text, offset, &line, &column);
	return crashinfo_error_at(error, source, offset, line, column);
}

static void reader_init(struct reader *r, const struct crashinfo_context *context,
			const char *begin, const char *end)
{
	const struct crashinfo_limits *limits = limits_of(context);

	*r = (struct reader){
		.begin = begin,
		.end = end,
		.container = CRASHINFO_JSON_NONE,
		.max_depth = limits->json_depth,
		.max_nodes = limits->json_nodes < JSON_MAX_NODES ? (uint32_t)limits->json_nodes
								 : JSON_MAX_NODES,
	};
	/* offsets are 32 bits wide; more than that can hold other documents of a sequence only */
	if ((size_t)(end - begin) > UINT32_MAX)
		r->end = begin + UINT32_MAX;
}

/* Room for `count` nodes to begin with. */
static bool reader_reserve(struct reader *r, size_t count)
{
	if (count > r->max_nodes)
		count = r->max_nodes;
	r->nodes = malloc(count * sizeof(*r->nodes));
	if (!r->nodes) {
		r->code = CRASHINFO_ERROR_NO_MEMORY;
		return false;
	}
	r->capacity = (uint32_t)count;
	pages_advise(r->nodes, count * sizeof(*r->nodes));
	return true;
}

static struct crashinfo_error *reader_finish(struct reader *r, const char *text,
					     struct crashinfo_json **ret)
{
	struct crashinfo_json *json = malloc(sizeof(*json));

	if (!json)
		return crashinfo_error_no_memory();
	*json = (struct crashinfo_json){
		.text = text,
		.begin = r->begin,
		.nodes = steal_ptr(r->nodes),
		.node_count = r->count,
	};
	*ret = json;
	return NULL;
}

struct crashinfo_error *crashinfo_json_parse(const struct crashinfo_context *context,
					     const char *text, size_t size, const char *source,
					     struct crashinfo_json **ret)
{
	const char *end = text + size, *at = scan_mark(text, end);
	struct crashinfo_error *error;
	struct reader r;

	reader_init(&r, context, text, end);
	if (r.end != end)
		at = read_limit(&r, r.end, "bytes", UINT32_MAX);
	else
		at = reader_reserve(&r, size / READ_BYTES_PER_NODE + 16) ? read_document(&r, at)
									 : NULL;
	if (at) {
		at = scan_blanks(at, end);
		if (at != end)
			at = read_fail(&r, at, "expected nothing more behind the document");
	}
	error = at ? reader_finish(&r, text, ret) : read_error(&r, text, source);
	free(r.nodes);
	return error;
}

/* Whether one document that ends at `at` and another could be told apart. */
static bool read_boundary(const struct reader *r, const char *at)
{
	enum crashinfo_json_type type = json_type(r->nodes);

	return at == r->end || type >= CRASHINFO_JSON_STRING || scan_is_blank(*at) ||
	       strchr("{[\"", *at);
}

/* Read one document of a sequence; nothing is known of what lies behind the 32 bits of an offset.
 */
static const char *read_one(struct reader *r, const char *begin, const char *end)
{
	const char *at = NULL;

	if (reader_reserve(r, READ_SEQUENCE_NODES))
		at = read_document(r, begin);
	if (r->end != end && (at ? at == r->end : r->at == r->end))
		return read_limit(r, r->end, "bytes", UINT32_MAX);
	if (at && !read_boundary(r, at))
		return read_fail(r, at, "expected a blank or another document");
	return at;
}

struct crashinfo_error *crashinfo_json_parse_next(const struct crashinfo_context *context,
						  const char *text, size_t size, const char *source,
						  size_t *offset, struct crashinfo_json **ret)
{
	const char *begin = text + *offset, *end = text + size, *at;
	struct crashinfo_error *error;
	struct reader r;

	if (!*offset)
		begin = scan_mark(text, end);
	begin = scan_blanks(begin, end);
	if (begin == end) {
		*offset = size;
		*ret = NULL;
		return NULL;
	}
	reader_init(&r, context, begin, end);
	at = read_one(&r, begin, end);
	error = at ? reader_finish(&r, text, ret) : read_error(&r, text, source);
	if (!error)
		*offset = (size_t)(at - text);
	free(r.nodes);
	return error;
}

void crashinfo_json_destroy(struct crashinfo_json *json)
{
	if (json) {
		free(json->nodes);
		free(json->kept);
	}
	free(json);
}

struct crashinfo_error *crashinfo_json_keep(struct crashinfo_json *json)
{
	size_t size = json->nodes[0].end;
	char *copy = json->kept ? NULL : malloc(size + 1);
	struct json_node *nodes;

	if (json->kept)
		return NULL;
	if (!copy)
		return crashinfo_error_no_memory();
	memcpy(copy, json->begin, size);
	copy[size] = '\0';
	json->text = json->begin = json->kept = copy;
	/* the reader made room for more */
	nodes = realloc(json->nodes, json->node_count * sizeof(*nodes));
	if (nodes)
		json->nodes = nodes;
	return NULL;
}
