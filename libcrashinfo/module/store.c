/* SPDX-License-Identifier: Apache-2.0 */
/* Stores of Breakpad symbols, as symbol servers keep them: NAME/ID/NAME.sym. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "module/finder.h"

/* The file name of a path of any system. */
static const char *base_name(const char *path)
{
	const char *name = path;

	for (const char *p = path; *p; p++)
		if (*p == '/' || *p == '\\')
			name = p + 1;
	return name;
}

/* The GUID is always in capitals, the age behind it in either case. */
static void write_id(const char *id, bool capitals, char ret[BREAKPAD_ID_HEX])
{
	size_t i;

	for (i = 0; id[i]; i++)
		ret[i] = i < 32 || capitals ? (char)toupper((unsigned char)id[i]) : id[i];
	ret[i] = '\0';
}

/* `folder`/ID/`stem`.sym for each id and way to write it. */
static struct crashinfo_error *try_name(struct crashinfo_finder *finder, struct module_files *files,
					const struct module_dir *dir, const char *folder,
					const char *stem)
{
	struct crashinfo_error *error = NULL;
	struct breakpad_ids ids;

	breakpad_ids_make(files->build_id, &ids);
	for (size_t i = 0; i < 6 && !error && !files->table.path; i++) {
		_free_ char *relative = NULL;
		char id[BREAKPAD_ID_HEX], capitals[BREAKPAD_ID_HEX];
		const char *copy;

		write_id(ids.ids[i / 2], true, capitals);
		write_id(ids.ids[i / 2], i % 2 == 0, id);
		if (!*id || (i % 2 && !strcmp(id, capitals)))
			continue;
		if (asprintf(&relative, "%s/%s/%s.sym", folder, id, stem) < 0)
			return crashinfo_error_no_memory();
		copy = arena_strdup(&finder->arena, relative);
		if (!copy)
			return crashinfo_error_no_memory();
		error = module_try_path(finder, files, dir, copy);
	}
	return error;
}

static bool has_suffix(const char *name, const char *const *suffixes)
{
	const char *dot = strrchr(name, '.');

	for (; dot && *suffixes; suffixes++)
		if (!strcasecmp(dot, *suffixes))
			return true;
	return false;
}

struct crashinfo_error *module_try_store(struct crashinfo_finder *finder,
					 struct module_files *files, const struct module_dir *dir)
{
	static const char *const pe[] = {".exe", ".dll", ".sys", ".pdb", NULL};
	const char *name = base_name(files->path);
	_free_ char *stem = NULL, *pdb = NULL;
	size_t size = strlen(name);

	if (!size || !strcmp(name, ".") || !strcmp(name, ".."))
		return NULL;
	if (!has_suffix(name, pe))
		return try_name(finder, files, dir, name, name);
	/* those of Windows stand under the name of the PDB file, which has the name of the image */
	stem = strndup(name, size - 4);
	if (!stem || asprintf(&pdb, "%s.pdb", stem) < 0)
		return crashinfo_error_no_memory();
	return try_name(finder, files, dir, pdb, stem);
}
