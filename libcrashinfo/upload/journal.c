/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "bundle/input_source.h"
#include "upload/journal_table.h"

/*
 * A line is "LETTER KEY CRC": the letter of an event and the key in hex, or "S" and the boot id of
 * the machine at the beginning of each run; then the CRC-32 of what stands before the last blank.
 */
#define HEADER    INPUT_JOURNAL_MARK "1\n"
#define LINE_SIZE (2 + 2 * JOURNAL_KEY_BYTES + 1 + 8 + 1)
#define CRC_SIZE  8
/* Its own, that of the last byte, and that of the answer. */
#define RECORDS_PER_INTENT 3
/* Read so much at once; a multiple of nothing in particular. */
#define READ_BYTES (256 * 1024)

static const char letters[] = {
	[JOURNAL_INTENT] = 'I', [JOURNAL_BODY] = 'B',    [JOURNAL_ANSWERED] = 'A',
	[JOURNAL_SENT] = 'D',   [JOURNAL_REFUSED] = 'R', [JOURNAL_FAILED] = 'F',
};
#define SESSION_LETTER 'S'

struct journal {
	int fd;
	char *path;
	struct journal_table table;
	struct journal_key boot; /* of the run whose records are read or written */
	uint32_t boots;          /* counts the times that it changed */
	uint64_t size;           /* of the file */
	uint64_t damaged;
	uint64_t promised; /* records for which there is room beyond that size */
};

/* --- lines --- */

static void add_hex(char *at, const struct journal_key *key)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < JOURNAL_KEY_BYTES; i++) {
		at[2 * i] = digits[key->bytes[i] >> 4];
		at[2 * i + 1] = digits[key->bytes[i] & 15];
	}
}

static void format_line(char letter, const struct journal_key *key, char ret[LINE_SIZE + 1])
{
	size_t checked = LINE_SIZE - CRC_SIZE - 2;

	ret[0] = letter;
	ret[1] = ' ';
	add_hex(ret + 2, key);
	snprintf(ret + checked, CRC_SIZE + 3, " %08lx\n",
		 crc32(0, (const unsigned char *)ret, (uInt)checked));
}

static bool parse_key(const char *text, struct journal_key *ret)
{
	for (size_t i = 0; i < JOURNAL_KEY_BYTES; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* A line without its newline; false when it is damaged. */
static bool parse_line(const char *line, size_t size, char *letter_ret, struct journal_key *ret)
{
	size_t checked = LINE_SIZE - CRC_SIZE - 2;
	uint64_t crc;

	if (size != LINE_SIZE - 1 || line[1] != ' ' || line[checked] != ' ' ||
	    !parse_hex_u64(line + checked + 1, CRC_SIZE, &crc) ||
	    crc != crc32(0, (const unsigned char *)line, (uInt)checked))
		return false;
	*letter_ret = line[0];
	return parse_key(line + 2, ret);
}

/* All of it or nothing, so that a disk that is full now leaves no torn line. */
static struct crashinfo_error *write_lines(struct journal *journal, const char *lines, size_t size)
{
	struct crashinfo_error *error = io_write_all(journal->fd, lines, size);

	uint64_t count = size / LINE_SIZE;

	if (error) {
		if (ftruncate(journal->fd, (off_t)journal->size))
			error = crashinfo_error_wrap(error, "and cannot shorten it again");
		return error;
	}
	journal->size += size;
	journal->promised -= count < journal->promised ? count : journal->promised;
	return NULL;
}

/* --- what records mean --- */

/*
 * The attempt before is over. The record of the last byte may have been lost with the machine, so
 * after a reboot the intent alone says that the payload may have gone out.
 */
static void settle(struct journal_item *item, uint32_t boots)
{
	if (item->state == JOURNAL_STATE_BODY ||
	    (item->state == JOURNAL_STATE_INTENT && item->boots != boots))
		item->entry.unclear++;
	item->state = JOURNAL_STATE_IDLE;
}

static void apply(struct journal_item *item, enum journal_event event, uint32_t boots)
{
	switch (event) {
	case JOURNAL_INTENT:
		settle(item, boots);
		item->state = JOURNAL_STATE_INTENT;
		item->boots = boots;
		return;
	case JOURNAL_BODY: item->state = JOURNAL_STATE_BODY; return;
	case JOURNAL_ANSWERED: break;
	case JOURNAL_SENT: item->entry.sent = true; break;
	case JOURNAL_REFUSED: item->entry.refused++; break;
	case JOURNAL_FAILED: item->entry.failed++; break;
	}
	item->state = JOURNAL_STATE_IDLE;
}

static void enter_boot(struct journal *journal, const struct journal_key *boot)
{
	journal->boots += memcmp(boot, &journal->boot, sizeof(*boot)) != 0;
	journal->boot = *boot;
}

static struct crashinfo_error *replay(struct journal *journal, char letter,
				      const struct journal_key *key)
{
	const char *found = memchr(letters, letter, sizeof(letters));
	struct journal_item *item;

	if (letter == SESSION_LETTER) {
		enter_boot(journal, key);
		return NULL;
	}
	if (!found) {
		journal->damaged++;
		return NULL;
	}
	item = journal_table_add(&journal->table, key);
	if (!item)
		return crashinfo_error_no_memory();
	apply(item, (enum journal_event)(found - letters), journal->boots);
	return NULL;
}

static struct crashinfo_error *read_line(struct journal *journal, const char *line, size_t size)
{
	struct journal_key key;
	char letter;

	if (!size)
		return NULL;
	if (parse_line(line, size, &letter, &key))
		return replay(journal, letter, &key);
	journal->damaged++;
	return NULL;
}

/* --- reading --- */

/* The whole lines in `buf`, which keeps what follows the last newline. */
static struct crashinfo_error *read_lines(struct journal *journal, struct strbuf *buf)
{
	char *at = buf->data, *end = buf->data + buf->size, *newline;
	struct crashinfo_error *error = NULL;

	while (!error && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		error = read_line(journal, at, (size_t)(newline - at));
		at = newline + 1;
	}
	buf->size = (size_t)(end - at);
	memmove(buf->data, at, buf->size);
	return error;
}

/* Text without a newline that is longer than any line is damage; its end will be too. */
static void drop_overlong(struct journal *journal, struct strbuf *buf)
{
	if (buf->size <= LINE_SIZE)
		return;
	journal->damaged++;
	strbuf_clear(buf);
}

static struct crashinfo_error *read_records(struct journal *journal)
{
	_strbuf_ struct strbuf buf = {0};
	struct crashinfo_error *error = NULL;
	ssize_t n = 1;

	if (!strbuf_reserve(&buf, READ_BYTES + LINE_SIZE + 1))
		return strbuf_error(&buf);
	while (!error && n) {
		n = read(journal->fd, buf.data + buf.size, READ_BYTES);
		if (n < 0 && errno != EINTR)
			return crashinfo_error_from_errno(errno, "cannot read");
		if (n <= 0)
			continue;
		buf.size += (size_t)n;
		error = read_lines(journal, &buf);
		drop_overlong(journal, &buf);
	}
	/* what remains is a line that was being written when its writer died */
	journal->size = (uint64_t)lseek(journal->fd, 0, SEEK_CUR) - buf.size;
	if (!error && buf.size && ftruncate(journal->fd, (off_t)journal->size))
		error = crashinfo_error_from_errno(errno, "cannot write");
	return error;
}

static struct crashinfo_error *begin_file(struct journal *journal)
{
	_free_ char *copy = strdup(journal->path);
	_close_ int folder = -1;
	struct crashinfo_error *error = io_write_all(journal->fd, HEADER, strlen(HEADER));

	if (error)
		return error;
	if (!copy)
		return crashinfo_error_no_memory();
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder))
		return crashinfo_error_from_errno(errno, "cannot sync its folder");
	return journal_sync(journal);
}

static struct crashinfo_error *check_header(struct journal *journal)
{
	char header[sizeof(HEADER) - 1];
	ssize_t size = pread(journal->fd, header, sizeof(header), 0);

	if (size < 0)
		return crashinfo_error_from_errno(errno, "cannot read");
	/* nothing, or what a writer that died at once has left */
	if ((size_t)size < sizeof(header) && !memcmp(header, HEADER, (size_t)size)) {
		if (ftruncate(journal->fd, 0))
			return crashinfo_error_from_errno(errno, "cannot write");
		return begin_file(journal);
	}
	if ((size_t)size < sizeof(header) || memcmp(header, HEADER, sizeof(header)) != 0)
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT,
					      "the file is there and is no journal");
	lseek(journal->fd, sizeof(header), SEEK_SET);
	return NULL;
}

/* --- opening --- */

static void find_boot(struct journal_key *ret)
{
	_strbuf_ struct strbuf text = {0};
	char hex[2 * JOURNAL_KEY_BYTES + 1] = "";
	size_t size = 0;

	/* without it every run is taken for one of this boot */
	crashinfo_error_destroy(io_read_file("/proc/sys/kernel/random/boot_id", 4096, &text));
	for (size_t i = 0; i < text.size && size < sizeof(hex) - 1; i++)
		if (hex_digit(text.data[i]) >= 0)
			hex[size++] = text.data[i];
	if (!parse_key(hex, ret))
		memset(ret, 0, sizeof(*ret));
}

static struct crashinfo_error *lock(const struct journal *journal)
{
	if (!flock(journal->fd, LOCK_EX | LOCK_NB))
		return NULL;
	if (errno == EWOULDBLOCK)
		return crashinfo_error_create(CRASHINFO_ERROR_MISMATCH,
					      "another run is using it at this moment");
	return crashinfo_error_from_errno(errno, "cannot lock");
}

static void settle_all(struct journal *journal)
{
	for (size_t i = 0; i < journal->table.capacity; i++)
		settle(&journal->table.items[i], journal->boots);
}

static struct crashinfo_error *begin_session(struct journal *journal)
{
	char line[LINE_SIZE + 1];

	format_line(SESSION_LETTER, &journal->boot, line);
	return write_lines(journal, line, LINE_SIZE);
}

static struct crashinfo_error *load(struct journal *journal)
{
	struct crashinfo_error *error = lock(journal);
	struct journal_key boot;

	if (!error)
		error = check_header(journal);
	if (!error)
		error = read_records(journal);
	find_boot(&boot);
	enter_boot(journal, &boot);
	settle_all(journal);
	return error ? error : begin_session(journal);
}

static struct crashinfo_error *open_file(struct journal *journal)
{
	struct stat st;

	/* a pipe or device would not keep it, and opening one may wait */
	journal->fd = open(
		journal->path,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0666);
	if (journal->fd < 0 || fstat(journal->fd, &st))
		return crashinfo_error_from_errno(errno, "cannot open");
	if (!S_ISREG(st.st_mode))
		return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "no regular file");
	return load(journal);
}

struct crashinfo_error *journal_open(const struct crashinfo_context *context, const char *path,
				     struct journal **ret)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	struct crashinfo_error *error;

	if (!journal)
		return crashinfo_error_no_memory();
	journal->fd = -1;
	journal->path = strdup(path);
	error = journal->path ? open_file(journal) : crashinfo_error_no_memory();
	if (error) {
		journal_close(journal);
		return crashinfo_error_wrap(error, "journal %s", path);
	}
	if (journal->damaged)
		context_log(context, CRASHINFO_LOG_WARNING,
			    "journal %s: %ju damaged lines passed over", path,
			    (uintmax_t)journal->damaged);
	*ret = journal;
	return NULL;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	/* gives back the room that was not needed; without success it is no loss */
	if (journal->fd >= 0 && journal->promised && ftruncate(journal->fd, (off_t)journal->size))
		errno = 0;
	if (journal->fd >= 0)
		close(journal->fd);
	journal_table_deinit(&journal->table);
	free(journal->path);
	free(journal);
}

/* --- use --- */

struct journal_entry journal_find(const struct journal *journal, const struct journal_key *key)
{
	const struct journal_item *item = journal_table_find(&journal->table, key);

	return item ? item->entry : (struct journal_entry){0};
}

static struct crashinfo_error *append(struct journal *journal, const struct journal_key *keys,
				      size_t count, enum journal_event event)
{
	_strbuf_ struct strbuf lines = {0};
	struct crashinfo_error *error;

	for (size_t i = 0; i < count; i++) {
		struct journal_item *item = journal_table_add(&journal->table, &keys[i]);
		char line[LINE_SIZE + 1];

		if (!item)
			return crashinfo_error_no_memory();
		apply(item, event, journal->boots);
		format_line(letters[event], &keys[i], line);
		strbuf_add(&lines, line, LINE_SIZE);
	}
	error = strbuf_error(&lines);
	if (!error)
		error = write_lines(journal, lines.data, lines.size);
	return crashinfo_error_wrap(error, "journal %s", journal->path);
}

struct crashinfo_error *journal_record(struct journal *journal, const struct journal_key *key,
				       enum journal_event event)
{
	return append(journal, key, 1, event);
}

/*
 * Room for what becomes of `count` payloads, so that a disk that is full later does not keep what
 * was sent from being recorded. A file system that cannot promise it is used without.
 */
static struct crashinfo_error *make_room(struct journal *journal, size_t count)
{
	uint64_t lines = journal->promised + RECORDS_PER_INTENT * (uint64_t)count;

	while (fallocate(journal->fd, FALLOC_FL_KEEP_SIZE, (off_t)journal->size,
			 (off_t)(lines * LINE_SIZE))) {
		if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			return crashinfo_error_from_errno(errno, "journal %s: cannot write",
							  journal->path);
		if (errno != EINTR)
			break;
	}
	journal->promised = lines;
	return NULL;
}

struct crashinfo_error *journal_intend(struct journal *journal, const struct journal_key *keys,
				       size_t count)
{
	struct crashinfo_error *error = make_room(journal, count);

	if (!error)
		error = append(journal, keys, count, JOURNAL_INTENT);
	return error ? error : journal_sync(journal);
}

struct crashinfo_error *journal_sync(struct journal *journal)
{
	if (!fdatasync(journal->fd))
		return NULL;
	return crashinfo_error_from_errno(errno, "journal %s: cannot write", journal->path);
}
