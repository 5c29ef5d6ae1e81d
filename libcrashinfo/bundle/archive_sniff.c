/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/archive_sniff.h"

#include <archive.h>
#include <string.h>

struct magic {
	enum archive_kind kind;
	int filter;
	unsigned char size;
	const char *bytes;
};

#define MAGIC(kind, bytes)                                                         \
	{                                                                          \
		ARCHIVE_KIND_##kind, ARCHIVE_FILTER_NONE, sizeof(bytes) - 1, bytes \
	}
#define FILTER(filter, bytes)                                                              \
	{                                                                                  \
		ARCHIVE_KIND_COMPRESSED, ARCHIVE_FILTER_##filter, sizeof(bytes) - 1, bytes \
	}

static const struct magic magics[] = {
	FILTER(GZIP, "\x1f\x8b\x08"),
	FILTER(XZ, "\xfd"
		   "7zXZ\0"),
	FILTER(ZSTD, "\x28\xb5\x2f\xfd"),
	FILTER(LZMA, "\x5d\0\0"),
	FILTER(LZ4, "\x04\x22\x4d\x18"),
	MAGIC(CPIO, "070701"),
	MAGIC(CPIO, "070702"),
	MAGIC(CPIO, "070707"),
	MAGIC(CPIO, "\xc7\x71"),
	MAGIC(CPIO, "\x71\xc7"),
	MAGIC(AR, "!<arch>\n"),
	MAGIC(ZIP, "PK\3\4"),
	MAGIC(ZIP, "PK\5\6"),
	MAGIC(ZIP, "PK00PK\3\4"),
	MAGIC(SEEKING, "7z\xbc\xaf\x27\x1c"),
};

/* "BZh", the size of blocks, and how a block or the end begins. */
static bool is_bzip2(const char *bytes, size_t size)
{
	if (size < 10 || memcmp(bytes, "BZh", 3) || bytes[3] < '1' || bytes[3] > '9')
		return false;
	return !memcmp(bytes + 4, "\x31\x41\x59\x26\x53\x59", 6) ||
	       !memcmp(bytes + 4, "\x17\x72\x45\x38\x50\x90", 6);
}

/* zstd may begin with frames that hold other things. */
static bool is_zstd_skippable(const char *bytes, size_t size)
{
	return size >= 8 && (bytes[0] & 0xf0) == 0x50 && !memcmp(bytes + 1, "\x2a\x4d\x18", 3);
}

/* Offset and size of the checksum in a header block of tar. */
#define TAR_SUM_AT   148
#define TAR_SUM_SIZE 8

/* An octal number with blanks in front and a blank or NUL behind. */
static long tar_checksum(const char *field)
{
	long sum = 0;
	size_t i = 0;

	while (i < TAR_SUM_SIZE && field[i] == ' ')
		i++;
	if (i == TAR_SUM_SIZE || field[i] < '0' || field[i] > '7')
		return -1;
	for (; i < TAR_SUM_SIZE && field[i] >= '0' && field[i] <= '7'; i++)
		sum = sum * 8 + (field[i] - '0');
	return sum;
}

/* Old archives have no magic: the checksum of the first header tells, an end mark is all zeros. */
static bool is_tar(const char *bytes, size_t size)
{
	long sum = 0, signed_sum = 0, said;
	bool zeros = true;

	if (size < ARCHIVE_SNIFF_BYTES)
		return false;
	for (size_t i = 0; i < ARCHIVE_SNIFF_BYTES; i++) {
		bool in_sum = i >= TAR_SUM_AT && i < TAR_SUM_AT + TAR_SUM_SIZE;

		zeros &= !bytes[i];
		sum += in_sum ? ' ' : (unsigned char)bytes[i];
		signed_sum += in_sum ? ' ' : (signed char)bytes[i];
	}
	said = tar_checksum(bytes + TAR_SUM_AT);
	return zeros || said == sum || said == signed_sum;
}

static const struct magic *find_magic(const char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (size >= magics[i].size && !memcmp(bytes, magics[i].bytes, magics[i].size))
			return &magics[i];
	return NULL;
}

enum archive_kind archive_sniff(const char *bytes, size_t size)
{
	const struct magic *magic = find_magic(bytes, size);

	/* first, as it begins with a name, which may be as the magic of another */
	if (is_tar(bytes, size))
		return ARCHIVE_KIND_TAR;
	if (magic)
		return magic->kind;
	if (is_bzip2(bytes, size) || is_zstd_skippable(bytes, size))
		return ARCHIVE_KIND_COMPRESSED;
	return ARCHIVE_KIND_NONE;
}

int archive_sniff_filter(const char *bytes, size_t size)
{
	const struct magic *magic = find_magic(bytes, size);

	if (magic)
		return magic->filter;
	return is_bzip2(bytes, size) ? ARCHIVE_FILTER_BZIP2 : ARCHIVE_FILTER_ZSTD;
}
