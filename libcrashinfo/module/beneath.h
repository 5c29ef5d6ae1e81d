/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files inside a folder the user gave, wherever links point. */
#ifndef MODULE_BENEATH_H
#define MODULE_BENEATH_H

enum beneath_mode {
	BENEATH_STRICT, /* a link that leads out of the folder is refused */
	BENEATH_ROOT,   /* the folder is "/" to absolute links and to ".." */
};

/*
 * Open the regular file `path` (leading slashes are ignored) for reading inside the folder
 * `dir_fd`. The descriptor, or -1 with errno. Never blocks on a pipe.
 */
int beneath_open(int dir_fd, const char *path, enum beneath_mode mode);

#endif
