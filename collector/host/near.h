/* SPDX-License-Identifier: Apache-2.0 */
/* Memory around what the registers of a thread point to. */
#ifndef HOST_NEAR_H
#define HOST_NEAR_H

#include "host/live.h"

/* Copy it while the process is stopped. */
void near_copy(struct live *live, const struct process_thread *thread);
/* Add it as files "memory near REGISTER" of the report: 16 bytes a line. */
struct crashinfo_error *near_report(struct live *live, const struct dump_thread *thread,
				    struct crashinfo_report_builder *builder);

#endif
