/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without the C library: no errno, no cancellation, no lazy binding. Each gives the
 * kernel's result, a negative errno value on failure. x86-64.
 */
#ifndef COLLECTOR_SYSCALL_H
#define COLLECTOR_SYSCALL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define SYS_4(number, a, b, c, d) sys_call(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS_3(number, a, b, c)    SYS_4(number, a, b, c, 0)
#define SYS_2(number, a, b)       SYS_4(number, a, b, 0, 0)
#define SYS_1(number, a)          SYS_4(number, a, 0, 0, 0)
#define SYS_0(number)             SYS_4(number, 0, 0, 0, 0)

static inline int sys_open(const char *path, int flags, int mode)
{
	return (int)SYS_4(SYS_openat, -100 /* AT_FDCWD */, path, flags, mode);
}

static inline void sys_close(int fd)
{
	SYS_1(SYS_close, fd);
}

static inline long sys_read(int fd, void *buffer, size_t size)
{
	return SYS_3(SYS_read, fd, buffer, size);
}

static inline long sys_pread(int fd, void *buffer, size_t size, uint64_t offset)
{
	return SYS_4(SYS_pread64, fd, buffer, size, offset);
}

static inline long sys_write(int fd, const void *data, size_t size)
{
	return SYS_3(SYS_write, fd, data, size);
}

static inline int sys_getpid(void)
{
	return (int)SYS_0(SYS_getpid);
}

static inline int sys_gettid(void)
{
	return (int)SYS_0(SYS_gettid);
}

#endif
