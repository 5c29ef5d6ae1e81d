/* SPDX-License-Identifier: Apache-2.0 */
#include "ddcrash.h"

#include <errno.h>

#include "handler.h"

#define API __attribute__((visibility("default")))

static struct settings settings;
static bool started;

API int ddcrash_start(const struct ddcrash_config *config)
{
	int status;

	if (started)
		return -EALREADY;
	status = settings_init(&settings, config);
	if (!status && settings.altstack)
		status = handler_add_stack();
	if (!status)
		status = handler_install(&settings);
	if (status && settings.altstack)
		handler_remove_stack();
	started = !status;
	return status;
}

API int ddcrash_stop(void)
{
	if (!started)
		return -EALREADY;
	handler_remove();
	if (settings.altstack)
		handler_remove_stack();
	started = false;
	return 0;
}

API int ddcrash_thread_start(void)
{
	return handler_add_stack();
}

API void ddcrash_thread_stop(void)
{
	handler_remove_stack();
}

API void ddcrash_set_message(const char *message)
{
	settings_set_message(&settings, message);
}

API const char *ddcrash_version(void)
{
	return DDCRASH_VERSION;
}
