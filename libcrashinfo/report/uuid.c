/* SPDX-License-Identifier: Apache-2.0 */
/* Identity of a report. */
#include <crashinfo/report.h>

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "report/digest.h"

#define UUID_BYTES 16

static void uuid_format(unsigned char bytes[UUID_BYTES], char ret[37])
{
	static const char digits[] = "0123456789abcdef";
	char *p = ret;

	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
	bytes[8] = (bytes[8] & 0x3f) | 0x80; /* variant of RFC 4122 */
	for (int i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[bytes[i] >> 4];
		*p++ = digits[bytes[i] & 15];
	}
	*p = '\0';
}

struct crashinfo_error *crashinfo_uuid_of_content(const char *content, size_t size, char ret[37])
{
	unsigned char digest[DIGEST_SHA256_BYTES];
	struct crashinfo_error *error = digest_sha256(content, size, digest);

	if (!error)
		uuid_format(digest, ret);
	return error;
}

struct crashinfo_error *crashinfo_uuid_random(char ret[37])
{
	unsigned char bytes[UUID_BYTES];

	/* so few bytes come whole, and are never interrupted once the pool is ready */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return crashinfo_error_from_errno(errno, "cannot get random bytes");
	uuid_format(bytes, ret);
	return NULL;
}
