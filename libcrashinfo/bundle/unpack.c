/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/unpack.h"

#include <archive.h>
#include <lzma.h>
#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/cleanup.h"
#include "bundle/input_source.h"
#include "module/library.h"

/* --- libraries, loaded when they are needed --- */

static struct lzma {
	__typeof__(lzma_stream_decoder) *stream_decoder;
	__typeof__(lzma_alone_decoder) *alone_decoder;
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
} lzma;
static bool lzma_loaded;
static pthread_once_t lzma_once = PTHREAD_ONCE_INIT;

static void load_lzma(void)
{
	static const struct library_function rows[] = {
		{"lzma_stream_decoder", offsetof(struct lzma, stream_decoder)},
		{"lzma_alone_decoder", offsetof(struct lzma, alone_decoder)},
		{"lzma_code", offsetof(struct lzma, code)},
		{"lzma_end", offsetof(struct lzma, end)},
	};

	lzma_loaded = library_load("liblzma.so.5", rows, sizeof(rows) / sizeof(rows[0]), &lzma);
}

static struct zstd {
	__typeof__(ZSTD_createDCtx) *create;
	__typeof__(ZSTD_freeDCtx) *free;
	__typeof__(ZSTD_DCtx_setParameter) *set;
	__typeof__(ZSTD_decompressStream) *decompress;
	__typeof__(ZSTD_getErrorCode) *error_code;
	__typeof__(ZSTD_getErrorName) *error_name;
	__typeof__(ZSTD_isError) *is_error;
} zstd;
static bool zstd_loaded;
static pthread_once_t zstd_once = PTHREAD_ONCE_INIT;

static void load_zstd(void)
{
	static const struct library_function rows[] = {
		{"ZSTD_createDCtx", offsetof(struct zstd, create)},
		{"ZSTD_freeDCtx", offsetof(struct zstd, free)},
		{"ZSTD_DCtx_setParameter", offsetof(struct zstd, set)},
		{"ZSTD_decompressStream", offsetof(struct zstd, decompress)},
		{"ZSTD_getErrorCode", offsetof(struct zstd, error_code)},
		{"ZSTD_getErrorName", offsetof(struct zstd, error_name)},
		{"ZSTD_isError", offsetof(struct zstd, is_error)},
	};

	zstd_loaded = library_load("libzstd.so.1", rows, sizeof(rows) / sizeof(rows[0]), &zstd);
}

static bool load(int filter)
{
	if (filter == ARCHIVE_FILTER_ZSTD) {
		pthread_once(&zstd_once, load_zstd);
		return zstd_loaded;
	}
	pthread_once(&lzma_once, load_lzma);
	return lzma_loaded;
}

/* --- decoders --- */

/* What a decoder takes besides its dictionary. */
#define LZMA_OWN_BYTES (1024u * 1024)

struct unpack_state {
	lzma_stream lzma;
	ZSTD_DCtx *zstd;
};

static struct crashinfo_error *damaged(const char *what)
{
	return crashinfo_error_create(CRASHINFO_ERROR_FORMAT, "truncated or damaged: %s", what);
}

static struct crashinfo_error *too_much(const struct unpack *unpack)
{
	return crashinfo_error_create(CRASHINFO_ERROR_LIMIT,
				      "unpacking takes more memory than the limit of %zu bytes",
				      unpack->max_memory);
}

static struct crashinfo_error *lzma_failed(struct unpack *unpack, lzma_ret status)
{
	if (status == LZMA_MEM_ERROR)
		return crashinfo_error_no_memory();
	if (status == LZMA_MEMLIMIT_ERROR)
		return too_much(unpack);
	if (status == LZMA_OPTIONS_ERROR)
		return damaged("compressed in a way that is not known");
	return damaged(status == LZMA_BUF_ERROR ? "it ends amid compressed data"
						: "compressed data");
}

static struct crashinfo_error *begin_lzma(struct unpack *unpack)
{
	lzma_stream *stream = &unpack->state->lzma;
	uint64_t max = (uint64_t)unpack->max_memory + LZMA_OWN_BYTES;
	lzma_ret status = unpack->filter == ARCHIVE_FILTER_XZ ? lzma.stream_decoder(stream, max, 0)
							      : lzma.alone_decoder(stream, max);

	return status == LZMA_OK ? NULL : lzma_failed(unpack, status);
}

/* The largest window, whose logarithm is asked for, that takes no more than that. */
static struct crashinfo_error *begin_zstd(struct unpack *unpack)
{
	int log = 10;

	while (log < 31 && (size_t)2 << log <= unpack->max_memory)
		log++;
	unpack->state->zstd = zstd.create();
	if (!unpack->state->zstd)
		return crashinfo_error_no_memory();
	zstd.set(unpack->state->zstd, ZSTD_d_windowLogMax, log);
	return NULL;
}

/* Bytes that are too few for a header, or are none. */
static bool is_no_header(const struct unpack *unpack, lzma_ret status)
{
	const lzma_stream *stream = &unpack->state->lzma;
	bool cut = !unpack->in.size && stream->total_in < LZMA_STREAM_HEADER_SIZE;

	return unpack->several &&
	       (status == LZMA_FORMAT_ERROR || (status == LZMA_BUF_ERROR && cut));
}

static struct crashinfo_error *step_lzma(struct unpack *unpack, char *buffer, size_t capacity,
					 size_t *size_ret)
{
	lzma_stream *stream = &unpack->state->lzma;
	lzma_ret status;

	stream->next_in = (const uint8_t *)unpack->in.data;
	stream->avail_in = unpack->in.size;
	stream->next_out = (uint8_t *)buffer;
	stream->avail_out = capacity;
	/* without input it is asked to end, which it cannot in the middle */
	status = lzma.code(stream, unpack->in.size ? LZMA_RUN : LZMA_FINISH);
	unpack->in = (struct crashinfo_slice){(const char *)stream->next_in, stream->avail_in};
	*size_ret = capacity - stream->avail_out;
	unpack->between = status == LZMA_STREAM_END;
	if (is_no_header(unpack, status)) {
		unpack->trailing = unpack->ended = true;
		return NULL;
	}
	return status == LZMA_OK || status == LZMA_STREAM_END ? NULL : lzma_failed(unpack, status);
}

static struct crashinfo_error *zstd_failed(struct unpack *unpack, size_t status)
{
	ZSTD_ErrorCode code = zstd.error_code(status);

	if (code == ZSTD_error_memory_allocation)
		return crashinfo_error_no_memory();
	return code == ZSTD_error_frameParameter_windowTooLarge ? too_much(unpack)
								: damaged(zstd.error_name(status));
}

static struct crashinfo_error *step_zstd(struct unpack *unpack, char *buffer, size_t capacity,
					 size_t *size_ret)
{
	ZSTD_inBuffer in = {unpack->in.data, unpack->in.size, 0};
	ZSTD_outBuffer out = {buffer, capacity, 0};
	size_t status = zstd.decompress(unpack->state->zstd, &out, &in);

	*size_ret = out.pos;
	if (zstd.is_error(status) && zstd.error_code(status) == ZSTD_error_prefix_unknown &&
	    unpack->several) {
		unpack->trailing = unpack->ended = true;
		return NULL;
	}
	if (zstd.is_error(status))
		return zstd_failed(unpack, status);
	if (!unpack->in.size && !out.pos)
		return damaged("it ends amid compressed data");
	unpack->in = (struct crashinfo_slice){unpack->in.data + in.pos, unpack->in.size - in.pos};
	unpack->between = !status;
	return NULL;
}

/* --- all of it --- */

bool unpack_knows(int filter)
{
	return filter == ARCHIVE_FILTER_XZ || filter == ARCHIVE_FILTER_LZMA ||
	       filter == ARCHIVE_FILTER_ZSTD;
}

struct crashinfo_error *unpack_init(struct unpack *unpack, int filter, struct input_source *source,
				    size_t max_memory)
{
	static const lzma_stream none = LZMA_STREAM_INIT;

	*unpack = (struct unpack){.source = source, .max_memory = max_memory, .filter = filter};
	if (!load(filter))
		return crashinfo_error_create(CRASHINFO_ERROR_OTHER,
					      "it cannot be unpacked: the library for that cannot "
					      "be loaded");
	unpack->state = calloc(1, sizeof(*unpack->state));
	if (!unpack->state)
		return crashinfo_error_no_memory();
	unpack->state->lzma = none;
	return filter == ARCHIVE_FILTER_ZSTD ? begin_zstd(unpack) : begin_lzma(unpack);
}

void unpack_deinit(struct unpack *unpack)
{
	crashinfo_error_destroy(unpack->failed);
	unpack->failed = NULL;
	if (!unpack->state)
		return;
	if (unpack->filter != ARCHIVE_FILTER_ZSTD)
		lzma.end(&unpack->state->lzma);
	else
		zstd.free(unpack->state->zstd);
	free(unpack->state);
	unpack->state = NULL;
}

/* Pass over zeros; at something else, begin anew. */
static struct crashinfo_error *pass_between(struct unpack *unpack)
{
	while (unpack->in.size && !*unpack->in.data) {
		unpack->in.data++;
		unpack->in.size--;
	}
	if (!unpack->in.size)
		return NULL;
	unpack->between = false;
	unpack->several = true;
	unpack->trailing = unpack->ended = unpack->filter == ARCHIVE_FILTER_LZMA;
	return unpack->filter == ARCHIVE_FILTER_XZ ? begin_lzma(unpack) : NULL;
}

static struct crashinfo_error *step(struct unpack *unpack, char *buffer, size_t capacity,
				    size_t *size_ret)
{
	struct crashinfo_error *error = NULL;

	if (!unpack->in.size) {
		error = input_source_take(unpack->source, &unpack->in);
		if (error)
			return error;
		unpack->taken += unpack->in.size;
		unpack->ended = unpack->between && !unpack->in.size;
	}
	if (unpack->between && !unpack->ended)
		error = pass_between(unpack);
	if (error || unpack->between || unpack->ended)
		return error;
	return unpack->filter == ARCHIVE_FILTER_ZSTD
		       ? step_zstd(unpack, buffer, capacity, size_ret)
		       : step_lzma(unpack, buffer, capacity, size_ret);
}

struct crashinfo_error *unpack_read(struct unpack *unpack, char *buffer, size_t capacity,
				    size_t *size_ret)
{
	*size_ret = 0;
	while (!unpack->failed && !*size_ret && !unpack->ended)
		unpack->failed = step(unpack, buffer, capacity, size_ret);
	if (*size_ret || !unpack->failed)
		return NULL;
	unpack->ended = true;
	return steal_ptr(unpack->failed);
}
