/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain main for a fuzz target: feeds it its corpus and speaks TAP. The corpus is the folder
 * $TOP/testdata/corpus/NAME of a program called replay_fuzz_NAME; files and folders named as
 * arguments take its place, so that a crash the fuzzer found can be run in a debugger.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int results;

static int replay_file(const char *path)
{
	_strbuf_ struct strbuf content = {0};
	_error_ struct crashinfo_error *error = io_read_file(path, SIZE_MAX, &content);
	_free_ uint8_t *exact = NULL;

	if (error) {
		printf("not ok %d - %s: %s\n", ++results, path, error->message);
		return 1;
	}
	/* a block of just its size: a sanitizer sees a byte read past it */
	exact = malloc(content.size ? content.size : 1);
	if (!exact)
		abort();
	memcpy(exact, content.data, content.size);
	LLVMFuzzerTestOneInput(exact, content.size);
	printf("ok %d - %s\n", ++results, path);
	/* a crash in the next one must not lose this line */
	fflush(stdout);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, alphasort), failed = 0;

	if (count < 0)
		return replay_file(path);
	for (int i = 0; i < count; i++) {
		_free_ char *file = NULL;

		if (asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			abort();
		failed |= replay_file(file);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "replay_fuzz_"), *top = getenv("TOP");
	_free_ char *corpus = NULL;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i]);
	if (argc == 1 && name) {
		if (asprintf(&corpus, "%s/testdata/corpus/%s", top ? top : ".",
			     name + strlen("replay_fuzz_")) < 0)
			abort();
		failed = replay_folder(corpus);
	}
	printf("1..%d\n", results);
	return failed || !results;
}
