/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads as older collectors wrote them, turned into those of now. */
#include "stream/stream.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "json/write.h"

/* --- signals: {"signum": 11, "signame": "SIGSEGV", "faulting_address": 4660} --- */

/* The address is a number, in still older reports a string of hex digits. */
static bool read_address(const struct crashinfo_json *json, uint64_t *ret)
{
	crashinfo_json_node node = crashinfo_json_member(json, 0, "faulting_address");
	struct crashinfo_slice raw;

	if (node == CRASHINFO_JSON_NONE)
		return false;
	if (crashinfo_json_uint64(json, node, ret))
		return true;
	raw = crashinfo_json_raw(json, node);
	return crashinfo_json_type(json, node) == CRASHINFO_JSON_STRING &&
	       parse_address(raw.data + 1, raw.size - 2, ret);
}

bool stream_legacy_signal(const struct crashinfo_json *json, struct strbuf *ret)
{
	crashinfo_json_node number_node = crashinfo_json_member(json, 0, "signum");
	uint64_t address;
	int64_t number;

	if (number_node == CRASHINFO_JSON_NONE ||
	    !crashinfo_json_int64(json, number_node, &number) ||
	    crashinfo_json_member(json, 0, "si_signo") != CRASHINFO_JSON_NONE)
		return false;
	strbuf_adds(ret, "{");
	if (read_address(json, &address))
		strbuf_addf(ret, "\"si_addr\":\"0x%016" PRIx64 "\",", address);
	/* the code was not recorded; names other than two were written as UNKNOWN */
	strbuf_addf(ret,
		    "\"si_code\":0,\"si_code_human_readable\":\"UNKNOWN\",\"si_signo\":%" PRId64
		    ",\"si_signo_human_readable\":\"%s\"}",
		    number, crashinfo_signal_name(number));
	return true;
}

/* --- ids: [42, 12] --- */

/* 2^128 - 1 has 39 digits, which no number type holds. */
#define ID_DIGITS 39

static bool is_decimal(struct crashinfo_slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

bool stream_legacy_id(const struct crashinfo_json *json, crashinfo_json_node node,
		      struct strbuf *ret)
{
	struct crashinfo_slice raw = crashinfo_json_raw(json, node);
	enum crashinfo_json_type type = crashinfo_json_type(json, node);
	bool is_number = type == CRASHINFO_JSON_NUMBER;

	if (!is_number && type != CRASHINFO_JSON_STRING)
		return false;
	if (is_number && (raw.size > ID_DIGITS || !is_decimal(raw)))
		return false;
	strbuf_adds(ret, is_number ? "{\"id\":\"" : "{\"id\":");
	strbuf_add(ret, raw.data, raw.size);
	strbuf_adds(ret, is_number ? "\"}" : "}");
	return true;
}

/* --- tags: ["cmd:"ls"", "path:C:\x"], not escaped by collectors in Rust --- */

bool stream_legacy_tags(struct crashinfo_slice line, struct strbuf *ret)
{
	static const char between[] = "\", \"";
	const char *at, *end, *next;

	if (line.size < 4 || memcmp(line.data, "[\"", 2) != 0 ||
	    memcmp(line.data + line.size - 2, "\"]", 2) != 0)
		return false;
	at = line.data + 2;
	end = line.data + line.size - 2;
	strbuf_addc(ret, '[');
	while ((next = memmem(at, (size_t)(end - at), between, sizeof(between) - 1))) {
		json_add_string(ret, at, (size_t)(next - at));
		strbuf_addc(ret, ',');
		at = next + sizeof(between) - 1;
	}
	json_add_string(ret, at, (size_t)(end - at));
	strbuf_addc(ret, ']');
	return true;
}

/* --- frames: "names": [{"name": "f", "filename": "x.rs", "colno": 5, "lineno": 9}] --- */

static const struct {
	const char *name;
	struct members frame;
} name_members[] = {
	{"name", {"function", MEMBERS_STRING}},
	{"filename", {"file", MEMBERS_STRING}},
	{"colno", {"column", MEMBERS_UINT32}},
	{"lineno", {"line", MEMBERS_UINT32}},
};

bool stream_legacy_has_names(const struct crashinfo_json *json)
{
	crashinfo_json_node names = crashinfo_json_member(json, 0, "names");

	return names != CRASHINFO_JSON_NONE &&
	       crashinfo_json_first(json, names) != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, names) == CRASHINFO_JSON_ARRAY;
}

/* Members of the wrong type are left out: they are null when unknown. */
static struct crashinfo_error *copy_members(struct members_check *check, crashinfo_json_node name)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < sizeof(name_members) / sizeof(name_members[0]) && !error; i++) {
		const struct members *row = &name_members[i].frame;
		crashinfo_json_node node =
			crashinfo_json_member(check->json, name, name_members[i].name);
		struct crashinfo_slice raw;

		if (node == CRASHINFO_JSON_NONE || !members_fits(check, row, node))
			continue;
		raw = crashinfo_json_raw(check->json, node);
		error = crashinfo_json_edits_set(check->edits, 0, row->name, raw.data, raw.size);
	}
	return error;
}

struct crashinfo_error *stream_legacy_name(const struct crashinfo_json *json,
					   crashinfo_json_node name, char **ret, size_t *size_ret)
{
	struct members_check check = {.json = json};
	struct crashinfo_error *error = crashinfo_json_edits_create(json, &check.edits);

	if (!error)
		error = crashinfo_json_edits_remove(check.edits, 0, "names");
	if (!error)
		error = copy_members(&check, name);
	if (!error)
		error = crashinfo_json_edits_apply(check.edits, ret, size_ret);
	crashinfo_json_edits_destroy(check.edits);
	return error;
}
