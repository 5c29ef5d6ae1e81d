/* SPDX-License-Identifier: Apache-2.0 */
#include "maps.h"

#include "bytes.h"
#include "raw.h"

/* Six entries for each of a thousand libraries and more; with paths of 64 bytes each. */
#define MAPS_MAX  8192
#define PATHS_MAX (256 << 10)
/* The kernel's columns and a path of PATH_MAX bytes, of which a newline takes four. */
#define LINE_MAX_BYTES (128 + 4 * 4096)

static struct {
	int fd;
	struct map entries[MAPS_MAX];
	unsigned count;
	char paths[PATHS_MAX];
	unsigned paths_used;
	bool ends_with_header; /* the last entry is worth keeping only when code follows */
	unsigned paths_before_header;
	char line[LINE_MAX_BYTES];
} table;

/* A stack that overflowed has its guard before it. */
#define WATCH_BYTES (64 << 10)

static void take_path(struct map *map, const char *path, size_t size)
{
	struct map *before = table.count ? &table.entries[table.count - 1] : NULL;

	if (before && before->path_size == size && !__builtin_memcmp(before->path, path, size)) {
		map->path = before->path;
	} else if (size <= PATHS_MAX - table.paths_used) {
		char *to = table.paths + table.paths_used;

		__builtin_memcpy(to, path, size);
		table.paths_used += (unsigned)size;
		map->path = to;
	} else {
		map->path = "";
		size = 0;
	}
	map->path_size = (uint32_t)size;
}

/* Programs that map thousands of files of data fill half of the table with them. From then on an
 * entry without code is kept only if it may be the header of the code that follows. */
static bool make_place(const struct map *map)
{
	bool is_scarce = table.count >= MAPS_MAX / 2 || table.paths_used >= PATHS_MAX / 2;

	if (is_scarce && !map->executable) {
		if (map->offset)
			return false;
		if (table.ends_with_header) {
			table.count--;
			table.paths_used = table.paths_before_header;
		}
		table.paths_before_header = table.paths_used;
	}
	table.ends_with_header = is_scarce && !map->executable;
	return table.count < MAPS_MAX;
}

static struct {
	uint64_t address, end;
} watch;

/* The first one that ends behind the address, unless it begins far from there. */
static void look(const struct map *map)
{
	if (!watch.end && map->end > watch.address && map->start < watch.address + WATCH_BYTES)
		watch.end = map->end;
}

void maps_watch(uint64_t address)
{
	watch.address = address;
	watch.end = 0;
}

uint64_t maps_watched(void)
{
	return watch.end;
}

static bool skip(const char **at, const char *end, char c)
{
	if (*at == end || **at != c)
		return false;
	++*at;
	return true;
}

/* "start-end perms offset major:minor inode   path" */
static void take_line(const char *at, size_t size)
{
	const char *end = at + size, *perms;
	uint64_t major, minor;
	struct map map;

	if (!text_number(&at, end, 16, &map.start) || !skip(&at, end, '-') ||
	    !text_number(&at, end, 16, &map.end) || !skip(&at, end, ' ') || end - at < 5)
		return;
	perms = at;
	if (perms[0] == 'r')
		look(&map);
	at += 5;
	if (!text_number(&at, end, 16, &map.offset) || !skip(&at, end, ' ') ||
	    !text_number(&at, end, 16, &major) || !skip(&at, end, ':') ||
	    !text_number(&at, end, 16, &minor) || !skip(&at, end, ' ') ||
	    !text_number(&at, end, 10, &map.inode))
		return;
	while (at < end && *at == ' ')
		at++;
	map.executable = perms[2] == 'x';
	map.major = (uint32_t)major;
	map.minor = (uint32_t)minor;
	/* Data without a file holds neither code nor what describes it. */
	if ((!map.executable && !map.inode) || !make_place(&map))
		return;
	take_path(&map, at, (size_t)(end - at));
	table.entries[table.count++] = map;
}

/* Handle the whole lines among `used` bytes and move the rest to the front; returns its size. */
static size_t take_lines(size_t used, struct writer *copy)
{
	size_t begin = 0, size;

	while ((size = text_find(table.line + begin, used - begin, '\n')) < used - begin) {
		take_line(table.line + begin, size);
		if (copy)
			writer_line(copy, table.line + begin, size);
		begin += size + 1;
	}
	__builtin_memmove(table.line, table.line + begin, used - begin);
	return used - begin;
}

static bool open_table(const char *path)
{
	char c;

	table.fd = raw_open(path, O_RDONLY, 0);
	if (table.fd >= 0 && raw_pread(table.fd, &c, 1, 0) == 1)
		return true;
	if (table.fd >= 0)
		raw_close(table.fd);
	return false;
}

bool maps_open(void)
{
	/* "self" is the first thread, which has no maps any more once it has ended. Emulators know
	 * no other name. */
	return open_table("/proc/self/maps") || open_table("/proc/thread-self/maps");
}

void maps_read(struct writer *copy)
{
	size_t used = 0;
	long got;

	table.count = table.paths_used = 0;
	table.ends_with_header = false;
	while ((got = raw_read(table.fd, table.line + used, sizeof(table.line) - used)) > 0 ||
	       got == -EINTR)
		if (got > 0)
			used = take_lines(used + (size_t)got, copy);
	raw_close(table.fd);
}

const struct map *maps_find(uint64_t address)
{
	unsigned low = 0, high = table.count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (table.entries[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table.count || table.entries[low].start > address)
		return NULL;
	return &table.entries[low];
}

const struct map *maps_first(void)
{
	return table.entries;
}

unsigned maps_count(void)
{
	return table.count;
}

void maps_path(const struct map *map, char ret[MAPS_PATH_MAX])
{
	static const char deleted[] = " (deleted)", newline[] = "\\012";
	size_t size = map->path_size, used = 0;

	if (text_ends(map->path, size, deleted))
		size -= sizeof(deleted) - 1;
	for (size_t at = 0; at < size && used < MAPS_PATH_MAX - 1; at++) {
		bool escaped = text_begins(map->path + at, size - at, newline);

		ret[used++] = escaped ? '\n' : map->path[at];
		if (escaped)
			at += sizeof(newline) - 2;
	}
	ret[used] = '\0';
}
