/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "suite.h"

/* --- error ------------------------------------------------------------------------------------ */

START_TEST(test_error)
{
	struct crashinfo_error *error;

	error = crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "bad %s", "thing");
	error = crashinfo_error_at(error, "a.json", 7, 2, 3);
	error = crashinfo_error_wrap(error, "report %d", 4);
	error = crashinfo_error_at(error, NULL, 8, 2, 4);
	ck_assert_str_eq(error->message, "report 4: bad thing");
	ck_assert_int_eq(error->code, CRASHINFO_ERROR_FORMAT);
	ck_assert_str_eq(error->source, "a.json");
	ck_assert_uint_eq(error->offset, 8);
	ck_assert_uint_eq(error->column, 4);
	crashinfo_error_destroy(error);
	error = crashinfo_error_from_errno(ENOENT, "cannot open %s", "x");
	ck_assert_str_eq(error->message, "cannot open x: No such file or directory");
	ck_assert_int_eq(error->code, CRASHINFO_ERROR_OS);
	ck_assert_int_eq(error->errnum, ENOENT);
	crashinfo_error_destroy(error);
	ck_assert_ptr_null(crashinfo_error_wrap(NULL, "nothing"));
	ck_assert_ptr_null(crashinfo_error_at(NULL, "x", 0, 1, 1));
	crashinfo_error_destroy(NULL);
}
END_TEST

START_TEST(test_error_without_memory)
{
	struct crashinfo_error *none = crashinfo_error_no_memory();

	crashinfo_error_destroy(none);
	none = crashinfo_error_at(crashinfo_error_wrap(none, "more"), "x", 1, 1, 1);
	ck_assert_ptr_eq(none, crashinfo_error_no_memory());
	ck_assert_str_eq(none->message, "out of memory");
	ck_assert_uint_eq(none->line, 0);
	for (unsigned n = 0; n < 6; n++) {
		struct crashinfo_error *error;
		bool failed;

		alloc_fail(n, true);
		error = crashinfo_error_from_errno(ENOENT, "open");
		error = crashinfo_error_wrap(error, "outer");
		failed = alloc_restore();
		if (failed)
			ck_assert_ptr_eq(error, none);
		else
			ck_assert_str_eq(error->message, "outer: open: No such file or directory");
		crashinfo_error_destroy(error);
	}
}
END_TEST

/* --- arena ------------------------------------------------------------------------------------ */

START_TEST(test_arena)
{
	struct arena arena;
	char *pieces[300];

	arena_init(&arena);
	for (size_t i = 0; i < 300; i++) {
		size_t size = i * i % 977 + (i == 150 ? 100000 : 0);

		pieces[i] = arena_alloc(&arena, size + 1);
		ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		memset(pieces[i], (int)i, size + 1);
	}
	/* no piece was given out twice */
	for (size_t i = 0; i < 300; i++)
		ck_assert_int_eq(pieces[i][0], (char)i);
	ck_assert_str_eq(arena_strdup(&arena, "text"), "text");
	ck_assert_mem_eq(arena_memdup(&arena, "a\0b", 3), "a\0b\0", 4);
	ck_assert_str_eq(arena_memdup(&arena, NULL, 0), "");
	ck_assert_mem_eq(arena_calloc(&arena, 2, 4), "\0\0\0\0\0\0\0", 8);
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 16));
	ck_assert_ptr_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(arena_memdup(&arena, "", SIZE_MAX));
	arena_deinit(&arena);
	arena_deinit(&arena);
}
END_TEST

/* --- strbuf and vec
 * ------------------------------------------------------------------------------- */

START_TEST(test_strbuf)
{
	_strbuf_ struct strbuf buf = {0};
	_free_ char *stolen = NULL;

	for (int i = 0; i < 100; i++)
		strbuf_addf(&buf, "%d,", i);
	ck_assert_uint_eq(buf.size, 290);
	ck_assert_uint_eq(strlen(buf.data), 290);
	strbuf_clear(&buf);
	strbuf_addc(&buf, 'a');
	strbuf_adds(&buf, "bc");
	strbuf_pad(&buf, '.', 3);
	strbuf_add(&buf, NULL, 0);
	strbuf_add(&buf, "\0d", 2);
	ck_assert_uint_eq(buf.size, 8);
	ck_assert_mem_eq(buf.data, "abc...\0d", 9);
	ck_ok(strbuf_error(&buf));
	stolen = strbuf_steal(&buf);
	ck_assert_mem_eq(stolen, "abc...\0d", 9);
	ck_assert_uint_eq(buf.size, 0);
	free(stolen);
	stolen = strbuf_steal(&buf);
	ck_assert_str_eq(stolen, "");
}
END_TEST

START_TEST(test_strbuf_failure)
{
	_strbuf_ struct strbuf buf = {0};

	strbuf_adds(&buf, "kept");
	ck_assert(!strbuf_reserve(&buf, SIZE_MAX - 1));
	strbuf_adds(&buf, "ignored");
	ck_assert_uint_eq(buf.size, 4);
	ck_assert_ptr_null(strbuf_steal(&buf));
	ck_fails(strbuf_error(&buf), CRASHINFO_ERROR_NO_MEMORY);
	strbuf_deinit(&buf);
	alloc_fail(0, true);
	strbuf_adds(&buf, "x");
	alloc_restore();
	ck_fails(strbuf_error(&buf), CRASHINFO_ERROR_NO_MEMORY);
}
END_TEST

START_TEST(test_vec)
{
	VEC(uint32_t) v = {0};
	uint32_t *added;

	for (uint32_t i = 0; i < 1000; i++)
		*vec_push(&v) = i;
	ck_assert_uint_eq(v.size, 1000);
	ck_assert_uint_eq(v.data[999], 999);
	v.size = v.capacity;
	alloc_fail(0, true);
	added = vec_push(&v);
	alloc_restore();
	ck_assert_ptr_null(added);
	ck_assert_uint_eq(v.size, v.capacity);
	ck_assert_uint_eq(v.data[0], 0);
	free(v.data);
}
END_TEST

/* --- numbers ---------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	bool dec, hex, address, signed_dec, size;
	uint64_t dec_value, hex_value;
	int64_t signed_value;
	uint64_t size_value;
} numbers[] = {
	{"", false, false, false, false, false, 0, 0, 0, 0},
	{"0", true, true, true, true, true, 0, 0, 0, 0},
	{"007", true, true, true, true, true, 7, 7, 7, 7},
	{"+1", false, false, false, false, false, 0, 0, 0, 0},
	{"-", false, false, false, false, false, 0, 0, 0, 0},
	{"-1", false, false, false, true, false, 0, 0, -1, 0},
	{"--1", false, false, false, false, false, 0, 0, 0, 0},
	{" 1", false, false, false, false, false, 0, 0, 0, 0},
	{"1 ", false, false, false, false, false, 0, 0, 0, 0},
	{"ff", false, true, true, false, false, 0, 0xff, 0, 0},
	{"FG", false, false, false, false, false, 0, 0, 0, 0},
	{"0xF", false, false, true, false, false, 0, 15, 0, 0},
	{"0XF", false, false, true, false, false, 0, 15, 0, 0},
	{"0x", false, false, false, false, false, 0, 0, 0, 0},
	{"0x0xF", false, false, false, false, false, 0, 0, 0, 0},
	{"ffffffffffffffff", false, true, true, false, false, 0, UINT64_MAX, 0, 0},
	{"0000ffffffffffffffff", false, true, true, false, false, 0, UINT64_MAX, 0, 0},
	{"1ffffffffffffffff", false, false, false, false, false, 0, 0, 0, 0},
	{"4K", false, false, false, false, true, 0, 0, 0, 4096},
	{"3T", false, false, false, false, true, 0, 0, 0, (uint64_t)3 << 40},
	{"K", false, false, false, false, false, 0, 0, 0, 0},
	{"1KK", false, false, false, false, false, 0, 0, 0, 0},
	{"17179869184G", false, false, false, false, false, 0, 0, 0, 0},
	{"17179869183G", false, false, false, false, true, 0, 0, 0, (uint64_t)17179869183 << 30},
	{"9223372036854775807", true, false, false, true, true, INT64_MAX, 0, INT64_MAX, INT64_MAX},
	{"-9223372036854775808", false, false, false, true, false, 0, 0, INT64_MIN, 0},
	{"-9223372036854775809", false, false, false, false, false, 0, 0, 0, 0},
	{"18446744073709551615", true, false, false, false, true, UINT64_MAX, 0, 0, UINT64_MAX},
	{"18446744073709551616", false, false, false, false, false, 0, 0, 0, 0},
	{"99999999999999999999", false, false, false, false, false, 0, 0, 0, 0},
};

START_TEST(test_numbers)
{
	const char *text = numbers[_i].text;
	size_t length = strlen(text);
	uint64_t dec = 0, hex = 0, address = 0, size = 0;
	int64_t value = 0;

	ck_assert(parse_dec_u64(text, length, &dec) == numbers[_i].dec);
	ck_assert(parse_hex_u64(text, length, &hex) == numbers[_i].hex);
	ck_assert(parse_address(text, length, &address) == numbers[_i].address);
	ck_assert(parse_dec_i64(text, length, &value) == numbers[_i].signed_dec);
	ck_assert(parse_size(text, length, &size) == numbers[_i].size);
	ck_assert_uint_eq(dec, numbers[_i].dec_value);
	ck_assert_uint_eq(hex, numbers[_i].hex ? numbers[_i].hex_value : 0);
	ck_assert_uint_eq(address, numbers[_i].address ? numbers[_i].hex_value : 0);
	ck_assert_int_eq(value, numbers[_i].signed_value);
	ck_assert_uint_eq(size, numbers[_i].size_value);
}
END_TEST

/* --- UTF-8 ------------------------------------------------------------------------------------ */

START_TEST(test_utf8_all_code_points)
{
	size_t bad;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char text[4];
		size_t length = utf8_encode(c, text);
		bool scalar = c < 0xd800 || c > 0xdfff;

		if (utf8_sequence(text, length, &bad) != (scalar ? length : 0))
			ck_abort_msg("U+%04X", c);
		/* no proper part of it is a sequence */
		if (length > 1 && utf8_sequence(text, length - 1, &bad))
			ck_abort_msg("cut U+%04X", c);
	}
}
END_TEST

/* All of two bytes: valid are exactly two ASCII bytes or the encoding of one code point. */
START_TEST(test_utf8_all_pairs)
{
	unsigned valid = 0;

	for (unsigned i = 0; i < 0x10000; i++) {
		char text[2] = {(char)(i >> 8), (char)i};

		valid += utf8_valid_prefix(text, 2) == 2;
	}
	ck_assert_uint_eq(valid, 128 * 128 + (0x800 - 0x80));
}
END_TEST

static const struct {
	const char *text, *lossy, *printable;
	size_t valid, length;
} texts[] = {
	{"", "", "", 0, 0},
	{"plain", "plain", "plain", 5, 5},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, 3},
	{"01234567\xff", "01234567\xef\xbf\xbd", "01234567\\xff", 8, 9},
	{"0123456789\xc3", "0123456789\xef\xbf\xbd", "0123456789\\xc3", 10, 11},
	/* one U+FFFD for each maximal ill-formed subpart */
	{"\xe2\x82z", "\xef\xbf\xbdz", "\\xe2\\x82z", 0, 3},
	{"\xf0\x9f\x98", "\xef\xbf\xbd", "\\xf0\\x9f\\x98", 0, 3},
	{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "\\xc0\\xaf", 0, 2},
	{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\xed\\xa0\\x80", 0, 3},
	{"\xf4\x90", "\xef\xbf\xbd\xef\xbf\xbd", "\\xf4\\x90", 0, 2},
	{"a\x1b[31m\n\t\x7f", "a\x1b[31m\n\t\x7f", "a\\x1b[31m\\x0a\\x09\\x7f", 9, 9},
	{"\xc2\x9b\xe2\x80\xae\xe2\x81\xa6", "\xc2\x9b\xe2\x80\xae\xe2\x81\xa6",
	 "\\u{9b}\\u{202e}\\u{2066}", 8, 3},
};

START_TEST(test_utf8_texts)
{
	_strbuf_ struct strbuf lossy = {0}, printable = {0};
	size_t size = strlen(texts[_i].text);

	ck_assert_uint_eq(utf8_valid_prefix(texts[_i].text, size), texts[_i].valid);
	ck_assert_uint_eq(utf8_length(texts[_i].text, size), texts[_i].length);
	utf8_add_lossy(&lossy, texts[_i].text, size);
	utf8_add_printable(&printable, texts[_i].text, size);
	ck_assert_str_eq(lossy.data ? lossy.data : "", texts[_i].lossy);
	ck_assert_str_eq(printable.data ? printable.data : "", texts[_i].printable);
}
END_TEST

/* --- cursor ----------------------------------------------------------------------------------- */

START_TEST(test_cursor)
{
	/* a copy of just its size: a sanitizer sees a byte read past it */
	static const unsigned char all[] = {0x01, 0x02, 0x03, 0x04, 0xe5, 0x8e, 0x26,
					    0x9b, 0xf1, 0x59, 'h',  'i',  0,    'x'};
	_free_ unsigned char *bytes = malloc(sizeof(all));
	struct cursor c, big;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, all, sizeof(all));
	c = cursor_make(bytes, sizeof(all), false);
	big = cursor_make(bytes, sizeof(all), true);
	ck_assert_uint_eq(cursor_u32(&c), 0x04030201);
	ck_assert_uint_eq(cursor_u32(&big), 0x01020304);
	ck_assert_uint_eq(cursor_uleb(&c), 624485);
	ck_assert_int_eq(cursor_sleb(&c), -624485);
	ck_assert_str_eq(cursor_string(&c), "hi");
	ck_assert(!c.failed);
	ck_assert_ptr_null(cursor_string(&c));
	ck_assert(c.failed);
	ck_assert_uint_eq(cursor_left(&c), 0);
	ck_assert_uint_eq(cursor_u64(&c), 0);
	ck_assert_ptr_null(cursor_bytes(&big, UINT64_MAX));
	ck_assert(big.failed);
}
END_TEST

/* A LEB128 number longer than 64 bits, and one that the end cuts. */
START_TEST(test_cursor_long_leb)
{
	unsigned char bytes[20];
	struct cursor c;

	memset(bytes, 0xff, sizeof(bytes));
	bytes[19] = 0x7f;
	c = cursor_make(bytes, sizeof(bytes), false);
	ck_assert_uint_eq(cursor_uleb(&c), UINT64_MAX);
	ck_assert(!c.failed);
	c = cursor_make(bytes, sizeof(bytes), false);
	ck_assert_int_eq(cursor_sleb(&c), -1);
	c = cursor_make(bytes, 3, false);
	cursor_uleb(&c);
	ck_assert(c.failed);
}
END_TEST

/* --- context ---------------------------------------------------------------------------------- */

static void keep_line(void *user, enum crashinfo_log_level level, const char *message)
{
	snprintf(user, 2000, "%d:%s", (int)level, message);
}

START_TEST(test_log)
{
	char line[2000] = "", longer[1500];
	struct crashinfo_context context = crashinfo_context_default();

	context_log(NULL, CRASHINFO_LOG_ERROR, "nobody listens");
	context_log(&context, CRASHINFO_LOG_ERROR, "nobody listens");
	context.log = keep_line;
	context.log_user = line;
	context_log(&context, CRASHINFO_LOG_WARNING, "%s %d", "number", 7);
	ck_assert_str_eq(line, "1:number 7");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	context_log(&context, CRASHINFO_LOG_DEBUG, "%s", longer);
	ck_assert_uint_eq(strlen(line), 2 + 1023);
}
END_TEST

START_TEST(test_limits)
{
	struct crashinfo_context context = crashinfo_context_default();

	ck_assert_uint_eq(limits_of(NULL)->json_depth, context.limits.json_depth);
	context.limits.json_depth = 3;
	ck_assert_uint_eq(limits_of(&context)->json_depth, 3);
	ck_assert_uint_ne(limits_of(NULL)->json_depth, 3);
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/crashinfo-test-XXXXXX";

static void make_folder(void)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
	char command[PATH_MAX];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void expect_content(const char *path, const char *expected)
{
	_strbuf_ struct strbuf buf = {0};

	ck_ok(io_read_file(path, SIZE_MAX, &buf));
	ck_assert_str_eq(buf.data, expected);
}

START_TEST(test_read)
{
	_strbuf_ struct strbuf buf = {0};
	char block[5000];
	int pipe_fds[2];

	ck_assert_int_eq(pipe(pipe_fds), 0);
	memset(block, 'p', sizeof(block));
	ck_ok(io_write_all(pipe_fds[1], block, sizeof(block)));
	close(pipe_fds[1]);
	strbuf_adds(&buf, "before");
	ck_ok(io_read_fd(pipe_fds[0], 5006, &buf));
	close(pipe_fds[0]);
	ck_assert_uint_eq(buf.size, 5006);
	ck_assert_mem_eq(buf.data, "beforep", 7);
	strbuf_clear(&buf);
	/* a file that says it has no size */
	ck_ok(io_read_file("/proc/self/maps", SIZE_MAX, &buf));
	ck_assert_uint_gt(buf.size, 100);
	strbuf_clear(&buf);
	ck_ok(io_read_file("/dev/null", 0, &buf));
	ck_assert_uint_eq(buf.size, 0);
	ck_fails(io_read_file("absent", SIZE_MAX, &buf), CRASHINFO_ERROR_OS);
	ck_fails(io_read_file("/", SIZE_MAX, &buf), CRASHINFO_ERROR_OS);
	ck_fails(io_read_file("/dev/zero", 1 << 20, &buf), CRASHINFO_ERROR_LIMIT);
}
END_TEST

START_TEST(test_read_limit)
{
	for (size_t limit = 0; limit < 12; limit++) {
		_strbuf_ struct strbuf buf = {0};
		FILE *file = fopen("ten", "w");

		fputs("0123456789", file);
		fclose(file);
		if (limit < 10)
			ck_fails(io_read_file("ten", limit, &buf), CRASHINFO_ERROR_LIMIT);
		else
			ck_ok(io_read_file("ten", limit, &buf));
	}
}
END_TEST

START_TEST(test_write_errors)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct crashinfo_error *error = io_write_all(full, "x", 1);

	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->errnum, ENOSPC);
	crashinfo_error_destroy(error);
	close(full);
}
END_TEST

START_TEST(test_atomic)
{
	struct io_atomic file;
	struct stat st;

	umask(027);
	ck_ok(io_atomic_open(&file, "out"));
	ck_ok(io_write_all(file.fd, "first", 5));
	ck_assert_int_ne(access("out", F_OK), 0);
	ck_ok(io_atomic_commit(&file, true));
	expect_content("out", "first");
	ck_assert_int_eq(stat("out", &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_ok(io_atomic_open(&file, "out"));
	ck_ok(io_write_all(file.fd, "second", 6));
	expect_content("out", "first");
	io_atomic_abort(&file);
	io_atomic_abort(&file);
	expect_content("out", "first");
	/* nothing is left beside it */
	ck_assert_int_eq(system("[ \"$(ls)\" = out ]"), 0);
}
END_TEST

START_TEST(test_atomic_in_the_way)
{
	struct io_atomic first, second;
	char name[64];

	snprintf(name, sizeof(name), "out.%d-0.tmp", (int)getpid());
	/* a link placed by someone else is not followed */
	ck_assert_int_eq(symlink("victim", name), 0);
	ck_ok(io_atomic_open(&first, "out"));
	ck_ok(io_atomic_open(&second, "out"));
	ck_ok(io_write_all(first.fd, "1", 1));
	ck_ok(io_write_all(second.fd, "2", 1));
	ck_ok(io_atomic_commit(&second, false));
	ck_ok(io_atomic_commit(&first, false));
	expect_content("out", "1");
	ck_assert_int_ne(access("victim", F_OK), 0);
	ck_fails(io_atomic_open(&first, "absent/out"), CRASHINFO_ERROR_OS);
}
END_TEST

START_TEST(test_atomic_through_link)
{
	struct io_atomic file;
	struct stat st;

	ck_ok(io_atomic_open(&file, "target"));
	ck_ok(io_atomic_commit(&file, false));
	ck_assert_int_eq(chmod("target", 0604), 0);
	ck_assert_int_eq(symlink("target", "link"), 0);
	ck_ok(io_atomic_open(&file, "link"));
	ck_ok(io_write_all(file.fd, "new", 3));
	ck_ok(io_atomic_commit(&file, false));
	expect_content("target", "new");
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(stat("target", &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0604);
}
END_TEST

START_TEST(test_atomic_onto_special)
{
	struct crashinfo_error *error;
	struct io_atomic file;

	ck_assert_int_eq(mkdir("taken", 0777), 0);
	error = io_atomic_open(&file, "taken");
	ck_assert_ptr_nonnull(error);
	ck_assert_int_eq(error->errnum, EISDIR);
	crashinfo_error_destroy(error);
	ck_assert_int_eq(system("[ \"$(ls)\" = taken ]"), 0);
	ck_ok(io_atomic_open(&file, "/dev/full"));
	ck_fails(io_write_all(file.fd, "x", 1), CRASHINFO_ERROR_OS);
	io_atomic_abort(&file);
	ck_assert_int_eq(access("/dev/full", F_OK), 0);
}
END_TEST

static struct crashinfo_error *write_and_read(void *argument)
{
	_strbuf_ struct strbuf buf = {0};
	struct io_atomic file;
	struct crashinfo_error *error = io_atomic_open(&file, "memory");

	(void)argument;
	if (error)
		return error->errnum == ENOMEM
			       ? (crashinfo_error_destroy(error), crashinfo_error_no_memory())
			       : error;
	error = io_write_all(file.fd, "x", 1);
	if (error) {
		io_atomic_abort(&file);
		return error;
	}
	error = io_atomic_commit(&file, false);
	return error ? error : io_read_file("memory", SIZE_MAX, &buf);
}

START_TEST(test_files_without_memory)
{
	ck_assert_uint_ge(alloc_fail_each(write_and_read, NULL), 3);
	ck_assert_int_eq(system("[ \"$(ls)\" = memory ]"), 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void add_tests(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, test_error);
	tcase_add_test(tests, test_error_without_memory);
	tcase_add_test(tests, test_arena);
	tcase_add_test(tests, test_strbuf);
	tcase_add_test(tests, test_strbuf_failure);
	tcase_add_test(tests, test_vec);
	tcase_add_loop_test(tests, test_numbers, 0, COUNT(numbers));
	tcase_add_test(tests, test_utf8_all_code_points);
	tcase_add_test(tests, test_utf8_all_pairs);
	tcase_add_loop_test(tests, test_utf8_texts, 0, COUNT(texts));
	tcase_add_test(tests, test_cursor);
	tcase_add_test(tests, test_cursor_long_leb);
	tcase_add_test(tests, test_log);
	tcase_add_test(tests, test_limits);
	tcase_add_test(tests, test_read);
	tcase_add_test(tests, test_read_limit);
	tcase_add_test(tests, test_write_errors);
	tcase_add_test(tests, test_atomic);
	tcase_add_test(tests, test_atomic_in_the_way);
	tcase_add_test(tests, test_atomic_through_link);
	tcase_add_test(tests, test_atomic_onto_special);
	tcase_add_test(tests, test_files_without_memory);
}

int main(void)
{
	return suite_run("base", add_tests);
}
