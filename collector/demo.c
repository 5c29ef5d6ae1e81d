/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with a bug, for `make demo`: it prices the orders of a shop and sorts them. One order
 * has no customer, which the comparison that qsort() calls does not expect.
 *
 *	ddcrash-demo OUTPUT	writes the crash stream to OUTPUT and dies by SIGSEGV
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddcrash.h"

struct customer {
	unsigned times_compared;
	const char *name;
};

struct order {
	struct customer *customer;
	unsigned cents;
};

/* Inlined into its caller: the report has a frame for it all the same. */
static inline __attribute__((always_inline)) const char *name_of(const struct order *order)
{
	order->customer->times_compared++;
	return order->customer->name;
}

static int compare_orders(const void *a, const void *b)
{
	return strcmp(name_of(a), name_of(b));
}

static __attribute__((noinline)) unsigned sort_orders(struct order *orders, size_t count)
{
	unsigned total = 0;

	qsort(orders, count, sizeof(*orders), compare_orders);
	for (size_t i = 0; i < count; i++)
		total += orders[i].cents;
	return total;
}

static __attribute__((noinline)) void print_total(struct order *orders, size_t count)
{
	printf("%u\n", sort_orders(orders, count));
}

int main(int argc, char **argv)
{
	static const char *const tags[] = {
		"service:shop",          "env:demo",
		"version:1.2.3",         "language:native",
		"library_version:1.2.3", "runtime-id:0f8fad5b-d9cb-469f-a165-70867728950e"};
	struct ddcrash_config config = {
		.size = sizeof(config),
		.metadata = {.library_name = "ddcrash-demo",
			     .library_version = "1.2.3",
			     .family = "native",
			     .tags = tags,
			     .tags_count = sizeof(tags) / sizeof(tags[0])},
	};
	struct customer ada = {.name = "Ada"}, blaise = {.name = "Blaise"};
	struct order orders[] = {{&blaise, 1999}, {NULL, 4200}, {&ada, 350}};
	int error;

	if (argc != 2) {
		fprintf(stderr, "usage: ddcrash-demo OUTPUT\n");
		return 64;
	}
	config.output = argv[1];
	error = ddcrash_start(&config);
	if (error) {
		fprintf(stderr, "ddcrash-demo: %s: %s\n", argv[1], strerror(-error));
		return 2;
	}
	print_total(orders, sizeof(orders) / sizeof(orders[0]));
	return 0;
}
