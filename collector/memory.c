/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include "maps.h"
#include "raw.h"

#define PAGE  4096
#define PAGES 32 /* of the cache: tables of a few modules, their code, the stack */

/* Where a page is from: a descriptor, or one of these. */
enum { NOWHERE = -2, OWN = -1 };

enum { NOT_OPEN = -10000 };

struct page {
	int source;
	unsigned size; /* bytes that were read; 0 when nothing could be */
	uint64_t address;
};

/* Apart from each other: forgetting must not touch memory that no crash has used before. */
static struct page pages[PAGES];
static unsigned char bytes[PAGES][PAGE];
static int tid;
static bool call_denied; /* process_vm_readv does not work here */
static int fds[2];       /* pipe to copy through instead */
static int view;         /* of a debugger, -errno when there is none */

static void forget(int source)
{
	for (unsigned i = 0; i < PAGES; i++)
		if (source == NOWHERE || pages[i].source == source)
			pages[i].source = NOWHERE;
}

void memory_begin(void)
{
	forget(NOWHERE);
	tid = raw_gettid();
	call_denied = false;
	fds[0] = fds[1] = -1;
	view = NOT_OPEN;
}

void memory_end(void)
{
	if (view >= 0)
		raw_close(view);
	view = NOT_OPEN;
	for (unsigned i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			raw_close(fds[i]);
		fds[i] = -1;
	}
}

/* The kernel checks the address of a write just as well. */
static bool read_by_pipe(uint64_t address, unsigned char *to)
{
	if (fds[0] < 0 && raw_pipe(fds) < 0)
		return false;
	for (size_t done = 0; done < PAGE;) {
		long written =
			raw_write(fds[1], (const void *)(uintptr_t)(address + done), PAGE - done);

		if (written <= 0 || raw_read(fds[0], to + done, (size_t)written) != written)
			return false;
		done += (size_t)written;
	}
	return true;
}

/* Code may be executable only, which a debugger's view of the memory is not concerned with. The
 * path stands for the thread, as a dead leader has no memory. */
static bool read_as_debugger(uint64_t address, unsigned char *to)
{
	const struct map *map = maps_find(address);

	if (!map || !map->executable)
		return false;
	if (view == NOT_OPEN)
		view = raw_open("/proc/thread-self/mem", O_RDONLY, 0);
	return view >= 0 && raw_pread(view, to, PAGE, address) == PAGE;
}

static unsigned read_own_page(uint64_t address, unsigned char *to)
{
	if (!call_denied) {
		long result = raw_read_memory(tid, address, to, PAGE);

		if (result == PAGE)
			return PAGE;
		/* A fault is the answer; anything else is a filter or a kernel without the call. */
		call_denied = result < 0 && result != -EFAULT;
	}
	if (call_denied && read_by_pipe(address, to))
		return PAGE;
	return read_as_debugger(address, to) ? PAGE : 0;
}

static unsigned read_file_page(int fd, uint64_t offset, unsigned char *to)
{
	long result = raw_pread(fd, to, PAGE, offset);

	return result > 0 ? (unsigned)result : 0;
}

/* The number of its place in the cache. */
static unsigned page_at(int source, uint64_t address)
{
	unsigned n = address / PAGE % PAGES;
	struct page *page = &pages[n];

	if (page->source != source || page->address != address) {
		page->source = source;
		page->address = address;
		page->size = source == OWN ? read_own_page(address, bytes[n])
					   : read_file_page(source, address, bytes[n]);
	}
	return n;
}

static bool read_pages(int source, uint64_t address, unsigned char *to, size_t size)
{
	if (size && address + size - 1 < address)
		return false;
	while (size) {
		size_t offset = (size_t)(address % PAGE), chunk = PAGE - offset;
		unsigned n = page_at(source, address - offset);

		if (chunk > size)
			chunk = size;
		if (offset + chunk > pages[n].size)
			return false;
		__builtin_memcpy(to, bytes[n] + offset, chunk);
		address += chunk;
		to += chunk;
		size -= chunk;
	}
	return true;
}

bool memory_read_own(void *context, uint64_t address, void *to, size_t size)
{
	(void)context;
	return read_pages(OWN, address, to, size);
}

const struct unwind_memory own_memory = {.read = memory_read_own};

static bool read_file(void *context, uint64_t address, void *to, size_t size)
{
	return read_pages((int)(intptr_t)context, address, to, size);
}

struct unwind_memory memory_of_file(int fd)
{
	return (struct unwind_memory){.read = read_file, .context = (void *)(intptr_t)fd};
}

void memory_close_file(int fd)
{
	forget(fd);
	raw_close(fd);
}
