/* SPDX-License-Identifier: Apache-2.0 */
/* Signal handlers: installing them, what they do, and getting out of the way afterwards. */
#ifndef COLLECTOR_HANDLER_H
#define COLLECTOR_HANDLER_H

#include "settings.h"

/* Install handlers for the settings' signals; `settings` must stay. A negative errno on failure. */
int handler_install(const struct settings *settings);

/* Put back what was there, where the handler is still ours. */
void handler_remove(void);

/* An alternate stack for the calling thread, unless it has one. A negative errno on failure. */
int handler_add_stack(void);
void handler_remove_stack(void);

#endif
