/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <crashinfo/upload.h>

#include "base/cleanup.h"
#include "base/io.h"

/* The inode of the first cgroup namespace (include/linux/proc_ns.h): not in a container. */
#define HOST_CGROUP_INODE 0xEFFFFFFBu
#define CGROUP_FILE_BYTES (1024 * 1024)

/* One line of a cgroup file, "number:controllers:path". */
struct cgroup_line {
	const char *controllers, *path;
	size_t controllers_size, path_size;
};

/* The line at `*at`, which is moved behind it; false when it has another form. */
static bool next_line(const char **at, struct cgroup_line *ret)
{
	const char *line = *at, *end = line + strcspn(line, "\n"), *first, *second;

	*at = *end ? end + 1 : end;
	first = memchr(line, ':', (size_t)(end - line));
	second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;
	if (!second || first == line || strspn(line, "0123456789") < (size_t)(first - line) ||
	    second + 1 == end)
		return false;
	*ret = (struct cgroup_line){first + 1, second + 1, (size_t)(second - first - 1),
				    (size_t)(end - second - 1)};
	return true;
}

/* --- container id --- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether `text` is hex in groups of the given lengths (ended by 0), with '-' or '_' between. */
static bool is_grouped(const char *text, size_t size, const unsigned char *groups,
		       const char *separators)
{
	size_t at = 0;

	for (; *groups; groups++) {
		for (unsigned i = 0; i < *groups; i++, at++)
			if (at >= size || !is_hex(text[at]))
				return false;
		if (groups[1] && (at >= size || !strchr(separators, text[at++])))
			return false;
	}
	return at == size;
}

/* "[0-9a-f]{32}-[0-9]+" */
static bool is_task(const char *text, size_t size)
{
	static const unsigned char id[] = {32, 0};

	if (size < 34 || !is_grouped(text, 32, id, "") || text[32] != '-')
		return false;
	for (size_t i = 33; i < size; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool is_id(const char *text, size_t size)
{
	static const unsigned char uuid[] = {8, 4, 4, 4, 12, 0};
	static const unsigned char garden[] = {8, 4, 4, 4, 4, 0};
	static const unsigned char docker[] = {64, 0};

	return is_grouped(text, size, uuid, "-_") || is_grouped(text, size, garden, "-") ||
	       is_grouped(text, size, docker, "") || is_task(text, size);
}

/* The longest end of `text` that is an id. */
static const char *id_at_end(const char *text, size_t size, size_t *size_ret)
{
	for (size_t start = 0; start < size; start++)
		if (is_id(text + start, size - start)) {
			*size_ret = size - start;
			return text + start;
		}
	return NULL;
}

/* An id may be followed by ".scope", and that by "/name". */
static const char *find_id(const char *path, size_t size, size_t *size_ret)
{
	static const char scope[] = ".scope";
	const char *found = NULL, *slash;

	while (size && path[size - 1] == ' ')
		size--;
	found = id_at_end(path, size, size_ret);
	slash = memrchr(path, '/', size);
	if (!found && size > strlen(scope) &&
	    !memcmp(path + size - strlen(scope), scope, strlen(scope)))
		found = id_at_end(path, size - strlen(scope), size_ret);
	if (!found && slash && slash + 1 < path + size && (size_t)(slash - path) > strlen(scope) &&
	    !memcmp(slash - strlen(scope), scope, strlen(scope)))
		found = id_at_end(path, (size_t)(slash - path) - strlen(scope), size_ret);
	return found;
}

char *host_container_id(const char *cgroup)
{
	while (*cgroup) {
		struct cgroup_line line;
		const char *id;
		size_t size;

		if (!next_line(&cgroup, &line))
			continue;
		id = find_id(line.path, line.path_size, &size);
		if (id)
			return strndup(id, size);
	}
	return NULL;
}

/* --- cgroup folder --- */

static bool has_controller(const struct cgroup_line *line, const char *name)
{
	const char *at = line->controllers, *end = at + line->controllers_size;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t size = (size_t)((comma ? comma : end) - at);

		if (size == strlen(name) && !memcmp(at, name, size))
			return true;
		at += size + 1;
	}
	return false;
}

char *host_cgroup_folder(const char *cgroup)
{
	struct cgroup_line line, best;
	const char *controller = NULL;
	char *folder;

	while (*cgroup && !(controller && *controller)) {
		if (!next_line(&cgroup, &line))
			continue;
		if (has_controller(&line, "memory"))
			controller = "memory";
		else if (!controller && !line.controllers_size)
			controller = "";
		else
			continue;
		best = line;
	}
	if (!controller ||
	    asprintf(&folder, "%s/%.*s", controller, (int)best.path_size, best.path) < 0)
		return NULL;
	return folder;
}

/* --- the machine --- */

/* "in-" and the inode of the cgroup, unless this is the host's own namespace. */
static char *inode_entity(const char *cgroup)
{
	_free_ char *folder = NULL, *path = NULL;
	struct stat st;
	char *entity;

	if (stat("/proc/self/ns/cgroup", &st) || st.st_ino == HOST_CGROUP_INODE)
		return NULL;
	folder = host_cgroup_folder(cgroup);
	if (!folder || asprintf(&path, "/sys/fs/cgroup/%s", folder) < 0) {
		path = NULL;
		return NULL;
	}
	if (stat(path, &st) || asprintf(&entity, "in-%ju", (uintmax_t)st.st_ino) < 0)
		return NULL;
	return entity;
}

/* Best effort: without these names the payloads are as good as in a container of no name. */
static void find_entity(struct crashinfo_upload_host *host)
{
	_strbuf_ struct strbuf cgroup = {0};
	struct crashinfo_error *error;

	error = io_read_file("/proc/self/cgroup", CGROUP_FILE_BYTES, &cgroup);
	crashinfo_error_destroy(error);
	if (error || !cgroup.data)
		return;
	host->container_id = host_container_id(cgroup.data);
	if (!host->container_id)
		host->entity_id = inode_entity(cgroup.data);
	else if (asprintf(&host->entity_id, "ci-%s", host->container_id) < 0)
		host->entity_id = NULL;
}

#if defined(__x86_64__)
#define BUILD_ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define BUILD_ARCHITECTURE "aarch64"
#else
#define BUILD_ARCHITECTURE NULL /* uname's name for it */
#endif

struct crashinfo_error *crashinfo_upload_host_create(struct crashinfo_upload_host **ret)
{
	struct crashinfo_upload_host *host = calloc(1, sizeof(*host));
	const char *architecture = BUILD_ARCHITECTURE;
	struct utsname names = {0};

	uname(&names);
	if (!host)
		return crashinfo_error_no_memory();
	host->hostname = *names.nodename ? strdup(names.nodename) : NULL;
	host->release = strdup(names.release);
	host->version = strdup(names.version);
	host->architecture = strdup(architecture ? architecture : names.machine);
	if ((*names.nodename && !host->hostname) || !host->release || !host->version ||
	    !host->architecture) {
		crashinfo_upload_host_destroy(host);
		return crashinfo_error_no_memory();
	}
	find_entity(host);
	*ret = host;
	return NULL;
}

void crashinfo_upload_host_destroy(struct crashinfo_upload_host *host)
{
	if (!host)
		return;
	free(host->hostname);
	free(host->release);
	free(host->version);
	free(host->architecture);
	free(host->container_id);
	free(host->entity_id);
	free(host);
}
