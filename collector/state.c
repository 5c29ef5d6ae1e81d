/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include "bytes.h"
#include "output.h"
#include "signals.h"
#include "uplink.h"
#include "writer.h"

struct state state;

/* --- one at a time ---------------------------------------------------------------------------- */

/* The process that holds it: what a child of fork() finds is of a thread that it does not have. */
static atomic_int lock_owner;

void state_lock(void)
{
	int self = raw_getpid(), found = 0;

	while (!atomic_compare_exchange_strong(&lock_owner, &found, self)) {
		if (found != self)
			continue;
		raw_sleep(1);
		found = 0;
	}
}

void state_unlock(void)
{
	atomic_store(&lock_owner, 0);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void write_string(struct writer *w, const char *text, const char *otherwise)
{
	if (!text || !*text)
		text = otherwise;
	writer_json(w, text, text_length(text));
}

static void write_list(struct writer *w, const char *const *items, size_t count)
{
	writer_text(w, "[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			writer_text(w, ",");
		write_string(w, items[i], "");
	}
	writer_text(w, "]");
}

/* Write into the slot that is not current, then make it current. */
static int publish(struct slots *slots, void (*write)(struct writer *w, const void *what),
		   const void *what)
{
	unsigned n = !atomic_load(&slots->current);
	struct writer w;

	writer_init_memory(&w, slots->text[n], sizeof(slots->text[n]));
	write(&w, what);
	if (w.failed)
		return -E2BIG;
	slots->size[n] = (uint32_t)w.used;
	atomic_store(&slots->current, n);
	return 0;
}

static void write_metadata(struct writer *w, const void *what)
{
	const struct ddcrash_metadata *metadata = what;

	writer_text(w, "{\"library_name\":");
	write_string(w, metadata->library_name, "unknown");
	writer_text(w, ",\"library_version\":");
	write_string(w, metadata->library_version, "unknown");
	writer_text(w, ",\"family\":");
	write_string(w, metadata->family, "unknown");
	if (metadata->tags_count) {
		writer_text(w, ",\"tags\":");
		write_list(w, metadata->tags, metadata->tags_count);
	}
	writer_text(w, "}");
}

static bool is_tag(const char *tag)
{
	return tag && *tag && *tag != ':' && tag[text_length(tag) - 1] != ':';
}

int state_set_metadata(const struct ddcrash_metadata *metadata)
{
	if (metadata->tags_count && !metadata->tags)
		return -EINVAL;
	for (size_t i = 0; i < metadata->tags_count; i++)
		if (!is_tag(metadata->tags[i]))
			return -EINVAL;
	return publish(&state.metadata, write_metadata, metadata);
}

static void write_tags(struct writer *w, const void *what)
{
	const struct ddcrash_config *config = what;

	write_list(w, config->tags, config->tags_count);
}

/* --- configuration ---------------------------------------------------------------------------- */

static const int default_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

static int set_signals(const int *signals, size_t count)
{
	raw_sigset set = 0;

	if (count && !signals)
		return -EINVAL;
	if (!count) {
		signals = default_signals;
		count = sizeof(default_signals) / sizeof(default_signals[0]);
	}
	for (size_t i = 0; i < count; i++) {
		if (!signal_is_fatal(signals[i]) || set & RAW_SIGNAL(signals[i]))
			return -EINVAL;
		set |= RAW_SIGNAL(signals[i]);
	}
	state.signals = set;
	return 0;
}

int state_path(char *to, size_t size, const char *path)
{
	size_t used = 0, length = text_length(path);
	long cwd;

	if (*path != '/') {
		cwd = raw_getcwd(to, size);
		if (cwd < 0)
			return cwd == -ERANGE ? -ENAMETOOLONG : (int)cwd;
		used = (size_t)cwd;
		to[used - 1] = '/';
	}
	if (length >= size - used) {
		to[0] = '\0';
		return -ENAMETOOLONG;
	}
	__builtin_memcpy(to + used, path, length + 1);
	return 0;
}

static int set_output(const struct ddcrash_config *config)
{
	state.output[0] = '\0';
	state.output_fd = config->output_fd;
	if (config->output && *config->output)
		return output_is_valid(config->output)
			       ? state_path(state.output, sizeof(state.output), config->output)
			       : -EINVAL;
	if (state.output_fd > 0)
		return 0;
	state.output_fd = -1;
	return uplink_is_wanted() ? 0 : -EINVAL;
}

static void write_files(struct writer *w, const void *what)
{
	const struct ddcrash_config *config = what;

	write_list(w, config->additional_files, config->additional_files_count);
}

static int set_receiver(const struct ddcrash_config *config)
{
	int error = uplink_set(&config->receiver, state.timeout_ms);

	state.all_threads = config->flags & DDCRASH_ALL_THREADS;
	state.copies_stack = config->flags & (DDCRASH_COPY_STACK | DDCRASH_LEAVE_STACK);
	state.leaves_stack = config->flags & DDCRASH_LEAVE_STACK;
	state.max_threads = config->max_threads ? config->max_threads : THREADS_MAX;
	if (!error && config->additional_files_count && !config->additional_files)
		error = -EINVAL;
	return error ? error : publish(&state.additional_files, write_files, config);
}

int state_set(const struct ddcrash_config *config)
{
	int error;

	if (config->tags_count && !config->tags)
		return -EINVAL;
	state.timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS;
	error = set_signals(config->signals, config->signals_count);
	if (!error)
		error = set_receiver(config);
	if (!error)
		error = set_output(config);
	if (!error)
		error = state_set_metadata(&config->metadata);
	if (!error)
		error = publish(&state.tags, write_tags, config);
	return error;
}
