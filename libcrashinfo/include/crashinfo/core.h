/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core files: ELF files of type ET_CORE as the kernel, gcore and others write them, whole or cut
 * off, of x86-64 (stacks of other 64-bit little-endian architectures are not followed).
 *
 * A core holds what a process has written, rarely the code it ran. Code and unwind information come
 * from the files of its modules: those of the finder and the program that is named, nothing else.
 * A file is used when its build id is the one in the core; where the core has no page of a module
 * that tells, a program must fit the recorded entry point and a library just have the path.
 */
#ifndef CRASHINFO_CORE_H
#define CRASHINFO_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/module.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crashinfo_core_options {
	struct crashinfo_finder *finder; /* NULL: no files but `exe` */
	const char *exe;                 /* file of the program; NULL: none */
	const char *timestamp;           /* when it crashed; NULL: now */
	const char *uuid;                /* NULL: derived from the content */
};

struct crashinfo_core_stats {
	uint64_t threads;       /* in the report */
	uint64_t missing_bytes; /* of the core file, that its headers promise */
	uint64_t missing_files; /* modules that were needed and have no usable file */
	bool exe_unused;        /* the file named is not the program that crashed */
};

/*
 * The report of the core file open at `fd`, which must be seekable and stays open: compact JSON,
 * malloc'd. What is missing is said in the report (comments of frames, log_messages, incomplete).
 * FORMAT when it is no core file, UNSUPPORTED for 32 bits and big-endian ones, OS, LIMIT.
 * `options` and `stats` may be NULL.
 */
struct crashinfo_error *crashinfo_core_report(const struct crashinfo_context *context, int fd,
					      const struct crashinfo_core_options *options,
					      char **ret, size_t *size_ret,
					      struct crashinfo_core_stats *stats);

/* Whether `bytes` are the beginning of a core file; for sniffing inputs. */
bool crashinfo_core_sniff(const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
