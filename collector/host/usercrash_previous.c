/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler that core_pattern named before: it gets the core file and the arguments as if the
 * kernel had run it. A pattern that is no program is for files, which only the kernel makes.
 */
#include "host/usercrash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "host/proc.h"

/* The kernel's own limit is 128. */
#define PATTERN_MAX   4096
#define ARGUMENTS_MAX 64
#define COPY_BYTES    65536
#define STATUS_MAX    65536

extern char **environ;

/* --- arguments -------------------------------------------------------------------------------- */

/* Field `nth` of a line of /proc/PID/status, "" when it is not there; the last one for -1. */
static void status_field(int pid, const char *line, int nth, struct strbuf *ret)
{
	struct strbuf text _strbuf_ = {0};
	_error_ struct crashinfo_error *error = proc_read(pid, "status", STATUS_MAX, &text);
	const char *at;

	strbuf_addc(&text, '\0');
	at = error || text.failed ? NULL : strstr(text.data, line);
	if (!at)
		return;
	at += strlen(line);
	for (int i = 0; *at == '\t'; i++) {
		size_t size = strcspn(++at, "\t\n");

		if (i == nth || (nth < 0 && at[size] != '\t'))
			strbuf_add(ret, at, size);
		at += size;
	}
}

static void add_exe(int pid, bool whole, struct strbuf *ret)
{
	char link[32], target[PATH_MAX];
	const char *name = target;
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	size = readlink(link, target, sizeof(target) - 1);
	target[size < 0 ? 0 : size] = '\0';
	if (!whole && strrchr(target, '/'))
		name = strrchr(target, '/') + 1;
	for (; *name; name++)
		strbuf_addc(ret, *name == '/' ? '!' : *name);
}

static void add_text(struct strbuf *ret, const char *text)
{
	if (text)
		strbuf_adds(ret, text);
}

static void add_value(const struct crash *crash, char specifier, struct strbuf *ret)
{
	switch (specifier) {
	case '%': strbuf_addc(ret, '%'); break;
	case 'P': strbuf_addf(ret, "%d", crash->pid); break;
	case 'I': strbuf_addf(ret, "%d", crash->tid); break;
	case 'p': status_field(crash->pid, "\nNSpid:", -1, ret); break;
	/* without the thread's own file that of the first thread */
	case 'i': status_field(crash->tid ? crash->tid : crash->pid, "\nNSpid:", -1, ret); break;
	case 'u': status_field(crash->pid, "\nUid:", 0, ret); break;
	case 'g': status_field(crash->pid, "\nGid:", 0, ret); break;
	case 's': strbuf_addf(ret, "%d", crash->signal); break;
	case 't': strbuf_addf(ret, "%jd", (intmax_t)crash->time); break;
	case 'c': add_text(ret, crash->limit); break;
	case 'd': add_text(ret, crash->dumpable); break;
	case 'h': add_text(ret, crash->host); break;
	case 'e': add_text(ret, crash->comm); break;
	case 'f': add_exe(crash->pid, false, ret); break;
	case 'E': add_exe(crash->pid, true, ret); break;
	default: break; /* as the kernel does with those it does not know */
	}
}

struct arguments {
	char *values[ARGUMENTS_MAX + 1];
	size_t count;
};

static void arguments_free(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->count; i++)
		free(arguments->values[i]);
}

/* As the kernel does: split at blanks first, so that a value with blanks stays one argument. */
static bool expand(const char *pattern, const struct crash *crash, struct arguments *ret)
{
	while (*pattern && ret->count < ARGUMENTS_MAX) {
		struct strbuf value _strbuf_ = {0};

		pattern += strspn(pattern, " \t\n");
		if (!*pattern)
			break;
		for (; *pattern && !strchr(" \t\n", *pattern); pattern++) {
			if (*pattern != '%' || !pattern[1])
				strbuf_addc(&value, *pattern);
			else
				add_value(crash, *++pattern, &value);
		}
		strbuf_reserve(&value, 1);
		ret->values[ret->count] = strbuf_steal(&value);
		if (!ret->values[ret->count++])
			return false;
	}
	return ret->count && ret->values[0][0] == '/';
}

/* --- the core file ---------------------------------------------------------------------------- */

static bool write_all(int fd, const char *bytes, size_t size)
{
	_error_ struct crashinfo_error *error = io_write_all(fd, bytes, size);

	return !error;
}

/* What was read before, then the rest of it. */
static void feed(const struct crash *crash, int input, int to)
{
	char buffer[COPY_BYTES];
	off_t at = 0;
	ssize_t got;

	while (crash->head.fd >= 0 &&
	       (got = pread(crash->head.fd, buffer, sizeof(buffer), at)) > 0) {
		if (!write_all(to, buffer, (size_t)got))
			return;
		at += got;
	}
	for (;;) {
		got = splice(input, NULL, to, NULL, COPY_BYTES, 0);
		if (got < 0 && errno == EINVAL) {
			got = read(input, buffer, sizeof(buffer));
			if (got > 0 && !write_all(to, buffer, (size_t)got))
				return;
		}
		if (got == 0 || (got < 0 && errno != EINTR))
			return;
	}
}

static struct crashinfo_error *run(char *const *arguments, const struct crash *crash, int input)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], failed, status;
	sigset_t defaults;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return crashinfo_error_from_errno(errno, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	/* we ignore SIGPIPE, and that would be inherited */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	failed = posix_spawn(&child, arguments[0], &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (!failed)
		feed(crash, input, ends[1]);
	close(ends[1]);
	if (failed)
		return crashinfo_error_from_errno(failed, "cannot run %s", arguments[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return NULL;
}

/* What it names is run with our rights. */
static struct crashinfo_error *check_owner(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return crashinfo_error_from_errno(errno, "cannot look at %s", path);
	if ((st.st_uid && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return crashinfo_error_create(CRASHINFO_ERROR_OTHER,
					      "%s: others can write to it, so it is not used",
					      path);
	return NULL;
}

struct crashinfo_error *usercrash_previous(const char *path, const struct crash *crash, int input)
{
	__attribute__((cleanup(arguments_free))) struct arguments arguments = {.count = 0};
	struct strbuf pattern _strbuf_ = {0};
	struct crashinfo_error *error = check_owner(path);

	if (!error)
		error = io_read_file(path, PATTERN_MAX, &pattern);
	strbuf_addc(&pattern, '\0');
	if (!error)
		error = strbuf_error(&pattern);
	if (error || pattern.data[0] != '|')
		return error;
	if (!expand(pattern.data + 1, crash, &arguments))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "%s: no program in the pattern", path);
	return run(arguments.values, crash, input);
}
