/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a report under construction; builder.c fills them, builder_finish.c joins them. */
#ifndef REPORT_BUILDER_H
#define REPORT_BUILDER_H

#include <cJSON.h>

#include <crashinfo/convert.h>
#include <crashinfo/report.h>

/* Objects that members are put into; JSON text is kept as raw nodes, so it stays exact. */
struct crashinfo_report_builder {
	struct crashinfo_context context;
	const char *version; /* static */
	cJSON *root;         /* members of the root but the ones below */
	cJSON *error;        /* members of error but stack, threads */
	cJSON *experimental; /* NULL until a member is set */
	cJSON *counters, *files;
	cJSON *frames;  /* of error.stack when built frame by frame, else NULL */
	cJSON *threads; /* NULL until one is added */
	cJSON *log;
	cJSON *file;                             /* the one that lines go to, owned by `files` */
	bool stack_ended;                        /* no more frames are expected */
	struct crashinfo_conversion *conversion; /* after finish, of another version */
};

/* The newest version, which building is done in. */
#define REPORT_NEWEST "1.8"

#endif
