/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One text that says why: of an exception, set by the program, or what libc said before it called
 * abort().
 */
#include "message.h"

#include "bytes.h"
#include "ddcrash.h"
#include "memory.h"
#include "state.h"

/* All characters of it may have to be escaped, and an exception has more words around it. */
#define ESCAPED_MAX (2 * DDCRASH_MESSAGE_MAX + 512)

/* Of the program; number n is in texts[n % 2], the other one is written next. */
static struct {
	uint32_t size;
	char bytes[DDCRASH_MESSAGE_MAX];
} texts[2];
static atomic_uint current;
static atomic_flag is_writing = ATOMIC_FLAG_INIT;

static char message[ESCAPED_MAX];
static size_t message_size;

int ddcrash_message_set(const char *text)
{
	size_t size = text ? text_length(text) : 0;
	unsigned n;

	if (size > DDCRASH_MESSAGE_MAX)
		size = text_whole(text, DDCRASH_MESSAGE_MAX);
	if (atomic_flag_test_and_set(&is_writing))
		return -EBUSY;
	n = atomic_load(&current) + 1;
	__builtin_memcpy(texts[n % 2].bytes, text, size);
	texts[n % 2].size = (uint32_t)size;
	atomic_store(&current, n);
	atomic_flag_clear(&is_writing);
	return 0;
}

/* --- in the handler --------------------------------------------------------------------------- */

static void put(char c)
{
	if (message_size < sizeof(message))
		message[message_size++] = c;
}

static void put_escaped(char c)
{
	if (c == '\n' || c == '\r') {
		put('\\');
		c = c == '\n' ? 'n' : 'r';
	}
	put(c);
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

/* From memory of the program, up to a NUL or `size`. */
static void put_memory(uint64_t at, size_t size, bool ends_with_nul)
{
	char c;

	if (size > DDCRASH_MESSAGE_MAX)
		size = DDCRASH_MESSAGE_MAX;
	for (; size-- && memory_read_own(NULL, at, &c, 1); at++) {
		if (!c && ends_with_nul)
			return;
		put_escaped(c);
	}
}

static bool is_blank(void)
{
	for (size_t i = 0; i < message_size; i++)
		if (message[i] != ' ' && message[i] != '\t')
			return false;
	return true;
}

static void take_set(void)
{
	unsigned n = atomic_load(&current) % 2;
	uint32_t size = texts[n].size;

	for (uint32_t i = 0; i < size && i < DDCRASH_MESSAGE_MAX; i++)
		put_escaped(texts[n].bytes[i]);
}

/* A failed assertion, a damaged heap or stack. The text follows its size as an unsigned int. */
static void take_abort(void)
{
	uint64_t address;

	if (!state.abort_message ||
	    !memory_read_own(NULL, (uintptr_t)state.abort_message, &address, sizeof(address)) ||
	    !address)
		return;
	put_memory(address + sizeof(unsigned), DDCRASH_MESSAGE_MAX, true);
}

static void take_exception(const struct ddcrash_exception *exception)
{
	size_t before;

	put_text("Process was terminated due to an unhandled exception of type '");
	before = message_size;
	put_memory((uintptr_t)exception->type.data, exception->type.size, false);
	put_text(message_size > before ? "'. Message: " : "<unknown>'. Message: ");
	before = message_size;
	put_memory((uintptr_t)exception->message.data, exception->message.size, false);
	if (message_size == before)
		put_text("<no message>");
}

bool message_is_known(const struct crash *crash)
{
	message_size = 0;
	if (crash->exception) {
		take_exception(crash->exception);
		return true;
	}
	take_set();
	if (is_blank()) {
		message_size = 0;
		if (crash->signo == SIGABRT)
			take_abort();
	}
	while (text_ends(message, message_size, "\\n"))
		message_size -= 2;
	return !is_blank();
}

void message_write(struct writer *w, const struct crash *crash)
{
	(void)crash;
	writer_line(w, message, message_size);
}
