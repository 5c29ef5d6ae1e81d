/* SPDX-License-Identifier: Apache-2.0 */
/* Asking debuginfod servers for what no folder has. */
#include "module/debuginfod.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/*
 * For all requests of a run together: enough for debug files of usual size, and not too long to
 * wait for names.
 */
#define TIMEOUT_S 30

/* As clients of elfutils do, which may read the same file. */
#define FILE_MODE 0400

#define BLANKS " \t\r\n"

static const char *const outcomes[] = {
	[DEBUGINFOD_FETCHED] = "fetched",
	[DEBUGINFOD_NOT_FOUND] = "the server does not have it",
	[DEBUGINFOD_NO_ANSWER] = "the server does not answer",
	[DEBUGINFOD_NO_TRUST] = "the server's certificate is not trusted",
	[DEBUGINFOD_REFUSED] = "the server answered with an error",
	[DEBUGINFOD_CUT_OFF] = "the file was cut off",
	[DEBUGINFOD_TOO_LARGE] = "the file is too large",
	[DEBUGINFOD_NO_TIME] = "the time for servers was used up",
	[DEBUGINFOD_NO_CURL] = "libcurl cannot be used",
	[DEBUGINFOD_NOT_WRITTEN] = "the file could not be written to the cache",
	[DEBUGINFOD_NO_ELF] = "what the server sent is no ELF file",
	[DEBUGINFOD_WRONG_ID] = "what the server sent has another build id",
};

static struct crashinfo_error *add_server(struct crashinfo_finder *finder,
					  struct debuginfod *debuginfod, const char *url,
					  size_t size)
{
	struct debuginfod_server *server;
	char *copy = arena_alloc(&finder->arena, size + 1);

	if (!copy)
		return crashinfo_error_no_memory();
	memcpy(copy, url, size);
	copy[size] = '\0';
	if (strncasecmp(copy, "http://", 7) && strncasecmp(copy, "https://", 8)) {
		context_log(&finder->context, CRASHINFO_LOG_WARNING,
			    "%s: only servers with http or https are asked", copy);
		return NULL;
	}
	while (size && copy[size - 1] == '/')
		copy[--size] = '\0';
	server = vec_push(&debuginfod->servers);
	if (!server)
		return crashinfo_error_no_memory();
	*server = (struct debuginfod_server){.url = copy};
	return NULL;
}

static struct crashinfo_error *add_servers(struct crashinfo_finder *finder,
					   struct debuginfod *debuginfod, const char *urls)
{
	struct crashinfo_error *error = NULL;

	while (!error && *(urls += strspn(urls, BLANKS))) {
		size_t size = strcspn(urls, BLANKS);

		error = add_server(finder, debuginfod, urls, size);
		urls += size;
	}
	return error;
}

static struct crashinfo_error *prepare(struct crashinfo_finder *finder,
				       struct debuginfod *debuginfod,
				       const struct crashinfo_debuginfod_options *options)
{
	struct crashinfo_error *error = add_servers(finder, debuginfod, options->urls);

	debuginfod->options = *options;
	if (!options->timeout_s)
		debuginfod->options.timeout_s = TIMEOUT_S;
	debuginfod->left_ms = (int64_t)debuginfod->options.timeout_s * 1000;
	debuginfod->cache.path = arena_strdup(&finder->arena, options->cache_dir);
	if (!error && !debuginfod->cache.path)
		error = crashinfo_error_no_memory();
	return error ? error : debuginfod_cache_open(options->cache_dir, &debuginfod->cache.fd);
}

struct crashinfo_error *crashinfo_finder_add_debuginfod(
	struct crashinfo_finder *finder, const struct crashinfo_debuginfod_options *options)
{
	struct debuginfod *debuginfod = calloc(1, sizeof(*debuginfod));
	struct crashinfo_error *error;

	if (!debuginfod)
		return crashinfo_error_no_memory();
	debuginfod->cache.fd = -1;
	error = prepare(finder, debuginfod, options);
	if (error) {
		debuginfod_destroy(debuginfod);
		return error;
	}
	debuginfod_destroy(finder->debuginfod);
	finder->debuginfod = debuginfod;
	return NULL;
}

void debuginfod_destroy(struct debuginfod *debuginfod)
{
	if (!debuginfod)
		return;
	if (debuginfod->easy)
		debuginfod->curl.easy_cleanup(debuginfod->easy);
	module_curl_unload(&debuginfod->curl);
	if (debuginfod->cache.fd >= 0)
		close(debuginfod->cache.fd);
	free(debuginfod->servers.data);
	free(debuginfod->asked.data);
	free(debuginfod);
}

/* The answer may lack its end without saying so; the section headers are the last in a file. */
static bool is_whole(const struct elf_file *file)
{
	Elf_Scn *section = NULL;
	struct stat status;
	GElf_Ehdr header;
	size_t count;

	if (fstat(file->fd, &status) || !gelf_getehdr(file->elf, &header) ||
	    elf_getshdrnum(file->elf, &count) || !count)
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		uint64_t size = (uint64_t)status.st_size;
		GElf_Shdr part;

		if (!gelf_getshdr(section, &part))
			return false;
		if (part.sh_type != SHT_NOBITS &&
		    (part.sh_offset > size || part.sh_size > size - part.sh_offset))
			return false;
	}
	return true;
}

static enum debuginfod_result verify(struct crashinfo_finder *finder, int fd, const char *id)
{
	char found[ELF_BUILD_ID_HEX] = "";
	struct crashinfo_error *error;
	struct elf_file file;
	bool whole;

	error = elf_file_open(fcntl(fd, F_DUPFD_CLOEXEC, 0), &file);
	if (error) {
		crashinfo_error_destroy(error);
		return DEBUGINFOD_NO_ELF;
	}
	elf_file_build_id(&file, &finder->context.limits, found);
	whole = is_whole(&file);
	elf_file_close(&file);
	if (!whole)
		return DEBUGINFOD_CUT_OFF;
	return strcmp(found, id) ? DEBUGINFOD_WRONG_ID : DEBUGINFOD_FETCHED;
}

/* Load the file under another name, look at it, give it its name. */
static enum debuginfod_result fetch(struct crashinfo_finder *finder, const char *url,
				    const char *path, const char *id)
{
	_free_ char *name = NULL;
	_close_ int fd = debuginfod_cache_begin(path, &name);
	enum debuginfod_result result;

	if (fd < 0)
		return DEBUGINFOD_NOT_WRITTEN;
	result = debuginfod_transfer(finder->debuginfod, &finder->context.limits, url, fd);
	if (result == DEBUGINFOD_FETCHED)
		result = verify(finder, fd, id);
	if (result == DEBUGINFOD_FETCHED && (fchmod(fd, FILE_MODE) || rename(name, path)))
		result = DEBUGINFOD_NOT_WRITTEN;
	if (result != DEBUGINFOD_FETCHED)
		unlink(name);
	return result;
}

static struct crashinfo_error *note(struct crashinfo_finder *finder, struct module_files *files,
				    const char *place, const char *outcome)
{
	context_log(&finder->context, CRASHINFO_LOG_INFO, "%s: %s", place, outcome);
	return files ? module_attempt(finder, files, place, outcome) : NULL;
}

static struct crashinfo_error *ask(struct crashinfo_finder *finder, struct module_files *files,
				   struct debuginfod_server *server, const char *path,
				   const char *id, enum debuginfod_result *ret)
{
	char place[sizeof("buildid//debuginfo") + ELF_BUILD_ID_HEX];
	const char *url;

	snprintf(place, sizeof(place), "buildid/%s/debuginfo", id);
	url = module_join(finder, server->url, place);
	if (!url)
		return crashinfo_error_no_memory();
	*ret = server->dead ? DEBUGINFOD_NO_ANSWER : fetch(finder, url, path, id);
	server->dead |= *ret == DEBUGINFOD_NO_ANSWER || *ret == DEBUGINFOD_NO_TRUST;
	if (files && *ret == DEBUGINFOD_WRONG_ID)
		files->public.build_id_mismatch = true;
	return note(finder, files, url, outcomes[*ret]);
}

static struct crashinfo_error *ask_servers(struct crashinfo_finder *finder,
					   struct module_files *files, const char *relative,
					   const char *id, bool *found_ret)
{
	struct debuginfod *debuginfod = finder->debuginfod;
	const char *path = module_join(finder, debuginfod->cache.path, relative);
	enum debuginfod_result result = DEBUGINFOD_NOT_FOUND;
	struct crashinfo_error *error = NULL;
	/* a server that could not be asked may have it */
	bool missed = debuginfod->servers.size > 0;

	if (!path)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < debuginfod->servers.size && !error; i++) {
		error = ask(finder, files, &debuginfod->servers.data[i], path, id, &result);
		if (result == DEBUGINFOD_FETCHED)
			break;
		missed &= result == DEBUGINFOD_NOT_FOUND;
	}
	*found_ret = result == DEBUGINFOD_FETCHED;
	if (!error && !*found_ret && missed)
		debuginfod_cache_miss(debuginfod->cache.fd, relative);
	return error;
}

/* Whether the id has been asked for; from now on it has. */
static struct crashinfo_error *was_asked(struct crashinfo_finder *finder, const char *id, bool *ret)
{
	struct debuginfod *debuginfod = finder->debuginfod;
	const char *copy, **slot;

	*ret = true;
	for (size_t i = 0; i < debuginfod->asked.size; i++)
		if (!strcmp(debuginfod->asked.data[i], id))
			return NULL;
	*ret = false;
	copy = arena_strdup(&finder->arena, id);
	slot = copy ? vec_push(&debuginfod->asked) : NULL;
	if (!slot)
		return crashinfo_error_no_memory();
	*slot = copy;
	return NULL;
}

static struct crashinfo_error *get_new(struct crashinfo_finder *finder, struct module_files *files,
				       const char *relative, const char *id, bool *found_ret)
{
	struct crashinfo_error *error;
	bool asked;

	error = was_asked(finder, id, &asked);
	if (error || asked)
		return error;
	return ask_servers(finder, files, relative, id, found_ret);
}

struct crashinfo_error *debuginfod_get(struct crashinfo_finder *finder, struct module_files *files,
				       const char *id, const char **ret)
{
	struct debuginfod *debuginfod = finder->debuginfod;
	char name[sizeof("/debuginfo") + ELF_BUILD_ID_HEX];
	struct crashinfo_error *error = NULL;
	enum debuginfod_entry entry;
	const char *relative;
	bool found;

	snprintf(name, sizeof(name), "%s/debuginfo", id);
	relative = arena_strdup(&finder->arena, name);
	if (!relative)
		return crashinfo_error_no_memory();
	entry = debuginfod_cache_look(debuginfod->cache.fd, relative);
	found = entry == DEBUGINFOD_AT_HAND;
	if (entry == DEBUGINFOD_MISSED)
		error = note(finder, files, module_join(finder, debuginfod->cache.path, relative),
			     "no server had it shortly before");
	else if (!found)
		error = get_new(finder, files, relative, id, &found);
	*ret = found ? relative : NULL;
	return error;
}
