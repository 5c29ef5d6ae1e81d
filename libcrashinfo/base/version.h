/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that holds the version; the Makefile reads it from here. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define DDCRASH_VERSION "0.1.0"

#endif
