/* SPDX-License-Identifier: Apache-2.0 */
#include "module/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *soname, const struct library_function *rows, size_t count,
		  void *functions)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < count; i++) {
		void *function = dlsym(library, rows[i].name);

		if (!function)
			return false;
		/* ISO C has no conversion between the two kinds of pointers */
		memcpy((char *)functions + rows[i].offset, &function, sizeof(function));
	}
	return library != NULL;
}
