/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_OUTPUT_H
#define COLLECTOR_OUTPUT_H

#include <stdbool.h>

/* Whether the %-sequences of an output name are all known. */
bool output_is_valid(const char *name);

/* Create the file that the configured name stands for; the descriptor or -errno. */
int output_open(const char *name, int signo);
/* The name of the file that was opened last. */
const char *output_path(void);

#endif
