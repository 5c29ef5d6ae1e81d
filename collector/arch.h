/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COLLECTOR_ARCH_H
#define COLLECTOR_ARCH_H

#if defined(__x86_64__)
#include "x86_64.h"
#elif defined(__aarch64__)
#include "aarch64.h"
#else
#error "the collector does not know this architecture"
#endif

#endif
