/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/input_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/log.h"

void input_walk_init(struct input_walk *walk, const struct crashinfo_context *context,
		     const char *const *operands, size_t count)
{
	*walk = (struct input_walk){.context = context, .operands = operands, .count = count};
}

void input_walk_deinit(struct input_walk *walk)
{
	while (walk->pending.size)
		free(walk->pending.data[--walk->pending.size].path);
	free(walk->pending.data);
}

static struct crashinfo_error *push(struct input_walk *walk, char *path, unsigned depth)
{
	struct input_path *pending = path ? vec_push(&walk->pending) : NULL;

	if (!pending) {
		free(path);
		return crashinfo_error_no_memory();
	}
	*pending = (struct input_path){path, depth};
	return NULL;
}

static char *join(const char *folder, const char *name)
{
	size_t size = strlen(folder);
	char *path;

	return asprintf(&path, "%s%s%s", folder, size && folder[size - 1] == '/' ? "" : "/", name) <
			       0
		       ? NULL
		       : path;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Byte order, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static struct crashinfo_error *push_folder(struct input_walk *walk, const char *path,
					   unsigned depth)
{
	const struct crashinfo_limits *limits = limits_of(walk->context);
	struct crashinfo_error *error = NULL;
	struct dirent **entries;
	int count;

	if (depth >= limits->tree_depth)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "more than %zu folders within each other",
					      limits->tree_depth);
	count = scandir(path, &entries, is_entry, compare_names);
	if (count < 0)
		return crashinfo_error_from_errno(errno, "cannot read folder");
	walk->files += (size_t)count;
	if (walk->files > limits->tree_files)
		error = crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					       "more than %zu files in a folder",
					       limits->tree_files);
	for (int i = count; i-- > 0; free(entries[i]))
		if (!error)
			error = push(walk, join(path, entries[i]->d_name), depth + 1);
	free(entries);
	return error;
}

/* What is found in a folder may be a link to a file, but not to a folder: that could be a cycle. */
static bool is_wanted(const struct input_path *at, const struct stat *st)
{
	struct stat link;

	if (!at->depth || S_ISREG(st->st_mode))
		return true;
	return S_ISDIR(st->st_mode) && !lstat(at->path, &link) && S_ISDIR(link.st_mode);
}

/* A pipe among a folder's files must not be waited for, also when it has just taken the place. */
static int open_file(const struct input_path *at)
{
	return open(at->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (at->depth ? O_NONBLOCK : 0));
}

/* Open a file, or push what a folder holds; `*fd_ret` stays -1 then. */
static struct crashinfo_error *visit(struct input_walk *walk, const struct input_path *at,
				     int *fd_ret)
{
	struct stat st;

	if (!at->depth && !strcmp(at->path, "-")) {
		*fd_ret = STDIN_FILENO;
		return NULL;
	}
	if (stat(at->path, &st))
		return crashinfo_error_from_errno(errno, "cannot open");
	if (!is_wanted(at, &st)) {
		context_log(walk->context, CRASHINFO_LOG_INFO, "%s: passed over, no regular file",
			    at->path);
		return NULL;
	}
	if (S_ISDIR(st.st_mode))
		return push_folder(walk, at->path, at->depth);
	*fd_ret = open_file(at);
	return *fd_ret < 0 ? crashinfo_error_from_errno(errno, "cannot open") : NULL;
}

struct crashinfo_error *input_walk_next(struct input_walk *walk, char **path_ret, int *fd_ret,
					bool *is_operand_ret)
{
	for (;;) {
		struct input_path at = {.depth = 0};
		_free_ char *path = NULL;
		int fd = -1;
		struct crashinfo_error *error;

		if (walk->pending.size) {
			at = walk->pending.data[--walk->pending.size];
		} else if (walk->next < walk->count) {
			walk->files = 0;
			at.path = strdup(walk->operands[walk->next++]);
			if (!at.path)
				return crashinfo_error_no_memory();
		} else {
			*path_ret = NULL;
			return NULL;
		}
		path = at.path;
		error = visit(walk, &at, &fd);
		if (error)
			return crashinfo_error_at(error, path, 0, 0, 0);
		if (fd < 0)
			continue;
		*path_ret = steal_ptr(path);
		*fd_ret = fd;
		*is_operand_ret = at.depth == 0;
		return NULL;
	}
}
