/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of exceptions that a language runtime did not handle. */
#ifndef COLLECTOR_EXCEPTION_H
#define COLLECTOR_EXCEPTION_H

#include "report.h"

bool exception_is(const struct crash *crash);
void exception_write_stack(struct writer *w, const struct crash *crash);

#endif
