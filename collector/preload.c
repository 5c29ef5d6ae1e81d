/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector for programs that do not know of it: LD_PRELOAD=libddcrash_preload.so PROGRAM. It
 * is configured by the environment, see libddcrash(7).
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bytes.h"
#include "ddcrash.h"
#include "raw.h"
#include "writer.h"

#define DEFAULT_OUTPUT "ddcrash-%p.stream"
#define TAGS_MAX       64
/* Of the environment that the receiver gets. */
#define RECEIVER_VARIABLES_MAX 64

/* --- threads ---------------------------------------------------------------------------------- */

typedef int create_function(pthread_t *thread, const pthread_attr_t *attributes,
			    void *(*function)(void *), void *argument);

create_function pthread_create __attribute__((visibility("default")));

struct start {
	void *(*function)(void *);
	void *argument;
};

static pthread_key_t thread_end;
static bool has_thread_end;

static void end_thread(void *unused)
{
	(void)unused;
	ddcrash_thread_stop();
}

/* Gives the thread a stack for signals, so that its own may overflow. */
static void *begin_thread(void *argument)
{
	struct start start = *(struct start *)argument;

	raw_unmap((long)argument, sizeof(start));
	if (has_thread_end && !ddcrash_thread_start())
		pthread_setspecific(thread_end, &thread_end);
	return start.function(start.argument);
}

/* The memory is not malloc's: allocators create threads, too, while they hold their locks. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
		   void *argument)
{
	create_function *next = (create_function *)dlsym(RTLD_NEXT, "pthread_create");
	struct start *start;
	long memory;
	int error;

	if (!next)
		return ENOSYS;
	memory = raw_map(sizeof(*start));
	if (memory < 0 && memory > -4096)
		return next(thread, attributes, function, argument);
	start = (struct start *)memory;
	*start = (struct start){function, argument};
	error = next(thread, attributes, begin_thread, start);
	if (error)
		raw_unmap(memory, sizeof(*start));
	return error;
}

/* --- configuration ---------------------------------------------------------------------------- */

/* Tags as strings in one buffer; those that do not fit are left out. */
struct tags {
	const char *list[TAGS_MAX];
	size_t count;
	struct writer w;
	char text[4096];
};

static void add_tag(struct tags *tags, const char *key, const char *value, size_t size)
{
	size_t at = tags->w.used;

	if (!size || tags->count == TAGS_MAX)
		return;
	writer_text(&tags->w, key);
	writer_bytes(&tags->w, value, size);
	writer_bytes(&tags->w, "", 1);
	if (!tags->w.failed && value[size - 1] != ':' && tags->text[at] != ':')
		tags->list[tags->count++] = tags->text + at;
}

static void add_variable(struct tags *tags, const char *key, const char *variable,
			 const char *otherwise)
{
	const char *value = getenv(variable);

	if (!value || !*value)
		value = otherwise;
	add_tag(tags, key, value, text_length(value));
}

/* "key:value,key:value" or with blanks between them. */
static void add_list(struct tags *tags, const char *list)
{
	while (list && *list) {
		size_t size = 0;

		while (list[size] && list[size] != ',' && list[size] != ' ')
			size++;
		add_tag(tags, "", list, size);
		list += size + (list[size] != '\0');
	}
}

/* A random UUID, which tells this process from all others of the service. */
static void add_runtime_id(struct tags *tags)
{
	unsigned char random[16];
	char text[37];
	size_t used = 0;

	if (RAW3(__NR_getrandom, random, sizeof(random), 0) != sizeof(random))
		return;
	random[6] = (random[6] & 0x0f) | 0x40;
	random[8] = (random[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(random); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[used++] = '-';
		text[used++] = "0123456789abcdef"[random[i] >> 4];
		text[used++] = "0123456789abcdef"[random[i] & 15];
	}
	add_tag(tags, "runtime-id:", text, used);
}

static void collect_tags(struct tags *tags)
{
	writer_init_memory(&tags->w, tags->text, sizeof(tags->text));
	add_variable(tags, "service:", "DD_SERVICE", program_invocation_short_name);
	add_variable(tags, "env:", "DD_ENV", "");
	add_variable(tags, "version:", "DD_VERSION", "");
	add_list(tags, "language:native,library_version:" DDCRASH_VERSION);
	add_runtime_id(tags);
	add_list(tags, getenv("DD_TAGS"));
}

/* A number that is the whole of `text`; false when it is none or too large. */
static bool parse_number(const char *text, unsigned max, unsigned *ret)
{
	const char *end = text + text_length(text);
	uint64_t value;

	if (!text_number(&text, end, 10, &value) || text != end || value > max)
		return false;
	*ret = (unsigned)value;
	return true;
}

static bool set_output(struct ddcrash_config *config)
{
	const char *output = getenv("DDCRASH_OUTPUT");
	unsigned fd;

	config->output = output ? output : DEFAULT_OUTPUT;
	if (!text_begins(config->output, text_length(config->output), "fd:"))
		return true;
	if (!parse_number(config->output + 3, INT32_MAX, &fd))
		return false;
	config->output = NULL;
	config->output_fd = (int)fd;
	return true;
}

static bool set_timeout(struct ddcrash_config *config)
{
	const char *timeout = getenv("DDCRASH_TIMEOUT_MS");

	return !timeout || !*timeout || parse_number(timeout, INT32_MAX, &config->timeout_ms);
}

/* --- the receiver ----------------------------------------------------------------------------- */

/* Variables that its tools may want. */
static bool is_for_receiver(const char *variable)
{
	static const char *const prefixes[] = {
		"DD_", "PATH=", "HOME=", "http_proxy=", "https_proxy=", "no_proxy="};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (text_begins(variable, text_length(variable), prefixes[i]))
			return true;
	return false;
}

static void set_variables(struct ddcrash_receiver *receiver)
{
	static const char *list[RECEIVER_VARIABLES_MAX];

	for (char **at = environ; *at && receiver->env_count < RECEIVER_VARIABLES_MAX; at++)
		if (is_for_receiver(*at))
			list[receiver->env_count++] = *at;
	receiver->env = list;
}

/* All threads, unless a number says otherwise: 1 is the crashed one alone. */
static bool set_threads(struct ddcrash_config *config)
{
	const char *threads = getenv("DDCRASH_THREADS");

	if (threads && *threads && !parse_number(threads, INT32_MAX, &config->max_threads))
		return false;
	if (config->max_threads != 1)
		config->flags |= DDCRASH_ALL_THREADS;
	return true;
}

static void set_stack(struct ddcrash_config *config)
{
	const char *stack = getenv("DDCRASH_STACK");

	if (stack && text_length(stack) == 4 && text_begins(stack, 4, "copy"))
		config->flags |= DDCRASH_COPY_STACK;
	if (stack && text_length(stack) == 5 && text_begins(stack, 5, "leave"))
		config->flags |= DDCRASH_LEAVE_STACK;
}

static bool set_receiver(struct ddcrash_config *config)
{
	static const char *args[] = {"ddcrash-receiver", "--spool", NULL};
	struct ddcrash_receiver *receiver = &config->receiver;
	const char *pid = getenv("DDCRASH_SOCKET_PID");
	unsigned expected = 0;

	if (pid && *pid && !parse_number(pid, INT32_MAX, &expected))
		return false;
	receiver->pid = (int)expected;
	receiver->socket = getenv("DDCRASH_SOCKET");
	receiver->path = getenv("DDCRASH_RECEIVER");
	receiver->errors = getenv("DDCRASH_RECEIVER_LOG");
	args[2] = getenv("DDCRASH_SPOOL");
	receiver->args = args;
	receiver->args_count = args[2] && *args[2] ? 3 : 1;
	set_variables(receiver);
	return true;
}

static void complain(const char *what)
{
	char buffer[WRITER_BUFFER];
	struct writer w;

	writer_init(&w, 2, buffer, raw_milliseconds() + 1000);
	writer_text(&w, "libddcrash: not started: ");
	writer_text(&w, what);
	writer_text(&w, "\n");
	writer_flush(&w);
}

static void start_collector(void)
{
	static struct tags tags;
	struct ddcrash_config config = {
		.size = sizeof(config),
		.metadata = {.library_name = "libddcrash_preload",
			     .library_version = DDCRASH_VERSION,
			     .family = "native"},
	};

	collect_tags(&tags);
	config.metadata.tags = tags.list;
	config.metadata.tags_count = tags.count;
	set_stack(&config);
	if (!set_timeout(&config))
		complain("DDCRASH_TIMEOUT_MS is no number");
	else if (!set_threads(&config))
		complain("DDCRASH_THREADS is no number");
	else if (!set_receiver(&config))
		complain("DDCRASH_SOCKET_PID is no number");
	else if (!set_output(&config) || ddcrash_start(&config))
		complain("DDCRASH_OUTPUT can't be used, or DDCRASH_RECEIVER and DDCRASH_SOCKET");
}

/* A program with more rights than its user takes no orders from the environment. */
__attribute__((constructor)) static void load(void)
{
	const char *output = getenv("DDCRASH_OUTPUT");

	if (getauxval(AT_SECURE) || (output && !*output))
		return;
	has_thread_end = !pthread_key_create(&thread_end, end_thread);
	start_collector();
}
