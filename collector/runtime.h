/* SPDX-License-Identifier: Apache-2.0 */
/* Sections with the stack of a language runtime. */
#ifndef COLLECTOR_RUNTIME_H
#define COLLECTOR_RUNTIME_H

#include "report.h"

bool runtime_has_frames(const struct crash *crash);
bool runtime_has_string(const struct crash *crash);
void runtime_write_frames(struct writer *w, const struct crash *crash);
void runtime_write_string(struct writer *w, const struct crash *crash);

#endif
