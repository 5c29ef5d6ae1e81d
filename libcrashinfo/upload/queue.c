/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads in memory: which of them may begin, and what becomes of those that ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "upload/uploader.h"

/* Payloads held in memory. */
#define WINDOW_BYTES (64u * 1024 * 1024)
/* A host that gave no answer for so many payloads in a row will give none for the next. */
#define UNANSWERED_MAX 10
/* The disk is asked for little no more often than this. */
#define COMMIT_MS 50
/* Longest sleep; curl wakes up before for what it waits for. */
#define POLL_MAX_MS 1000

/* --- results --- */

void upload_tell(struct crashinfo_uploader *uploader, const struct upload_item *item,
		 struct crashinfo_upload_result result)
{
	result.input = item->input;
	result.index = item->index;
	result.uuid = item->uuid;
	result.target = item->target;
	result.kind = item->kind;
	result.attempts = item->attempts;
	result.bytes = item->bytes;
	result.trimmed = item->trimmed;
	result.possible_duplicate |= item->possible_duplicate;
	if (uploader->options.result)
		uploader->options.result(uploader->options.user, &result);
}

static void remove_item(struct crashinfo_uploader *uploader, struct upload_item *item)
{
	struct upload_item **items = uploader->items.data;
	size_t at = 0;

	while (items[at] != item)
		at++;
	uploader->items.size--;
	memmove(items + at, items + at + 1,
		(uploader->items.size - at) * sizeof(struct upload_item *));
	uploader->pending_bytes -= item->body_size;
	upload_item_destroy(item);
}

static void finish_item(struct crashinfo_uploader *uploader, struct upload_item *item,
			struct crashinfo_upload_result result)
{
	upload_tell(uploader, item, result);
	remove_item(uploader, item);
}

bool upload_is_stopped(struct crashinfo_uploader *uploader, const struct upload_item *item)
{
	const struct upload_lane *lane = &uploader->lanes[item->target];

	if (!lane->stopped && !uploader->fatal)
		return false;
	/* it may be between two attempts, the first of which nobody knows the end of */
	upload_tell(uploader, item,
		    (struct crashinfo_upload_result){
			    .outcome = item->attempts && item->unclear ? CRASHINFO_UPLOAD_UNCERTAIN
								       : CRASHINFO_UPLOAD_NOT_SENT,
			    .unreachable = lane->stopped_unreachable,
			    .message = lane->stopped ? lane->stopped : uploader->fatal->message,
		    });
	return true;
}

/* Nothing of a lane that has stopped begins any more. */
static void drop_stopped(struct crashinfo_uploader *uploader)
{
	for (size_t i = uploader->items.size; i-- > 0;) {
		struct upload_item *item = uploader->items.data[i];

		if (item->state != ITEM_ACTIVE && upload_is_stopped(uploader, item))
			remove_item(uploader, item);
	}
}

static void stop_lane(struct crashinfo_uploader *uploader, enum crashinfo_upload_target target,
		      bool unreachable, const char *why)
{
	struct upload_lane *lane = &uploader->lanes[target];

	if (lane->stopped)
		return;
	lane->stopped_unreachable = unreachable;
	if (asprintf(&lane->stopped, "sending to %s of %s has stopped: %s",
		     crashinfo_upload_target_name(target), lane->endpoint->name, why) < 0)
		lane->stopped = NULL;
}

/* --- the end of a request --- */

static uint32_t next_random(struct crashinfo_uploader *uploader)
{
	/* xorshift32: spreads retries, nothing else */
	uploader->random |= uploader->random == 0;
	uploader->random ^= uploader->random << 13;
	uploader->random ^= uploader->random >> 17;
	uploader->random ^= uploader->random << 5;
	return uploader->random;
}

static struct retry_decision decide(struct crashinfo_uploader *uploader, struct upload_item *item,
				    const struct upload_end *end)
{
	struct retry_attempt attempt = {
		.end = end->end,
		.status = end->status,
		.retry_after_ms = end->retry_after_ms,
		.attempts = item->attempts,
		.unclear = item->unclear,
		.elapsed_ms = upload_now_ms() - item->first_ms,
		.random = next_random(uploader),
	};

	return retry_decide(&uploader->policy, &attempt);
}

/*
 * A server that takes other payloads and fails over this one refuses it, in effect; one that takes
 * none is out of order, which is no fault of the payload's.
 */
static enum journal_event event_of(const struct upload_lane *lane, const struct upload_end *end,
				   enum retry_verdict verdict)
{
	switch (verdict) {
	case RETRY_ACCEPTED: return JOURNAL_SENT;
	case RETRY_REFUSED: return JOURNAL_REFUSED;
	case RETRY_GIVE_UP:
		return lane->accepted && end->status >= 500 ? JOURNAL_REFUSED : JOURNAL_FAILED;
	case RETRY_AGAIN:
	case RETRY_UNCERTAIN:
	case RETRY_STOP: break;
	}
	return JOURNAL_ANSWERED;
}

/*
 * What the journal is told: nothing when nobody knows. There is room for it also when there was
 * none for further intents.
 */
static void record_end(struct crashinfo_uploader *uploader, const struct upload_item *item,
		       const struct upload_end *end, enum retry_verdict verdict)
{
	enum journal_event event = event_of(&uploader->lanes[item->target], end, verdict);

	struct crashinfo_error *error;

	if (!uploader->journal || end->end == RETRY_UNCLEAR)
		return;
	/* the intent alone would say after a reboot that it may have gone out */
	if (end->end != RETRY_ANSWERED)
		event = JOURNAL_ANSWERED;
	error = journal_record(uploader->journal, &item->key, event);
	if (uploader->fatal)
		crashinfo_error_destroy(error);
	else
		uploader->fatal = error;
}

static enum crashinfo_upload_outcome outcome_of(const struct upload_item *item,
						enum retry_verdict verdict,
						const struct upload_end *end)
{
	switch (verdict) {
	case RETRY_ACCEPTED: return CRASHINFO_UPLOAD_SENT;
	case RETRY_REFUSED: return CRASHINFO_UPLOAD_REFUSED;
	case RETRY_UNCERTAIN: return CRASHINFO_UPLOAD_UNCERTAIN;
	case RETRY_STOP:
		return end->status == 401 || end->status == 403 ? CRASHINFO_UPLOAD_REFUSED
								: CRASHINFO_UPLOAD_FAILED;
	case RETRY_GIVE_UP:
	case RETRY_AGAIN: break;
	}
	return item->unclear ? CRASHINFO_UPLOAD_UNCERTAIN : CRASHINFO_UPLOAD_FAILED;
}

static void judge_lane(struct crashinfo_uploader *uploader, enum crashinfo_upload_target target,
		       const struct upload_end *end, const struct retry_decision *decision)
{
	struct upload_lane *lane = &uploader->lanes[target];

	lane->accepted += decision->verdict == RETRY_ACCEPTED;
	if (decision->pause_target) {
		/* the present time was rounded down, and a server may measure to the microsecond */
		uint64_t until = upload_now_ms() + (uint64_t)end->retry_after_ms + 1;

		if (until > lane->not_before_ms)
			lane->not_before_ms = until;
	}
	if (decision->verdict == RETRY_STOP)
		stop_lane(uploader, target, end->end == RETRY_BARRED, end->message);
	else if (end->end == RETRY_ANSWERED)
		lane->unanswered = 0;
	else if (decision->verdict != RETRY_AGAIN && ++lane->unanswered >= UNANSWERED_MAX)
		stop_lane(uploader, target, end->end == RETRY_NOT_SENT, end->message);
}

static void end_request(struct crashinfo_uploader *uploader, struct upload_slot *slot,
			CURLcode code)
{
	struct upload_item *item = slot->item;
	struct retry_decision decision;
	struct upload_end end;

	upload_slot_end(slot, code, &end);
	uploader->active--;
	item->unclear += end.end == RETRY_UNCLEAR;
	decision = decide(uploader, item, &end);
	record_end(uploader, item, &end, decision.verdict);
	judge_lane(uploader, item->target, &end, &decision);
	if (decision.verdict == RETRY_AGAIN) {
		item->state = ITEM_WAITING;
		item->wake_ms = upload_now_ms() + decision.wait_ms + 1;
		return;
	}
	finish_item(uploader, item,
		    (struct crashinfo_upload_result){
			    .outcome = outcome_of(item, decision.verdict, &end),
			    .status = end.status,
			    .unreachable = end.end == RETRY_NOT_SENT || end.end == RETRY_BARRED,
			    .message = decision.verdict == RETRY_ACCEPTED ? NULL : end.message,
		    });
}

/* --- the pump --- */

static size_t count_state(const struct crashinfo_uploader *uploader, enum item_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < uploader->items.size; i++)
		count += uploader->items.data[i]->state == state;
	return count;
}

/* Those that have waited long enough are staged again. */
static void wake_items(struct crashinfo_uploader *uploader)
{
	uint64_t now = upload_now_ms();

	for (size_t i = 0; i < uploader->items.size; i++) {
		struct upload_item *item = uploader->items.data[i];

		if (item->state == ITEM_WAITING && item->wake_ms <= now)
			item->state = ITEM_STAGED;
	}
}

/* All intents in one write and one wait for the disk. */
static struct crashinfo_error *commit_staged(struct crashinfo_uploader *uploader)
{
	_free_ struct journal_key *keys = NULL;
	size_t count = 0;
	struct crashinfo_error *error = NULL;

	keys = calloc(uploader->items.size + 1, sizeof(*keys));
	if (!keys)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < uploader->items.size; i++)
		if (uploader->items.data[i]->state == ITEM_STAGED)
			keys[count++] = uploader->items.data[i]->key;
	if (count && uploader->journal)
		error = journal_intend(uploader->journal, keys, count);
	uploader->committed_ms = upload_now_ms();
	for (size_t i = 0; i < uploader->items.size && !error; i++)
		if (uploader->items.data[i]->state == ITEM_STAGED)
			uploader->items.data[i]->state = ITEM_READY;
	return error;
}

/*
 * When there are many. Few have to wait for more while there is no slot for them anyway, or, as
 * payloads can be made slower than they are sent, for a moment.
 */
static bool should_commit(const struct crashinfo_uploader *uploader, bool blocking)
{
	size_t staged = count_state(uploader, ITEM_STAGED);

	if (staged >= uploader->window / 2)
		return true;
	if (!staged || count_state(uploader, ITEM_READY))
		return false;
	return blocking ? uploader->active < uploader->options.concurrency
			: upload_now_ms() - uploader->committed_ms >= COMMIT_MS;
}

/* Milliseconds until a request to `lane` may begin. */
static uint64_t start_delay(const struct crashinfo_uploader *uploader,
			    const struct upload_lane *lane, uint64_t now)
{
	uint64_t delay = lane->not_before_ms > now ? lane->not_before_ms - now : 0;
	double rate_delay = uploader->next_start_ms - (double)now;

	if (uploader->options.rate > 0 && rate_delay > (double)delay)
		delay = (uint64_t)rate_delay + 1;
	return delay;
}

static void count_rate(struct crashinfo_uploader *uploader, uint64_t now)
{
	if (uploader->options.rate <= 0)
		return;
	if (uploader->next_start_ms < (double)now - 1000)
		uploader->next_start_ms = (double)now;
	uploader->next_start_ms += 1000 / uploader->options.rate;
}

static struct crashinfo_error *start_item(struct crashinfo_uploader *uploader,
					  struct upload_item *item, uint64_t now)
{
	struct upload_slot *slot = uploader->slots;
	struct crashinfo_error *error;

	while (slot->item)
		slot++;
	if (!item->attempts++)
		item->first_ms = now;
	item->possible_duplicate |= item->unclear > 0;
	error = upload_slot_begin(slot, item);
	if (error)
		return error;
	item->state = ITEM_ACTIVE;
	uploader->active++;
	count_rate(uploader, now);
	return NULL;
}

static struct crashinfo_error *start_ready(struct crashinfo_uploader *uploader)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < uploader->items.size && !error; i++) {
		struct upload_item *item = uploader->items.data[i];
		uint64_t now = upload_now_ms();

		if (uploader->active == uploader->options.concurrency)
			break;
		if (item->state == ITEM_READY &&
		    !start_delay(uploader, &uploader->lanes[item->target], now))
			error = start_item(uploader, item, now);
	}
	return error;
}

static void collect(struct crashinfo_uploader *uploader)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(uploader->multi, &left))) {
		struct upload_slot *slot;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
		end_request(uploader, slot, code);
	}
}

/* Until the next payload wakes up or may begin; curl knows what it waits for itself. */
static int poll_time(const struct crashinfo_uploader *uploader)
{
	uint64_t now = upload_now_ms(), time = POLL_MAX_MS;

	if (should_commit(uploader, true))
		return 0;
	for (size_t i = 0; i < uploader->items.size; i++) {
		const struct upload_item *item = uploader->items.data[i];
		uint64_t wait = POLL_MAX_MS;

		if (item->state == ITEM_WAITING)
			wait = item->wake_ms > now ? item->wake_ms - now : 0;
		else if (item->state == ITEM_READY &&
			 uploader->active < uploader->options.concurrency)
			wait = start_delay(uploader, &uploader->lanes[item->target], now);
		if (wait < time)
			time = wait;
	}
	return (int)time;
}

static struct crashinfo_error *step(struct crashinfo_uploader *uploader, bool blocking)
{
	struct crashinfo_error *error = NULL;
	int running;

	wake_items(uploader);
	if (should_commit(uploader, blocking))
		error = commit_staged(uploader);
	if (!error)
		error = start_ready(uploader);
	if (error)
		return error;
	if (curl_multi_perform(uploader->multi, &running))
		return crashinfo_error_no_memory();
	collect(uploader);
	return NULL;
}

static void heed_interrupt(struct crashinfo_uploader *uploader)
{
	if (!uploader->options.interrupted || !*uploader->options.interrupted)
		return;
	for (int i = 0; i < CRASHINFO_UPLOAD_TARGETS; i++)
		if (uploader->lanes[i].endpoint)
			stop_lane(uploader, (enum crashinfo_upload_target)i, false, "interrupted");
}

void upload_pump(struct crashinfo_uploader *uploader, bool blocking)
{
	heed_interrupt(uploader);
	drop_stopped(uploader);
	if (!uploader->fatal)
		uploader->fatal = step(uploader, blocking);
	if (uploader->fatal && uploader->active) {
		int running;

		curl_multi_perform(uploader->multi, &running);
		collect(uploader);
	}
	drop_stopped(uploader);
	if (blocking && uploader->items.size)
		curl_multi_poll(uploader->multi, NULL, 0, poll_time(uploader), NULL);
}

/* For half as many as there can be, so that these are written to the journal at once, too. */
static void make_room(struct crashinfo_uploader *uploader)
{
	while (uploader->items.size > uploader->window / 2 ||
	       uploader->pending_bytes > WINDOW_BYTES / 2)
		upload_pump(uploader, true);
}

struct crashinfo_error *upload_stage(struct crashinfo_uploader *uploader, struct upload_item *item)
{
	struct upload_item **place = vec_push(&uploader->items);

	if (!place) {
		upload_item_destroy(item);
		return crashinfo_error_no_memory();
	}
	*place = item;
	uploader->pending_bytes += item->body_size;
	if (uploader->items.size < uploader->window && uploader->pending_bytes <= WINDOW_BYTES)
		upload_pump(uploader, false);
	else
		make_room(uploader);
	return NULL;
}
