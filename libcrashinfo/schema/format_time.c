/* SPDX-License-Identifier: Apache-2.0 */
/* Dates and times of RFC 3339, section 5.6. */
#include "schema/format.h"

#include <string.h>

#define DATE_SIZE (sizeof("2026-01-31") - 1)

/* Exactly `count` ASCII digits at `text`; -1 when there are not that many. */
static int read_digits(const char *text, size_t count)
{
	int value = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static int days_of_month(int year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool format_date(const char *text, size_t size)
{
	int year, month, day;

	if (size != DATE_SIZE || text[4] != '-' || text[7] != '-')
		return false;
	year = read_digits(text, 4);
	month = read_digits(text + 5, 2);
	day = read_digits(text + 8, 2);
	return year >= 0 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_of_month(year, month);
}

/* "Z" or "+hh:mm" as minutes east of UTC. */
static bool read_offset(const char *text, size_t size, int *ret)
{
	int hour, minute;

	if (size == 1 && (text[0] == 'Z' || text[0] == 'z')) {
		*ret = 0;
		return true;
	}
	if (size != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	hour = read_digits(text + 1, 2);
	minute = read_digits(text + 4, 2);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*ret = (text[0] == '-' ? -1 : 1) * (hour * 60 + minute);
	return true;
}

static size_t fraction_size(const char *text, size_t size)
{
	size_t i = 1;

	if (!size || text[0] != '.')
		return 0;
	while (i < size && text[i] >= '0' && text[i] <= '9')
		i++;
	return i > 1 ? i : 0;
}

bool format_time(const char *text, size_t size)
{
	int hour, minute, second, offset;
	size_t fraction;

	if (size < 9 || text[2] != ':' || text[5] != ':')
		return false;
	hour = read_digits(text, 2);
	minute = read_digits(text + 3, 2);
	second = read_digits(text + 6, 2);
	fraction = fraction_size(text + 8, size - 8);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	if (!read_offset(text + 8 + fraction, size - 8 - fraction, &offset))
		return false;
	/* leap seconds are put in at the end of a day in UTC */
	return second < 60 || (hour * 60 + minute - offset + 2 * 1440) % 1440 == 23 * 60 + 59;
}

bool format_date_time(const char *text, size_t size)
{
	return size > DATE_SIZE && (text[DATE_SIZE] == 'T' || text[DATE_SIZE] == 't') &&
	       format_date(text, DATE_SIZE) &&
	       format_time(text + DATE_SIZE + 1, size - DATE_SIZE - 1);
}
