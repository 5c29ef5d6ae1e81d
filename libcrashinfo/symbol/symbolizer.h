/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOL_SYMBOLIZER_H
#define SYMBOL_SYMBOLIZER_H

#include <crashinfo/symbol.h>

/* The finder that the symbolizer was made with, NULL when it has none. */
struct crashinfo_finder *symbolizer_finder(const struct crashinfo_symbolizer *symbolizer);

/* Threads that may be used, at least one. */
unsigned symbolizer_jobs(const struct crashinfo_symbolizer *symbolizer);

#endif
