/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the stream that the receiver itself needs. None of them is trusted. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/json.h>

#include "receiver/receiver.h"

#define THREADS_MAX 256

/* Longest line of /proc/PID/status with the process's ids in nested namespaces. */
#define STATUS_LINE 256

static struct crashinfo_json *parse(struct crash *crash, struct scan_part part)
{
	struct crashinfo_json *json = NULL;
	struct crashinfo_error *error;

	if (!part.size)
		return NULL;
	/* The text may move while more arrives: none of it is kept but for the configuration. */
	error = crashinfo_json_parse(&crash->receiver->tool.context, crash->scan.text + part.at,
				     part.size, NULL, &json);
	crashinfo_error_destroy(error);
	return error ? NULL : json;
}

static uint64_t get_number(const struct crashinfo_json *json, crashinfo_json_node object,
			   const char *name, uint64_t fallback)
{
	crashinfo_json_node node = crashinfo_json_member(json, object, name);
	uint64_t value;

	return node != CRASHINFO_JSON_NONE && crashinfo_json_uint64(json, node, &value) ? value
											: fallback;
}

static bool get_bool(const struct crashinfo_json *json, const char *name)
{
	crashinfo_json_node node = crashinfo_json_member(json, 0, name);

	return node != CRASHINFO_JSON_NONE &&
	       crashinfo_json_type(json, node) == CRASHINFO_JSON_TRUE;
}

/* malloc'd; NULL when it is no string or can't be a C string. */
static char *get_string(const struct crashinfo_json *json, crashinfo_json_node node)
{
	struct crashinfo_slice text;
	char *storage = NULL, *copy = NULL;
	struct crashinfo_error *error;

	if (node == CRASHINFO_JSON_NONE || crashinfo_json_type(json, node) != CRASHINFO_JSON_STRING)
		return NULL;
	error = crashinfo_json_string(json, node, &text, &storage);
	if (!error && !memchr(text.data, '\0', text.size))
		copy = strndup(text.data, text.size);
	crashinfo_error_destroy(error);
	free(storage);
	return copy;
}

static void read_files(struct crash_config *config, const struct crashinfo_json *json)
{
	crashinfo_json_node list = crashinfo_json_member(json, 0, "additional_files");
	size_t count = list == CRASHINFO_JSON_NONE ? 0 : crashinfo_json_count(json, list);

	if (!count || crashinfo_json_type(json, list) != CRASHINFO_JSON_ARRAY)
		return;
	config->files = calloc(count, sizeof(*config->files));
	if (!config->files)
		return;
	for (crashinfo_json_node at = crashinfo_json_first(json, list); at != CRASHINFO_JSON_NONE;
	     at = crashinfo_json_next(json, list, at)) {
		char *path = get_string(json, at);

		if (path)
			config->files[config->file_count++] = path;
	}
}

static void read_fallback(struct crash_config *config, const struct crashinfo_json *json)
{
	crashinfo_json_node fallback = crashinfo_json_member(json, 0, "fallback");

	if (fallback == CRASHINFO_JSON_NONE)
		return;
	config->fallback.path = get_string(json, crashinfo_json_member(json, fallback, "path"));
	config->fallback.inode = get_number(json, fallback, "inode", 0);
}

void crash_read_config(struct crash *crash)
{
	struct crashinfo_json *json = parse(crash, crash->scan.config);
	struct crash_config *config = &crash->config;
	crashinfo_json_node timeout;

	if (!json)
		return;
	config->all_threads = get_bool(json, "collect_all_threads");
	config->max_threads = get_number(json, 0, "max_threads", THREADS_MAX);
	timeout = crashinfo_json_member(json, 0, "timeout");
	if (timeout != CRASHINFO_JSON_NONE)
		config->timeout_ms = get_number(json, timeout, "secs", 0) % 1000000 * 1000 +
				     get_number(json, timeout, "nanos", 0) / 1000000;
	read_files(config, json);
	read_fallback(config, json);
	crashinfo_json_destroy(json);
}

void crash_config_deinit(struct crash_config *config)
{
	for (size_t i = 0; i < config->file_count; i++)
		free(config->files[i]);
	free(config->files);
	fallback_deinit(&config->fallback);
}

/* --- the process ------------------------------------------------------------------------------ */

/* The innermost of the ids that a task has in its namespaces, 0 when that can't be told. */
static int inner_id(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[STATUS_LINE];
	int id = 0;

	while (f && !id && fgets(line, sizeof(line), f))
		if (!strncmp(line, "NSpid:", 6) && strrchr(line, '\t'))
			id = atoi(strrchr(line, '\t') + 1);
	if (f)
		fclose(f);
	return id;
}

/* Our id of the thread that process `pid` calls `tid`. */
static int find_thread(int pid, int tid)
{
	char path[64];
	DIR *dir;
	struct dirent *entry;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		int id = atoi(entry->d_name);

		snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, id);
		if (id > 0 && inner_id(path) == tid)
			found = id;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Whose id the stream says is compared with who is connected. */
static bool is_peer(struct crash *crash, uint64_t pid)
{
	char path[64];

	if (crash->peer_pid > 0 && pid == (uint64_t)crash->peer_pid)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/status", crash->peer_pid);
	return crash->peer_pid > 0 && pid == (uint64_t)inner_id(path);
}

void crash_read_process(struct crash *crash)
{
	struct crashinfo_json *json = parse(crash, crash->scan.process);
	uint64_t pid, tid;

	if (!json)
		return;
	pid = get_number(json, 0, "pid", 0);
	tid = get_number(json, 0, "tid", 0);
	crashinfo_json_destroy(json);
	if (tid > INT32_MAX || !is_peer(crash, pid))
		return;
	crash->pid = crash->peer_pid;
	crash->tid = (int)tid;
	if (tid && pid != (uint64_t)crash->peer_pid)
		crash->tid = find_thread(crash->pid, (int)tid);
}

/* --- registers -------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* By DWARF number. */
static const char *const register_names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
					     "rbp", "rsp", "r8",  "r9",  "r10", "r11",
					     "r12", "r13", "r14", "r15", "rip"};
#elif defined(__aarch64__)
static const char *const register_names[] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp",  "pc"};
#endif
#define REGISTERS (sizeof(register_names) / sizeof(register_names[0]))

void crash_read_registers(struct crash *crash)
{
	struct crashinfo_json *json = parse(crash, crash->scan.context);
	crashinfo_json_node registers;
	unsigned found = 0;

	if (!json)
		return;
	registers = crashinfo_json_member(json, 0, "registers");
	for (unsigned i = 0; registers != CRASHINFO_JSON_NONE && i < REGISTERS; i++) {
		char *text =
			get_string(json, crashinfo_json_member(json, registers, register_names[i]));

		if (text) {
			crash->registers.value[i] = strtoull(text, NULL, 16);
			crash->registers.known |= (uint64_t)1 << i;
			found++;
		}
		free(text);
	}
	crashinfo_json_destroy(json);
	/* Those of another architecture lack some. */
	crash->has_registers = found == REGISTERS;
}
