/* SPDX-License-Identifier: Apache-2.0 */
/* Where to send: what the user gave, else what the environment says, else the agent's defaults. */
#include <crashinfo/upload.h>

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"

#define AGENT_SOCKET "/var/run/datadog/apm.socket"
#define AGENT_PORT   8126
#define DEFAULT_SITE "datadoghq.com"
/* Keys have 32 characters; more is a file of something else. */
#define KEY_MAX 256

struct target {
	const char *agent_path, *intake_path, *intake_host;
	bool evp;
};

static const struct target targets[CRASHINFO_UPLOAD_TARGETS] = {
	[CRASHINFO_UPLOAD_TELEMETRY] = {"/telemetry/proxy/api/v2/apmtelemetry",
					"/api/v2/apmtelemetry", "instrumentation-telemetry-intake",
					false},
	[CRASHINFO_UPLOAD_ERRORS] = {"/evp_proxy/v4/api/v2/errorsintake", "/api/v2/errorsintake",
				     "error-tracking-intake", true},
};

/* --- environment --- */

static const char *get_environment(const char *name)
{
	return getenv(name);
}

/* A variable that is set to nothing counts as unset. */
static const char *variable(const struct crashinfo_endpoint_options *options, const char *name)
{
	const char *value = (options->environment ? options->environment : get_environment)(name);

	return value && *value ? value : NULL;
}

static bool is_true(const char *value)
{
	return !strcmp(value, "true") || !strcmp(value, "1");
}

bool crashinfo_endpoint_errors_enabled(const char *(*environment)(const char *name))
{
	const struct crashinfo_endpoint_options options = {.environment = environment};
	const char *value = variable(&options, "DD_CRASHTRACKING_ERRORS_INTAKE_ENABLED");

	return !value || is_true(value);
}

static bool is_direct(const struct crashinfo_endpoint_options *options)
{
	const char *value = variable(options, "_DD_DIRECT_SUBMISSION_ENABLED");

	return options->direct || (value && is_true(value));
}

/* --- URLs --- */

static struct crashinfo_error *set_text(char **member, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct crashinfo_error *set_text(char **member, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(member, format, args);
	va_end(args);
	if (size >= 0)
		return NULL;
	*member = NULL;
	return crashinfo_error_no_memory();
}

static struct crashinfo_error *refuse(const char *url, const char *why)
{
	return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT, "endpoint %s: %s", url,
				      why);
}

static void cleanup_curl_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void cleanup_curl_text(char **text)
{
	curl_free(*text);
}

/* Scheme and authority of an http or https URL, its path being replaced. */
static struct crashinfo_error *set_http(struct crashinfo_endpoint *endpoint, const char *url,
					const char *path)
{
	_cleanup_(cleanup_curl_url) CURLU *parts = curl_url();
	_cleanup_(cleanup_curl_text) char *user = NULL, *whole = NULL, *origin = NULL;
	struct crashinfo_error *error;

	if (!parts)
		return crashinfo_error_no_memory();
	/* the URL is not repeated where it may hold a password */
	if (curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "the endpoint is no URL of a host and port without "
					      "a user name");
	if (curl_url_set(parts, CURLUPART_QUERY, NULL, 0) ||
	    curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) ||
	    curl_url_set(parts, CURLUPART_PATH, "/", 0) ||
	    curl_url_get(parts, CURLUPART_URL, &origin, 0) ||
	    curl_url_set(parts, CURLUPART_PATH, path, 0) ||
	    curl_url_get(parts, CURLUPART_URL, &whole, 0))
		return refuse(url, "not a URL");
	endpoint->scheme = CRASHINFO_ENDPOINT_HTTP;
	error = set_text(&endpoint->url, "%s", whole);
	return error ? error : set_text(&endpoint->name, "%.*s", (int)strlen(origin) - 1, origin);
}

static struct crashinfo_error *set_socket(struct crashinfo_endpoint *endpoint, const char *url,
					  const char *path)
{
	const char *socket = url + strlen("unix://");
	struct crashinfo_error *error;

	if (!*socket)
		return refuse(url, "the path of the socket is missing");
	endpoint->scheme = CRASHINFO_ENDPOINT_UNIX;
	error = set_text(&endpoint->socket, "%s", socket);
	if (!error)
		error = set_text(&endpoint->url, "http://localhost%s", path);
	return error ? error : set_text(&endpoint->name, "%s", url);
}

static struct crashinfo_error *set_file(struct crashinfo_endpoint *endpoint, const char *url)
{
	const char *file = url + strlen("file://");
	struct crashinfo_error *error;

	if (!*file || file[strlen(file) - 1] == '/')
		return refuse(url, "the name of the file is missing");
	endpoint->scheme = CRASHINFO_ENDPOINT_FILE;
	error = set_text(&endpoint->file, "%s", file);
	return error ? error : set_text(&endpoint->name, "%s", url);
}

static bool has_scheme(const char *url, const char *scheme)
{
	size_t size = strlen(scheme);

	return !strncasecmp(url, scheme, size) && !strncmp(url + size, "://", 3);
}

static struct crashinfo_error *set_url(struct crashinfo_endpoint *endpoint, const char *url,
				       const char *path)
{
	if (has_scheme(url, "http") || has_scheme(url, "https"))
		return set_http(endpoint, url, path);
	if (has_scheme(url, "unix"))
		return set_socket(endpoint, url, path);
	if (has_scheme(url, "file"))
		return set_file(endpoint, url);
	return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
				      "the endpoint begins with none of http://, https://, unix:// "
				      "and file://");
}

/* --- the agent --- */

/* An agent's URL of another form is passed over, as upstream does. */
static bool is_agent_url(const char *url)
{
	return url &&
	       (has_scheme(url, "http") || has_scheme(url, "https") || has_scheme(url, "unix"));
}

static bool port_of(const char *text, uint64_t *ret)
{
	return text && parse_dec_u64(text, strlen(text), ret) && *ret <= UINT16_MAX;
}

static struct crashinfo_error *agent_url(const struct crashinfo_endpoint_options *options,
					 char **ret)
{
	const char *url = variable(options, "DD_TRACE_AGENT_URL");
	const char *host = variable(options, "DD_AGENT_HOST");
	const char *socket = options->agent_socket ? options->agent_socket : AGENT_SOCKET;
	uint64_t port = AGENT_PORT;
	bool has_port = port_of(variable(options, "DD_TRACE_AGENT_PORT"), &port);
	bool bracket = host && strchr(host, ':') && *host != '[';

	if (is_agent_url(url))
		return set_text(ret, "%s", url);
	if (!host && !has_port && !access(socket, F_OK))
		return set_text(ret, "unix://%s", socket);
	return set_text(ret, "http://%s%s%s:%u", bracket ? "[" : "", host ? host : "localhost",
			bracket ? "]" : "", (unsigned)(has_port ? port : AGENT_PORT));
}

/* --- the intake --- */

/* To the machine itself nothing is in the clear that others could read. */
static bool is_private(const struct crashinfo_endpoint *endpoint)
{
	static const char *const local[] = {"http://localhost", "http://127.", "http://[::1]"};

	if (endpoint->scheme == CRASHINFO_ENDPOINT_UNIX || has_scheme(endpoint->url, "https"))
		return true;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		size_t size = strlen(local[i]);

		if (strncmp(endpoint->name, local[i], size) != 0)
			continue;
		size += strspn(endpoint->name + size, i == 1 ? "0123456789." : "");
		if (!endpoint->name[size] || endpoint->name[size] == ':')
			return true;
	}
	return false;
}

/* A header of its own line ends at a control character, and a key has none. */
static struct crashinfo_error *set_key(struct crashinfo_endpoint *endpoint, const char *key)
{
	if (!key)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "sending to the intake directly needs an API key");
	if (!*key || strlen(key) > KEY_MAX)
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "the API key is empty or too long");
	for (const char *p = key; *p; p++)
		if (*p <= ' ' || *p > '~')
			return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
						      "the API key holds blanks or characters "
						      "that a key does not have");
	if (!is_private(endpoint))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "the API key would go to %s in the clear; use https",
					      endpoint->name);
	return set_text(&endpoint->key, "%s", key);
}

/* A site becomes part of the host that is given the key. */
static bool is_site(const char *site)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-";

	return strspn(site, allowed) == strlen(site);
}

static struct crashinfo_error *intake_url(enum crashinfo_upload_target target,
					  const struct crashinfo_endpoint_options *options,
					  char **ret)
{
	const char *base = variable(options, "DD_ERRORS_INTAKE_DD_URL");
	const char *site = options->site ? options->site : variable(options, "DD_SITE");

	if (target == CRASHINFO_UPLOAD_ERRORS && base)
		return set_text(ret, "%s", base);
	if (!site)
		site = DEFAULT_SITE;
	if (!is_site(site))
		return crashinfo_error_create(CRASHINFO_ERROR_INVALID_ARGUMENT,
					      "the site %s is no host name", site);
	return set_text(ret, "https://%s.%s", targets[target].intake_host, site);
}

/* --- all of it --- */

static struct crashinfo_error *fill(enum crashinfo_upload_target target,
				    const struct crashinfo_endpoint_options *options,
				    struct crashinfo_endpoint *endpoint)
{
	const char *given = options->url && *options->url ? options->url : NULL;
	const char *key = options->key ? options->key : variable(options, "DD_API_KEY");
	bool direct = is_direct(options) && !(given && has_scheme(given, "file"));
	_free_ char *url = NULL;
	struct crashinfo_error *error = NULL;

	/* as upstream: without a key the environment's wish to send directly is none */
	if (direct && !options->direct && !key)
		direct = false;
	if (given)
		error = set_text(&url, "%s", given);
	else
		error = direct ? intake_url(target, options, &url) : agent_url(options, &url);
	if (!error)
		error = set_url(endpoint, url,
				direct ? targets[target].intake_path : targets[target].agent_path);
	if (!error && direct)
		error = set_key(endpoint, key);
	endpoint->evp = !direct && targets[target].evp;
	return error;
}

struct crashinfo_error *crashinfo_endpoint_create(enum crashinfo_upload_target target,
						  const struct crashinfo_endpoint_options *options,
						  struct crashinfo_endpoint **ret)
{
	struct crashinfo_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	struct crashinfo_error *error;

	if (!endpoint)
		return crashinfo_error_no_memory();
	error = fill(target, options, endpoint);
	if (error) {
		crashinfo_endpoint_destroy(endpoint);
		return error;
	}
	*ret = endpoint;
	return NULL;
}

void crashinfo_endpoint_destroy(struct crashinfo_endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->key)
		explicit_bzero(endpoint->key, strlen(endpoint->key));
	free(endpoint->url);
	free(endpoint->socket);
	free(endpoint->file);
	free(endpoint->name);
	free(endpoint->key);
	free(endpoint);
}
