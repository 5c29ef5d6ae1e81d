/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "bytes.h"
#include "deputy.h"
#include "descriptors.h"
#include "raw.h"
#include "state.h"
#include "writer.h"

static char path[OUTPUT_MAX];

const char *output_path(void)
{
	return path;
}

bool output_is_valid(const char *name)
{
	for (; *name; name++)
		if (*name == '%' && *++name != 'p' && *name != 't' && *name != 's' && *name != '%')
			return false;
	return true;
}

static void expand(struct writer *w, const char *name, int signo)
{
	for (; *name; name++) {
		if (*name != '%') {
			writer_bytes(w, name, 1);
			continue;
		}
		switch (*++name) {
		case 'p': writer_decimal(w, deputy_pid()); break;
		case 't': writer_decimal(w, raw_clock(CLOCK_REALTIME).tv_sec); break;
		case 's': writer_decimal(w, signo); break;
		default: writer_text(w, "%");
		}
	}
	writer_bytes(w, "", 1);
}

static int create(void)
{
	return raw_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_NOFOLLOW, 0600);
}

int output_open(const char *name, int signo)
{
	struct writer w;
	struct stat status;
	int fd;

	writer_init_memory(&w, path, sizeof(path));
	expand(&w, name, signo);
	if (w.failed)
		return -ENAMETOOLONG;
	fd = create();
	if (fd == -EMFILE && descriptors_raise_limit())
		fd = create();
	if (fd != -EEXIST)
		return fd;
	/* A report of an earlier run makes place; what someone else put there does not. */
	if (raw_lstat(path, &status) || !S_ISREG(status.st_mode) ||
	    status.st_uid != raw_geteuid() || raw_unlink(path))
		return -EEXIST;
	return create();
}
