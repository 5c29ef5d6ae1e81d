/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_DIGEST_H
#define REPORT_DIGEST_H

#include <stddef.h>

#include <crashinfo/error.h>

#define DIGEST_SHA256_BYTES 32

/*
 * SHA-256 of `size` bytes. libcrypto is loaded when it is first needed: most runs need it for
 * nothing, and it takes longer to start than they do. OTHER when it cannot be loaded.
 */
struct crashinfo_error *digest_sha256(const void *bytes, size_t size,
				      unsigned char ret[DIGEST_SHA256_BYTES]);

#endif
