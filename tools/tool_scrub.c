/* SPDX-License-Identifier: Apache-2.0 */
/* --scrub and --scrub-manifest, for tools that pass reports on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/file.h>
#include <crashinfo/scrub.h>

#include "tool.h"

struct tool_scrub {
	struct crashinfo_scrubber *scrubber;
	bool check;
	FILE *manifest;
	struct crashinfo_file *manifest_file;
};

static struct crashinfo_error *add_sets(struct crashinfo_scrubber *scrubber)
{
	struct crashinfo_error *error = crashinfo_scrubber_add_set(scrubber, "secrets");

	return error ? error : crashinfo_scrubber_add_set(scrubber, "personal");
}

/* One of a list: a set, "default", "check", or else a file. `*named`: it names rules. */
static struct crashinfo_error *add_rules(struct tool_scrub *scrub, const char *item, bool *named)
{
	struct crashinfo_error *error;

	if (!strcmp(item, "check")) {
		scrub->check = true;
		return NULL;
	}
	*named = true;
	if (!strcmp(item, "default"))
		return add_sets(scrub->scrubber);
	error = crashinfo_scrubber_add_set(scrub->scrubber, item);
	if (!error || error->code != CRASHINFO_ERROR_NOT_FOUND)
		return error;
	crashinfo_error_destroy(error);
	return crashinfo_scrubber_add_file(scrub->scrubber, item);
}

static struct crashinfo_error *add_list(struct tool_scrub *scrub, const char *list, bool *named)
{
	char *copy = strdup(list), *rest = copy, *item;
	struct crashinfo_error *error = copy ? NULL : crashinfo_error_no_memory();

	while (!error && (item = strsep(&rest, ",")))
		if (*item)
			error = add_rules(scrub, item, named);
	free(copy);
	return error;
}

static struct crashinfo_error *load(struct tool *tool, struct tool_scrub *scrub,
				    const struct tool_scrub_options *options)
{
	struct crashinfo_error *error;
	bool named = false;

	error = crashinfo_scrubber_create(&tool->context, &scrub->scrubber);
	for (size_t i = 0; i < options->rules.count && !error; i++)
		error = add_list(scrub, options->rules.data[i], &named);
	if (!error && !named)
		error = add_sets(scrub->scrubber);
	return error;
}

static struct crashinfo_error *open_manifest(struct tool_scrub *scrub, const char *path)
{
	struct crashinfo_error *error = crashinfo_file_create(path, &scrub->manifest_file);
	int fd = error ? -1 : dup(crashinfo_file_descriptor(scrub->manifest_file));

	if (error)
		return error;
	scrub->manifest = fd < 0 ? NULL : fdopen(fd, "w");
	if (!scrub->manifest)
		error = crashinfo_error_from_errno(errno, "cannot write %s", path);
	if (error && fd >= 0)
		close(fd);
	return error;
}

struct tool_scrub *tool_scrub_open(struct tool *tool, const struct tool_scrub_options *options)
{
	struct tool_scrub *scrub;
	struct crashinfo_error *error;

	if (!options->rules.count) {
		if (options->manifest)
			tool_usage(tool, "--scrub-manifest is for --scrub");
		return NULL;
	}
	scrub = calloc(1, sizeof(*scrub));
	error = scrub ? load(tool, scrub, options) : crashinfo_error_no_memory();
	if (!error && options->manifest)
		error = open_manifest(scrub, options->manifest);
	if (tool_failed(tool, error))
		exit(tool_finish(tool, TOOL_FAILED));
	return scrub;
}

bool tool_scrub_checks(const struct tool_scrub *scrub)
{
	return scrub && scrub->check;
}

/* --- what was removed --- */

static struct crashinfo_error *write_manifest(struct tool_scrub *scrub, const char *name,
					      const struct crashinfo_scrubbed *scrubbed)
{
	char *text;
	size_t size;
	struct crashinfo_error *error;

	if (!scrub->manifest)
		return NULL;
	error = crashinfo_scrubbed_manifest(scrubbed, name, &text, &size);
	if (error)
		return error;
	/* a failure is seen when the file is closed */
	fwrite(text, 1, size, scrub->manifest);
	free(text);
	return NULL;
}

static size_t total(const struct crashinfo_scrubbed *scrubbed, const char *rule)
{
	size_t count = 0;

	for (size_t i = 0; i < scrubbed->count; i++)
		if (!rule || !strcmp(scrubbed->removals[i].rule, rule))
			count += scrubbed->removals[i].count;
	return count;
}

static void tell(struct tool *tool, const struct tool_scrub *scrub, const char *name,
		 const struct crashinfo_scrubbed *scrubbed)
{
	for (size_t i = 0; i < scrubbed->count; i++) {
		const struct crashinfo_removal *r = &scrubbed->removals[i];

		if (scrub->check)
			tool_warning(tool, "%s: %s at %s (%zu)", name, r->rule, r->pointer,
				     r->count);
		else
			tool_detail(tool, "%s: removed %s at %s (%zu)", name, r->rule, r->pointer,
				    r->count);
	}
	if (scrubbed->count && !scrub->check)
		tool_note(tool, "%s: removed %zu by --scrub, in %zu places", name,
			  total(scrubbed, NULL), scrubbed->count);
}

static struct crashinfo_error *make_report(struct tool *tool, const char *name,
					   struct crashinfo_scrubbed *scrubbed, char **text_ret,
					   size_t *size_ret, struct crashinfo_report **ret)
{
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	error = crashinfo_json_parse(&tool->context, scrubbed->text, scrubbed->size, name, &json);
	if (!error)
		error = crashinfo_report_create(&tool->context, json, ret);
	if (error)
		return error;
	*text_ret = scrubbed->text;
	*size_ret = scrubbed->size;
	scrubbed->text = NULL;
	return NULL;
}

struct crashinfo_error *tool_scrub_report(struct tool *tool, struct tool_scrub *scrub,
					  const char *name, const struct crashinfo_report *report,
					  bool *found, char **text_ret, size_t *size_ret,
					  struct crashinfo_report **ret)
{
	struct crashinfo_scrubbed *scrubbed;
	struct crashinfo_error *error;

	error = crashinfo_scrubber_run(scrub->scrubber, crashinfo_report_json(report), &scrubbed);
	if (error)
		return crashinfo_error_at(error, name, 0, 0, 0);
	*found = scrubbed->count;
	tell(tool, scrub, name, scrubbed);
	error = write_manifest(scrub, name, scrubbed);
	if (!error && scrubbed->count && !scrub->check)
		error = make_report(tool, name, scrubbed, text_ret, size_ret, ret);
	crashinfo_scrubbed_destroy(scrubbed);
	return error;
}

static void close_manifest(struct tool *tool, struct tool_scrub *scrub)
{
	bool failed = ferror(scrub->manifest);

	failed |= fclose(scrub->manifest) != 0;
	if (!failed) {
		tool_failed(tool, crashinfo_file_commit(scrub->manifest_file, false));
		return;
	}
	tool_error(tool, "--scrub-manifest: cannot write: %s", strerror(errno));
	crashinfo_file_destroy(scrub->manifest_file);
}

void tool_scrub_close(struct tool *tool, struct tool_scrub *scrub)
{
	if (!scrub)
		return;
	if (scrub->manifest)
		close_manifest(tool, scrub);
	crashinfo_scrubber_destroy(scrub->scrubber);
	free(scrub);
}
