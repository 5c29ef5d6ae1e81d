/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that stand for times in reports. */
#include <crashinfo/report.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

/* Two or four digits at `*at`, then the character `behind` unless it is NUL; false: not so. */
static bool take(const char **at, size_t digits, char behind, int *ret)
{
	uint64_t value;

	if (strnlen(*at, digits) < digits || !parse_dec_u64(*at, digits, &value))
		return false;
	*at += digits;
	if (behind && *(*at)++ != behind)
		return false;
	*ret = (int)value;
	return true;
}

static bool take_date(const char **at, struct tm *tm)
{
	static const signed char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct tm back;
	time_t t;

	if (!take(at, 4, '-', &tm->tm_year) || !take(at, 2, '-', &tm->tm_mon) ||
	    !take(at, 2, '\0', &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	if (tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1 || tm->tm_mday > days[tm->tm_mon])
		return false;
	/* February 29 of a common year comes back as March 1 */
	back = *tm;
	t = timegm(&back);
	return gmtime_r(&t, &back) && back.tm_mon == tm->tm_mon;
}

static bool take_clock(const char **at, struct tm *tm)
{
	return take(at, 2, ':', &tm->tm_hour) && take(at, 2, ':', &tm->tm_min) &&
	       take(at, 2, '\0', &tm->tm_sec) && tm->tm_hour < 24 && tm->tm_min < 60 &&
	       tm->tm_sec <= 60;
}

/* An optional fraction of a second; digits behind the sixth are passed over. */
static bool take_fraction(const char **at, int64_t *microseconds_ret)
{
	int64_t value = 0, unit = 100000;

	if (**at == '.') {
		if (hex_digit((*at)[1]) < 0 || hex_digit((*at)[1]) > 9)
			return false;
		for (++*at; **at >= '0' && **at <= '9'; ++*at, unit /= 10)
			value += (**at - '0') * unit;
	}
	*microseconds_ret = value;
	return true;
}

/* The rest of the text: "Z", " UTC" or an offset. */
static bool take_zone(const char *at, int64_t *seconds_ret)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*seconds_ret = 0;
	if (!strcmp(at, "Z") || !strcmp(at, "z") || !strcmp(at, " UTC"))
		return true;
	if (*at != '+' && *at != '-')
		return false;
	at++;
	if (!take(&at, 2, ':', &hours) || !take(&at, 2, '\0', &minutes) || *at || hours > 23 ||
	    minutes > 59)
		return false;
	*seconds_ret = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool crashinfo_timestamp_parse(const char *text, int64_t *ret)
{
	struct tm tm = {0};
	int64_t microseconds, zone;

	if (!take_date(&text, &tm) || !*text || !strchr("Tt ", *text))
		return false;
	text++;
	if (!take_clock(&text, &tm) || !take_fraction(&text, &microseconds) ||
	    !take_zone(text, &zone))
		return false;
	*ret = ((int64_t)timegm(&tm) - zone) * 1000000 + microseconds;
	return true;
}

void crashinfo_timestamp_format(int64_t seconds, uint32_t microseconds, char ret[28])
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	/* the remainders keep the width for clocks set to nonsense */
	snprintf(ret, 28, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (tm.tm_year + 1900u) % 10000,
		 (tm.tm_mon + 1u) % 100, (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
		 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100, microseconds % 1000000);
}

void crashinfo_timestamp_now(char ret[28])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	crashinfo_timestamp_format(now.tv_sec, (uint32_t)(now.tv_nsec / 1000), ret);
}
