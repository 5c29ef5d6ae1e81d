/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack of a language runtime, which the runtime itself tells in the crashing thread: last of
 * all, and as something that may crash or never return.
 */
#include "runtime.h"

#include "attempt.h"
#include "bytes.h"
#include "ddcrash.h"
#include "state.h"

/* Longer names are cut. */
#define NAME_MAX_BYTES 2048
/* Others are left out: interpreters end a recursion at about a thousand. */
#define FRAMES_MAX 2048
/* For all that the runtime does. */
#define RUNTIME_MS 1000

struct callback {
	enum ddcrash_runtime kind;
	ddcrash_runtime_frames_fn *frames;
	ddcrash_runtime_string_fn *string;
	void *context;
};

/* Number n is in callbacks[n % 2]; the other one is written next. */
static struct callback callbacks[2];
static atomic_uint current;

/* --- registration ----------------------------------------------------------------------------- */

static int set_callback(struct callback callback)
{
	unsigned n;

	state_lock();
	n = atomic_load(&current) + 1;
	callbacks[n % 2] = callback;
	atomic_store(&current, n);
	state_unlock();
	return 0;
}

int ddcrash_runtime_frames_register(ddcrash_runtime_frames_fn *callback, void *context)
{
	return set_callback((struct callback){
		.kind = callback ? DDCRASH_RUNTIME_FRAMES : DDCRASH_RUNTIME_NONE,
		.frames = callback,
		.context = context,
	});
}

int ddcrash_runtime_string_register(ddcrash_runtime_string_fn *callback, void *context)
{
	return set_callback((struct callback){
		.kind = callback ? DDCRASH_RUNTIME_STRING : DDCRASH_RUNTIME_NONE,
		.string = callback,
		.context = context,
	});
}

/* Without waiting for a thread that registers, which may be the one that crashed. */
static struct callback get_callback(void)
{
	for (;;) {
		unsigned n = atomic_load(&current);
		struct callback callback = callbacks[n % 2];

		atomic_thread_fence(memory_order_acquire);
		if (atomic_load(&current) == n)
			return callback;
	}
}

enum ddcrash_runtime ddcrash_runtime_registered(void)
{
	return get_callback().kind;
}

/* --- in the handler --------------------------------------------------------------------------- */

static struct writer *out; /* while the runtime is called */
static unsigned frames_count;

struct name {
	size_t size;
	char bytes[NAME_MAX_BYTES];
};

/* A fault here costs nothing of what is written already. */
static void copy_name(struct name *to, struct ddcrash_bytes from)
{
	to->size = from.data ? from.size : 0;
	if (to->size > sizeof(to->bytes))
		to->size = text_whole(from.data, sizeof(to->bytes));
	__builtin_memcpy(to->bytes, from.data, to->size);
}

/* In any encoding, hence as numbers. */
static void write_name(struct writer *w, const char **separator, const char *key,
		       const struct name *name)
{
	if (!name->size)
		return;
	writer_text(w, *separator);
	writer_text(w, key);
	for (size_t i = 0; i < name->size; i++) {
		writer_text(w, i ? ", " : "[");
		writer_decimal(w, (unsigned char)name->bytes[i]);
	}
	writer_text(w, "]");
	*separator = ", ";
}

static void write_number(struct writer *w, const char **separator, const char *key, uint32_t value)
{
	if (!value)
		return;
	writer_text(w, *separator);
	writer_text(w, key);
	writer_decimal(w, value);
	*separator = ", ";
}

/* Nothing of what the runtime owns is read here, and nothing ends it in the middle of a line. */
static void write_frame(struct writer *w, const struct name names[3], uint32_t line,
			uint32_t column)
{
	const char *separator = "";

	writer_text(w, "{");
	write_name(w, &separator, "\"function\": ", &names[0]);
	write_name(w, &separator, "\"type_name\": ", &names[1]);
	write_name(w, &separator, "\"file\": ", &names[2]);
	write_number(w, &separator, "\"line\": ", line);
	write_number(w, &separator, "\"column\": ", column);
	writer_text(w, "}\n");
	writer_flush(w);
}

static struct name names[3];

static void emit_frame(const struct ddcrash_frame *frame)
{
	if (!frame || !out || frames_count == FRAMES_MAX)
		return;
	frames_count++;
	attempt_hold();
	copy_name(&names[0], frame->function);
	copy_name(&names[1], frame->type_name);
	copy_name(&names[2], frame->file);
	write_frame(out, names, frame->line, frame->column);
	attempt_release();
}

/* Take what stands before the end of the line; whether it does end. */
static bool copy_line(struct name *to, const char **text)
{
	const char *at = *text;

	for (to->size = 0; to->size < sizeof(to->bytes); to->size++) {
		if (!*at || *at == '\n')
			break;
		to->bytes[to->size] = *at++;
	}
	if (to->size == sizeof(to->bytes)) {
		to->size = text_whole(to->bytes, to->size);
		*text += to->size;
		return false;
	}
	*text = at + (*at == '\n');
	return true;
}

static void emit_string(const char *text)
{
	bool is_begin = true;

	if (!text || !out)
		return;
	attempt_hold();
	do {
		bool is_end = copy_line(&names[0], &text);

		writer_raw(out, names[0].bytes, names[0].size, is_begin);
		if (is_end)
			writer_text(out, "\n");
		is_begin = is_end;
	} while (*text || !is_begin);
	writer_flush(out);
	attempt_release();
}

static void call(void *argument)
{
	const struct callback *callback = argument;

	if (callback->kind == DDCRASH_RUNTIME_FRAMES)
		callback->frames(emit_frame, callback->context);
	else
		callback->string(emit_string, callback->context);
}

static const char *why(enum attempt_end end)
{
	switch (end) {
	case ATTEMPT_FINISHED: break;
	case ATTEMPT_CRASHED: return "<the runtime crashed while it told its stack>";
	case ATTEMPT_LATE: return "<the runtime took too long to tell its stack>";
	case ATTEMPT_REFUSED: return "<the runtime was not asked: there is no timer>";
	}
	return NULL;
}

/* What is missing is said where it is missing. */
static void write_end(struct writer *w, enum ddcrash_runtime kind, enum attempt_end end)
{
	const char *text = why(end);

	if (!text)
		return;
	if (kind == DDCRASH_RUNTIME_STRING) {
		writer_line(w, text, text_length(text));
		return;
	}
	copy_name(&names[0], (struct ddcrash_bytes){text, text_length(text)});
	names[1].size = names[2].size = 0;
	write_frame(w, names, 0, 0);
}

static void write_stack(struct writer *w, enum ddcrash_runtime kind)
{
	uint64_t now = raw_milliseconds();
	struct callback callback = get_callback();
	enum attempt_end end;

	if (callback.kind != kind || now >= w->sink.deadline)
		return;
	writer_flush(w);
	out = w;
	frames_count = 0;
	end = attempt_within(w->sink.deadline - now < RUNTIME_MS
				     ? (unsigned)(w->sink.deadline - now)
				     : RUNTIME_MS,
			     call, &callback);
	out = NULL;
	write_end(w, kind, end);
}

bool runtime_has_frames(const struct crash *crash)
{
	return !crash->exception && ddcrash_runtime_registered() == DDCRASH_RUNTIME_FRAMES;
}

bool runtime_has_string(const struct crash *crash)
{
	return !crash->exception && ddcrash_runtime_registered() == DDCRASH_RUNTIME_STRING;
}

void runtime_write_frames(struct writer *w, const struct crash *crash)
{
	(void)crash;
	write_stack(w, DDCRASH_RUNTIME_FRAMES);
}

void runtime_write_string(struct writer *w, const struct crash *crash)
{
	(void)crash;
	write_stack(w, DDCRASH_RUNTIME_STRING);
}
