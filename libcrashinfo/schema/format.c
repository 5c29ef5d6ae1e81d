/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/format.h"

#include <string.h>

static const struct schema_format formats[] = {
	{"date", "a date such as 2026-01-31", format_date},
	{"date-time", "a date and time such as 2026-01-31T23:59:59Z", format_date_time},
	{"email", "an e-mail address", format_email},
	{"hostname", "a host name", format_hostname},
	{"idn-email", "an internationalized e-mail address", format_idn_email},
	{"idn-hostname", "an internationalized host name", format_idn_hostname},
	{"ipv4", "an IPv4 address", format_ipv4},
	{"ipv6", "an IPv6 address", format_ipv6},
	{"iri", "an IRI", format_iri},
	{"iri-reference", "an IRI reference", format_iri_reference},
	{"json-pointer", "a JSON Pointer", format_json_pointer},
	{"regex", "a regular expression of ECMA-262", format_regex},
	{"relative-json-pointer", "a relative JSON Pointer", format_relative_json_pointer},
	{"time", "a time with zone such as 23:59:59Z", format_time},
	{"uri", "a URI", format_uri},
	{"uri-reference", "a URI reference", format_uri_reference},
	{"uri-template", "a URI template", format_uri_template},
};

const struct schema_format *schema_format_find(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strlen(formats[i].name) == size && !memcmp(formats[i].name, name, size))
			return &formats[i];
	return NULL;
}
