/* SPDX-License-Identifier: Apache-2.0 */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "syscall.h"
#include "text.h"

/* Programs with 250 libraries have 1,300 maps. The pages of a table in .bss cost nothing unused. */
#define MAX_MAPS  16384
#define MAX_NAMES (512 * 1024)
/* Longest line: PATH_MAX, each byte of which the kernel may print as \ooo, and the numbers. */
#define MAX_LINE (4 * 4096 + 128)

static struct map maps[MAX_MAPS];
static size_t map_count;
static char names[MAX_NAMES];
static size_t names_used;
static char line[MAX_LINE];

static uint64_t parse_number(const char **text, unsigned base)
{
	uint64_t value = 0;

	for (;; (*text)++) {
		unsigned digit = (unsigned char)**text;

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if (digit >= 'a' && digit <= 'f')
			digit -= 'a' - 10;
		else
			return value;
		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

static bool expect(const char **text, char character)
{
	if (**text != character)
		return false;
	(*text)++;
	return true;
}

/* Neighbours mostly are of one file: share its name. A name that has no room is "". */
static const char *keep_name(const char *name)
{
	size_t size = text_length(name) + 1;
	char *kept = names + names_used;

	if (!*name)
		return "";
	if (map_count && text_equal(maps[map_count - 1].path, name))
		return maps[map_count - 1].path;
	if (size > MAX_NAMES - names_used)
		return "";
	for (size_t i = 0; i < size; i++)
		kept[i] = name[i];
	names_used += size;
	return kept;
}

static bool parse_permissions(const char **text, struct map *map)
{
	for (unsigned i = 0; i < 4; i++)
		if (!(*text)[i])
			return false;
	map->executable = (*text)[2] == 'x';
	*text += 4;
	return expect(text, ' ');
}

static bool parse_line(const char *text, struct map *map)
{
	map->start = parse_number(&text, 16);
	if (!expect(&text, '-'))
		return false;
	map->end = parse_number(&text, 16);
	if (!expect(&text, ' ') || !parse_permissions(&text, map))
		return false;
	map->offset = parse_number(&text, 16);
	if (!expect(&text, ' '))
		return false;
	map->major = (uint32_t)parse_number(&text, 16);
	if (!expect(&text, ':'))
		return false;
	map->minor = (uint32_t)parse_number(&text, 16);
	if (!expect(&text, ' '))
		return false;
	map->inode = parse_number(&text, 10);
	while (*text == ' ')
		text++;
	map->path = keep_name(text);
	return true;
}

static int add_line(void)
{
	if (map_count == MAX_MAPS)
		return -E2BIG;
	if (parse_line(line, &maps[map_count]))
		map_count++;
	return 0;
}

static int read_lines(int fd)
{
	static char buffer[4096];
	size_t used = 0;
	long got;

	while ((got = sys_read(fd, buffer, sizeof(buffer))) > 0) {
		for (long i = 0; i < got; i++) {
			if (buffer[i] != '\n') {
				if (used < MAX_LINE - 1)
					line[used++] = buffer[i];
				continue;
			}
			line[used] = '\0';
			used = 0;
			if (add_line())
				return -E2BIG;
		}
	}
	return (int)got;
}

int maps_load(void)
{
	int fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0), status;

	map_count = 0;
	names_used = 0;
	if (fd < 0)
		return fd;
	status = read_lines(fd);
	sys_close(fd);
	return status;
}

const struct map *maps_find(uint64_t address)
{
	size_t low = 0, high = map_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < map_count && maps[low].start <= address ? &maps[low] : NULL;
}

const struct map *maps_previous(const struct map *map)
{
	return map > maps ? map - 1 : NULL;
}
