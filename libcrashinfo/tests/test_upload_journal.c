/* SPDX-License-Identifier: Apache-2.0 */
/* The journal after an end at any byte, damage, a reboot, a second run. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "suite.h"
#include "upload/journal.h"

static char path[64];

static void make_path(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/ddcrash-journal.XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void remove_path(void)
{
	unlink(path);
}

static struct journal_key key_of(unsigned n)
{
	struct journal_key key = {{0}};

	memcpy(key.bytes, &n, sizeof(n));
	return key;
}

static void record(struct journal *journal, unsigned n, enum journal_event event)
{
	struct journal_key key = key_of(n);

	ck_ok(event == JOURNAL_INTENT ? journal_intend(journal, &key, 1)
				      : journal_record(journal, &key, event));
}

static struct journal_entry entry(const struct journal *journal, unsigned n)
{
	struct journal_key key = key_of(n);

	return journal_find(journal, &key);
}

static struct journal *reopen(struct journal *journal)
{
	struct journal *again;

	journal_close(journal);
	ck_ok(journal_open(NULL, path, &again));
	return again;
}

static void write_text(const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, size, f), size);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(test_states)
{
	struct journal *journal = reopen(NULL);

	record(journal, 1, JOURNAL_INTENT);
	record(journal, 2, JOURNAL_INTENT);
	record(journal, 2, JOURNAL_BODY);
	record(journal, 3, JOURNAL_INTENT);
	record(journal, 3, JOURNAL_BODY);
	record(journal, 3, JOURNAL_SENT);
	record(journal, 4, JOURNAL_INTENT);
	record(journal, 4, JOURNAL_BODY);
	record(journal, 4, JOURNAL_ANSWERED);
	record(journal, 5, JOURNAL_INTENT);
	record(journal, 5, JOURNAL_BODY);
	record(journal, 5, JOURNAL_REFUSED);
	record(journal, 5, JOURNAL_INTENT);
	record(journal, 5, JOURNAL_BODY);
	record(journal, 5, JOURNAL_FAILED);
	for (int run = 0; run < 3; run++) {
		journal = reopen(journal);
		ck_assert(!entry(journal, 1).sent && !entry(journal, 1).unclear);
		ck_assert(!entry(journal, 2).sent);
		ck_assert_uint_eq(entry(journal, 2).unclear, 1);
		ck_assert(entry(journal, 3).sent && !entry(journal, 3).unclear);
		ck_assert(!entry(journal, 4).sent && !entry(journal, 4).unclear);
		ck_assert_uint_eq(entry(journal, 5).refused, 1);
		ck_assert_uint_eq(entry(journal, 5).failed, 1);
		ck_assert_uint_eq(entry(journal, 5).unclear, 0);
		ck_assert(!entry(journal, 6).sent);
	}
	/* sent again after nobody knew, and now it is known */
	record(journal, 2, JOURNAL_INTENT);
	record(journal, 2, JOURNAL_BODY);
	record(journal, 2, JOURNAL_SENT);
	journal = reopen(journal);
	ck_assert(entry(journal, 2).sent);
	ck_assert_uint_eq(entry(journal, 2).unclear, 1);
	journal_close(journal);
}
END_TEST

START_TEST(test_twice_unclear)
{
	struct journal *journal = reopen(NULL);

	record(journal, 1, JOURNAL_INTENT);
	record(journal, 1, JOURNAL_BODY);
	record(journal, 1, JOURNAL_INTENT);
	record(journal, 1, JOURNAL_BODY);
	journal = reopen(journal);
	ck_assert_uint_eq(entry(journal, 1).unclear, 2);
	journal_close(journal);
}
END_TEST

/* Replace the boot id of the first session by that of another boot. */
static void pretend_reboot(void)
{
	_strbuf_ struct strbuf text = {0};
	static const char other[] = "S 00000000000000000000000000000001 ";
	char *session;

	ck_ok(io_read_file(path, 1 << 20, &text));
	session = strstr(text.data, "\nS ") + 1;
	/* the checksum is crc32 of the line before it */
	memcpy(session, other, strlen(other));
	memcpy(session + strlen(other), "39811691", 8);
	write_text(text.data, text.size);
}

/* The machine may lose what was written last: an intent without more may have gone out then. */
START_TEST(test_reboot)
{
	struct journal *journal = reopen(NULL);

	record(journal, 1, JOURNAL_INTENT);
	record(journal, 2, JOURNAL_INTENT);
	record(journal, 2, JOURNAL_BODY);
	record(journal, 2, JOURNAL_ANSWERED);
	journal_close(journal);
	pretend_reboot();
	journal = reopen(NULL);
	ck_assert_uint_eq(entry(journal, 1).unclear, 1);
	ck_assert_uint_eq(entry(journal, 2).unclear, 0);
	journal_close(journal);
}
END_TEST

/* Cut off at every byte: a record is there as a whole or not at all, and writing goes on. */
START_TEST(test_torn)
{
	_strbuf_ struct strbuf text = {0};
	struct journal *journal = reopen(NULL);
	size_t header;

	record(journal, 1, JOURNAL_INTENT);
	record(journal, 1, JOURNAL_BODY);
	record(journal, 1, JOURNAL_SENT);
	journal_close(journal);
	ck_ok(io_read_file(path, 1 << 20, &text));
	header = (size_t)(strchr(text.data, '\n') + 1 - text.data);
	for (size_t size = 0; size <= text.size; size++) {
		size_t records = 0;

		for (size_t i = header; i < size; i++)
			records += text.data[i] == '\n';
		write_text(text.data, size);
		journal = reopen(NULL);
		ck_assert_int_eq(entry(journal, 1).sent, records == 4);
		ck_assert_uint_eq(entry(journal, 1).unclear, records == 3);
		record(journal, 2, JOURNAL_INTENT);
		record(journal, 2, JOURNAL_SENT);
		journal = reopen(journal);
		ck_assert(entry(journal, 2).sent);
		ck_assert_int_eq(entry(journal, 1).sent, records == 4);
		journal_close(journal);
	}
}
END_TEST

/* One bit changed anywhere: at worst a record is missing. */
START_TEST(test_damage)
{
	_strbuf_ struct strbuf text = {0};
	struct journal *journal = reopen(NULL);
	size_t header;

	for (unsigned n = 0; n < 4; n++) {
		record(journal, n, JOURNAL_INTENT);
		record(journal, n, JOURNAL_SENT);
	}
	journal_close(journal);
	ck_ok(io_read_file(path, 1 << 20, &text));
	header = (size_t)(strchr(text.data, '\n') + 1 - text.data);
	for (size_t at = header; at < text.size; at++) {
		unsigned sent = 0;

		text.data[at] ^= 1 << at % 7;
		write_text(text.data, text.size);
		journal = reopen(NULL);
		for (unsigned n = 0; n < 4; n++)
			sent += entry(journal, n).sent;
		ck_assert_uint_ge(sent, 2);
		journal_close(journal);
		text.data[at] ^= 1 << at % 7;
	}
}
END_TEST

START_TEST(test_refused)
{
	struct journal *journal, *second;
	char *folder;

	write_text("{\"not\":\"a journal\"}", 19);
	ck_fails(journal_open(NULL, path, &journal), CRASHINFO_ERROR_FORMAT);
	write_text("", 0);
	ck_ok(journal_open(NULL, path, &journal));
	ck_fails(journal_open(NULL, path, &second), CRASHINFO_ERROR_MISMATCH);
	journal_close(journal);
	ck_fails(journal_open(NULL, "/", &journal), CRASHINFO_ERROR_OS);
	ck_fails(journal_open(NULL, "/dev/null", &journal), CRASHINFO_ERROR_FORMAT);
	ck_assert_int_gt(asprintf(&folder, "%s/none", path), 0);
	ck_fails(journal_open(NULL, folder, &journal), CRASHINFO_ERROR_OS);
	free(folder);
	if (!access("/dev/full", W_OK))
		ck_fails(journal_open(NULL, "/dev/full", &journal), CRASHINFO_ERROR_FORMAT);
}
END_TEST

START_TEST(test_many)
{
	struct journal *journal = reopen(NULL);

	for (unsigned n = 0; n < 20000; n++) {
		struct journal_key key = key_of(n);

		ck_ok(journal_record(journal, &key, n % 3 ? JOURNAL_SENT : JOURNAL_REFUSED));
	}
	journal = reopen(journal);
	for (unsigned n = 0; n < 20000; n++) {
		ck_assert_int_eq(entry(journal, n).sent, n % 3 != 0);
		ck_assert_int_eq((int)entry(journal, n).refused, n % 3 == 0);
	}
	journal_close(journal);
}
END_TEST

static struct crashinfo_error *use_journal(void *argument)
{
	struct journal_key keys[2] = {key_of(1), key_of(2)};
	struct journal *journal = NULL;
	struct crashinfo_error *error = journal_open(NULL, path, &journal);

	(void)argument;
	if (!error)
		error = journal_intend(journal, keys, 2);
	if (!error)
		error = journal_record(journal, keys, JOURNAL_SENT);
	journal_close(journal);
	return error;
}

START_TEST(test_memory)
{
	ck_ok(use_journal(NULL));
	ck_assert_uint_gt(alloc_fail_each(use_journal, NULL), 3);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, remove_path);
	tcase_add_test(tests, test_states);
	tcase_add_test(tests, test_twice_unclear);
	tcase_add_test(tests, test_reboot);
	tcase_add_test(tests, test_torn);
	tcase_add_test(tests, test_damage);
	tcase_add_test(tests, test_refused);
	tcase_add_test(tests, test_many);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("upload journal", add_tests);
}
