/* SPDX-License-Identifier: Apache-2.0 */
/* Making reports smaller, the least useful part first. */
#ifndef UPLOAD_TRIM_H
#define UPLOAD_TRIM_H

#include <crashinfo/report.h>

enum trim_step {
	TRIM_FILES,   /* the content of files, the largest first, as far as needed */
	TRIM_RAW,     /* ucontext.raw */
	TRIM_THREADS, /* threads beyond the 64th */
	TRIM_FRAMES,  /* frames beyond the 512th of each stack */
	TRIM_STEPS,
};

/*
 * The text of `report` without what `step` leaves out, `excess` bytes if it can; malloc'd. A log
 * message of the report says what is gone, and the report is incomplete. `*ret` is NULL when there
 * is nothing to leave out.
 */
struct crashinfo_error *trim_report(const struct crashinfo_report *report, enum trim_step step,
				    size_t excess, char **ret, size_t *size_ret);

#endif
