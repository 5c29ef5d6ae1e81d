/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls without libc: they bind to nothing, leave errno alone and return -errno. Only calls
 * that every architecture has.
 */
#ifndef COLLECTOR_RAW_H
#define COLLECTOR_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "arch.h"

#define RAW3(number, a, b, c) raw_call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RAW6(number, a, b, c, d, e, f) \
	raw_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* The kernel's signal set; libc's is larger. */
typedef uint64_t raw_sigset;

#define RAW_SIGNAL(signo) ((raw_sigset)1 << ((signo)-1))

struct raw_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	raw_sigset mask;
};

#define RAW_SA_RESTORER     0x04000000
#define RAW_SIGEV_THREAD_ID 4

/* What tells of a timer's end; 64 bytes. */
struct raw_sigevent {
	uint64_t value;
	int signo, notify, tid;
	int padding[11];
};

struct raw_itimerspec {
	struct timespec interval, value;
};

static inline int raw_open(const char *path, int flags, unsigned mode)
{
	return (int)RAW6(__NR_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode, 0, 0);
}

static inline void raw_close(int fd)
{
	RAW3(__NR_close, fd, 0, 0);
}

static inline long raw_read(int fd, void *to, size_t size)
{
	return RAW3(__NR_read, fd, to, size);
}

static inline long raw_pread(int fd, void *to, size_t size, uint64_t offset)
{
	return RAW6(__NR_pread64, fd, to, size, offset, 0, 0);
}

static inline long raw_write(int fd, const void *from, size_t size)
{
	return RAW3(__NR_write, fd, from, size);
}

static inline long raw_send(int fd, const void *from, size_t size, int flags)
{
	return RAW6(__NR_sendto, fd, from, size, flags, 0, 0);
}

static inline long raw_fstat(int fd, struct stat *ret)
{
	return RAW3(__NR_fstat, fd, ret, 0);
}

static inline long raw_lstat(const char *path, struct stat *ret)
{
	return RAW6(__NR_newfstatat, AT_FDCWD, path, ret, AT_SYMLINK_NOFOLLOW, 0, 0);
}

static inline long raw_unlink(const char *path)
{
	return RAW3(__NR_unlinkat, AT_FDCWD, path, 0);
}

static inline long raw_pipe(int fds[2])
{
	return RAW3(__NR_pipe2, fds, O_CLOEXEC | O_NONBLOCK, 0);
}

/* The lowest free descriptor from `lowest` on. */
static inline long raw_duplicate(int fd, int lowest)
{
	return RAW3(__NR_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
}

/* Milliseconds. */
/* How many are ready, 0 after `timeout` milliseconds, or -errno. */
static inline long raw_poll(struct pollfd *fds, size_t count, unsigned timeout)
{
	struct timespec time = {timeout / 1000, (long)(timeout % 1000) * 1000000};

	return RAW6(__NR_ppoll, fds, count, &time, NULL, 0, 0);
}

static inline void raw_sleep(unsigned milliseconds)
{
	raw_poll(NULL, 0, milliseconds);
}

static inline int raw_getpid(void)
{
	return (int)RAW3(__NR_getpid, 0, 0, 0);
}

static inline int raw_gettid(void)
{
	return (int)RAW3(__NR_gettid, 0, 0, 0);
}

static inline unsigned raw_geteuid(void)
{
	return (unsigned)RAW3(__NR_geteuid, 0, 0, 0);
}

/* 0 where a filter refuses the call: what waits must have another end, too. */
static inline struct timespec raw_clock(clockid_t clock)
{
	struct timespec time = {0};

	RAW3(__NR_clock_gettime, clock, &time, 0);
	return time;
}

static inline uint64_t raw_milliseconds(void)
{
	struct timespec time = raw_clock(CLOCK_MONOTONIC);

	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static inline uint64_t raw_nanoseconds(void)
{
	struct timespec time = raw_clock(CLOCK_MONOTONIC);

	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Whether it is not yet `end`; never without a clock. */
static inline bool raw_is_before(uint64_t end)
{
	uint64_t now = raw_nanoseconds();

	return now && now < end;
}

/* `how` is SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK. The set that it was. */
static inline raw_sigset raw_change_sigmask(int how, raw_sigset set)
{
	raw_sigset old = 0;

	RAW6(__NR_rt_sigprocmask, how, &set, &old, sizeof(set), 0, 0);
	return old;
}

static inline void raw_sigmask(int how, raw_sigset set)
{
	RAW6(__NR_rt_sigprocmask, how, &set, NULL, sizeof(set), 0, 0);
}

static inline raw_sigset raw_pending(void)
{
	raw_sigset set = 0;

	RAW3(__NR_rt_sigpending, &set, sizeof(set), 0);
	return set;
}

/* Take one pending signal of the set away, if there is one. */
static inline void raw_consume(raw_sigset set)
{
	struct timespec none = {0};

	RAW6(__NR_rt_sigtimedwait, &set, NULL, &none, sizeof(set), 0, 0);
}

static inline void raw_set_default(int signo)
{
	struct raw_sigaction action = {.handler = SIG_DFL};

	RAW6(__NR_rt_sigaction, signo, &action, NULL, sizeof(action.mask), 0, 0);
}

static inline long raw_get_action(int signo, struct raw_sigaction *ret)
{
	return RAW6(__NR_rt_sigaction, signo, NULL, ret, sizeof(ret->mask), 0, 0);
}

static inline long raw_set_action(int signo, const struct raw_sigaction *action)
{
	return RAW6(__NR_rt_sigaction, signo, action, NULL, sizeof(action->mask), 0, 0);
}

static inline long raw_timer_create(clockid_t clock, const struct raw_sigevent *event, int *ret)
{
	return RAW3(__NR_timer_create, clock, event, ret);
}

static inline void raw_timer_start(int timer, unsigned milliseconds)
{
	struct raw_itimerspec time = {
		.value = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000}};

	RAW6(__NR_timer_settime, timer, 0, &time, NULL, 0, 0);
}

static inline void raw_timer_delete(int timer)
{
	RAW3(__NR_timer_delete, timer, 0, 0);
}

static inline long raw_queue(int pid, int tid, int signo, const siginfo_t *info)
{
	return RAW6(__NR_rt_tgsigqueueinfo, pid, tid, signo, info, 0, 0);
}

static inline long raw_tgkill(int pid, int tid, int signo)
{
	return RAW3(__NR_tgkill, pid, tid, signo);
}

static inline long raw_prlimit(int resource, const struct rlimit *set, struct rlimit *get)
{
	return RAW6(__NR_prlimit64, 0, resource, set, get, 0, 0);
}

/* Memory of thread `tid`'s process. The thread must be alive: a dead leader has no memory. */
static inline long raw_read_memory(int tid, uint64_t address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};

	return RAW6(__NR_process_vm_readv, tid, &local, 1, &remote, 1, 0);
}

static inline long raw_altstack(const stack_t *set, stack_t *get)
{
	return RAW3(__NR_sigaltstack, set, get, 0);
}

/* Zeroed memory; the address or -errno. */
static inline long raw_map(size_t size)
{
	return RAW6(__NR_mmap, NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static inline long raw_protect_none(long address, size_t size)
{
	return RAW3(__NR_mprotect, address, size, PROT_NONE);
}

static inline void raw_unmap(long address, size_t size)
{
	RAW3(__NR_munmap, address, size, 0);
}

/* The size with its NUL or -errno. */
static inline long raw_getcwd(char *to, size_t size)
{
	return RAW3(__NR_getcwd, to, size, 0);
}

#endif
