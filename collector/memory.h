/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading this process's own memory through the kernel, so that a bad address is an answer and not
 * a second crash; and files in the same manner. Pages that were read are kept.
 */
#ifndef COLLECTOR_MEMORY_H
#define COLLECTOR_MEMORY_H

#include "unwind/unwind.h"

/* Forget what was read before. */
void memory_begin(void);
/* Release what reading took. */
void memory_end(void);

bool memory_read_own(void *context, uint64_t address, void *to, size_t size);
extern const struct unwind_memory own_memory;

/* The content of an open file, addressed by offset. */
struct unwind_memory memory_of_file(int fd);
/* Close the file and forget its pages. */
void memory_close_file(int fd);

#endif
