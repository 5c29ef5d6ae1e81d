/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was sent, in a file that only grows: one line a record, each with a checksum.
 *
 * Before a payload goes out its intent is on the disk; right before the last byte of the request is
 * given to the network that is written too (which survives the death of the process, though not
 * that of the machine). So when a run ends at any moment, the next one knows of each payload
 * whether it was not sent, was answered, or may have arrived without an answer.
 */
#ifndef UPLOAD_JOURNAL_H
#define UPLOAD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>

#define JOURNAL_KEY_BYTES 16

/* Names a payload: the report's bytes, target, kind and host it goes to. */
struct journal_key {
	unsigned char bytes[JOURNAL_KEY_BYTES];
};

/* What is known of a payload. */
struct journal_entry {
	bool sent;
	unsigned unclear; /* attempts that may have arrived, of which no answer is known */
	unsigned refused; /* runs in which it was refused */
	unsigned failed;  /* runs that ended with answers that promise no better */
};

enum journal_event {
	JOURNAL_INTENT,   /* about to be sent */
	JOURNAL_BODY,     /* its last byte is about to be given to the network */
	JOURNAL_ANSWERED, /* an answer came, and it was not accepted */
	JOURNAL_SENT,     /* accepted */
	JOURNAL_REFUSED,  /* will not be accepted */
	JOURNAL_FAILED,   /* was answered, not accepted, and is not tried again in this run */
};

struct journal;

/*
 * Open or create, lock, and read. MISMATCH when another process has it locked, FORMAT when the file
 * is not a journal; damaged lines are passed over with a warning to the log of `context`.
 */
struct crashinfo_error *journal_open(const struct crashinfo_context *context, const char *path,
				     struct journal **ret);
void journal_close(struct journal *journal);

/* The state of `key` before any attempt that is under way now. */
struct journal_entry journal_find(const struct journal *journal, const struct journal_key *key);

/* Append a record with one write(2). */
struct crashinfo_error *journal_record(struct journal *journal, const struct journal_key *key,
				       enum journal_event event);
/* The same for several keys, in one write(2), and wait until all records are on the disk. */
struct crashinfo_error *journal_intend(struct journal *journal, const struct journal_key *keys,
				       size_t count);
struct crashinfo_error *journal_sync(struct journal *journal);

#endif
