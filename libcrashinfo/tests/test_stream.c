/* SPDX-License-Identifier: Apache-2.0 */
/* How streams are cut into lines and kept within limits; what they mean is in streams.test. */
#include <crashinfo/stream.h>

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <crashinfo/json.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "stream/lines.h"
#include "suite.h"

#define CONFIG                                                                                 \
	"DD_CRASHTRACK_BEGIN_CONFIG\n"                                                         \
	"{\"additional_files\":[],\"create_alt_stack\":true,\"demangle_names\":true,"          \
	"\"resolve_frames\":\"Disabled\",\"signals\":[],\"timeout\":{\"secs\":5,\"nanos\":0}," \
	"\"use_alt_stack\":true}\n"                                                            \
	"DD_CRASHTRACK_END_CONFIG\n"
#define KIND "DD_CRASHTRACK_BEGIN_KIND\n\"Panic\"\nDD_CRASHTRACK_END_KIND\n"
#define DONE "DD_CRASHTRACK_DONE\n"

static const struct crashinfo_stream_options fixed_time = {.timestamp = "2026-01-02T03:04:05Z"};

/* --- cutting into lines --- */

/* The lines of `text` fed in pieces of `step` bytes, each ended by "|", by "!" when it was cut. */
static void cut_into_lines(const char *text, size_t step, size_t max_bytes, struct strbuf *ret)
{
	struct stream_lines lines;
	struct stream_line line;
	size_t size = strlen(text);

	stream_lines_init(&lines, max_bytes);
	for (size_t at = 0; at < size; at += step) {
		struct crashinfo_slice piece = {text + at, size - at < step ? size - at : step};

		while (stream_lines_next(&lines, &piece, &line)) {
			strbuf_add(ret, line.text.data, line.text.size);
			strbuf_addc(ret, line.cut ? '!' : '|');
		}
		ck_assert_uint_eq(piece.size, 0);
	}
	if (stream_lines_last(&lines, &line)) {
		strbuf_add(ret, line.text.data, line.text.size);
		strbuf_addc(ret, line.cut ? '!' : '|');
	}
	ck_assert(!stream_lines_failed(&lines));
	stream_lines_deinit(&lines);
}

static const struct {
	const char *text, *lines;
} cuts[] = {
	{"", ""},
	{"\n", "|"},
	{"\n\n", "||"},
	{"a", "a|"},
	{"a\n", "a|"},
	{"a\nb", "a|b|"},
	{"a\r\nb\r", "a|b|"},
	{"\r\n\r\r\n", "|\r|"},
	{"a\rb\n", "a\rb|"},
	{"123456\n", "123456|"},
	{"123456\r\n", "123456|"},
	{"123456\r", "123456|"},
	{"1234567\n8", "123456!8|"},
	{"123456\r\r\n8", "123456!8|"},
	{"1234567890123\n\n1234567890", "123456!|123456!"},
};

START_TEST(test_lines)
{
	for (size_t step = 1; step < 20; step++) {
		_strbuf_ struct strbuf lines = {0};

		strbuf_adds(&lines, "");
		cut_into_lines(cuts[_i].text, step, 6, &lines);
		ck_assert_str_eq(lines.data, cuts[_i].lines);
	}
}
END_TEST

/* --- feeding --- */

static struct crashinfo_stream *start(const struct crashinfo_context *context, bool strict)
{
	struct crashinfo_stream_options options = fixed_time;
	struct crashinfo_stream *stream = NULL;

	options.strict = strict;
	options.source = "s";
	ck_ok(crashinfo_stream_create(context, &options, &stream));
	return stream;
}

/* The report, or the message of the error in its place. */
static char *finish(struct crashinfo_stream *stream)
{
	struct crashinfo_error *error;
	char *text = NULL;
	size_t size = 0;

	error = crashinfo_stream_finish(stream, &text, &size);
	if (error) {
		ck_assert_ptr_null(text);
		text = strdup(error->message);
		crashinfo_error_destroy(error);
	} else {
		ck_assert_uint_eq(size, strlen(text));
	}
	crashinfo_stream_destroy(stream);
	return text;
}

static char *parse(const char *bytes, size_t size, bool strict)
{
	struct crashinfo_stream *stream = start(NULL, strict);

	ck_ok(crashinfo_stream_feed(stream, bytes, size));
	return finish(stream);
}

/* A repeatable sequence, so that a failure can be found again. */
static size_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(*state >> 33);
}

static char *parse_in_pieces(const char *bytes, size_t size, bool strict, size_t max, uint64_t seed)
{
	struct crashinfo_stream *stream = start(NULL, strict);

	while (size) {
		size_t piece = 1 + next_random(&seed) % max;
		_free_ char *copy = NULL;

		if (piece > size)
			piece = size;
		/* a block of just its size, gone when the next comes */
		copy = malloc(piece);
		memcpy(copy, bytes, piece);
		ck_ok(crashinfo_stream_feed(stream, copy, piece));
		bytes += piece;
		size -= piece;
	}
	return finish(stream);
}

static void compare_pieces(const char *name, const struct strbuf *content, bool strict)
{
	_free_ char *whole = parse(content->data, content->size, strict);

	for (unsigned i = 0; i < 8; i++) {
		_free_ char *pieces = parse_in_pieces(content->data, content->size, strict,
						      i ? (size_t)1 << (2 * i) : 1, i);

		ck_assert_msg(!strcmp(whole, pieces), "%s in pieces:\n%s\n%s", name, whole, pieces);
	}
}

static int is_stream(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".stream");
}

START_TEST(test_pieces)
{
	const char *top = getenv("TOP");
	_free_ char *folder = NULL;
	struct dirent **entries;
	int count;

	ck_assert(asprintf(&folder, "%s/testdata/streams", top ? top : ".") > 0);
	count = scandir(folder, &entries, is_stream, alphasort);
	ck_assert_int_gt(count, 30);
	for (int i = 0; i < count; i++) {
		_strbuf_ struct strbuf content = {0};
		_free_ char *path = NULL;

		ck_assert(asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0);
		ck_ok(io_read_file(path, SIZE_MAX, &content));
		compare_pieces(entries[i]->d_name, &content, false);
		compare_pieces(entries[i]->d_name, &content, true);
		free(entries[i]);
	}
	free(entries);
}
END_TEST

START_TEST(test_state)
{
	struct crashinfo_stream *stream = start(NULL, false);
	static const char before[] = CONFIG KIND "stray\nDD_CRASHTRACK_DO",
			  after[] = "NE\nbehind\n";
	struct crashinfo_stream_stats stats;

	ck_ok(crashinfo_stream_feed(stream, before, sizeof(before) - 1));
	ck_assert(!crashinfo_stream_is_done(stream));
	ck_ok(crashinfo_stream_feed(stream, after, sizeof(after) - 1));
	ck_assert(crashinfo_stream_is_done(stream));
	stats = crashinfo_stream_stats(stream);
	ck_assert_uint_eq(stats.lines, 8);
	ck_assert_uint_eq(stats.sections, 2);
	ck_assert_uint_eq(stats.damaged_lines, 1);
	ck_assert(stats.done && stats.has_data && stats.has_config && stats.has_kind);
	free(finish(stream));
}
END_TEST

/* What a receiver says when it stops waiting. */
START_TEST(test_note)
{
	struct crashinfo_stream *stream = start(NULL, true);
	_free_ char *text = NULL;

	ck_ok(crashinfo_stream_feed(stream, CONFIG KIND, sizeof(CONFIG KIND) - 1));
	ck_ok(crashinfo_stream_note(stream, "Timeout: \"4 s\""));
	text = finish(stream);
	ck_assert_ptr_nonnull(strstr(text, "\"log_messages\":[\"Timeout: \\\"4 s\\\"\"]"));
	ck_assert_ptr_nonnull(strstr(text, "\"timestamp\":\"2026-01-02T03:04:05Z\""));
	/* a note alone is no data */
	stream = start(NULL, false);
	ck_ok(crashinfo_stream_feed(stream, CONFIG, sizeof(CONFIG) - 1));
	ck_ok(crashinfo_stream_note(stream, "Timeout"));
	free(text);
	text = finish(stream);
	ck_assert_str_eq(text, "the stream holds no data of a crash");
}
END_TEST

static const struct {
	const char *text;
	bool is_stream;
} heads[] = {
	{"", false},
	{"DD_CRASHTRACK_BEGIN_CONFIG\n", true},
	{"DD_CRASHTRACK_", true},
	{"DD_CRASHTRACK", false},
	{"stray\n\nDD_CRASHTRACK_DONE", true},
	{"{\"a\":\"\\nDD_CRASHTRACK_DONE\"}\n", false},
	{" DD_CRASHTRACK_DONE", false},
};

START_TEST(test_sniff)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		ck_assert_msg(crashinfo_stream_sniff(heads[i].text, strlen(heads[i].text)) ==
				      heads[i].is_stream,
			      "%s", heads[i].text);
}
END_TEST

/* --- limits --- */

static char *parse_within(const struct crashinfo_limits *limits, const char *text, bool strict)
{
	struct crashinfo_context context = crashinfo_context_default();
	struct crashinfo_stream *stream;

	context.limits = *limits;
	stream = start(&context, strict);
	ck_ok(crashinfo_stream_feed(stream, text, strlen(text)));
	return finish(stream);
}

#define FRAME         "{\"ip\":\"0x1\"}"
#define STACK(frames) "DD_CRASHTRACK_BEGIN_STACKTRACE\n" frames "DD_CRASHTRACK_END_STACKTRACE\n"

START_TEST(test_long_line)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL, *strict = NULL;
	static const char stream[] = KIND STACK(
		FRAME "\n" FRAME "                                            \n" FRAME
		      "\n") "DD_CRASHTRACK_BEGIN_FILE /a/path/that/is/rather/long/too\n1\n"
			    "DD_CRASHTRACK_END_FILE \"/a/path/that/is/rather/long/too\"\n" DONE;

	limits.stream_line_bytes = 40;
	text = parse_within(&limits, stream, false);
	/* the frame is missing, and the stack says so; markers are known by their beginning */
	ck_assert_ptr_nonnull(strstr(text, "\"frames\":[" FRAME "," FRAME "],\"incomplete\":true"));
	ck_assert_ptr_nonnull(strstr(text, "\"line 6: Unable to process line: {\\\"ip\\\":"));
	ck_assert_ptr_nonnull(strstr(text, ". Error: longer than the limit of 40 bytes "
					   "(receiver_issue:process_line_error)\""));
	ck_assert_ptr_nonnull(strstr(text, "\"files\":{\"/a/path/that/is\":[\"1\"]}"));
	strict = parse_within(&limits, CONFIG, true);
	ck_assert_str_eq(strict, "Missing crashtracker configuration");
}
END_TEST

START_TEST(test_many_frames)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL;

	limits.stream_frames = 2;
	text = parse_within(&limits,
			    KIND STACK(FRAME
				       "\n" FRAME "\n" FRAME "\n" FRAME
				       "\n") "DD_CRASHTRACK_BEGIN_RUNTIME_STACK_FRAME\n{}\n{}\n{}\n"
					     "DD_CRASHTRACK_END_RUNTIME_STACK_FRAME\n" DONE,
			    false);
	ck_assert_ptr_nonnull(strstr(text, "\"frames\":[" FRAME "," FRAME "],\"incomplete\":true"));
	ck_assert_ptr_nonnull(strstr(text, "\"line 9: Left out 2 frames behind the first 2\""));
	ck_assert_ptr_nonnull(strstr(text, "\"frames\":[{},{}]"));
	ck_assert_ptr_nonnull(strstr(text, "\"line 14: Left out 1 frames behind the first 2\""));
}
END_TEST

START_TEST(test_many_frames_unfinished)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL;

	limits.stream_frames = 1;
	text = parse_within(&limits, KIND "DD_CRASHTRACK_BEGIN_STACKTRACE\n" FRAME "\n" FRAME "\n",
			    false);
	ck_assert_ptr_nonnull(strstr(text, "\"line 6: Left out 1 frames behind the first 1\""));
}
END_TEST

START_TEST(test_many_entries)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL;

	limits.stream_entries = 2;
	text = parse_within(&limits,
			    "DD_CRASHTRACK_BEGIN_COUNTERS\n{\"a\":1}\n{\"b\":1}\n{\"c\":1}\n"
			    "DD_CRASHTRACK_END_COUNTERS\nstray\nstray\nstray\n" DONE,
			    false);
	ck_assert_ptr_nonnull(strstr(text, "\"counters\":{\"a\":1,\"b\":1}"));
	ck_assert_ptr_nonnull(strstr(text, "\"line 4: Unable to process line: {\\\"c\\\":1}. "
					   "Error: more than 2 counters "
					   "(receiver_issue:process_line_error)\""));
	ck_assert_ptr_nonnull(strstr(text, "\"Left out 2 log messages\""));
}
END_TEST

#define OTHER_THREAD                                                                   \
	"{\"crashed\":false,\"name\":\"o\",\"stack\":{\"format\":\"f\",\"frames\":[]," \
	"\"incomplete\":true}}\n"
#define CRASHED_THREAD                                                                \
	"{\"crashed\":true,\"name\":\"c\",\"stack\":{\"format\":\"f\",\"frames\":[]," \
	"\"incomplete\":true}}\n"

/* Of too many threads the one that crashed is not left out, once. */
START_TEST(test_many_threads)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL;

	limits.stream_entries = 2;
	text = parse_within(&limits,
			    KIND "DD_CRASHTRACK_BEGIN_THREADS\n" OTHER_THREAD OTHER_THREAD
				    OTHER_THREAD CRASHED_THREAD CRASHED_THREAD
				 "DD_CRASHTRACK_END_THREADS\n" DONE,
			    false);
	ck_assert_ptr_nonnull(strstr(text, "more than 2 threads"));
	ck_assert_ptr_nonnull(strstr(text, "\"crashed\":true"));
	ck_assert_ptr_null(strstr(strstr(text, "\"crashed\":true") + 1, "\"crashed\":true"));
	ck_assert_ptr_nonnull(strstr(text, "\"crashed\":false"));
}
END_TEST

START_TEST(test_much_text)
{
	struct crashinfo_limits limits = crashinfo_limits_default();
	_free_ char *text = NULL;

	limits.stream_report_bytes = 1000;
	text = parse_within(
		&limits,
		"DD_CRASHTRACK_BEGIN_FILE /f\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15"
		"\n16\n17\nDD_CRASHTRACK_END_FILE\n" DONE,
		false);
	ck_assert_ptr_nonnull(strstr(text, "Error: more than 1000 bytes in one report (receiver_issue:process_line_error)\""));
}
END_TEST

START_TEST(test_quoted_line_is_cut)
{
	_strbuf_ struct strbuf stream = {0};
	_free_ char *text = NULL;

	strbuf_adds(&stream, DONE);
	strbuf_clear(&stream);
	/* the cut falls into a character */
	strbuf_addc(&stream, 'x');
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&stream, "\xc3\xa9");
	strbuf_adds(&stream, "\n" DONE);
	text = parse(stream.data, stream.size, false);
	ck_assert_uint_lt(strlen(text), 6000);
	ck_assert_ptr_nonnull(strstr(text, "\xc3\xa9\xe2\x80\xa6 (receiver_issue:unexpected_line)\"]"));
}
END_TEST

/* --- memory --- */

static const char everything[] = CONFIG KIND
	"DD_CRASHTRACK_BEGIN_MESSAGE\na\\nb\nc\nDD_CRASHTRACK_END_MESSAGE\n"
	"DD_CRASHTRACK_BEGIN_SIGINFO\n{\"signum\":11,\"faulting_address\":\"0x1\"}\n"
	"DD_CRASHTRACK_END_SIGINFO\n"
	"DD_CRASHTRACK_BEGIN_METADATA\n{\"family\":1,\"tags\":{}}\nDD_CRASHTRACK_END_"
	"METADATA\n"
	"DD_CRASHTRACK_BEGIN_PROCESSINFO\n{\"pid\":1,\"tid\":null}\nDD_CRASHTRACK_END_"
	"PROCESSINFO\n"
	"DD_CRASHTRACK_BEGIN_COUNTERS\n{\"a\\n\":1}\n{}\nDD_CRASHTRACK_END_COUNTERS\n"
	"DD_CRASHTRACK_BEGIN_SPAN_IDS\n[1,\"2\",{\"id\":\"3\"}]\nDD_CRASHTRACK_END_SPAN_IDS\n"
	"DD_CRASHTRACK_BEGIN_ADDITIONAL_TAGS\n[\"t\"]\nDD_CRASHTRACK_END_ADDITIONAL_TAGS\n"
	"DD_CRASHTRACK_BEGIN_FILE /a b\n1\n2\xff\nDD_CRASHTRACK_END_FILE\n"
	"DD_CRASHTRACK_BEGIN_UCONTEXT\nucontext_t {}\nDD_CRASHTRACK_END_UCONTEXT\n" STACK(
		"{\"ip\":\"0x1\",\"fp\":\"0x2\",\"names\":[{\"name\":\"f\"},{\"lineno\":2}]}"
		"\n{\n") "DD_CRASHTRACK_BEGIN_RUNTIME_STACK_FRAME\n{\"function\":[1,255],"
			 "\"file\":\"f\"}\n"
			 "DD_CRASHTRACK_END_RUNTIME_STACK_FRAME\n"
			 "DD_CRASHTRACK_BEGIN_WHOLE_STACKTRACE\n{\"frames\":[{\"fp\":\"\"}]}\n"
			 "DD_CRASHTRACK_END_WHOLE_STACKTRACE\n"
			 "stray\nDD_CRASHTRACK_BEGIN_RUNTIME_STACK_STRING\nlast line";

static struct crashinfo_error *read_everything(void *argument)
{
	const char *at = everything, *end = at + sizeof(everything) - 1;
	struct crashinfo_stream *stream = NULL;
	char *text = NULL;
	size_t size;
	struct crashinfo_error *error;

	(void)argument;
	error = crashinfo_stream_create(NULL, &fixed_time, &stream);
	for (; !error && at < end; at += size) {
		size = end - at < 7 ? (size_t)(end - at) : 7;
		error = crashinfo_stream_feed(stream, at, size);
	}
	if (!error)
		error = crashinfo_stream_finish(stream, &text, &size);
	assert(!text == !!error);
	crashinfo_stream_destroy(stream);
	free(text);
	return error;
}

START_TEST(test_memory)
{
	ck_ok(read_everything(NULL));
	ck_assert_uint_gt(alloc_fail_each(read_everything, NULL), 100);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_loop_test(tests, test_lines, 0, sizeof(cuts) / sizeof(cuts[0]));
	tcase_add_test(tests, test_pieces);
	tcase_add_test(tests, test_state);
	tcase_add_test(tests, test_note);
	tcase_add_test(tests, test_sniff);
	tcase_add_test(tests, test_long_line);
	tcase_add_test(tests, test_many_frames);
	tcase_add_test(tests, test_many_frames_unfinished);
	tcase_add_test(tests, test_many_entries);
	tcase_add_test(tests, test_many_threads);
	tcase_add_test(tests, test_much_text);
	tcase_add_test(tests, test_quoted_line_is_cut);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("stream", add_tests);
}
