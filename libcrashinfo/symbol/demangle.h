/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYMBOL_DEMANGLE_H
#define SYMBOL_DEMANGLE_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Put the readable form of `name` into `ret`: C++ (Itanium), Rust (legacy and v0) and D. Parameters
 * of the function itself are left out, as the report format has it. False when the name is not
 * mangled, cannot be demangled or would become longer than `max` bytes; `ret` is empty then.
 */
bool demangle(const char *name, size_t max, struct strbuf *ret);

#endif
