/* SPDX-License-Identifier: Apache-2.0 */
#include "alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include "suite.h"

/* Threads of the library may allocate too. */
static atomic_long countdown = -1; /* allocations that still succeed, -1: all */
static atomic_bool forever, reached;

void alloc_fail(unsigned n, bool onwards)
{
	forever = onwards;
	reached = false;
	countdown = n;
}

bool alloc_restore(void)
{
	countdown = -1;
	return reached;
}

static bool fails(void)
{
	long left = countdown;

	while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1))
		;
	if (left)
		return false;
	reached = true;
	errno = ENOMEM;
	if (!forever)
		countdown = -1;
	return true;
}

/* Whether the run came to the allocation that fails. */
static bool fail_one(struct crashinfo_error *(*work)(void *), void *argument, unsigned n,
		     bool onwards)
{
	struct crashinfo_error *error;
	bool failed;

	alloc_fail(n, onwards);
	error = work(argument);
	failed = alloc_restore();
	ck_assert_msg(!error || (failed && error->code == CRASHINFO_ERROR_NO_MEMORY),
		      "allocation %u failed%s: %s", n, onwards ? " with all after it" : "",
		      error ? error->message : "");
	crashinfo_error_destroy(error);
	return failed;
}

unsigned alloc_fail_each(struct crashinfo_error *(*work)(void *), void *argument)
{
	unsigned n = 0;

	while (fail_one(work, argument, n, false)) {
		fail_one(work, argument, n, true);
		n++;
	}
	return n;
}

/* --- what the linker puts in place of the functions of libc
 * --------------------------------------- */

#define WRAP(type, name, parameters, arguments) \
	type __real_##name parameters;          \
	type __wrap_##name parameters;          \
	type __wrap_##name parameters           \
	{                                       \
		if (fails())                    \
			return NULL;            \
		return __real_##name arguments; \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, (void *p, size_t count, size_t size), (p, count, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t size), (text, size))

/* asprintf() and its fortified form end up in the one that takes a va_list. */
int __real_vasprintf(char **ret, const char *format, va_list args);
int __wrap_vasprintf(char **ret, const char *format, va_list args);
int __wrap_asprintf(char **ret, const char *format, ...);
int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args);
int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...);

int __wrap_vasprintf(char **ret, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(ret, format, args);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return length;
}

int __wrap___vasprintf_chk(char **ret, int flag, const char *format, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(ret, format, args);
}

int __wrap___asprintf_chk(char **ret, int flag, const char *format, ...)
{
	va_list args;
	int length;

	(void)flag;
	va_start(args, format);
	length = __wrap_vasprintf(ret, format, args);
	va_end(args);
	return length;
}
