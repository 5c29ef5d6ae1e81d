/* SPDX-License-Identifier: Apache-2.0 */
#include "dump/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

#define PAGE 4096
/* Collectors copy 320 KiB of the stack and a few hundred KiB of images. */
#define BYTES_MAX (16u << 20)
#define RUNS_MAX  65536

void snapshot_deinit(struct snapshot *snapshot)
{
	free(snapshot->runs.data);
	strbuf_deinit(&snapshot->bytes);
	crashinfo_maps_destroy(snapshot->maps);
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* False for what is no base64; `bytes` may then have grown. */
static bool decode(const char *text, size_t size, struct strbuf *bytes)
{
	while (size && size % 4 == 0 && text[size - 1] == '=')
		if (text[--size - 1] != '=')
			break;
		else
			size--;
	for (size_t i = 0; i < size; i += 4) {
		size_t count = size - i < 4 ? size - i : 4;
		uint32_t group = 0;

		for (size_t n = 0; n < 4; n++) {
			int value = n < count ? digit(text[i + n]) : 0;

			if (value < 0)
				return false;
			group = group << 6 | (uint32_t)value;
		}
		for (size_t n = 0; n + 1 < count; n++)
			strbuf_addc(bytes, (char)(group >> (16 - 8 * n)));
	}
	return true;
}

static struct crashinfo_error *add_run(struct snapshot *s, uint64_t address, size_t at)
{
	struct snapshot_run *last = s->runs.size ? &s->runs.data[s->runs.size - 1] : NULL, *run;
	size_t size = s->bytes.size - at;

	if (!size || size > UINT64_MAX - address) {
		s->bytes.size = at;
		return NULL;
	}
	if (last && address == last->address + last->size) {
		last->size += size;
		return NULL;
	}
	if (s->runs.size >= RUNS_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "the copied memory has more than %d pieces",
					      RUNS_MAX);
	run = vec_push(&s->runs);
	if (!run)
		return crashinfo_error_no_memory();
	*run = (struct snapshot_run){address, at, size};
	return NULL;
}

static struct crashinfo_error *take_line(struct snapshot *s, const char *line, size_t size)
{
	const char *blank = memchr(line, ' ', size);
	size_t at = s->bytes.size, digits = blank ? (size_t)(blank - line) : size;
	uint64_t address;

	if (!parse_address(line, digits, &address))
		return NULL;
	if (at + size + PAGE > BYTES_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more than %u bytes of memory were copied",
					      BYTES_MAX);
	if (!blank)
		strbuf_pad(&s->bytes, '\0', PAGE);
	else if (!decode(blank + 1, size - digits - 1, &s->bytes))
		s->bytes.size = at;
	return s->bytes.failed ? crashinfo_error_no_memory() : add_run(s, address, at);
}

static int by_address(const void *a, const void *b)
{
	const struct snapshot_run *l = a, *r = b;

	return (l->address > r->address) - (l->address < r->address);
}

/* Of pieces that overlap the lower one stays. */
static void sort(struct snapshot *s)
{
	size_t kept = 0;

	if (s->runs.size)
		qsort(s->runs.data, s->runs.size, sizeof(*s->runs.data), by_address);
	for (size_t i = 0; i < s->runs.size; i++) {
		const struct snapshot_run *run = &s->runs.data[i];
		const struct snapshot_run *last = kept ? &s->runs.data[kept - 1] : NULL;

		if (!last || run->address >= last->address + last->size)
			s->runs.data[kept++] = *run;
	}
	s->runs.size = kept;
}

struct crashinfo_error *snapshot_parse(struct snapshot *snapshot, const char *text, size_t size)
{
	struct crashinfo_error *error = NULL;

	for (size_t at = 0; at < size && !error;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end ? (size_t)(end - text) - at : size - at;

		error = take_line(snapshot, text + at, length);
		at += length + 1;
	}
	if (!error)
		sort(snapshot);
	return error;
}
