/* SPDX-License-Identifier: Apache-2.0 */
/* Reading our own memory so that an address that is not mapped is an error and not a crash. */
#ifndef COLLECTOR_MEMORY_H
#define COLLECTOR_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Copy all `size` bytes at `address` of this process; 0, or a negative errno value. */
int memory_read(uint64_t address, void *buffer, size_t size);

/* Give back what reading opened. */
void memory_close(void);

#endif
