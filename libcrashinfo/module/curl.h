/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libcurl that modules need, loaded when the first file is asked for. */
#ifndef MODULE_CURL_H
#define MODULE_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

/* The members have the names of the functions without "curl_". */
struct module_curl {
	void *library;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
};

/* Load the library; false when it is not installed or lacks a function. */
bool module_curl_load(struct module_curl *ret);
void module_curl_unload(struct module_curl *curl);

#endif
