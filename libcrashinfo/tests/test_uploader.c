/* SPDX-License-Identifier: Apache-2.0 */
/* The uploader as programs use it; what it does to servers that misbehave is in upload-*.test. */
#include <crashinfo/upload.h>

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "base/cleanup.h"
#include "suite.h"

static char folder[64], journal[80];
static pid_t server;
static char url[64];

/* --- a server: one connection after the other, each request answered alike --- */

/* A whole request; false at the end of the connection. */
static bool take_request(FILE *in)
{
	char line[1024];
	long size = 0;

	do {
		if (!fgets(line, sizeof(line), in))
			return false;
		if (!strncasecmp(line, "Content-Length:", 15))
			size = strtol(line + 15, NULL, 10);
	} while (*line != '\r');
	while (size-- > 0)
		if (getc(in) == EOF)
			return false;
	return true;
}

static void serve(int listener, const char *answer)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		FILE *in = fdopen(fd, "r");

		while (in && take_request(in))
			if (write(fd, answer, strlen(answer)) < 0)
				break;
		if (in)
			fclose(in);
	}
}

static void begin(const char *answer)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", ntohs(address.sin_port));
	server = fork();
	if (!server) {
		serve(listener, answer);
		_exit(0);
	}
	close(listener);
	/* many journals are begun, where no disk is waited for if there is such a place */
	snprintf(folder, sizeof(folder), "%s/ddcrash-uploader.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(journal, sizeof(journal), "%s/journal", folder);
}

static void end(void)
{
	_free_ char *command = NULL;

	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	ck_assert_int_gt(asprintf(&command, "rm -rf '%s'", folder), 0);
	ck_assert_int_eq(system(command), 0);
}

/* --- what is sent to it --- */

static const char *nothing(const char *name)
{
	(void)name;
	return NULL;
}

struct work {
	unsigned reports;
	bool gzip, ping;
	const char *url;
	volatile sig_atomic_t *interrupted;
	unsigned counts[CRASHINFO_UPLOAD_OUTCOMES];
	unsigned unreachable, described;
};

static void count(void *user, const struct crashinfo_upload_result *result)
{
	struct work *work = user;

	assert(result->input && result->uuid);
	work->counts[result->outcome]++;
	work->unreachable += result->unreachable;
}

static struct crashinfo_error *describe(void *user, const char *json, size_t size)
{
	struct work *work = user;

	assert(json[0] == '{' && json[size - 1] == '}');
	work->described++;
	return NULL;
}

static struct crashinfo_error *add(struct crashinfo_uploader *uploader, struct work *work,
				   unsigned number)
{
	char text[256];
	struct crashinfo_report *report;
	struct crashinfo_json *json;
	struct crashinfo_error *error;

	snprintf(text, sizeof(text),
		 "{\"data_schema_version\":\"1.8\",\"error\":{\"kind\":\"Panic\"},"
		 "\"uuid\":\"11111111-2222-4333-8444-%012u\"}",
		 number);
	error = crashinfo_json_parse(NULL, text, strlen(text), NULL, &json);
	if (error)
		return error;
	error = crashinfo_report_create(NULL, json, &report);
	if (error)
		return error;
	error = crashinfo_uploader_describe(uploader, "in", number, report, describe, work);
	if (!error)
		error = crashinfo_uploader_add(uploader, "in", number, report);
	crashinfo_report_destroy(report);
	return error;
}

static struct crashinfo_error *send_all(struct work *work, struct crashinfo_uploader_options *how)
{
	struct crashinfo_uploader *uploader;
	struct crashinfo_error *error = crashinfo_uploader_create(NULL, how, &uploader);

	if (error)
		return error;
	for (unsigned i = 0; i < work->reports && !error; i++)
		error = add(uploader, work, i);
	if (!error)
		error = crashinfo_uploader_finish(uploader);
	crashinfo_uploader_destroy(uploader);
	return error;
}

static struct crashinfo_error *run(void *user)
{
	struct work *work = user;
	struct crashinfo_endpoint_options where = {
		.url = work->url ? work->url : url,
		.environment = nothing,
		.agent_socket = "/none",
	};
	struct crashinfo_uploader_options how = crashinfo_uploader_options_default();
	struct crashinfo_endpoint *endpoints[CRASHINFO_UPLOAD_TARGETS] = {NULL};
	struct crashinfo_error *error = NULL;

	memset(work->counts, 0, sizeof(work->counts));
	work->unreachable = work->described = 0;
	how.concurrency = 1;
	how.retries = 0;
	how.journal = journal;
	how.gzip = work->gzip;
	how.ping = work->ping;
	how.interrupted = work->interrupted;
	how.result = count;
	how.user = work;
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS && !error; i++) {
		error = crashinfo_endpoint_create((enum crashinfo_upload_target)i, &where,
						  &endpoints[i]);
		how.endpoints[i] = endpoints[i];
	}
	if (!error)
		error = send_all(work, &how);
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		crashinfo_endpoint_destroy(endpoints[i]);
	return error;
}

#define ANSWER(status) "HTTP/1.1 " status " Answer\r\nContent-Length: 2\r\n\r\n{}"

START_TEST(test_sent)
{
	struct work work = {.reports = 300, .ping = true};

	begin(ANSWER("202"));
	ck_ok(run(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_SENT], 1200);
	ck_assert_uint_eq(work.described, 1200);
	ck_ok(run(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_ALREADY_SENT], 1200);
	end();
}
END_TEST

/* One refusal counts a run; in the fourth, nothing is asked any more. */
START_TEST(test_refused)
{
	struct work work = {.reports = 5};

	begin(ANSWER("400"));
	for (int i = 0; i < 3; i++) {
		ck_ok(run(&work));
		ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_REFUSED], 10);
	}
	ck_ok(run(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_SET_ASIDE], 10);
	end();
}
END_TEST

START_TEST(test_stopped)
{
	struct work work = {.reports = 300};

	begin(ANSWER("401"));
	ck_ok(run(&work));
	ck_assert_uint_ge(work.counts[CRASHINFO_UPLOAD_REFUSED], 2);
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_REFUSED] +
				  work.counts[CRASHINFO_UPLOAD_NOT_SENT],
			  600);
	ck_assert_uint_eq(work.unreachable, 0);
	end();
}
END_TEST

START_TEST(test_interrupted)
{
	volatile sig_atomic_t interrupted = 1;
	struct work work = {.reports = 3, .interrupted = &interrupted};

	begin(ANSWER("202"));
	ck_ok(run(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_NOT_SENT], 6);
	interrupted = 0;
	ck_ok(run(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_SENT], 6);
	end();
}
END_TEST

START_TEST(test_nobody)
{
	struct work work = {.reports = 40, .url = "http://127.0.0.1:1"};

	begin(ANSWER("202"));
	ck_ok(run(&work));
	ck_assert_uint_ge(work.counts[CRASHINFO_UPLOAD_FAILED], 20);
	ck_assert_uint_eq(
		work.counts[CRASHINFO_UPLOAD_FAILED] + work.counts[CRASHINFO_UPLOAD_NOT_SENT], 80);
	ck_assert_uint_eq(work.unreachable, 80);
	end();
}
END_TEST

static struct crashinfo_error *run_anew(void *work)
{
	unlink(journal);
	return run(work);
}

START_TEST(test_memory)
{
	struct work work = {.reports = 2, .ping = true, .gzip = true};

	begin(ANSWER("202"));
	ck_ok(run_anew(&work));
	ck_assert_uint_eq(work.counts[CRASHINFO_UPLOAD_SENT], 8);
	ck_assert_uint_gt(alloc_fail_each(run_anew, &work), 100);
	end();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, test_sent);
	tcase_add_test(tests, test_refused);
	tcase_add_test(tests, test_stopped);
	tcase_add_test(tests, test_interrupted);
	tcase_add_test(tests, test_nobody);
	tcase_add_test(tests, test_memory);
}

int main(void)
{
	return suite_run("uploader", add_tests);
}
