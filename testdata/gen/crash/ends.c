/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How processes end, or go on, after each signal that the collector handles.
 *
 *	ends without|with|receiver
 *
 * A line for each signal, what was there for it before the collector, and where the signal came
 * from: what the process said, and its status. With and without the collector, and with
 * ./receiver, they are the same, after a " | " in the latter cases whether there is a whole report.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ddcrash.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP,   SIGABRT, SIGBUS,
			      SIGFPE,  SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE,   SIGALRM, SIGTERM,
			      SIGXCPU, SIGXFSZ, SIGPROF, SIGIO,   SIGVTALRM, SIGSYS};

/* --- handlers that were there before ---------------------------------------------------------- */

static int said; /* the pipe to the parent */
static bool is_fault;
static sigjmp_buf back;

static void say(const char *format, ...)
{
	static char text[256];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (write(said, text, (size_t)size) != size)
		_exit(98);
}

static unsigned long mask_now(void)
{
	unsigned long mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	return mask;
}

static const char *sender(pid_t pid)
{
	return pid == getpid() ? "self" : pid == getppid() ? "parent" : "other";
}

static void handle_siginfo(int signo, siginfo_t *info, void *context)
{
	bool is_same = !memcmp(&((ucontext_t *)context)->uc_sigmask, &(sigset_t){0}, 8);

	say("siginfo %d code %d errno %d mask %lx interrupted %d", signo, info->si_code, errno,
	    mask_now(), is_same);
	if (is_fault)
		say(" address %s", info->si_addr ? "some" : "null");
	else
		say(" from %s value %d", sender(info->si_pid),
		    info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
	say("; ");
	if (is_fault)
		_exit(3);
}

static void handle_plain(int signo)
{
	say("plain %d errno %d mask %lx; ", signo, errno, mask_now());
	if (is_fault)
		siglongjmp(back, 1);
}

/* Is called once; a fault comes back. */
static void handle_once(int signo)
{
	say("once %d mask %lx; ", signo, mask_now());
}

static void set_default(struct sigaction *action)
{
	action->sa_handler = SIG_DFL;
}

static void set_ignored(struct sigaction *action)
{
	action->sa_handler = SIG_IGN;
}

static void set_siginfo(struct sigaction *action)
{
	action->sa_sigaction = handle_siginfo;
	action->sa_flags = SA_SIGINFO | SA_RESTART;
	sigaddset(&action->sa_mask, SIGURG);
	sigaddset(&action->sa_mask, SIGCHLD);
}

static void set_plain(struct sigaction *action)
{
	action->sa_handler = handle_plain;
}

static void set_once(struct sigaction *action)
{
	action->sa_handler = handle_once;
	action->sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
}

static const struct {
	const char *name;
	void (*set)(struct sigaction *action);
	bool is_handler;
} dispositions[] = {
	{"default", set_default, false}, {"ignored", set_ignored, false},
	{"siginfo", set_siginfo, true},  {"plain", set_plain, true},
	{"once", set_once, true},
};

/* --- where signals come from ------------------------------------------------------------------ */

static void from_raise(int signo)
{
	raise(signo);
}

static void from_queue(int signo)
{
	sigqueue(getpid(), signo, (union sigval){.sival_int = 42});
}

/* The parent sends it when this sleeps. */
static void from_parent(int signo)
{
	char byte;
	ssize_t size;

	(void)signo;
	say("\n");
	size = read(0, &byte, 1);
	say("read %d %s; ", (int)size, size < 0 ? strerrorname_np(errno) : "-");
}

static void from_fault(int signo)
{
	volatile int zero = 0;
	volatile char *file;
	static const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {COUNT(filter), (struct sock_filter *)filter};
	int fd;

	switch (signo) {
	case SIGSEGV: *(volatile int *)(uintptr_t)zero = 1; break;
	case SIGFPE: zero = 12 / zero; break;
	case SIGILL: __asm__ volatile("ud2"); break;
	case SIGTRAP: __asm__ volatile("int3"); break;
	case SIGBUS:
		fd = open("empty", O_RDWR | O_CREAT, 0600);
		file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		zero = file[0];
		break;
	case SIGABRT: abort();
	case SIGSYS:
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(97);
		getsid(0);
		break;
	default: _exit(96);
	}
}

static const struct {
	const char *name;
	void (*send)(int signo);
} sources[] = {
	{"raised", from_raise},
	{"queued", from_queue},
	{"parent", from_parent},
	{"fault", from_fault},
};

static bool has_fault(int signo)
{
	return signo == SIGSEGV || signo == SIGFPE || signo == SIGILL || signo == SIGTRAP ||
	       signo == SIGBUS || signo == SIGSYS || signo == SIGABRT;
}

/* --- one case --------------------------------------------------------------------------------- */

enum mode { WITHOUT, WITH, RECEIVER };

static void start(enum mode mode)
{
	struct ddcrash_config config = {.size = sizeof(config),
					.output = "stream",
					.signals = signals,
					.signals_count = COUNT(signals)};

	if (mode == RECEIVER)
		config.receiver.path = "./receiver";
	if (ddcrash_start(&config))
		_exit(95);
}

static _Noreturn void run(int signo, size_t disposition, size_t source, enum mode mode)
{
	struct sigaction action = {.sa_flags = 0};
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_CORE, &all);
	dispositions[disposition].set(&action);
	sigaction(signo, &action, NULL);
	if (mode != WITHOUT)
		start(mode);
	is_fault = sources[source].send == from_fault;
	errno = 77;
	if (!sigsetjmp(back, 1))
		sources[source].send(signo);
	say("errno %d mask %lx", errno, mask_now());
	_exit(0);
}

static void wait_for_sleep(pid_t pid)
{
	char path[64], text[256], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		int fd = open(path, O_RDONLY);
		ssize_t size = read(fd, text, sizeof(text) - 1);

		close(fd);
		if (size <= 0)
			return;
		text[size] = '\0';
		state = strrchr(text, ')')[2];
	}
}

/* Read what the process says up to its end, or to the end of the next piece. */
static bool listen_to(int fd, char *text, size_t size, bool to_end)
{
	size_t used = strlen(text);
	ssize_t result;

	while ((result = read(fd, text + used, size - used - 1)) > 0) {
		used += (size_t)result;
		text[used] = '\0';
		if (!to_end && used >= 1 && strchr("\n ", text[used - 1]))
			return true;
	}
	return false;
}

/* Whether there is a core file; it goes away. */
static bool take_core(void)
{
	DIR *folder = opendir(".");
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(folder)))
		if (!strncmp(entry->d_name, "core", 4))
			found |= !unlink(entry->d_name);
	closedir(folder);
	return found;
}

static const char *take_report(void)
{
	static char text[1 << 20];
	FILE *file = fopen("stream", "r");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (!file)
		return "none";
	fclose(file);
	unlink("stream");
	text[size] = '\0';
	return size > 19 && !strcmp(text + size - 19, "DD_CRASHTRACK_DONE\n") ? "whole" : "damaged";
}

static void print_end(int status, enum mode mode)
{
	if (WIFSIGNALED(status))
		printf("killed by %s%s", sigabbrev_np(WTERMSIG(status)),
		       WCOREDUMP(status) ? " with core" : "");
	else
		printf("exit %d", WEXITSTATUS(status));
	printf("%s", take_core() ? " file" : "");
	printf(mode != WITHOUT ? " | %s\n" : "\n", take_report());
	fflush(stdout);
}

static void try_case(int signo, size_t disposition, size_t source, enum mode mode)
{
	int in[2], out[2], status;
	char text[1024] = "";
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		exit(94);
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		close(in[1]);
		said = out[1];
		run(signo, disposition, source, mode);
	}
	close(out[1]);
	if (sources[source].send == from_parent && listen_to(out[0], text, sizeof(text), false)) {
		wait_for_sleep(pid);
		kill(pid, signo);
		/* The handler runs before the pipe is closed: whether read() is restarted shows. */
		if (dispositions[disposition].is_handler)
			listen_to(out[0], text, sizeof(text), false);
	}
	close(in[1]);
	listen_to(out[0], text, sizeof(text), true);
	close(in[0]);
	close(out[0]);
	waitpid(pid, &status, 0);
	for (char *at = text; (at = strchr(at, '\n'));)
		*at = ' ';
	printf("SIG%s %s %s: %s, ", sigabbrev_np(signo), dispositions[disposition].name,
	       sources[source].name, text);
	print_end(status, mode);
}

int main(int argc, char **argv)
{
	enum mode mode = WITHOUT;

	if (argc != 2)
		return 64;
	if (!strcmp(argv[1], "with"))
		mode = WITH;
	if (!strcmp(argv[1], "receiver"))
		mode = RECEIVER;

	for (size_t i = 0; i < COUNT(signals); i++)
		for (size_t j = 0; j < COUNT(dispositions); j++)
			for (size_t k = 0; k < COUNT(sources); k++)
				if (sources[k].send != from_fault || has_fault(signals[i]))
					try_case(signals[i], j, k, mode);
	return 0;
}
