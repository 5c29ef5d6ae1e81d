/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways, for a sandbox may refuse any: process_vm_readv, /proc/self/mem, and a pipe, through
 * which the kernel copies what it can reach.
 */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "syscall.h"

enum method {
	METHOD_VM_READ,
	METHOD_PROC_MEM,
	METHOD_PIPE,
};

/* A pipe takes this much at once without blocking. */
#define PIPE_CHUNK 4096

/* Only the thread that holds the one-shot guard gets here. */
static enum method method;
static int mem_fd = -1;
static int pipe_fds[2] = {-1, -1};

static long read_vm(uint64_t address, void *buffer, size_t size)
{
	struct iovec local = {buffer, size}, remote = {(void *)(uintptr_t)address, size};

	return sys_call(SYS_process_vm_readv, sys_getpid(), (long)&local, 1, (long)&remote, 1, 0);
}

static long read_proc_mem(uint64_t address, void *buffer, size_t size)
{
	if (mem_fd < 0)
		mem_fd = sys_open("/proc/self/mem", O_RDONLY | O_CLOEXEC, 0);
	return mem_fd < 0 ? mem_fd : sys_pread(mem_fd, buffer, size, address);
}

static long read_pipe(uint64_t address, void *buffer, size_t size)
{
	size_t done = 0;

	if (pipe_fds[0] < 0) {
		long status = SYS_2(SYS_pipe2, pipe_fds, O_CLOEXEC | O_NONBLOCK);

		if (status < 0)
			return status;
	}
	while (done < size) {
		size_t chunk = size - done < PIPE_CHUNK ? size - done : PIPE_CHUNK;
		long written =
			sys_write(pipe_fds[1], (const void *)(uintptr_t)(address + done), chunk);

		if (written <= 0)
			return written ? written : -EFAULT;
		/* what was written is read back even when it was short: the pipe stays empty */
		if (sys_read(pipe_fds[0], (char *)buffer + done, (size_t)written) != written)
			return -EIO;
		done += (size_t)written;
	}
	return (long)done;
}

static long read_by_method(uint64_t address, void *buffer, size_t size)
{
	switch (method) {
	case METHOD_VM_READ: return read_vm(address, buffer, size);
	case METHOD_PROC_MEM: return read_proc_mem(address, buffer, size);
	case METHOD_PIPE: return read_pipe(address, buffer, size);
	}
	return -ENOSYS;
}

/* Errors that speak of the address; any other means that the method itself is not to be had. */
static bool address_is_bad(long status)
{
	return status >= 0 || status == -EFAULT || status == -EIO;
}

int memory_read(uint64_t address, void *buffer, size_t size)
{
	long got = read_by_method(address, buffer, size);

	while (!address_is_bad(got) && method != METHOD_PIPE) {
		method++;
		got = read_by_method(address, buffer, size);
	}
	if (got < 0)
		return (int)got;
	return (size_t)got == size ? 0 : -EFAULT;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

void memory_close(void)
{
	close_fd(&mem_fd);
	close_fd(&pipe_fds[0]);
	close_fd(&pipe_fds[1]);
}
