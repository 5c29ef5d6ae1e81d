/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/maps.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/number.h"
#include "base/vec.h"

struct maps {
	struct crashinfo_maps public;
	struct arena arena; /* paths */
};

/* What is left of a line. */
struct field_reader {
	const char *at, *end;
};

/* The bytes up to `stop`, which is passed over; false when it does not come. */
static bool field_until(struct field_reader *line, char stop, const char **field, size_t *size)
{
	const char *found = memchr(line->at, stop, (size_t)(line->end - line->at));

	if (!found)
		return false;
	*field = line->at;
	*size = (size_t)(found - line->at);
	line->at = found + 1;
	return true;
}

static bool field_hex(struct field_reader *line, char stop, uint64_t *ret)
{
	const char *field;
	size_t size;

	return field_until(line, stop, &field, &size) && parse_hex_u64(field, size, ret);
}

static bool field_permissions(struct field_reader *line, struct crashinfo_map *map)
{
	const char *field;
	size_t size;

	if (!field_until(line, ' ', &field, &size) || size != 4)
		return false;
	map->readable = field[0] == 'r';
	map->writable = field[1] == 'w';
	map->executable = field[2] == 'x';
	map->shared = field[3] == 's';
	return (map->readable || field[0] == '-') && (map->writable || field[1] == '-') &&
	       (map->executable || field[2] == '-') && (map->shared || field[3] == 'p');
}

static bool field_device(struct field_reader *line, struct crashinfo_map *map)
{
	uint64_t major, minor;

	if (!field_hex(line, ':', &major) || !field_hex(line, ' ', &minor) || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	map->device_major = (uint32_t)major;
	map->device_minor = (uint32_t)minor;
	return true;
}

/* Digits up to a blank or the end. */
static bool field_inode(struct field_reader *line, struct crashinfo_map *map)
{
	const char *start = line->at;

	while (line->at < line->end && *line->at >= '0' && *line->at <= '9')
		line->at++;
	if (line->at < line->end && *line->at != ' ')
		return false;
	return parse_dec_u64(start, (size_t)(line->at - start), &map->inode);
}

static bool starts_with_octal(const char *s, const char *end)
{
	return end - s >= 4 && s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
	       s[2] <= '7' && s[3] >= '0' && s[3] <= '7';
}

/* The kernel writes a newline in a path as \012, and nothing else in octal. */
static char *copy_path(struct arena *arena, const char *path, size_t size)
{
	char *copy = arena_alloc(arena, size + 1), *to = copy;
	const char *end = path + size;

	if (!copy)
		return NULL;
	while (path < end) {
		if (starts_with_octal(path, end) && !memcmp(path + 1, "012", 3)) {
			*to++ = '\n';
			path += 4;
		} else {
			*to++ = *path++;
		}
	}
	*to = '\0';
	return copy;
}

static bool read_path(struct field_reader *line, struct arena *arena, struct crashinfo_map *map)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof(deleted) - 1;
	size_t size;

	while (line->at < line->end && *line->at == ' ')
		line->at++;
	size = (size_t)(line->end - line->at);
	/* only a file can be deleted: "[heap]" and the like have no such suffix */
	if (size > suffix && !memcmp(line->end - suffix, deleted, suffix)) {
		map->deleted = true;
		size -= suffix;
	}
	map->path = size ? copy_path(arena, line->at, size) : "";
	return map->path != NULL;
}

static bool read_entry(struct field_reader *line, struct crashinfo_map *map)
{
	return field_hex(line, '-', &map->start) && field_hex(line, ' ', &map->end) &&
	       map->start < map->end && field_permissions(line, map) &&
	       field_hex(line, ' ', &map->offset) && field_device(line, map) &&
	       field_inode(line, map);
}

typedef VEC(struct crashinfo_map) map_vec;

static struct crashinfo_error *add_line(struct maps *maps, map_vec *entries, const char *text,
					size_t size, size_t max)
{
	struct field_reader line = {text, text + size};
	struct crashinfo_map map = {0}, *slot;

	if (!size)
		return NULL;
	if (memchr(text, '\0', size) || !read_entry(&line, &map)) {
		maps->public.bad_lines++;
		return NULL;
	}
	if (entries->size >= max)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more than the limit of %zu mappings", max);
	if (!read_path(&line, &maps->arena, &map) || !(slot = vec_push(entries)))
		return crashinfo_error_no_memory();
	*slot = map;
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct crashinfo_map *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static struct crashinfo_error *read_lines(struct maps *maps, map_vec *entries, const char *text,
					  size_t size, size_t max)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		size_t length = (size_t)(stop - text);
		struct crashinfo_error *error;

		if (length && text[length - 1] == '\r')
			length--;
		error = add_line(maps, entries, text, length, max);
		if (error)
			return error;
		text = stop + !!newline;
	}
	return NULL;
}

struct crashinfo_error *crashinfo_maps_parse(const struct crashinfo_context *context,
					     const char *text, size_t size,
					     struct crashinfo_maps **ret)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	map_vec entries = {0};
	struct crashinfo_error *error;

	if (!maps)
		return crashinfo_error_no_memory();
	arena_init(&maps->arena);
	error = read_lines(maps, &entries, text, size, limits_of(context)->maps_entries);
	maps->public.entries = entries.data;
	maps->public.count = entries.size;
	if (error) {
		crashinfo_maps_destroy(&maps->public);
		return error;
	}
	if (entries.size)
		qsort(entries.data, entries.size, sizeof(*entries.data), by_start);
	*ret = &maps->public;
	return NULL;
}

void crashinfo_maps_destroy(struct crashinfo_maps *public)
{
	struct maps *maps = (struct maps *)public;

	if (!maps)
		return;
	free(maps->public.entries);
	arena_deinit(&maps->arena);
	free(maps);
}

const struct crashinfo_map *crashinfo_maps_find(const struct crashinfo_maps *maps, uint64_t address)
{
	size_t low = 0, high = maps->count;

	/* the last entry that starts at or below the address */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->entries[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= maps->entries[low - 1].end)
		return NULL;
	return &maps->entries[low - 1];
}
