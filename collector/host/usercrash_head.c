/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel writes a core file in this order: header, program headers, notes, memory. The memory
 * is in the process still, so nothing behind the notes is read.
 */
#include "host/usercrash.h"

#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

/* The notes of 65,536 threads with the largest register sets there are. */
#define HEAD_MAX   ((uint64_t)1 << 30)
#define READ_BYTES 65536
/* The kernel writes as fast as it is read. */
#define WAIT_MS 5000

/* Move the file on to `end` bytes; false where the input ends before. */
static bool read_up_to(int input, int fd, uint64_t *size, uint64_t end)
{
	char buffer[READ_BYTES];

	while (*size < end) {
		struct pollfd ready = {.fd = input, .events = POLLIN};
		size_t wanted =
			end - *size < sizeof(buffer) ? (size_t)(end - *size) : sizeof(buffer);
		_error_ struct crashinfo_error *error = NULL;
		ssize_t got;

		if (poll(&ready, 1, WAIT_MS) != 1)
			return false;
		got = read(input, buffer, wanted);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		error = io_write_all(fd, buffer, (size_t)got);
		if (error)
			return false;
		*size += (uint64_t)got;
	}
	return true;
}

/* Where the notes end, 0 when there are none. */
static uint64_t notes_end(int fd, const Elf64_Ehdr *header, unsigned count)
{
	uint64_t end = 0;
	Elf64_Phdr s;

	for (unsigned i = 0; i < count; i++) {
		off_t at = (off_t)(header->e_phoff + (uint64_t)i * sizeof(s));

		if (pread(fd, &s, sizeof(s), at) != (ssize_t)sizeof(s))
			break;
		if (s.p_type == PT_NOTE && s.p_offset + s.p_filesz > end)
			end = s.p_offset + s.p_filesz;
	}
	return end;
}

static bool read_head(int input, int fd, bool *is_32_bits_ret)
{
	uint64_t size = 0, end;
	Elf64_Ehdr header;
	unsigned count;

	if (!read_up_to(input, fd, &size, sizeof(header)) ||
	    pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return false;
	*is_32_bits_ret = header.e_ident[EI_CLASS] == ELFCLASS32;
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > HEAD_MAX)
		return false;
	/* of many the first tells, which is the one of the notes */
	count = header.e_phnum == PN_XNUM ? 1 : header.e_phnum;
	if (!read_up_to(input, fd, &size, header.e_phoff + (uint64_t)count * sizeof(Elf64_Phdr)))
		return false;
	end = notes_end(fd, &header, count);
	return end && end <= HEAD_MAX && read_up_to(input, fd, &size, end);
}

struct crashinfo_error *core_head_read(int input, struct core_head *ret)
{
	int fd = memfd_create("core", MFD_CLOEXEC);

	if (fd < 0)
		return crashinfo_error_from_errno(errno, "cannot keep the core's notes");
	*ret = (struct core_head){.fd = fd};
	ret->is_whole = read_head(input, fd, &ret->is_32_bits);
	return NULL;
}
