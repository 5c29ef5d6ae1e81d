/* SPDX-License-Identifier: Apache-2.0 */
/* The threads in the notes of a core file, for a process that still is there. */
#ifndef DUMP_CORE_THREADS_H
#define DUMP_CORE_THREADS_H

#include "dump/dump.h"

/*
 * Take threads, signal and process id of the core file `fd`, of which only the headers and notes
 * have to be there; the first thread is the one that crashed. `auxv_ret` gets what the kernel gave
 * the program at its start, "TYPE 0xVALUE" a line, nothing when there is no such note: no two
 * processes have the same. As crashinfo_core_report().
 */
struct crashinfo_error *dump_core_threads(const struct crashinfo_context *context, int fd,
					  struct dump *to, struct strbuf *auxv_ret);

#endif
