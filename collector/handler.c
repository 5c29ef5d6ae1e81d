/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first fatal signal writes the report. Then the action that was there before is put back and
 * the signal happens again, so whoever handles it, the exit status and the core file see the
 * original: a fault is executed once more, a signal that was sent is queued once more.
 */
#include "handler.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "sections.h"
#include "syscall.h"

#define KERNEL_SA_RESTORER 0x04000000ul
#define SIGNAL_SET_SIZE    8

/* What rt_sigaction takes, which is not the library's struct sigaction. */
struct kernel_action {
	void (*handler)(int signal, siginfo_t *info, void *context);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* Room for the handler itself; the kernel's frame comes on top. */
#define HANDLER_STACK  (32 * 1024)
#define SMALLEST_STACK (64 * 1024)
#define GUARD_SIZE     4096
/* At the low end of a stack of ours, together with its address. */
#define STACK_MARK UINT64_C(0x6464637261736821)

/* While one thread reports, others that crash wait this long, in steps of 10 ms. */
#define WAIT_STEPS 1000

static const struct settings *installed;
static struct kernel_action previous[32];
static uint32_t replaced; /* signals whose previous action is kept */
static int reporter;      /* thread that took the one-shot guard; 0 when none has */
static int finished;

/* Debuggers and unwinders know this sequence of bytes, with the size of its first operand. */
__asm__(".text\n"
	".balign 16\n"
	"nop\n"
	".type ddcrash_restorer,@function\n"
	".hidden ddcrash_restorer\n"
	"ddcrash_restorer:\n"
	"mov $15,%rax\n"
	"syscall\n"
	".size ddcrash_restorer,.-ddcrash_restorer\n");
void ddcrash_restorer(void);

static long set_action(int signal, const struct kernel_action *action, struct kernel_action *old)
{
	return SYS_4(SYS_rt_sigaction, signal, action, old, SIGNAL_SET_SIZE);
}

static bool was_sent(const siginfo_t *info)
{
	return info->si_code <= 0;
}

/* Signals after which the same instruction does not raise the same signal again. */
static bool must_be_queued(int signal, const siginfo_t *info)
{
	switch (signal) {
	case SIGSEGV:
	case SIGILL:
	case SIGFPE: return was_sent(info);
	/* memory that went bad somewhere is told of whatever is being executed */
	case SIGBUS: return was_sent(info) || info->si_code == BUS_MCEERR_AO;
	default: return true;
	}
}

static void chain(int signal, siginfo_t *info)
{
	set_action(signal, &previous[signal], NULL);
	if (must_be_queued(signal, info))
		SYS_4(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), signal, info);
}

/* A report whose reader has gone left a SIGPIPE pending, which would kill with the wrong signal. */
static void drop_sigpipe(void)
{
	const uint64_t set = UINT64_C(1) << (SIGPIPE - 1);
	const struct timespec now = {0, 0};

	SYS_4(SYS_rt_sigtimedwait, &set, NULL, &now, SIGNAL_SET_SIZE);
}

static bool sigpipe_pending(void)
{
	uint64_t set = 0;

	SYS_2(SYS_rt_sigpending, &set, SIGNAL_SET_SIZE);
	return set & UINT64_C(1) << (SIGPIPE - 1);
}

static void report(int signal, siginfo_t *info, void *context)
{
	struct crash crash = {
		.signal = signal,
		.info = info,
		.context = context,
		.pid = sys_getpid(),
		.tid = sys_gettid(),
		.settings = installed,
	};
	bool to_file = installed->output[0], pending = sigpipe_pending();
	int fd = to_file ? settings_open_output(installed) : installed->output_fd;

	if (fd < 0)
		return;
	if (!sections_write(&crash, fd) && !pending)
		drop_sigpipe();
	if (to_file)
		sys_close(fd);
}

static void wait_for_report(void)
{
	const struct timespec step = {0, 10 * 1000 * 1000};

	for (unsigned i = 0; i < WAIT_STEPS; i++) {
		if (__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
			return;
		SYS_2(SYS_nanosleep, &step, NULL);
	}
}

static void handle(int signal, siginfo_t *info, void *context)
{
	int nobody = 0, self = sys_gettid();

	/* what was ignored stays so: it is no crash and must not use up the report */
	if (previous[signal].handler == (void *)SIG_IGN && was_sent(info))
		return;
	if (__atomic_compare_exchange_n(&reporter, &nobody, self, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		report(signal, info, context);
		__atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
	} else if (nobody != self) {
		/* dying now would cut the other thread's report off */
		wait_for_report();
	}
	chain(signal, info);
}

int handler_install(const struct settings *settings)
{
	struct kernel_action action = {
		.handler = handle,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | KERNEL_SA_RESTORER,
		.restorer = ddcrash_restorer,
		.mask = ~UINT64_C(0),
	};

	/* a fault within the handler must get back to it, or the kernel kills with that signal */
	for (size_t i = 0; i < settings->signal_count; i++)
		action.mask &= ~(UINT64_C(1) << (settings->signals[i] - 1));
	installed = settings;
	reporter = 0;
	finished = 0;
	for (size_t i = 0; i < settings->signal_count; i++) {
		int signal = settings->signals[i];
		long status = set_action(signal, NULL, &previous[signal]);

		if (!status)
			status = set_action(signal, &action, NULL);
		if (status < 0) {
			handler_remove();
			return (int)status;
		}
		replaced |= UINT32_C(1) << signal;
	}
	return 0;
}

void handler_remove(void)
{
	for (int signal = 1; signal < 32; signal++) {
		struct kernel_action now;

		if (!(replaced & UINT32_C(1) << signal) || set_action(signal, NULL, &now))
			continue;
		if (now.handler == handle)
			set_action(signal, &previous[signal], NULL);
	}
	replaced = 0;
}

/* What the kernel puts on the stack of a handler grows with the processor's registers. */
static size_t kernel_frame_size(void)
{
	int fd = sys_open("/proc/self/auxv", O_RDONLY | O_CLOEXEC, 0);
	Elf64_auxv_t entry;
	size_t size = 0;

	while (fd >= 0 && sys_read(fd, &entry, sizeof(entry)) == (long)sizeof(entry))
		if (entry.a_type == 51 /* AT_MINSIGSTKSZ */)
			size = entry.a_un.a_val;
	if (fd >= 0)
		sys_close(fd);
	return size;
}

int handler_add_stack(void)
{
	stack_t stack = {0};
	size_t size = (kernel_frame_size() + HANDLER_STACK + 4095) & ~(size_t)4095;
	long memory, status;

	if (SYS_2(SYS_sigaltstack, NULL, &stack) < 0 || !(stack.ss_flags & SS_DISABLE))
		return 0;
	if (size < SMALLEST_STACK)
		size = SMALLEST_STACK;
	memory = sys_call(SYS_mmap, 0, (long)(size + GUARD_SIZE), PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (memory < 0 && memory > -4096)
		return (int)memory;
	stack = (stack_t){.ss_sp = (void *)(memory + GUARD_SIZE), .ss_size = size};
	status = SYS_3(SYS_mprotect, stack.ss_sp, size, PROT_READ | PROT_WRITE);
	if (!status) {
		*(uint64_t *)stack.ss_sp = STACK_MARK ^ (uint64_t)stack.ss_sp;
		status = SYS_2(SYS_sigaltstack, &stack, NULL);
	}
	if (status)
		SYS_2(SYS_munmap, memory, size + GUARD_SIZE);
	return (int)status;
}

void handler_remove_stack(void)
{
	const stack_t none = {.ss_flags = SS_DISABLE};
	stack_t stack = {0};

	if (SYS_2(SYS_sigaltstack, NULL, &stack) < 0 || (stack.ss_flags & SS_DISABLE) ||
	    *(const uint64_t *)stack.ss_sp != (STACK_MARK ^ (uint64_t)stack.ss_sp))
		return;
	/* fails while a handler is on it: then it must stay */
	if (!SYS_2(SYS_sigaltstack, &none, NULL))
		SYS_2(SYS_munmap, (char *)stack.ss_sp - GUARD_SIZE, stack.ss_size + GUARD_SIZE);
}
