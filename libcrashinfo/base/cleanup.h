/* SPDX-License-Identifier: Apache-2.0 */
/* Scope guards: a variable that frees what it holds when it leaves its scope. */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <crashinfo/error.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Take the value out of a guarded pointer, so that the guard frees nothing. */
#define steal_ptr(p)                                  \
	({                                            \
		__typeof__(p) *steal_from_ = &(p);    \
		__typeof__(p) stolen_ = *steal_from_; \
		*steal_from_ = NULL;                  \
		stolen_;                              \
	})

#define steal_fd(fd)                        \
	({                                  \
		int *steal_from_ = &(fd);   \
		int stolen_ = *steal_from_; \
		*steal_from_ = -1;          \
		stolen_;                    \
	})

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_error(struct crashinfo_error **e)
{
	crashinfo_error_destroy(*e);
}

#define _free_   _cleanup_(cleanup_free)
#define _close_  _cleanup_(cleanup_close)
#define _fclose_ _cleanup_(cleanup_fclose)
#define _error_  _cleanup_(cleanup_error)

#endif
