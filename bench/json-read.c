/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading report text into a document, beside cJSON in the same run: the best of several rounds.
 * Arguments: megabytes of text (50), or a file.
 */
#include <crashinfo/json.h>

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/io.h"
#include "base/strbuf.h"

#define ROUNDS 7

/* Frames as the collector writes them and, every fourth one, symbolized. */
static void add_frame(struct strbuf *text, uint64_t i)
{
	uint64_t ip = 0x7f11c0a00000 + i * 4099;

	strbuf_addf(
		text,
		"%s{\"ip\":\"0x%" PRIx64 "\",\"sp\":\"0x%" PRIx64 "\","
		"\"module_base_address\":\"0x7f11c0a00000\",\"build_id\":"
		"\"9944168df12b0b9b152113c4ad663bc27797fb15\",\"build_id_type\":\"GNU\","
		"\"file_type\":\"ELF\",\"path\":\"/usr/lib/x86_64-linux-gnu/libexample%u.so.6\","
		"\"relative_address\":\"0x%016" PRIx64 "\"",
		i ? "," : "", ip, 0x7ffd0c0f0000 + i * 64, (unsigned)(i % 40), i * 4099);
	if (i % 4 == 0)
		strbuf_addf(text,
			    ",\"function\":\"example::worker::run<int, std::allocator<int> >\","
			    "\"file\":\"/build/example/src/worker.cpp\",\"line\":%u,\"column\":9",
			    (unsigned)(i % 3000));
	strbuf_addc(text, '}');
}

static void make_report(struct strbuf *text, size_t size)
{
	strbuf_adds(text, "{\"data_schema_version\":\"1.8\",\"error\":{\"is_crash\":true,\"stack\":"
			  "{\"format\":\"Datadog Crashtracker 1.0\",\"frames\":[");
	for (uint64_t i = 0; text->size < size && !text->failed; i++)
		add_frame(text, i);
	strbuf_adds(text, "],\"incomplete\":false}},\"incomplete\":false}");
}

static void lay_out(const struct strbuf *text)
{
	char *pretty;
	size_t size;

	if (crashinfo_json_layout(text->data, text->size, CRASHINFO_JSON_PRETTY, &pretty, &size))
		abort();
	free(pretty);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

static void read_ours(const struct strbuf *text)
{
	struct crashinfo_json *json;

	if (crashinfo_json_parse(NULL, text->data, text->size, NULL, &json))
		abort();
	crashinfo_json_destroy(json);
}

static void read_cjson(const struct strbuf *text)
{
	cJSON *tree = cJSON_ParseWithLength(text->data, text->size);

	if (!tree)
		abort();
	cJSON_Delete(tree);
}

static void measure(const char *name, void (*read)(const struct strbuf *),
		    const struct strbuf *text)
{
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ms(), took;

		read(text);
		took = now_ms() - start;
		if (!i || took < best)
			best = took;
	}
	printf("json-read  %-14s %7.1f ms %7.0f MB/s  peak %4ld MiB, text %zu MiB\n", name, best,
	       (double)text->size / 1e3 / best, peak_kib() / 1024, text->size >> 20);
}

static int measure_indented(const struct strbuf *text)
{
	_strbuf_ struct strbuf indented = {0};

	if (crashinfo_json_layout(text->data, text->size, CRASHINFO_JSON_PRETTY, &indented.data,
				  &indented.size))
		return 2;
	measure("ours, indented", read_ours, &indented);
	return 0;
}

int main(int argc, char **argv)
{
	_strbuf_ struct strbuf text = {0};
	size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 50;

	if (megabytes)
		make_report(&text, megabytes * 1000000);
	else if (io_read_file(argv[1], SIZE_MAX, &text))
		return 2;
	if (text.failed)
		return 2;
	/* the peak only grows: the smaller one first */
	measure("ours", read_ours, &text);
	measure("cJSON", read_cjson, &text);
	measure("layout", lay_out, &text);
	return measure_indented(&text);
}
