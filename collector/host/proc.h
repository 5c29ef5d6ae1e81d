/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc/PID. */
#ifndef HOST_PROC_H
#define HOST_PROC_H

#include <stddef.h>
#include <stdint.h>

#include <crashinfo/error.h>

#include "base/strbuf.h"

/* Read /proc/PID/`name`, not more than `max` bytes of it. OS, NO_MEMORY. */
struct crashinfo_error *proc_read(int pid, const char *name, size_t max, struct strbuf *ret);

/* "NUMBER -> TARGET" a line, by number; those behind the first `max` are counted only. A folder
 * that can't be read gives nothing. NO_MEMORY. */
struct crashinfo_error *proc_open_files(int pid, uint64_t max, struct strbuf *ret,
					size_t *left_out_ret);

#endif
