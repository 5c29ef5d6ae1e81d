/* SPDX-License-Identifier: Apache-2.0 */
/* The section with the message. */
#ifndef COLLECTOR_MESSAGE_H
#define COLLECTOR_MESSAGE_H

#include "report.h"

/* Find out whether there is one, before it is written. */
bool message_is_known(const struct crash *crash);
void message_write(struct writer *w, const struct crash *crash);

#endif
