/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder with a bounded number of reports, usercrash_00 and so on. A new one takes the first
 * number that is free, or else the place of the oldest. It appears when it is complete; until then
 * it has no name, so that whoever dies leaves nothing. Several processes may use one folder.
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <crashinfo/error.h>

#define STORE_DEFAULT_DIR "/var/log/usercrashes"
/* Numbers have two digits. */
#define STORE_COUNT_MAX 100
/* "usercrash_00" and a NUL */
#define STORE_NAME_MAX 16

struct store {
	int dir_fd;
	unsigned count;   /* files at most */
	uint64_t bytes;   /* of all files together */
	const char *path; /* the caller's */
};

struct store_file {
	int fd;             /* write here; -1 when closed */
	char temporary[32]; /* "" while it has no name at all */
};

/* Open the folder, which is created with mode 0755 when its parent is there. OTHER when it is
 * somebody else's, or others can change what is in it; OS. */
struct crashinfo_error *store_open(const char *path, unsigned count, uint64_t bytes,
				   struct store *ret);
void store_close(struct store *store);

/*
 * A new file with room for `size` bytes: while the disk is full or the folder has its bytes, the
 * oldest files go. LIMIT when it can never fit, OS when there is no room without them either.
 */
struct crashinfo_error *store_create(struct store *store, uint64_t size, struct store_file *ret);
/* Give it its name, once it is on the disk; closes it also on failure. */
struct crashinfo_error *store_commit(struct store *store, struct store_file *file,
				     char name_ret[STORE_NAME_MAX]);
/* Drop it. */
void store_abort(struct store *store, struct store_file *file);

#endif
