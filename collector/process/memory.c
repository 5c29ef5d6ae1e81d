/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "process/internal.h"

/* Of all copies together; address space only until it is used. */
#define STORE_MAX   ((size_t)128 << 20)
#define STORE_ALIGN ((size_t)2 << 20)
/* Stacks from which on large pages pay. */
#define STACKS_MANY 64
/* Of one stack: from the stack pointer on. What lies beyond is read later if it still can be. */
#define STACK_MAX ((size_t)256 << 10)
/* The first piece of a stack: most threads use less. */
#define STACK_FIRST ((size_t)16 << 10)
/* Pages at the stack pointer that can't be read when the stack has overflowed. */
#define GUARD_PAGES 4
/* Pieces that are copied at once, as many as the kernel takes. */
#define RANGES_MAX 1024
/* Of one mapping that no file backs. */
#define HOLD_MAX ((size_t)4 << 20)
/* File systems that a process has mapped files of. */
#define DEVICES_MAX 16
/* Entries of the maps that one image has to either side of its code. */
#define IMAGE_MAPS 4

#define PAGE_MASK (~(uint64_t)(PROCESS_PAGE - 1))

/* --- the process itself ----------------------------------------------------------------------- */

/* Keeps to the rights of pages, so that it stops at the guard of a stack, as the file does not. */
static size_t read_by_call(struct process *process, uint64_t address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
	ssize_t got = process_vm_readv(process->pid, &local, 1, &remote, 1, 0);

	/* A fault is an answer; anything else is a right or a filter. */
	process->call_denied = got < 0 && errno != EFAULT;
	return got > 0 ? (size_t)got : 0;
}

/* The descriptor outlives the memory, and is never another process's. */
static size_t read_by_file(struct process *process, uint64_t address, void *to, size_t size)
{
	ssize_t got = pread(process->memory_fd, to, size, (off_t)address);

	process->is_gone = !got;
	return got > 0 ? (size_t)got : 0;
}

size_t process_read_live(struct process *process, uint64_t address, void *to, size_t size)
{
	if (process->is_gone || address > INT64_MAX || !size)
		return 0;
	if (!process->call_denied) {
		size_t got = read_by_call(process, address, to, size);

		if (!process->call_denied)
			return got;
	}
	return process->memory_fd < 0 ? 0 : read_by_file(process, address, to, size);
}

/* --- copies ----------------------------------------------------------------------------------- */

/* The index of the first copy that ends behind `address`. */
static size_t copy_after(const struct process *process, uint64_t address)
{
	size_t low = 0, high = process->copy_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct process_copied *copy = &process->copies[middle];

		if (copy->address + copy->size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const unsigned char *find_copy(const struct process *process, uint64_t page)
{
	size_t at = copy_after(process, page);
	const struct process_copied *copy = &process->copies[at];

	if (at == process->copy_count || copy->address > page)
		return NULL;
	return copy->bytes + (page - copy->address);
}

/* Aligned for large pages: one fault in place of 512 where many stacks are copied. */
static void make_store(struct process *process)
{
	const size_t total = STORE_MAX + STORE_ALIGN;
	unsigned char *store = mmap(NULL, total, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (store == MAP_FAILED)
		return;
	process->mapped = store;
	process->mapped_size = total;
	process->store = store + (STORE_ALIGN - (uintptr_t)store % STORE_ALIGN);
}

static void expect_stacks(struct process *process, size_t count)
{
	if (!process->store)
		make_store(process);
	if (process->store && count >= STACKS_MANY)
		madvise(process->store, STORE_MAX, MADV_HUGEPAGE);
}

/* Room for that many bytes of copies, or as many as there are. */
static unsigned char *store_place(struct process *process, size_t *size)
{
	if (!process->store)
		make_store(process);
	if (!process->store)
		*size = 0;
	if (*size > STORE_MAX - process->stored)
		*size = STORE_MAX - process->stored;
	return process->store + process->stored;
}

/* Enter `size` bytes, which are in the store already, in front of copy `at`. */
static size_t enter(struct process *process, size_t at, uint64_t address, size_t size)
{
	struct process_copied *copies;

	size &= PAGE_MASK;
	if (!size || !process_grow(&process->copies, process->copy_count, &process->copy_capacity,
				   sizeof(*process->copies)))
		return 0;
	copies = process->copies;
	memmove(copies + at + 1, copies + at, (process->copy_count - at) * sizeof(*copies));
	copies[at] = (struct process_copied){address, size, process->store + process->stored};
	process->copy_count++;
	process->stored += size;
	return size;
}

/* Whole pages from `page` on that are in no copy yet, up to `size` or to the next copy. */
static size_t copy_gap(struct process *process, uint64_t page, size_t size)
{
	size_t at = copy_after(process, page);
	unsigned char *to;

	if (at < process->copy_count && process->copies[at].address - page < size)
		size = (size_t)(process->copies[at].address - page);
	to = store_place(process, &size);
	if (!size)
		return 0;
	return enter(process, at, page, process_read_live(process, page, to, size));
}

size_t process_copy(struct process *process, uint64_t address, size_t size)
{
	uint64_t page = address & PAGE_MASK, end = address + size;

	if (!size || end < address || end > PAGE_MASK)
		return 0;
	end = (end + PROCESS_PAGE - 1) & PAGE_MASK;
	while (page < end) {
		size_t at = copy_after(process, page), got;

		if (at < process->copy_count && process->copies[at].address <= page)
			got = (size_t)(process->copies[at].address + process->copies[at].size -
				       page);
		else
			got = copy_gap(process, page, (size_t)(end - page));
		page += got;
		/* What follows is in another copy, or can't be read. */
		at = copy_after(process, page);
		if (page < end &&
		    (!got || at == process->copy_count || process->copies[at].address > page))
			break;
	}
	if (page > end)
		page = end;
	return page > address ? (size_t)(page - address) : 0;
}

/* Whole pages. */
struct range {
	uint64_t address;
	size_t size;
};

/* Some of the ranges, to be copied to one place. */
struct piece {
	int pid;
	struct iovec local;
	const struct iovec *remote;
	size_t count;
	ssize_t got;
};

static void *copy_piece(void *argument)
{
	struct piece *piece = argument;

	piece->got = process_vm_readv(piece->pid, &piece->local, 1, piece->remote, piece->count, 0);
	return NULL;
}

/* The bytes until the first that can't be read. Where each is far from the others, as stacks are,
 * the kernel takes 4 us to find it: another thread of ours copies half of many. */
static ssize_t copy_together(const struct process *process, void *to, const struct iovec *remote,
			     size_t count)
{
	size_t half = count >= STACKS_MANY ? count / 2 : count, size[2] = {0, 0};
	struct piece first, second;
	pthread_t thread;
	bool is_aside;

	for (size_t i = 0; i < count; i++)
		size[i >= half] += remote[i].iov_len;
	first = (struct piece){process->pid, {to, size[0]}, remote, half, 0};
	second = (struct piece){
		process->pid, {(char *)to + size[0], size[1]}, remote + half, count - half, 0};
	is_aside = size[1] && !pthread_create(&thread, NULL, copy_piece, &second);
	copy_piece(&first);
	if (is_aside)
		pthread_join(thread, NULL);
	else if (size[1])
		copy_piece(&second);
	if (first.got < 0 || (size_t)first.got < size[0] || second.got < 0)
		return first.got;
	return first.got + second.got;
}

/* RANGES_MAX at most with as few calls as can be. They are in no copy yet. */
static void copy_ranges(struct process *process, const struct range *ranges, size_t count)
{
	struct iovec remote[RANGES_MAX];
	size_t wanted = 0, size = STORE_MAX, done = 0;
	unsigned char *to = store_place(process, &size);
	ssize_t got = 0;

	for (size_t i = 0; i < count; i++) {
		remote[i] = (struct iovec){(void *)(uintptr_t)ranges[i].address, ranges[i].size};
		wanted += ranges[i].size;
	}
	if (wanted <= size)
		got = copy_together(process, to, remote, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t address = ranges[i].address;

		done += ranges[i].size;
		/* After one that can't be read the others are read one by one. */
		if (got < 0 || done > (size_t)got)
			process_copy(process, address, ranges[i].size);
		else if (!enter(process, copy_after(process, address), address, ranges[i].size))
			return;
	}
}

/* Up to `size` bytes, but not of the next mapping: guard pages can be read here, and behind them
 * may lie the stack of another thread. */
static size_t copy_stack(struct process *process, uint64_t sp, size_t size)
{
	const struct crashinfo_map *map =
		process->maps ? crashinfo_maps_find(process->maps, sp) : NULL;

	if (process->maps && (!map || !map->readable))
		return 0;
	if (map && size > map->end - sp)
		size = (size_t)(map->end - sp);
	return process_copy(process, sp, size);
}

bool process_copy_stack(struct process *process, uint64_t sp)
{
	size_t got = copy_stack(process, sp, STACK_FIRST);

	for (unsigned i = 0; !got && i < GUARD_PAGES; i++) {
		sp = (sp & PAGE_MASK) + PROCESS_PAGE;
		got = copy_stack(process, sp, STACK_FIRST);
	}
	if (got == STACK_FIRST)
		copy_stack(process, sp, STACK_MAX);
	return got;
}

/* What most stacks have, when that is in no copy yet. */
static bool first_range(const struct process *process, uint64_t sp, struct range *ret)
{
	const struct crashinfo_map *map = crashinfo_maps_find(process->maps, sp);
	uint64_t page = sp & PAGE_MASK;
	size_t at = copy_after(process, page), size = STACK_FIRST + PROCESS_PAGE;

	if (!map || !map->readable)
		return false;
	if (size > map->end - page)
		size = (size_t)(map->end - page);
	*ret = (struct range){page, size};
	return at == process->copy_count || process->copies[at].address >= page + size;
}

static int by_address(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* What others overlap is left to be read one by one. */
static void copy_first_ranges(struct process *process, struct range *ranges, size_t count)
{
	size_t kept = 0;

	qsort(ranges, count, sizeof(*ranges), by_address);
	for (size_t i = 0; i < count; i++)
		if (!kept || ranges[kept - 1].address + ranges[kept - 1].size <= ranges[i].address)
			ranges[kept++] = ranges[i];
	for (size_t i = 0; i < kept; i += RANGES_MAX)
		copy_ranges(process, ranges + i, kept - i < RANGES_MAX ? kept - i : RANGES_MAX);
}

size_t process_copy_stacks(struct process *process, const uint64_t *sps, size_t count)
{
	bool is_known = process->maps && !process->call_denied && count;
	struct range *ranges = is_known ? calloc(count, sizeof(*ranges)) : NULL;
	size_t found = 0, missing = 0;

	expect_stacks(process, count);
	for (size_t i = 0; ranges && i < count; i++)
		found += first_range(process, sps[i], &ranges[found]);
	if (found)
		copy_first_ranges(process, ranges, found);
	free(ranges);
	for (size_t i = 0; i < count; i++)
		missing += !process_copy_stack(process, sps[i]);
	return missing;
}

void process_copies_free(struct process *process)
{
	if (process->mapped)
		munmap(process->mapped, process->mapped_size);
	free(process->copies);
}

/* --- what is in no file ----------------------------------------------------------------------- */

/* Whether a file can be opened under the name that the map has. */
static bool has_file(const struct process *process, const struct crashinfo_map *map)
{
	return process->root_fd >= 0 && map->inode && !map->deleted && map->path[0] == '/';
}

/* Whether the file of that name has the numbers that the map has for it. */
static bool is_honest(const struct process *process, const struct crashinfo_map *map)
{
	struct stat status;

	return !fstatat(process->root_fd, map->path + 1, &status, AT_SYMLINK_NOFOLLOW) &&
	       status.st_ino == map->inode && major(status.st_dev) == map->device_major &&
	       minor(status.st_dev) == map->device_minor;
}

/*
 * File systems whose files are told by their numbers. Others, layered ones above all, number them
 * in two ways: then a file is told by the build id, which is beside the header in memory.
 */
struct devices {
	struct {
		uint32_t major, minor;
		bool is_honest;
	} items[DEVICES_MAX];
	size_t count;
};

static bool is_on_honest_device(const struct process *process, struct devices *devices,
				const struct crashinfo_map *map)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->items[i].major == map->device_major &&
		    devices->items[i].minor == map->device_minor)
			return devices->items[i].is_honest;
	if (devices->count == DEVICES_MAX)
		return false;
	devices->items[devices->count].major = map->device_major;
	devices->items[devices->count].minor = map->device_minor;
	devices->items[devices->count].is_honest = is_honest(process, map);
	return devices->items[devices->count++].is_honest;
}

static bool starts_image(const struct crashinfo_map *map)
{
	return map->readable && !map->offset && map->inode;
}

static void hold_headers(struct process *process)
{
	struct range pages[RANGES_MAX];
	struct devices devices = {.count = 0};
	size_t count = 0;

	for (size_t i = 0; i < process->maps->count && count < RANGES_MAX; i++) {
		const struct crashinfo_map *map = &process->maps->entries[i];

		if (!starts_image(map) || find_copy(process, map->start))
			continue;
		if (!has_file(process, map) || !is_on_honest_device(process, &devices, map))
			pages[count++] = (struct range){map->start, PROCESS_PAGE};
	}
	if (count)
		copy_ranges(process, pages, count);
}

/* Whether code of the same file is mapped beside entry `at`: then it may hold its tables. */
static bool has_code(const struct crashinfo_maps *maps, size_t at)
{
	const struct crashinfo_map *map = &maps->entries[at];
	size_t low = at < IMAGE_MAPS ? 0 : at - IMAGE_MAPS, high = at + IMAGE_MAPS;

	for (size_t i = low; i < maps->count && i <= high; i++)
		if (maps->entries[i].executable && maps->entries[i].inode == map->inode &&
		    maps->entries[i].device_minor == map->device_minor)
			return true;
	return false;
}

static bool is_lost_with_process(const struct process *process, size_t at)
{
	const struct crashinfo_maps *maps = process->maps;
	const struct crashinfo_map *map = &maps->entries[at];

	if (!map->readable || map->writable || has_file(process, map))
		return false;
	return map->executable || (map->inode && has_code(maps, at));
}

void process_hold(struct process *process)
{
	const struct crashinfo_maps *maps = process->maps;

	if (!maps || process->is_gone)
		return;
	hold_headers(process);
	for (size_t i = 0; i < maps->count; i++) {
		const struct crashinfo_map *map = &maps->entries[i];
		uint64_t size = map->end - map->start;

		if (is_lost_with_process(process, i))
			process_copy(process, map->start, size < HOLD_MAX ? size : HOLD_MAX);
	}
	/* From now on the id may become another process's. */
	process->call_denied = true;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Whether the file's bytes at `offset` are loaded to be written, as relocated tables are. */
static bool is_changed_by_loading(const struct process_file *file, uint64_t offset)
{
	struct unwind_memory memory = process_file_memory(file);
	const Elf64_Ehdr *header = &file->image.header;
	Elf64_Phdr load;

	for (unsigned i = 0; file->has_image && i < header->e_phnum; i++) {
		uint64_t at = header->e_phoff + (uint64_t)i * sizeof(load);

		if (!memory.read(memory.context, at, &load, sizeof(load)))
			return true;
		if (load.p_type == PT_LOAD && load.p_flags & PF_W &&
		    offset + PROCESS_PAGE > load.p_offset && offset < load.p_offset + load.p_filesz)
			return true;
	}
	return false;
}

static unsigned read_mapped_file(struct process *process, uint64_t page, unsigned char *to)
{
	const struct crashinfo_map *map =
		process->maps ? crashinfo_maps_find(process->maps, page) : NULL;
	struct process_file *file;
	uint64_t offset;
	ssize_t got;

	if (!map || !map->readable || map->writable || !map->inode)
		return 0;
	file = process_file_find(process, map, NULL);
	offset = map->offset + (page - map->start);
	if (!file || offset > INT64_MAX || is_changed_by_loading(file, offset))
		return 0;
	got = pread(file->fd, to, PROCESS_PAGE, (off_t)offset);
	if (got <= 0)
		return 0;
	memset(to + got, 0, (size_t)(PROCESS_PAGE - got));
	return PROCESS_PAGE;
}

static unsigned read_memory_page(struct process *process, uint64_t page, unsigned char *to)
{
	if (process_read_live(process, page, to, PROCESS_PAGE) == PROCESS_PAGE)
		return PROCESS_PAGE;
	return read_mapped_file(process, page, to);
}

static unsigned read_file_page(const struct process_file *file, uint64_t offset, unsigned char *to)
{
	ssize_t got = offset > INT64_MAX ? 0 : pread(file->fd, to, PROCESS_PAGE, (off_t)offset);

	return got > 0 ? (unsigned)got : 0;
}

/* The bytes of a page that can be read; *size_ret is their number. */
static const unsigned char *page_at(struct process *process, const struct process_file *file,
				    uint64_t address, unsigned *size_ret)
{
	const unsigned char *copy = file ? NULL : find_copy(process, address);
	struct process_page *page = &process->pages[address / PROCESS_PAGE % PROCESS_CACHE];

	*size_ret = PROCESS_PAGE;
	if (copy)
		return copy;
	if (!page->valid || page->file != file || page->address != address) {
		/* Reading memory may read a file, which may take the same place. */
		unsigned char bytes[PROCESS_PAGE];
		unsigned size = file ? read_file_page(file, address, bytes)
				     : read_memory_page(process, address, bytes);

		page->valid = true;
		page->file = file;
		page->address = address;
		page->size = size;
		memcpy(page->bytes, bytes, size);
	}
	*size_ret = page->size;
	return page->bytes;
}

static bool read_pages(struct process *process, const struct process_file *file, uint64_t address,
		       unsigned char *to, size_t size)
{
	if (size && address + size - 1 < address)
		return false;
	while (size) {
		size_t offset = (size_t)(address % PROCESS_PAGE), chunk = PROCESS_PAGE - offset;
		unsigned available;
		const unsigned char *bytes = page_at(process, file, address - offset, &available);

		if (chunk > size)
			chunk = size;
		if (offset + chunk > available)
			return false;
		memcpy(to, bytes + offset, chunk);
		address += chunk;
		to += chunk;
		size -= chunk;
	}
	return true;
}

static bool read_memory(void *context, uint64_t address, void *to, size_t size)
{
	return read_pages(context, NULL, address, to, size);
}

struct unwind_memory process_memory(struct process *process)
{
	return (struct unwind_memory){.read = read_memory, .context = process};
}

static bool read_file(void *context, uint64_t offset, void *to, size_t size)
{
	const struct process_file *file = context;

	return read_pages(file->process, file, offset, to, size);
}

struct unwind_memory process_file_memory(const struct process_file *file)
{
	return (struct unwind_memory){.read = read_file, .context = (void *)file};
}
