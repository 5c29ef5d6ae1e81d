// SPDX-License-Identifier: Apache-2.0
// Dies of an exception that nobody catches; the argument is where the crash stream goes.
#include <stdexcept>

#include "ddcrash.h"

extern "C" __attribute__((noinline)) void throws(int number)
{
	if (number)
		throw std::runtime_error("nobody catches this");
}

extern "C" __attribute__((noinline)) void terminates(int number) noexcept
{
	throws(number);
}

int main(int argc, char **argv)
{
	ddcrash_config config = {};

	config.size = sizeof(config);
	config.output = argv[1];
	if (ddcrash_start(&config))
		return 65;
	terminates(argc);
	return 0;
}
