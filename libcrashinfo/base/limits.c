/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/context.h>

#include "base/limits.h"

#define KIB (1024u)
#define MIB (1024u * 1024u)
#define GIB (1024u * 1024u * 1024u)

static const struct crashinfo_limits default_limits = {
	/* JSON offsets are 32 bits wide; reports above a few MiB are refused by every intake. */
	.input_bytes = 2u * GIB,
	/* Each is found by counting lines up to it; more tell nothing new. */
	.input_errors = 100,
	/* Ten times the largest report that the tests know; memory for one member at a time. */
	.member_bytes = 512u * MIB,
	/* A day of a large fleet has about 10^5 crashes. */
	.archive_members = 1000000,
	/* A million reports of 64 KiB; at the speed of zstd it takes a few minutes. */
	.archive_bytes = 64u * (size_t)GIB,
	/* Copies of one report shrink to a 7,000th in xz; archives nested to do harm to a
	   billionth. */
	.archive_ratio = 20000,
	/* A zip in a tar.gz in a 7z is four; what needs more is meant to do harm. */
	.archive_depth = 8,
	/* The directory of a zip with a million members and names of 80 bytes; twice what xz -9 and
	   as much as zstd --long need. */
	.archive_header_bytes = 128u * MIB,
	/* The reader keeps one word per open bracket; real reports nest about ten deep. */
	.json_depth = 10000,
	/* Node indexes are 32 bits wide, and 16 bytes each are 4 GiB at this count. */
	.json_nodes = 256u * MIB,
	/* A whole stack on one line stays far below; protects the line buffer. */
	.stream_line_bytes = 16u * MIB,
	/* Emitters stop at 512 frames; deep recursions from other producers still fit. */
	.stream_frames = 8192,
	/* Four counters and one file are usual; a stream of garbage must not fill a report. */
	.stream_entries = 10000,
	/* Maps of huge processes and additional files fit; protects memory of a receiver. */
	.stream_report_bytes = 256u * MIB,
	/* vm.max_map_count is 65,530 by default and 1,048,576 on tuned hosts. */
	.maps_entries = 1048576,
	/* As stream_frames, for reports that did not come from a stream. */
	.stack_frames = 8192,
	/* The deepest inline nesting seen in Chromium and rustc is below 60. */
	.inline_depth = 256,
	/* A full Debian -dbg mirror tree has about 10^5 files. */
	.tree_files = 2000000,
	/* Deeper trees are cycles of bind mounts or attacks. */
	.tree_depth = 64,
	/* Chromium's debug files are below it, and the disk must not be filled. */
	.download_bytes = 4u * (size_t)GIB,
	/* Chromium's inflated .debug_info is below 4 GiB. */
	.inflated_bytes = 4u * (size_t)GIB,
	/* Chromium's together are half of it; beyond, the names of symbol tables must do. */
	.symbol_bytes = 16u * (size_t)GIB,
	/* Below, memory counts less than the second reading that a reference may cost. */
	.windowed_bytes = 64u * MIB,
	/* C++ templates reach 100 KiB; demanglers can turn 1 KiB into gigabytes. */
	.demangled_bytes = 1u * MIB,
	/* A stack of 40 frames of such templates is 4 MiB; one long name in a file can be that of
	   every frame of every address. */
	.long_names_bytes = 256u * MIB,
	/* Notes hold ids and properties, a few hundred bytes. */
	.note_bytes = 1u * MIB,
	/* The kernel stops at 4 MiB, at 16 MiB when it is told to. */
	.core_note_bytes = 16u * MIB,
	/* Far above what runs well on any machine; a thread with its stack takes a few KiB. */
	.core_threads = 65536,
	/* About a second; patterns meant well need a few steps per byte. */
	.pattern_steps = 10000000,
	/* Each is tried on each string of a report. */
	.scrub_rules = 1000,
	/* Patterns meant well take some for a megabyte. */
	.scrub_milliseconds = 5000,
	/* Schemas meant well try ten; beyond, nested alternatives multiply. */
	.schema_steps = 1000,
};

struct crashinfo_limits crashinfo_limits_default(void)
{
	return default_limits;
}

const struct crashinfo_limits *limits_of(const struct crashinfo_context *context)
{
	return context ? &context->limits : &default_limits;
}
