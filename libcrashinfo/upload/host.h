/* SPDX-License-Identifier: Apache-2.0 */
/* The container this process runs in, as the kernel's files tell it. */
#ifndef UPLOAD_HOST_H
#define UPLOAD_HOST_H

#include <stdbool.h>

/*
 * The container id in the text of a cgroup file: of the first line whose path ends with one;
 * malloc'd, NULL when there is none or memory is out.
 */
char *host_container_id(const char *cgroup);

/*
 * The folder of this process below /sys/fs/cgroup: "memory/path" of the line whose controllers have
 * memory, else "path" of the line without controllers; malloc'd, NULL when there is none.
 */
char *host_cgroup_folder(const char *cgroup);

#endif
