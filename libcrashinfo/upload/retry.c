/* SPDX-License-Identifier: Apache-2.0 */
#include "upload/retry.h"

#include <curl/curl.h>
#include <string.h>

#include "base/number.h"

/* An answer that was lost may be asked for once more, not again and again. */
#define UNCLEAR_MAX 1
/* Nobody waits for a year; larger numbers must not overflow. */
#define RETRY_AFTER_MAX_S (365 * 86400)

static bool is_transient(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

/* "Full jitter" over the upper half, so that clients that failed together come back apart. */
static uint64_t backoff(const struct retry_policy *policy, const struct retry_attempt *attempt)
{
	unsigned doublings = attempt->attempts - 1;
	uint64_t wait = policy->base_ms;

	while (doublings-- && wait < policy->cap_ms)
		wait *= 2;
	if (wait > policy->cap_ms)
		wait = policy->cap_ms;
	return wait / 2 + (wait * (uint64_t)attempt->random) / UINT32_MAX / 2;
}

static struct retry_decision try_again(const struct retry_policy *policy,
				       const struct retry_attempt *attempt)
{
	struct retry_decision decision = {.verdict = RETRY_AGAIN,
					  .wait_ms = backoff(policy, attempt)};

	if (attempt->end == RETRY_ANSWERED && attempt->retry_after_ms >= 0) {
		decision.pause_target = true;
		if ((uint64_t)attempt->retry_after_ms > decision.wait_ms)
			decision.wait_ms = (uint64_t)attempt->retry_after_ms;
		if (decision.wait_ms > policy->deadline_ms)
			return (struct retry_decision){.verdict = RETRY_STOP};
	}
	if (attempt->attempts > policy->retries ||
	    attempt->elapsed_ms + decision.wait_ms > policy->deadline_ms)
		decision.verdict = RETRY_GIVE_UP;
	return decision;
}

static struct retry_decision decide_answer(const struct retry_policy *policy,
					   const struct retry_attempt *attempt)
{
	long status = attempt->status;

	if (status >= 200 && status < 300)
		return (struct retry_decision){.verdict = RETRY_ACCEPTED};
	/* 407 is a proxy's */
	if (status == 401 || status == 403 || status == 407)
		return (struct retry_decision){.verdict = RETRY_STOP};
	if (!is_transient(status))
		return (struct retry_decision){.verdict = RETRY_REFUSED};
	return try_again(policy, attempt);
}

struct retry_decision retry_decide(const struct retry_policy *policy,
				   const struct retry_attempt *attempt)
{
	switch (attempt->end) {
	case RETRY_ANSWERED: return decide_answer(policy, attempt);
	case RETRY_BARRED: return (struct retry_decision){.verdict = RETRY_STOP};
	case RETRY_UNCLEAR:
		if (attempt->unclear > UNCLEAR_MAX)
			return (struct retry_decision){.verdict = RETRY_UNCERTAIN};
		break;
	case RETRY_NOT_SENT: break;
	}
	return try_again(policy, attempt);
}

int64_t retry_after_parse(const char *text, int64_t now)
{
	size_t size;
	uint64_t seconds;
	time_t date;

	text += strspn(text, " \t");
	size = strcspn(text, " \t\r\n");
	if (size && strspn(text, "0123456789") == size) {
		if (text[size + strspn(text + size, " \t\r\n")])
			return -1;
		if (!parse_dec_u64(text, size, &seconds) || seconds > RETRY_AFTER_MAX_S)
			seconds = RETRY_AFTER_MAX_S;
		return (int64_t)seconds * 1000;
	}
	/* dates of HTTP begin with a day of the week; curl reads more than those */
	if (!strchr("MTWFS", *text) || !*text || size < 3)
		return -1;
	date = curl_getdate(text, NULL);
	if (date < 0)
		return -1;
	if (date - now > RETRY_AFTER_MAX_S)
		return (int64_t)RETRY_AFTER_MAX_S * 1000;
	return date > now ? (int64_t)(date - now) * 1000 : 0;
}
