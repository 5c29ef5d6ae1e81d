/* SPDX-License-Identifier: Apache-2.0 */
#include "symbol/demangle.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

/* Names come from strangers: longer ones are left as they are before anything is tried. */
#define DEMANGLE_INPUT_BYTES 65536
/* libiberty recurses on D types without a limit of its own: about half a KiB of stack a byte. */
#define DLANG_INPUT_BYTES 4096

/* Output as it is made; a name of 1 KiB can stand for gigabytes, so it is stopped on the way. */
struct output {
	struct strbuf *buf;
	size_t max;
	jmp_buf stop;
};

static void collect(const char *text, size_t size, void *user)
{
	struct output *output = user;

	strbuf_add(output->buf, text, size);
	/* what calls this holds nothing on the heap but the letters of one Rust identifier */
	if (output->buf->failed || output->buf->size > output->max)
		longjmp(output->stop, 1);
}

typedef int callback_demangler(const char *name, int options, demangle_callbackref callback,
			       void *user);

static bool with_callback(callback_demangler *demangler, const char *name, size_t max,
			  struct strbuf *ret)
{
	struct output output = {.buf = ret, .max = max};

	if (setjmp(output.stop))
		return false;
	return demangler(name, DMGL_ANSI, collect, &output) && ret->size;
}

/* The place that "Q" and a number in base 26 at `at` points back to; false when it is no such. */
static bool dlang_reference(const char *name, size_t at, size_t *ret)
{
	size_t distance = 0;

	for (size_t i = at + 1; distance < DLANG_INPUT_BYTES; i++) {
		if (name[i] >= 'a' && name[i] <= 'z') {
			distance = distance * 26 + (size_t)(name[i] - 'a');
			*ret = at - distance;
			return distance && distance <= at;
		}
		if (name[i] < 'A' || name[i] > 'Z')
			return false;
		distance = distance * 26 + (size_t)(name[i] - 'A');
	}
	return false;
}

/*
 * Whether no more than `max` bytes are read for the name when each reference to a type is followed:
 * 100 bytes of them can stand for gigabytes, and the D demangler cannot be stopped on its way. A
 * type is taken to last until the reference to it. References to identifiers and to basic types,
 * which are one letter, do not grow.
 */
static bool dlang_is_tame(const char *name, size_t max)
{
	size_t read[DLANG_INPUT_BYTES + 1], size = strnlen(name, DLANG_INPUT_BYTES), from;

	if (size == DLANG_INPUT_BYTES)
		return false;
	read[0] = 0;
	for (size_t i = 0; i < size; i++) {
		size_t cost = 1;

		if (name[i] == 'Q' && dlang_reference(name, i, &from) &&
		    !isdigit((unsigned char)name[from]) &&
		    !(name[from] >= 'a' && name[from] <= 'w'))
			cost = read[i] - read[from];
		if (cost > max || read[i] > max)
			return false;
		read[i + 1] = read[i] + cost;
	}
	return read[size] <= max;
}

static bool with_dlang(const char *name, size_t max, struct strbuf *ret)
{
	char *text = dlang_is_tame(name, max) ? dlang_demangle(name, DMGL_ANSI) : NULL;

	if (text && strlen(text) <= max)
		strbuf_adds(ret, text);
	free(text);
	return ret->size;
}

/* Rust before v0 looks like C++ and ends with a hash: "17h" and 16 hex digits. */
static bool is_legacy_rust(const char *name)
{
	const char *hash = strstr(name, "17h");

	for (; hash; hash = strstr(hash + 1, "17h"))
		if (strspn(hash + 3, "0123456789abcdef") == 16 && hash[19] == 'E')
			return true;
	return false;
}

static bool demangle_any(const char *name, size_t max, struct strbuf *ret)
{
	if (!strncmp(name, "_R", 2))
		return with_callback(rust_demangle_callback, name, max, ret);
	if (!strncmp(name, "_Z", 2)) {
		if (is_legacy_rust(name) && with_callback(rust_demangle_callback, name, max, ret))
			return true;
		strbuf_clear(ret);
		return with_callback(cplus_demangle_v3_callback, name, max, ret);
	}
	if (!strncmp(name, "_D", 2) && isdigit((unsigned char)name[2]))
		return with_dlang(name, max, ret);
	return false;
}

bool demangle(const char *name, size_t max, struct strbuf *ret)
{
	strbuf_clear(ret);
	if (strnlen(name, DEMANGLE_INPUT_BYTES) < DEMANGLE_INPUT_BYTES &&
	    demangle_any(name, max, ret) && !ret->failed && strcmp(ret->data, name))
		return true;
	strbuf_clear(ret);
	return false;
}
