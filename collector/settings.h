/* SPDX-License-Identifier: Apache-2.0 */
/* What a start was configured with, kept in memory of our own until the crash. */
#ifndef COLLECTOR_SETTINGS_H
#define COLLECTOR_SETTINGS_H

#include <stdbool.h>

#include "ddcrash.h"

#define SETTINGS_MAX_SIGNALS 32
#define SETTINGS_MAX_TAGS    128
#define SETTINGS_MAX_TEXT    16384
#define SETTINGS_MAX_PATH    4096
#define SETTINGS_MAX_MESSAGE 1024

struct settings {
	char output[SETTINGS_MAX_PATH]; /* "" to use output_fd */
	int output_fd;
	bool altstack;
	const char *library_name, *library_version, *family;
	const char *tags[SETTINGS_MAX_TAGS];
	size_t tag_count;
	int signals[SETTINGS_MAX_SIGNALS];
	size_t signal_count;
	char message[SETTINGS_MAX_MESSAGE];
	size_t text_used;
	char text[SETTINGS_MAX_TEXT]; /* the strings above */
};

/* Check and copy; a negative errno value on failure, with `ret` in no defined state. */
int settings_init(struct settings *ret, const struct ddcrash_config *config);

void settings_set_message(struct settings *settings, const char *message);

/* Create the file of the pattern; a descriptor, or a negative errno value. */
int settings_open_output(const struct settings *settings);

#endif
