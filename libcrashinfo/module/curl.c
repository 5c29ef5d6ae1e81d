/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl brings thirty libraries along, which take longer to load than most reports take to be
 * symbolized; so it is not linked here.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "module/curl.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* With any of the TLS libraries that distributions build it for. */
static const char *const sonames[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{"curl_global_init", offsetof(struct module_curl, global_init)},
	{"curl_global_cleanup", offsetof(struct module_curl, global_cleanup)},
	{"curl_easy_init", offsetof(struct module_curl, easy_init)},
	{"curl_easy_setopt", offsetof(struct module_curl, easy_setopt)},
	{"curl_easy_perform", offsetof(struct module_curl, easy_perform)},
	{"curl_easy_getinfo", offsetof(struct module_curl, easy_getinfo)},
	{"curl_easy_cleanup", offsetof(struct module_curl, easy_cleanup)},
};

static bool find_functions(struct module_curl *curl)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		void *function = dlsym(curl->library, functions[i].name);

		if (!function)
			return false;
		/* ISO C has no conversion between the two kinds of pointers */
		memcpy((char *)curl + functions[i].offset, &function, sizeof(function));
	}
	return true;
}

bool module_curl_load(struct module_curl *ret)
{
	struct module_curl curl = {NULL};

	for (size_t i = 0; i < COUNT(sonames) && !curl.library; i++)
		curl.library = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL);
	if (!curl.library)
		return false;
	if (!find_functions(&curl) || curl.global_init(CURL_GLOBAL_DEFAULT)) {
		dlclose(curl.library);
		return false;
	}
	*ret = curl;
	return true;
}

void module_curl_unload(struct module_curl *curl)
{
	/* stays loaded: libraries of TLS leave functions behind that run at exit */
	if (curl->library)
		curl->global_cleanup();
	curl->library = NULL;
}
