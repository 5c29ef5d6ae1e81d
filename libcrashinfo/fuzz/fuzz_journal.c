/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an upload reads beside reports: a journal, a Retry-After header, the URL of an endpoint. The
 * first byte says which. Whatever a journal holds, what is recorded in it now is there in the end.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crashinfo/upload.h>

#include "upload/journal.h"
#include "upload/retry.h"

#define YEAR_MS (INT64_C(365) * 86400 * 1000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where nothing waits for a disk, if there is such a place. */
static void write_file(const char *text, size_t size, char path[64])
{
	int fd;

	snprintf(path, 64, "/dev/shm/fuzz-journal-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0) {
		snprintf(path, 64, "/tmp/fuzz-journal-XXXXXX");
		fd = mkstemp(path);
	}
	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		abort();
	close(fd);
}

static struct journal *open_journal(const char *path)
{
	struct journal *journal = NULL;
	struct crashinfo_error *error = journal_open(NULL, path, &journal);

	if (error && error->code != CRASHINFO_ERROR_FORMAT)
		abort();
	crashinfo_error_destroy(error);
	return journal;
}

static void try_journal(const char *text, size_t size)
{
	const struct journal_key keys[2] = {{{1, 2, 3}}, {{4, 5, 6}}};
	struct journal *journal;
	char path[64];

	write_file(text, size, path);
	journal = open_journal(path);
	if (journal) {
		unsigned unclear = journal_find(journal, &keys[1]).unclear;

		if (journal_intend(journal, keys, 2) ||
		    journal_record(journal, &keys[0], JOURNAL_SENT) ||
		    journal_record(journal, &keys[1], JOURNAL_BODY))
			abort();
		journal_close(journal);
		journal = open_journal(path);
		if (!journal || !journal_find(journal, &keys[0]).sent ||
		    journal_find(journal, &keys[1]).unclear != unclear + 1)
			abort();
		journal_close(journal);
	}
	unlink(path);
}

static void try_retry_after(const char *text)
{
	int64_t wait = retry_after_parse(text, 1767323045);

	if (wait < -1 || wait > YEAR_MS)
		abort();
}

static const char *nothing(const char *name)
{
	(void)name;
	return NULL;
}

static void try_endpoint(const char *text, const char *key)
{
	const struct crashinfo_endpoint_options how = {
		.url = text,
		.direct = key,
		.key = key,
		.site = text,
		.environment = nothing,
		.agent_socket = "/none",
	};
	struct crashinfo_endpoint *endpoint = NULL;
	struct crashinfo_error *error =
		crashinfo_endpoint_create(CRASHINFO_UPLOAD_ERRORS, &how, &endpoint);

	if (error && error->code != CRASHINFO_ERROR_INVALID_ARGUMENT)
		abort();
	if (endpoint && (!endpoint->name || !endpoint->url == !endpoint->file ||
			 !endpoint->file == (endpoint->scheme == CRASHINFO_ENDPOINT_FILE)))
		abort();
	/* the key is for the intake, and for no one who listens */
	if (endpoint && endpoint->key &&
	    (!key || (!strncmp(endpoint->url, "http://", 7) &&
		      strncmp(endpoint->url + 7, "localhost", 9) != 0 &&
		      strncmp(endpoint->url + 7, "127.", 4) != 0 &&
		      strncmp(endpoint->url + 7, "[::1]", 5) != 0)))
		abort();
	crashinfo_endpoint_destroy(endpoint);
	crashinfo_error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;

	if (!text)
		return 0;
	switch (*data) {
	case 'j': try_journal((const char *)data + 1, size - 1); break;
	case 'r': try_retry_after(text); break;
	case 'e': try_endpoint(text, NULL); break;
	case 'k': try_endpoint(text, "0123456789abcdef"); break;
	default: break;
	}
	free(text);
	return 0;
}
