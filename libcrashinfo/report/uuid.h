/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_UUID_H
#define REPORT_UUID_H

#include <stddef.h>

#include <crashinfo/error.h>

/* A UUID in the form of version 4 made of the SHA-256 of `content`: the same bytes, the same id. */
struct crashinfo_error *uuid_of_content(const char *content, size_t size, char ret[37]);

#endif
