// SPDX-License-Identifier: Apache-2.0
// What C++ adds: the protocol of main.c, with functions whose names are not mangled.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "ddcrash.h"

#define NOINLINE          __attribute__((noinline))
#define NOT_A_TAIL_CALL() __asm__ volatile("" ::: "memory")

static const char *output;
static volatile int sink;
static int *volatile null_pointer;

static void start_collector()
{
	static bool is_started;
	ddcrash_config config = {};

	config.size = sizeof(config);
	config.output = output;
	if (output && !is_started && ddcrash_start(&config))
		_exit(65);
	is_started = true;
}

struct shape {
	virtual ~shape() = default;
	virtual void draw() = 0;
};

extern "C" {

NOINLINE void write_null()
{
	*null_pointer = 1;
}

NOINLINE void throws(int number)
{
	if (number >= 0)
		throw std::runtime_error("nobody catches this");
}

NOINLINE void throws_from_below()
{
	std::string text(static_cast<size_t>(sink + 100), 'x');

	throws(sink);
	sink = text[0];
}

NOINLINE void must_not_throw() noexcept
{
	throws(sink);
	NOT_A_TAIL_CALL();
}

NOINLINE void throws_again()
{
	try {
		throws(sink);
	} catch (std::exception &) {
		throw;
	}
}

NOINLINE void throws_nothing()
{
	throw;
}

NOINLINE void calls_deleted()
{
	shape *volatile deleted = nullptr;

	deleted->draw();
	NOT_A_TAIL_CALL();
}

NOINLINE bool less_than(int a, int b)
{
	write_null();
	return a < b;
}

NOINLINE void sorts()
{
	std::vector<int> numbers(static_cast<size_t>(sink + 100), int{sink});

	std::sort(numbers.begin(), numbers.end(), less_than);
	sink = numbers[0];
}

NOINLINE void called_by_object()
{
	write_null();
	NOT_A_TAIL_CALL();
}

NOINLINE void calls_object()
{
	std::function<void()> function = called_by_object;

	function();
	NOT_A_TAIL_CALL();
}

NOINLINE void terminate_handler()
{
	write_null();
	NOT_A_TAIL_CALL();
}

NOINLINE void handles_terminate()
{
	std::set_terminate(terminate_handler);
	throws(sink);
	NOT_A_TAIL_CALL();
}

NOINLINE void thread_main()
{
	ddcrash_thread_start();
	throws(sink);
	NOT_A_TAIL_CALL();
}

NOINLINE void throws_in_thread()
{
	std::thread thread(thread_main);

	thread.join();
}

NOINLINE void destroy()
{
	write_null();
	NOT_A_TAIL_CALL();
}
}

struct at_end {
	NOINLINE ~at_end()
	{
		destroy();
		NOT_A_TAIL_CALL();
	}
};

extern "C" {
/* While an exception is on its way. */
NOINLINE void unwinds_through()
{
	at_end object;

	throws(sink);
	NOT_A_TAIL_CALL();
}

NOINLINE void crashes_in_cleanup()
{
	try {
		unwinds_through();
	} catch (std::exception &) {
		sink++;
	}
}
}

static const struct {
	const char *name;
	void (*run)();
	const char *stack, *end;
} scenarios[] = {
	{"cxx-throw", throws_from_below, "throws throws_from_below main", "start"},
#ifdef __clang__ /* unwinds to where it must not go on */
	{"cxx-noexcept", must_not_throw, "must_not_throw main", "start"},
#else
	{"cxx-noexcept", must_not_throw, "throws must_not_throw main", "start"},
#endif
	{"cxx-rethrow", throws_again, "throws_again main", "start"},
	{"cxx-nothing", throws_nothing, "throws_nothing main", "start"},
	{"cxx-virtual", calls_deleted, "calls_deleted main", "start"},
	{"cxx-sort", sorts, "write_null less_than sorts main", "start"},
	{"cxx-function", calls_object, "write_null called_by_object calls_object main", "start"},
	{"cxx-terminate", handles_terminate,
	 "write_null terminate_handler throws handles_terminate main", "start"},
	{"cxx-thread", throws_in_thread, "throws thread_main", "libc"},
	{"cxx-cleanup", crashes_in_cleanup,
	 "write_null destroy unwinds_through crashes_in_cleanup main", "start"},
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	output = argc > 2 ? argv[2] : nullptr;
	start_collector();
	for (auto &scenario : scenarios) {
		if (!strcmp(argv[1], "--list"))
			printf("%s|%s|%s\n", scenario.name, scenario.stack, scenario.end);
		else if (!strcmp(argv[1], scenario.name))
			scenario.run();
	}
	NOT_A_TAIL_CALL();
	return 0;
}
