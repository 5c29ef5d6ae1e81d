/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shop that crashes while it sorts its prices: functions of its own, one of them inlined, around
 * those of the C library. The stream goes to the file named as argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddcrash.h"

struct item {
	const char *name;
	int price;
	int *stock;
};

static int shelf = 3;

static inline __attribute__((always_inline)) void count_down(int *stock)
{
	*stock -= 1;
}

static __attribute__((noinline)) int take(const struct item *item)
{
	count_down(item->stock);
	return item->price;
}

static int compare_prices(const void *a, const void *b)
{
	return take(a) - take(b);
}

static __attribute__((noinline)) int cheapest(struct item *items, size_t count)
{
	qsort(items, count, sizeof(*items), compare_prices);
	return items[0].price;
}

int main(int argc, char **argv)
{
	/* the second item was never put on a shelf */
	struct item items[] = {{"pear", 30, &shelf}, {"plum", 20, NULL}, {"apple", 25, &shelf}};
	static const char *const tags[] = {"service:shop", "env:demo", "version:1.2.3",
					   "language:native"};
	struct ddcrash_config config = DDCRASH_CONFIG_INIT;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s STREAM\n", argv[0]);
		return 2;
	}
	config.output = argv[1];
	config.tags = tags;
	config.tag_count = sizeof(tags) / sizeof(tags[0]);
	status = ddcrash_start(&config);
	if (status) {
		fprintf(stderr, "%s: cannot start the collector: %s\n", argv[0], strerror(-status));
		return 2;
	}
	printf("the cheapest costs %d\n", cheapest(items, sizeof(items) / sizeof(items[0])));
	return 0;
}
