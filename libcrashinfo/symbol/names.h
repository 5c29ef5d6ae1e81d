/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of answers, each kept once: a run meets the same functions and files again and again. */
#ifndef SYMBOL_NAMES_H
#define SYMBOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct name {
	const char *text;     /* as it is in the file */
	const char *readable; /* demangled; NULL when it is not mangled or was not tried */
	uint64_t hash;
	uint32_t number; /* from 1, in the order in which they came */
	bool tried;      /* to demangle it */
};

/* What was added of late, by its place in memory: neighbours have most names in common. */
#define NAMES_RECENT 1024

struct names {
	struct arena *arena; /* what texts are copied to */
	struct name **slots;
	size_t count, capacity;
	struct {
		const char *text;
		struct name *name;
	} recent[NAMES_RECENT];
};

void names_deinit(struct names *names);

/*
 * The entry of `text`, which is copied when it is new; NULL when memory is out. Until
 * names_forget() `text` stays where and what it is.
 */
struct name *names_add(struct names *names, const char *text);
/* The entry of a text that is about to go. */
struct name *names_add_copy(struct names *names, const char *text);
/* Texts that were added are going; the entries stay. */
void names_forget(struct names *names);

/* Demangle the text unless that has been tried; names longer than `max` are left. False: no memory.
 */
bool names_demangle(struct names *names, struct name *name, size_t max);

#endif
