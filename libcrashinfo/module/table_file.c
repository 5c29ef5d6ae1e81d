/* SPDX-License-Identifier: Apache-2.0 */
#include "module/table_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/number.h"

/* Enough for the first two lines of a Breakpad file, whose names are paths at most. */
#define HEAD_BYTES 8192

#define GSYM_MAGIC      0x4753594du
#define GSYM_UUID_BYTES 20
#define GUID_HEX        32

static void to_hex(const unsigned char *bytes, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * size] = '\0';
}

static bool identify_gsym(const void *bytes, size_t size, struct module_table_id *ret)
{
	struct cursor c = cursor_make(bytes, size, false);
	uint32_t magic = cursor_u32(&c);
	const unsigned char *uuid;
	uint8_t uuid_size;

	if (magic != GSYM_MAGIC && __builtin_bswap32(magic) != GSYM_MAGIC)
		return false;
	cursor_skip(&c, 3);
	uuid_size = cursor_u8(&c);
	cursor_skip(&c, 20);
	uuid = cursor_bytes(&c, GSYM_UUID_BYTES);
	if (!uuid || uuid_size > GSYM_UUID_BYTES)
		return false;
	ret->kind = MODULE_GSYM;
	to_hex(uuid, uuid_size, ret->id);
	return true;
}

/* The next word of the line, which ends at a blank or at the end of the line. */
static size_t next_word(struct cursor *c, const char **ret)
{
	const char *word;
	size_t size = 0;

	while (cursor_left(c) && *c->at == ' ')
		c->at++;
	word = (const char *)c->at;
	while (size < cursor_left(c) && !memchr(" \r\n", word[size], 3))
		size++;
	cursor_skip(c, size);
	*ret = word;
	return size;
}

/* A word that is an id, in lowercase; false when it is none. */
static bool read_id(struct cursor *c, char *ret, size_t capacity)
{
	const char *word;
	size_t size = next_word(c, &word);

	if (!size || size >= capacity)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (hex_digit(word[i]) < 0)
			return false;
		ret[i] = word[i] >= 'A' && word[i] <= 'F' ? (char)(word[i] + 'a' - 'A') : word[i];
	}
	ret[size] = '\0';
	return true;
}

static bool starts_with(const struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	return cursor_left(c) >= size && !memcmp(c->at, text, size);
}

/* "MODULE os cpu id name", then perhaps "INFO CODE_ID id" among the lines that follow. */
static bool identify_breakpad(const void *bytes, size_t size, struct module_table_id *ret)
{
	struct cursor c = cursor_make(bytes, size, false);
	const char *word;

	if (!starts_with(&c, "MODULE "))
		return false;
	cursor_skip(&c, 7);
	next_word(&c, &word);
	next_word(&c, &word);
	if (!read_id(&c, ret->id, BREAKPAD_ID_HEX))
		return false;
	ret->kind = MODULE_BREAKPAD;
	for (int line = 0; line < 4; line++) {
		const unsigned char *end = memchr(c.at, '\n', cursor_left(&c));

		if (!end)
			break;
		c.at = end + 1;
		if (!starts_with(&c, "INFO CODE_ID "))
			continue;
		cursor_skip(&c, 13);
		if (!read_id(&c, ret->code_id, sizeof(ret->code_id)))
			ret->code_id[0] = '\0';
		break;
	}
	return true;
}

bool module_table_identify_bytes(const void *bytes, size_t size, struct module_table_id *ret)
{
	struct module_table_id found = {0};

	if (!identify_gsym(bytes, size, &found) && !identify_breakpad(bytes, size, &found))
		return false;
	*ret = found;
	return true;
}

bool module_table_identify(int fd, struct module_table_id *ret)
{
	char head[HEAD_BYTES];
	/* most files of a tree are neither: four bytes tell */
	ssize_t size = pread(fd, head, 4, 0);

	if (size < 4 ||
	    (memcmp(head, "MODU", 4) && memcmp(head, "GSYM", 4) && memcmp(head, "MYSG", 4)))
		return false;
	size = pread(fd, head, sizeof(head), 0);
	return size > 0 && module_table_identify_bytes(head, (size_t)size, ret);
}

/* The fields of a GUID are numbers, which the first 16 bytes of a build id become. */
static void swap_guid(const char *hex, char *ret)
{
	static const unsigned char order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
						8, 9, 10, 11, 12, 13, 14, 15};

	for (size_t i = 0; i < 16; i++)
		memcpy(ret + 2 * i, hex + 2 * (size_t)order[i], 2);
	ret[GUID_HEX] = '\0';
}

void breakpad_ids_make(const char *id, struct breakpad_ids *ret)
{
	size_t size = strlen(id);
	char padded[GUID_HEX + 1], guid[GUID_HEX + 1];

	*ret = (struct breakpad_ids){0};
	memset(padded, '0', GUID_HEX);
	padded[GUID_HEX] = '\0';
	memcpy(padded, id, size < GUID_HEX ? size : GUID_HEX);
	if (size % 2 == 0) {
		swap_guid(padded, guid);
		snprintf(ret->ids[0], BREAKPAD_ID_HEX, "%s0", guid);
	}
	if (size == GUID_HEX)
		snprintf(ret->ids[1], BREAKPAD_ID_HEX, "%s0", id);
	if (size > GUID_HEX && size < BREAKPAD_ID_HEX)
		snprintf(ret->ids[2], BREAKPAD_ID_HEX, "%s", id);
}

bool module_table_fits(const struct module_table_id *table, const char *id)
{
	struct breakpad_ids ids;

	if (table->kind == MODULE_GSYM)
		return !strcmp(table->id, id);
	breakpad_ids_make(id, &ids);
	for (size_t i = 0; i < 3; i++) {
		if (!ids.ids[i][0] || strcmp(ids.ids[i], table->id))
			continue;
		/* on Windows the code id is something else: time stamp and size of the image */
		return i || !table->code_id[0] || !strcmp(table->code_id, id);
	}
	return false;
}
