/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings are kept before they are changed, byte for byte, and given back when they still are what
 * we made of them: somebody who changed them meanwhile had a reason. Enabling changes all or none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <crashinfo/file.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "host/ctl.h"

#define SETTING_BYTES_MAX 4096
/* Of a file of settings that is replaced. */
#define SYSCTL_BYTES_MAX (1u << 20)
/* CORENAME_MAX_SIZE of the kernel, less the NUL. */
#define PATTERN_BYTES_MAX 127
/* What the client needs; the name comes last, as it may hold anything. */
#define SPECIFIERS "%P %I %s %t %c %d %h %e"
/* Crashes that are waited for at the same time; with 0 a process would be gone before its client
 * has looked at it. */
#define PIPE_LIMIT "64\n"
/* Programs with more rights than their user has are reported too, for root only; a pattern that
 * runs a program is what the kernel asks for here. */
#define DUMPABLE "2\n"

static char *join(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* The kernel runs the client in another folder. */
static char *absolute(const char *path)
{
	_free_ char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	return *path == '/' ? strdup(path) : here ? join(here, path) : NULL;
}

static struct crashinfo_error *read_file(const char *folder, const char *name, struct strbuf *ret)
{
	_free_ char *path = join(folder, name);

	return path ? io_read_file(path, SETTING_BYTES_MAX, ret) : crashinfo_error_no_memory();
}

/* In place: these files cannot be replaced, and must be written at once. */
static struct crashinfo_error *write_setting(const struct ctl *ctl, struct ctl_setting *setting,
					     const char *bytes, size_t size)
{
	_free_ char *path = join(ctl->options.kernel_dir, setting->path);
	_close_ int fd = path ? open(path, O_WRONLY | O_TRUNC | O_CLOEXEC) : -1;

	if (!path)
		return crashinfo_error_no_memory();
	setting->is_changed |= fd >= 0;
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		return crashinfo_error_from_errno(errno, "cannot write %s", path);
	return NULL;
}

static struct crashinfo_error *read_setting(struct ctl *ctl, struct ctl_setting *setting)
{
	struct crashinfo_error *error;

	error = read_file(ctl->options.kernel_dir, setting->path, &setting->now);
	setting->is_there = !error;
	if (error)
		return error;
	error = read_file(ctl->state_dir, setting->name, &setting->previous);
	setting->has_previous = !error;
	if (error && error->errnum == ENOENT) {
		crashinfo_error_destroy(error);
		error = NULL;
	}
	return error;
}

/* What was there before us. */
static const struct strbuf *other_pattern(const struct ctl *ctl)
{
	return ctl_is_enabled(ctl) ? &ctl->pattern.previous : &ctl->pattern.now;
}

static struct crashinfo_error *make_pattern(struct ctl *ctl)
{
	const struct ctl_options *o = &ctl->options;
	const struct strbuf *other = other_pattern(ctl);

	strbuf_addf(&ctl->ours, "|%s", o->client);
	/* another program goes on getting core files; files of the kernel's own are no more */
	if (other->size && other->data[0] == '|')
		strbuf_addf(&ctl->ours, " --previous %s/core_pattern", ctl->state_dir);
	strbuf_addf(&ctl->ours, " -- %s\n", SPECIFIERS);
	return strbuf_error(&ctl->ours);
}

struct crashinfo_error *ctl_read(struct ctl *ctl)
{
	struct crashinfo_error *error;

	ctl->pattern.path = ctl->pattern.name = "core_pattern";
	ctl->limit.path = ctl->limit.name = "core_pipe_limit";
	ctl->limit.ours = PIPE_LIMIT;
	ctl->dumpable.path = "../fs/suid_dumpable";
	ctl->dumpable.name = "suid_dumpable";
	ctl->dumpable.ours = DUMPABLE;
	ctl->state_dir = absolute(ctl->options.state_dir);
	if (!ctl->state_dir)
		return crashinfo_error_no_memory();
	error = read_setting(ctl, &ctl->pattern);
	if (!error)
		error = read_setting(ctl, &ctl->limit);
	if (!error)
		error = read_setting(ctl, &ctl->dumpable);
	if (error && error->errnum == ENOENT && ctl->limit.is_there) {
		crashinfo_error_destroy(error);
		error = NULL;
	}
	return error ? error : make_pattern(ctl);
}

void ctl_free(struct ctl *ctl)
{
	struct ctl_setting *settings[] = {&ctl->pattern, &ctl->limit, &ctl->dumpable};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		strbuf_deinit(&settings[i]->now);
		strbuf_deinit(&settings[i]->previous);
	}
	strbuf_deinit(&ctl->ours);
	strbuf_deinit(&ctl->sysctl_before);
	free(ctl->state_dir);
}

bool ctl_is_enabled(const struct ctl *ctl)
{
	const struct strbuf *now = &ctl->pattern.now;
	size_t size = strlen(ctl->options.client);

	return now->size > size + 1 && now->data[0] == '|' &&
	       !memcmp(now->data + 1, ctl->options.client, size) &&
	       strchr(" \n", now->data[size + 1]);
}

/* --- enable ----------------------------------------------------------------------------------- */

static struct crashinfo_error *write_kept(const struct ctl *ctl, const struct ctl_setting *setting,
					  const struct strbuf *value)
{
	_free_ char *path = join(ctl->state_dir, setting->name);

	if (!path)
		return crashinfo_error_no_memory();
	return crashinfo_file_write(path, value->size ? value->data : "", value->size);
}

static struct crashinfo_error *keep(const struct ctl *ctl, struct ctl_setting *setting)
{
	setting->is_kept = true;
	return write_kept(ctl, setting, &setting->now);
}

static struct crashinfo_error *keep_all(struct ctl *ctl)
{
	struct crashinfo_error *error;

	ctl->is_state_dir_new = !mkdir(ctl->state_dir, 0755);
	if (!ctl->is_state_dir_new && errno != EEXIST)
		return crashinfo_error_from_errno(errno, "cannot create folder %s", ctl->state_dir);
	/* the pattern last: it says that all is kept */
	error = keep(ctl, &ctl->limit);
	if (!error && ctl->dumpable.is_there)
		error = keep(ctl, &ctl->dumpable);
	return error ? error : keep(ctl, &ctl->pattern);
}

/* What this run would replace. */
static struct crashinfo_error *read_sysctl(struct ctl *ctl)
{
	struct crashinfo_error *error;

	error = io_read_file(ctl->options.sysctl_file, SYSCTL_BYTES_MAX, &ctl->sysctl_before);
	ctl->had_sysctl = !error;
	if (!error || error->errnum != ENOENT)
		return error;
	crashinfo_error_destroy(error);
	return NULL;
}

/* The same at the next start of the machine. */
static struct crashinfo_error *write_sysctl(struct ctl *ctl)
{
	struct strbuf text _strbuf_ = {0};

	ctl->is_sysctl_written = true;
	strbuf_addf(&text,
		    "# Written by ddcrash-ctl, which removes it.\n"
		    "kernel.core_pattern=%.*s\nkernel.core_pipe_limit=%s",
		    (int)ctl->ours.size - 1, ctl->ours.data, PIPE_LIMIT);
	if (ctl->dumpable.is_there)
		strbuf_adds(&text, "fs.suid_dumpable=" DUMPABLE);
	if (text.failed)
		return crashinfo_error_no_memory();
	return crashinfo_file_write(ctl->options.sysctl_file, text.data, text.size);
}

/* It stands in the pattern, which the kernel splits at blanks. */
static bool fits_pattern(const char *path)
{
	return path[0] == '/' && !strpbrk(path, " %\t\n");
}

static struct crashinfo_error *check_paths(const struct ctl *ctl)
{
	const char *client = ctl->options.client;

	if (!fits_pattern(ctl->state_dir))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "%s: no folder without blanks", ctl->state_dir);
	if (!fits_pattern(client) || access(client, X_OK))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "%s: no program with an absolute path without blanks",
					      client);
	if (ctl->ours.size > PATTERN_BYTES_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
					      "%s: the path is too long for core_pattern", client);
	return NULL;
}

static struct crashinfo_error *set(const struct ctl *ctl, struct ctl_setting *setting)
{
	if (!setting->is_there)
		return NULL;
	return write_setting(ctl, setting, setting->ours, strlen(setting->ours));
}

static struct crashinfo_error *set_all(struct ctl *ctl)
{
	struct crashinfo_error *error = write_sysctl(ctl);

	/* the limit first: from the pattern on crashes come to us */
	if (!error)
		error = set(ctl, &ctl->limit);
	if (!error)
		error = write_setting(ctl, &ctl->pattern, ctl->ours.data, ctl->ours.size);
	/* not while core files may go elsewhere */
	return error ? error : set(ctl, &ctl->dumpable);
}

static struct crashinfo_error *enable(struct ctl *ctl)
{
	struct crashinfo_error *error = check_paths(ctl);

	if (!error)
		error = read_sysctl(ctl);
	/* enabled again, after an update for instance, what was there first stays kept */
	if (!error && !ctl_is_enabled(ctl))
		error = keep_all(ctl);
	else if (!error && ctl->pattern.has_previous && !ctl->dumpable.has_previous &&
		 ctl->dumpable.is_there)
		error = keep(ctl, &ctl->dumpable);
	return error ? error : set_all(ctl);
}

/* --- enable, backwards ------------------------------------------------------------------------ */

static struct crashinfo_error *forget(const struct ctl *ctl, const struct ctl_setting *setting)
{
	_free_ char *path = join(ctl->state_dir, setting->name);

	if (!path)
		return crashinfo_error_no_memory();
	if (unlink(path) && errno != ENOENT)
		return crashinfo_error_from_errno(errno, "cannot remove %s", path);
	return NULL;
}

static struct crashinfo_error *remove_sysctl(const struct ctl *ctl)
{
	if (!unlink(ctl->options.sysctl_file) || errno == ENOENT)
		return NULL;
	return crashinfo_error_from_errno(errno, "cannot remove %s", ctl->options.sysctl_file);
}

static struct crashinfo_error *undo_setting(const struct ctl *ctl, struct ctl_setting *setting)
{
	if (!setting->is_changed)
		return NULL;
	return write_setting(ctl, setting, setting->now.size ? setting->now.data : "",
			     setting->now.size);
}

static struct crashinfo_error *undo_kept(const struct ctl *ctl, struct ctl_setting *setting)
{
	if (!setting->is_kept)
		return NULL;
	return setting->has_previous ? write_kept(ctl, setting, &setting->previous)
				     : forget(ctl, setting);
}

static struct crashinfo_error *undo_sysctl(const struct ctl *ctl)
{
	const struct strbuf *before = &ctl->sysctl_before;

	if (!ctl->is_sysctl_written)
		return NULL;
	if (!ctl->had_sysctl)
		return remove_sysctl(ctl);
	return crashinfo_file_write(ctl->options.sysctl_file, before->size ? before->data : "",
				    before->size);
}

/* What can't be put back is told, and the rest put back nevertheless. */
static void undo_enable(struct ctl *ctl)
{
	/* settings that depend on the others first */
	struct ctl_setting *settings[] = {&ctl->dumpable, &ctl->pattern, &ctl->limit};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		tool_failed(&ctl->tool, undo_setting(ctl, settings[i]));
	tool_failed(&ctl->tool, undo_sysctl(ctl));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		tool_failed(&ctl->tool, undo_kept(ctl, settings[i]));
	if (ctl->is_state_dir_new)
		rmdir(ctl->state_dir);
}

struct crashinfo_error *ctl_enable(struct ctl *ctl)
{
	struct crashinfo_error *error = enable(ctl);

	if (error)
		undo_enable(ctl);
	return error;
}

/* --- disable ---------------------------------------------------------------------------------- */

static bool is_ours(const struct ctl_setting *setting)
{
	size_t size = setting->ours ? strlen(setting->ours) : 0;

	return !size ||
	       (setting->now.size == size && !memcmp(setting->now.data, setting->ours, size));
}

static struct crashinfo_error *give_back(const struct ctl *ctl, struct ctl_setting *setting)
{
	if (!setting->has_previous || !setting->previous.size || !is_ours(setting))
		return NULL;
	return write_setting(ctl, setting, setting->previous.data, setting->previous.size);
}

static struct crashinfo_error *restore(struct ctl *ctl)
{
	bool is_enabled = ctl_is_enabled(ctl);
	struct crashinfo_error *error;

	if (is_enabled && !ctl->pattern.has_previous)
		return crashinfo_error_create(
			CRASHINFO_ERROR_NOT_FOUND,
			"%s has no pattern from before: set kernel.core_pattern yourself",
			ctl->state_dir);
	if (!is_enabled && ctl->pattern.has_previous)
		tool_warning(&ctl->tool,
			     "core_pattern was changed by somebody else and stays as it is");
	error = give_back(ctl, &ctl->dumpable);
	if (!error && is_enabled)
		error = give_back(ctl, &ctl->pattern);
	return error ? error : give_back(ctl, &ctl->limit);
}

struct crashinfo_error *ctl_disable(struct ctl *ctl)
{
	struct crashinfo_error *error = restore(ctl);

	if (!error)
		error = remove_sysctl(ctl);
	if (!error)
		error = forget(ctl, &ctl->pattern);
	if (!error)
		error = forget(ctl, &ctl->limit);
	return error ? error : forget(ctl, &ctl->dumpable);
}
