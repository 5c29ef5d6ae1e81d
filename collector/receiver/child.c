/* SPDX-License-Identifier: Apache-2.0 */
/* Running the tools beside the receiver. Files in memory keep either side from waiting. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "receiver/receiver.h"

/* Between two looks at whether it has ended. */
#define PAUSE_NS 500000

static bool write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		size -= (size_t)written;
	}
	return true;
}

static int make_input(const char *text, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && write_all(fd, text, size) && !lseek(fd, 0, SEEK_SET))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool read_output(int fd, struct child_output *ret)
{
	struct stat status;
	char *text;
	ssize_t got;

	if (fstat(fd, &status))
		return false;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return false;
	got = pread(fd, text, (size_t)status.st_size, 0);
	if (got != status.st_size) {
		free(text);
		return false;
	}
	text[got] = '\0';
	*ret = (struct child_output){text, (size_t)got};
	return true;
}

static void execute(const struct receiver *receiver, const char *const *argv, int input, int output)
{
	char path[4096];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* It ends with us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/%s", receiver->tools_dir, argv[0]);
	if (dup2(input, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(output, STDOUT_FILENO) == STDOUT_FILENO)
		execv(path, (char *const *)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The status of the child; false when it took too long and was ended. */
static bool wait_child(pid_t pid, uint64_t timeout_ms, int *status_ret)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	uint64_t deadline = now_ms() + timeout_ms;

	while (!waitpid(pid, status_ret, WNOHANG)) {
		if (now_ms() >= deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, status_ret, 0);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}

static bool judge(const char *tool, int status, char reason[CHILD_REASON_MAX])
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status))
		snprintf(reason, CHILD_REASON_MAX, "%s died of %s", tool,
			 strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
		snprintf(reason, CHILD_REASON_MAX, "%s is not there or can't be run", tool);
	else
		snprintf(reason, CHILD_REASON_MAX, "%s ended with status %d", tool,
			 WEXITSTATUS(status));
	return false;
}

void child_find_tools(struct receiver *receiver)
{
	char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	path[size < 0 ? 0 : size] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	receiver->tools_dir = strdup(slash ? path : "/usr/bin");
}

bool child_run(const struct receiver *receiver, const char *const *argv, const char *input,
	       size_t size, uint64_t timeout_ms, struct child_output *ret,
	       char reason[CHILD_REASON_MAX])
{
	int from = make_input(input, size), to = memfd_create("output", MFD_CLOEXEC), status = 0;
	pid_t pid = from < 0 || to < 0 ? -1 : fork();
	bool succeeded = false;

	if (!pid)
		execute(receiver, argv, from, to);
	if (pid < 0)
		snprintf(reason, CHILD_REASON_MAX, "%s: %s", argv[0], strerror(errno));
	else if (!wait_child(pid, timeout_ms, &status))
		snprintf(reason, CHILD_REASON_MAX, "Timeout: %s took more than %ju ms", argv[0],
			 (uintmax_t)timeout_ms);
	else if (judge(argv[0], status, reason))
		succeeded = read_output(to, ret);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return succeeded;
}
