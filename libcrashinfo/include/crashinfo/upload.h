/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending crash reports to an agent, to the intake, or to files.
 *
 * Each report goes to two targets, telemetry logs and the errors intake, each of which has a
 * payload of its own. What was sent is recorded in a journal, so that a run that was killed at any
 * moment and is started again sends just what is missing.
 */
#ifndef CRASHINFO_UPLOAD_H
#define CRASHINFO_UPLOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <crashinfo/context.h>
#include <crashinfo/error.h>
#include <crashinfo/report.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crashinfo_upload_target {
	CRASHINFO_UPLOAD_TELEMETRY,
	CRASHINFO_UPLOAD_ERRORS,
};
#define CRASHINFO_UPLOAD_TARGETS 2
/* "telemetry", "errors"; static storage. */
const char *crashinfo_upload_target_name(enum crashinfo_upload_target target);

enum crashinfo_upload_kind {
	CRASHINFO_UPLOAD_PING, /* a few members, sent before the report */
	CRASHINFO_UPLOAD_REPORT,
};
/* "ping", "report"; static storage. */
const char *crashinfo_upload_kind_name(enum crashinfo_upload_kind kind);

/* --- the machine that sends --- */

/* All strings are owned; NULL when unknown or none. */
struct crashinfo_upload_host {
	char *hostname, *release, *version; /* uname: nodename, release, version */
	char *architecture;                 /* of this build, "x86_64" */
	char *container_id;                 /* from /proc/self/cgroup */
	char *entity_id;                    /* "ci-" and the container id, or "in-" and an inode */
};
struct crashinfo_error *crashinfo_upload_host_create(struct crashinfo_upload_host **ret);
void crashinfo_upload_host_destroy(struct crashinfo_upload_host *host);

/* --- payloads --- */

struct crashinfo_payload_options {
	enum crashinfo_upload_target target;
	enum crashinfo_upload_kind kind;
	bool bare_array; /* telemetry: `payload` is the array itself, as consumers of old want it */
	const struct crashinfo_upload_host *host; /* for telemetry */
	int64_t now;                              /* microseconds since 1970 */
};

/*
 * The body of a request, compact JSON; malloc'd, NUL-terminated. Values of the report go in byte
 * for byte. A report that has no uuid gets the nil one: give it one before.
 */
struct crashinfo_error *crashinfo_payload_create(struct crashinfo_report *report,
						 const struct crashinfo_payload_options *options,
						 char **ret, size_t *size_ret);

/* --- where to --- */

enum crashinfo_endpoint_scheme {
	CRASHINFO_ENDPOINT_HTTP, /* http or https */
	CRASHINFO_ENDPOINT_UNIX, /* HTTP over a socket in the file system */
	CRASHINFO_ENDPOINT_FILE,
};

struct crashinfo_endpoint_options {
	const char *url;  /* given by the user; NULL or "": the environment decides */
	bool direct;      /* to the intake, with a key; else as the environment says */
	const char *key;  /* for the intake; NULL: DD_API_KEY */
	const char *site; /* NULL: DD_SITE, else datadoghq.com */
	/* NULL: getenv() */
	const char *(*environment)(const char *name);
	/* the agent's socket that is used when it exists; NULL: /var/run/datadog/apm.socket */
	const char *agent_socket;
};

/* All strings are owned. */
struct crashinfo_endpoint {
	enum crashinfo_endpoint_scheme scheme;
	char *url;    /* "https://host:port/path" to send to; FILE: NULL */
	char *socket; /* UNIX: path */
	char *file;   /* FILE: path */
	char *name;   /* for messages: scheme, host or path, without secrets */
	char *key;    /* for the intake, else NULL; never to be shown */
	bool evp;     /* goes through the agent's EVP proxy, which wants to know the subdomain */
};

/*
 * Environment read: DD_TRACE_AGENT_URL, DD_AGENT_HOST, DD_TRACE_AGENT_PORT,
 * _DD_DIRECT_SUBMISSION_ENABLED, DD_API_KEY, DD_SITE, DD_ERRORS_INTAKE_DD_URL. The order is the
 * same for both targets: URL, host and port, socket, localhost. Of a URL only scheme and authority
 * count. INVALID_ARGUMENT when there is no way to use what was given.
 */
struct crashinfo_error *crashinfo_endpoint_create(enum crashinfo_upload_target target,
						  const struct crashinfo_endpoint_options *options,
						  struct crashinfo_endpoint **ret);
void crashinfo_endpoint_destroy(struct crashinfo_endpoint *endpoint);

/* Whether DD_CRASHTRACKING_ERRORS_INTAKE_ENABLED lets the errors intake be a target. */
bool crashinfo_endpoint_errors_enabled(const char *(*environment)(const char *name));

/* --- sending --- */

enum crashinfo_upload_outcome {
	CRASHINFO_UPLOAD_SENT,         /* answered with 2xx */
	CRASHINFO_UPLOAD_ALREADY_SENT, /* the journal has it as sent */
	CRASHINFO_UPLOAD_REFUSED,      /* answered with a status that no repetition changes */
	CRASHINFO_UPLOAD_FAILED,       /* no success within retries and deadline */
	CRASHINFO_UPLOAD_UNCERTAIN,    /* sent without an answer: may have arrived */
	CRASHINFO_UPLOAD_SET_ASIDE,    /* refused in earlier runs too often to try again */
	CRASHINFO_UPLOAD_TOO_LARGE,    /* even when trimmed, or not to be trimmed */
	CRASHINFO_UPLOAD_NOT_SENT,     /* sending stopped before its turn */
};
#define CRASHINFO_UPLOAD_OUTCOMES 8
/* "sent", "already sent", ...; static storage. */
const char *crashinfo_upload_outcome_name(enum crashinfo_upload_outcome outcome);

/* What became of one payload; strings are valid during the call. */
struct crashinfo_upload_result {
	const char *input; /* as given to crashinfo_uploader_add() */
	size_t index;
	const char *uuid;
	enum crashinfo_upload_target target;
	enum crashinfo_upload_kind kind;
	enum crashinfo_upload_outcome outcome;
	long status;       /* of the last HTTP answer, 0: none */
	unsigned attempts; /* of this run */
	uint64_t bytes;    /* of the body before compression */
	/* sent again after an attempt of which nobody knows whether it arrived */
	bool possible_duplicate;
	bool trimmed;
	bool unreachable;    /* no answer of any kind came */
	const char *message; /* why not, NULL when there is nothing to say */
};
/* A result as a JSON object; malloc'd, NUL-terminated. */
struct crashinfo_error *crashinfo_upload_result_json(const struct crashinfo_upload_result *result,
						     char **ret, size_t *size_ret);

typedef void crashinfo_upload_result_fn(void *user, const struct crashinfo_upload_result *result);

enum crashinfo_http_version {
	CRASHINFO_HTTP_AUTO, /* 2 where TLS agrees on it, else 1.1 */
	CRASHINFO_HTTP_1_1,
	CRASHINFO_HTTP_2, /* without TLS too */
};

struct crashinfo_uploader_options {
	/* NULL: not a target; must outlive the uploader. FILE endpoints have no journal. */
	const struct crashinfo_endpoint *endpoints[CRASHINFO_UPLOAD_TARGETS];
	bool ping;           /* before each report */
	bool bare_array;     /* as in struct crashinfo_payload_options */
	const char *journal; /* path, created if need be; NULL: none */
	bool replace_existing;
	unsigned concurrency; /* requests at a time */
	unsigned retries;     /* of one payload, after the first attempt */
	/* of one attempt, from connecting to the answer; for large bodies a second more for each
	 * 128 KiB, so that they arrive over slow lines, too */
	unsigned timeout_ms;
	unsigned deadline_ms; /* of one payload, from the first attempt to the last */
	double rate;          /* requests begun per second; 0: as fast as it goes */
	bool gzip;
	uint64_t max_payload; /* bytes of an uncompressed body; 0: any */
	bool no_trim;
	bool truncate;            /* FILE: begin the files anew */
	const char *test_token;   /* x-datadog-test-session-token */
	const char *cacert;       /* file of certificates to trust; NULL: those of the system */
	const char *proxy;        /* NULL: none, "env": as the environment says */
	const char *external_env; /* datadog-external-env */
	enum crashinfo_http_version http_version;
	/* when it is set, maybe by a signal handler, no request begins any more; NULL: never */
	const volatile sig_atomic_t *interrupted;
	crashinfo_upload_result_fn *result;
	void *user;
};
struct crashinfo_uploader_options crashinfo_uploader_options_default(void);

struct crashinfo_uploader;

/*
 * Opens the journal and locks it. Nothing is sent yet. MISMATCH when another run holds the lock,
 * FORMAT when the file is no journal.
 */
struct crashinfo_error *crashinfo_uploader_create(const struct crashinfo_context *context,
						  const struct crashinfo_uploader_options *options,
						  struct crashinfo_uploader **ret);
/* Whatever has not been sent is left. */
void crashinfo_uploader_destroy(struct crashinfo_uploader *uploader);

/*
 * Send `report`, which may be destroyed after. Waits while much is under way, and calls `result`
 * for payloads that end meanwhile. `input` and `index` name it in results. An error of code OS or
 * NO_MEMORY means that nothing more can be sent (the journal cannot be written, for instance); any
 * other is about this report.
 */
struct crashinfo_error *crashinfo_uploader_add(struct crashinfo_uploader *uploader,
					       const char *input, size_t index,
					       struct crashinfo_report *report);

/* Wait for all that is under way. */
struct crashinfo_error *crashinfo_uploader_finish(struct crashinfo_uploader *uploader);

/* What a run would send, see crashinfo_uploader_describe(). */
typedef struct crashinfo_error *crashinfo_upload_describe_fn(void *user, const char *json,
							     size_t size);

/*
 * Call `describe` for each payload of `report` with a JSON object of its input, target, kind, url,
 * headers and body; the key is not shown. Nothing is sent or recorded.
 */
struct crashinfo_error *crashinfo_uploader_describe(struct crashinfo_uploader *uploader,
						    const char *input, size_t index,
						    struct crashinfo_report *report,
						    crashinfo_upload_describe_fn *describe,
						    void *user);

#ifdef __cplusplus
}
#endif
#endif
