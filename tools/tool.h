/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every tool of the suite shares: options, help, messages, output and exit status.
 *
 * A tool is one table of options over a struct of its own:
 *
 *	struct parse_options {
 *		bool strict;
 *		enum parse_format format;
 *		struct tool_list debug_dirs;
 *	};
 *
 *	static const struct tool_option options[] = {
 *		{"format", 0, "FORMAT", "what to write", .choices = "json|ndjson|text",
 *		 TOOL_CHOICE(struct parse_options, format)},
 *		{"strict", 0, NULL, "stop at the first damaged line",
 *		 TOOL_FLAG(struct parse_options, strict)},
 *		{"debug-dir", 0, "DIR", "look for debug files here", .complete = TOOL_DIRS,
 *		 .alias = "debug-file-directory", TOOL_LIST(struct parse_options, debug_dirs)},
 *		{NULL},
 *	};
 *
 * and a main of three steps: tool_start() reads the command line into the struct (and ends the
 * program for --help, --version and usage errors), the work prints with tool_out(), tool_json() and
 * tool_failed(), and `return tool_finish(&tool, TOOL_OK)` flushes, commits -o and gives the status.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/render.h>

enum tool_status {
	TOOL_OK = 0,       /* done */
	TOOL_NEGATIVE = 1, /* done, and the verdict is no */
	TOOL_FAILED = 2,   /* could not do it */
	TOOL_USAGE = 64,   /* the command line makes no sense */
};

/* --- options (tool_options.c, tool_help.c) --- */

/* What a value is, for completion. */
enum tool_complete {
	TOOL_WORD,  /* nothing that could be listed */
	TOOL_FILES, /* a file (folders lead there) */
	TOOL_DIRS,
};

enum tool_kind {
	TOOL_KIND_SET,    /* takes no value: stores `set` in an int, unsigned or enum */
	TOOL_KIND_FLAG,   /* takes no value: stores true in a bool */
	TOOL_KIND_UNFLAG, /* takes no value: stores false in a bool */
	TOOL_KIND_COUNT,  /* takes no value: adds one to an int, from 0 */
	TOOL_KIND_STRING, /* const char *, pointing into argv */
	TOOL_KIND_LIST,   /* struct tool_list; may be given several times */
	TOOL_KIND_PAIRS, /* struct tool_list; A=B adds the two elements A, which is not empty, and B
			  */
	TOOL_KIND_CHOICE, /* the index among `choices`, in an int, unsigned or enum */
	TOOL_KIND_NUMBER, /* uint64_t, within `min` and `max` */
	TOOL_KIND_SIZE,   /* uint64_t, with suffix K, M, G or T */
};

struct tool_list {
	const char **data; /* pointing into argv */
	size_t count;
};

struct tool_option {
	const char *name;     /* without dashes */
	char letter;          /* 0: has no short form */
	const char *argument; /* name of the value in capitals, NULL when there is none */
	const char
		*help; /* lower case, no full stop; choices and default are added; NULL: hidden */
	enum tool_kind kind; /* this and `offset` through the macros below */
	size_t offset;
	int set;              /* TOOL_KIND_SET stores this */
	const char *choices;  /* "json|ndjson|text"; others are refused, with STRING and LIST too */
	const char *fallback; /* the default as help shows it */
	const char *implied; /* the argument may be left out (--lint[=SEVERITY]) and then is this */
	const char *group;   /* heading in the help; NULL: that of the row before */
	const char *alias;   /* a second long name */
	uint64_t min, max;   /* of a NUMBER or SIZE; max 0 is no bound */
	enum tool_complete complete;
};

#define TOOL_MEMBER_(kind_, type, member, ctype) \
	.kind = (kind_),                         \
	.offset = offsetof(type, member) +       \
		  0 * sizeof(char[sizeof(((type *)NULL)->member) == sizeof(ctype) ? 1 : -1])

#define TOOL_SET(type, member, value) TOOL_MEMBER_(TOOL_KIND_SET, type, member, int), .set = (value)
#define TOOL_FLAG(type, member)       TOOL_MEMBER_(TOOL_KIND_FLAG, type, member, bool)
#define TOOL_UNFLAG(type, member)     TOOL_MEMBER_(TOOL_KIND_UNFLAG, type, member, bool)
#define TOOL_COUNT(type, member)      TOOL_MEMBER_(TOOL_KIND_COUNT, type, member, int)
#define TOOL_STRING(type, member)     TOOL_MEMBER_(TOOL_KIND_STRING, type, member, char *)
#define TOOL_LIST(type, member)       TOOL_MEMBER_(TOOL_KIND_LIST, type, member, struct tool_list)
#define TOOL_PAIRS(type, member)      TOOL_MEMBER_(TOOL_KIND_PAIRS, type, member, struct tool_list)
#define TOOL_CHOICE(type, member)     TOOL_MEMBER_(TOOL_KIND_CHOICE, type, member, int)
#define TOOL_NUMBER(type, member)     TOOL_MEMBER_(TOOL_KIND_NUMBER, type, member, uint64_t)
#define TOOL_SIZE(type, member)       TOOL_MEMBER_(TOOL_KIND_SIZE, type, member, uint64_t)

/*
 * Options of tools that write reports with source lines, for the tool's table and struct:
 *
 *	struct tool_render_options render;
 *	TOOL_RENDER_OPTIONS(struct symbolize_options, render),
 */
struct tool_render_options {
	uint64_t context;
	struct tool_list source_dirs, path_maps; /* the latter pairs */
};

#define TOOL_RENDER_CONTEXT_MAX 1000
/* clang-format off */
#define TOOL_RENDER_OPTIONS(type, member)                                                            \
	{"context", 0, "N", "show N source lines around each frame of the crashed thread",         \
	 TOOL_NUMBER(type, member.context), .max = TOOL_RENDER_CONTEXT_MAX, .fallback = "0"},        \
	{"source-dir", 0, "DIR", "look for source files here and nowhere else",                    \
	 TOOL_LIST(type, member.source_dirs), .complete = TOOL_DIRS},                              \
	{"path-map", 0, "OLD=NEW", "look for sources in the folder OLD as if in NEW",              \
	 TOOL_PAIRS(type, member.path_maps)}
/* clang-format on */

/*
 * Options of tools that pass reports on, for the tool's table and struct; see tool_scrub_open().
 */
struct tool_scrub_options {
	struct tool_list rules;
	const char *manifest;
};

/* clang-format off */
#define TOOL_SCRUB_OPTIONS(type, member)                                                             \
	{"scrub", 0, "RULES", "remove secrets and personal data: secrets, personal, network, all, "  \
	 "default, files of rules, check",                                                           \
	 TOOL_LIST(type, member.rules), .complete = TOOL_FILES, .group = "Scrubbing"},               \
	{"scrub-manifest", 0, "FILE", "write a line of JSON for each place where something was",     \
	 TOOL_STRING(type, member.manifest), .complete = TOOL_FILES}
/* clang-format on */

/* Which of the common options a tool has besides --help and --version; offer what is honoured. */
enum tool_common {
	TOOL_HAS_OUTPUT = 1 << 0,   /* -o, --output */
	TOOL_HAS_LAYOUT = 1 << 1,   /* --pretty, --compact */
	TOOL_HAS_VERBOSE = 1 << 2,  /* -q, --quiet and -v, --verbose */
	TOOL_HAS_COLOR = 1 << 3,    /* --color */
	TOOL_HAS_PROGRESS = 1 << 4, /* --progress */
	TOOL_HAS_JOBS = 1 << 5,     /* -j, --jobs */
};

struct tool_program {
	const char *name;            /* "ddcrash-parse" */
	const char *summary;         /* one sentence */
	const char *operands;        /* "[INPUT...]" as the usage line shows it; NULL: takes none */
	enum tool_complete complete; /* of operands */
	const struct tool_option *options; /* ends with a row without name */
	unsigned common;                   /* TOOL_HAS_... */
};

enum tool_layout { TOOL_LAYOUT_AUTO, TOOL_LAYOUT_PRETTY, TOOL_LAYOUT_COMPACT };
enum tool_when { TOOL_AUTO, TOOL_ALWAYS, TOOL_NEVER };
enum tool_action { TOOL_ACTION_RUN, TOOL_ACTION_HELP, TOOL_ACTION_VERSION, TOOL_ACTION_DUMP };

struct tool {
	const struct tool_program *program;
	struct tool_list operands; /* "-" is one */

	/* values of the common options */
	const char *output; /* NULL: standard output */
	enum tool_layout layout;
	int verbosity; /* -1 quiet, 0, 1 verbose, 2 more */
	enum tool_when color, progress;
	uint64_t jobs;

	/* default limits, and a log that prints as --quiet and --verbose say */
	struct crashinfo_context context;

	bool ndjson; /* the tool sets it: tool_json() writes one line each, whatever --pretty says
		      */

	/* private */
	enum tool_action action;
	void *values;
	FILE *out;
	struct crashinfo_file *file;
	char *held;
	size_t held_size, documents;
	const char *out_end; /* goes behind the last document; NULL for nothing */
	int out_errno;       /* of the first failed write */
	uint64_t out_bytes;  /* written */
	bool failed, progress_shown;
	int64_t progress_start, progress_last;
};

/*
 * Read the command line: the tool's own options into `values` (whose members have their defaults),
 * the rest into `tool`. Ends the program for --help, --version and usage errors. Also makes sure
 * that descriptors 0 to 2 are open and ignores SIGPIPE, so that a closed pipe is a write error.
 */
void tool_start(struct tool *tool, const struct tool_program *program, int argc, char **argv,
		void *values);

/* Print one line and "Try ... --help", then exit 64; for what a table cannot express. */
void tool_usage(struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Parts of tool_start() and tool_finish(). */

/*
 * Option `index` of a program: its own, then the common ones it has; NULL behind the last.
 * `*common_ret` says whether its value is in struct tool.
 */
const struct tool_option *tool_option_at(const struct tool_program *program, size_t index,
					 bool *common_ret);
/* Whether the option's value is a list, so that it may be given several times. */
bool tool_option_repeats(const struct tool_option *option);
void tool_parse(struct tool *tool, int argc, char **argv);
void tool_parse_free(struct tool *tool);
void tool_help(const struct tool_program *program, FILE *f);
/* The table for completions/generate: lines of tab-separated fields. */
void tool_dump_options(const struct tool_program *program, FILE *f);

/* --- messages (tool_message.c): one escaped line on standard error --- */

/*
 * Print `error` as "NAME: error: source:line:column: message", free it, and make tool_finish() give
 * TOOL_FAILED. Returns whether there was an error, so a call can be wrapped.
 */
bool tool_failed(struct tool *tool, struct crashinfo_error *error);
/* Whether tool_finish() will give TOOL_FAILED. */
bool tool_has_failed(const struct tool *tool);
/* As tool_failed() for a text. */
void tool_error(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Not with --quiet, and no change of status. */
void tool_warning(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error that does not count; frees it. */
void tool_warn(struct tool *tool, struct crashinfo_error *error);
/* What the tool did, not with --quiet. */
void tool_note(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Only with --verbose. */
void tool_detail(struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Show "WHAT: done of total" (total 0: unknown) as --progress says: after a second of work, ten
 * times a second at most, on one line that is gone when the next message or the end comes.
 */
void tool_progress(struct tool *tool, const char *what, uint64_t done, uint64_t total);
/* Remove the line; the next tool_progress() is about other work. */
void tool_progress_end(struct tool *tool);

/* --- output (tool_output.c) --- */

/*
 * Where data goes: standard output, or the file of -o, which appears when the tool finishes. Write
 * errors are found by tool_finish(). Ends the program when the file cannot be created.
 */
FILE *tool_out(struct tool *tool);
/* A write failed already, so there is no use in going on. */
bool tool_out_failed(struct tool *tool);
/*
 * Write one JSON document and a newline, laid out as --pretty and --compact say: pretty by default
 * for a single one on a terminal, else one line each.
 */
void tool_json(struct tool *tool, const char *text, size_t size);
/*
 * Write a report for people: coloured and fitted as the output is, with all details under
 * --verbose, an empty line apart from the one before. `options` may be NULL. Calls tool_failed().
 */
void tool_render(struct tool *tool, struct crashinfo_report *report,
		 enum crashinfo_render_format format, const struct tool_render_options *options);
/* --- scrubbing (tool_scrub.c) --- */

struct tool_scrub;

/* NULL without --scrub. Ends the program when the rules cannot be used. */
struct tool_scrub *tool_scrub_open(struct tool *tool, const struct tool_scrub_options *options);
/* Whether --scrub=check only looks. */
bool tool_scrub_checks(const struct tool_scrub *scrub);
/*
 * Scrub a report and tell what was found. With something found, and no check, `*ret` is a new report
 * over the new text; else neither changes. After an error the report must not be passed on.
 */
struct crashinfo_error *tool_scrub_report(struct tool *tool, struct tool_scrub *scrub,
					  const char *name, const struct crashinfo_report *report,
					  bool *found, char **text_ret, size_t *size_ret,
					  struct crashinfo_report **ret);
/* Complete the manifest. NULL is a no-op. */
void tool_scrub_close(struct tool *tool, struct tool_scrub *scrub);

/* Whether what tool_out() gets goes to a terminal. */
bool tool_on_terminal(const struct tool *tool);
/* Whether to colour it. */
bool tool_color(const struct tool *tool);
/* Columns of that terminal, 0 when there is none. */
unsigned tool_width(const struct tool *tool);
/* End of the program: flush, commit, clean up; `return` its value from main. */
int tool_finish(struct tool *tool, enum tool_status status);

#endif
