/* SPDX-License-Identifier: Apache-2.0 */
#include <crashinfo/context.h>

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/version.h"

struct crashinfo_context crashinfo_context_default(void)
{
	return (struct crashinfo_context){.limits = crashinfo_limits_default()};
}

const char *crashinfo_version(void)
{
	return DDCRASH_VERSION;
}

void context_log(const struct crashinfo_context *context, enum crashinfo_log_level level,
		 const char *format, ...)
{
	char line[1024];
	va_list args;

	if (!context || !context->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	context->log(context->log_user, level, line);
}
