/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	matrix --list               the scenarios and their stacks
 *	matrix SCENARIO [STREAM]    dies; with STREAM the collector writes to that file
 *
 * With LEAVE_STACK in the environment the collector copies the stack and does not follow it, with
 * RECEIVER it starts that program, which writes a report to "received.json".
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ddcrash.h"
#include "matrix.h"

volatile int sink;
const char *output;
static int *volatile null_pointer;

__attribute__((noreturn)) void not_here(void)
{
	_exit(77);
}

static void start(struct ddcrash_config *config)
{
	static const char *const arguments[] = {"ddcrash-receiver", "-o", "received.json"};
	static int is_started;

	config->size = sizeof(*config);
	config->metadata.library_name = "matrix";
	config->metadata.library_version = "1";
	config->flags = getenv("LEAVE_STACK") ? DDCRASH_LEAVE_STACK : 0;
	config->receiver.path = getenv("RECEIVER");
	config->receiver.args = arguments;
	config->receiver.args_count = 3;
	if (output && !is_started++ && ddcrash_start(config))
		_exit(65);
}

void start_collector(void)
{
	struct ddcrash_config config = {.output = output};

	start(&config);
}

void start_collector_with_descriptor(void)
{
	struct ddcrash_config config = {0};

	if (output)
		config.output_fd = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	start(&config);
}

NOINLINE void write_null(void)
{
	*null_pointer = 1;
}

NOINLINE void inner(void (*how)(void))
{
	how();
	NOT_A_TAIL_CALL();
	sink++;
}

NOINLINE void outer(void (*how)(void))
{
	volatile char padding[200];

	padding[sink & 63] = 1;
	inner(how);
	NOT_A_TAIL_CALL();
	sink += padding[sink & 63];
}

NOINLINE int recurse(int depth)
{
	volatile char padding[64];

	padding[0] = (char)depth;
	if (depth == 1) {
		write_null();
		return 0;
	}
	return recurse(depth - 1) + padding[0];
}

/* Those that happen often come first. */
#define OFTEN 7
static const struct scenario *const tables[] = {
	fault_scenarios,       code_scenarios,   library_scenarios,
	signal_scenarios,      thread_scenarios, process_scenarios,
	surrounding_scenarios, odd_scenarios,    confined_scenarios};

static const struct scenario *find(const char *name, int is_list)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct scenario *s = tables[i]; s->name; s++) {
			if (is_list)
				printf("%s|%s%s|%s%s\n", s->name, s->stack,
				       s->run ? "" : " inner outer main",
				       s->end ? s->end : AT_START, i < OFTEN ? "" : "|seldom");
			else if (!strcmp(s->name, name))
				return s;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct scenario *scenario;

	if (argc < 2)
		return 64;
	scenario = find(argv[1], !strcmp(argv[1], "--list"));
	if (!scenario)
		return strcmp(argv[1], "--list") ? 64 : 0;
	output = argc > 2 ? argv[2] : NULL;
	if (!scenario->starts_itself)
		start_collector();
	if (scenario->run)
		scenario->run();
	else
		outer(scenario->how);
	NOT_A_TAIL_CALL();
	return 0;
}
