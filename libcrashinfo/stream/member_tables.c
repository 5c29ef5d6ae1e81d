/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/members.h"

#define OPTIONAL .nullable = true
#define REQUIRED .required = true
#define UNKNOWN  .required = true, .fallback = "\"UNKNOWN\""
#define UNNAMED  .required = true, .fallback = "\"unknown\""

const char *const members_error_kinds[] = {"Panic", "UnhandledException", "UnixSignal", NULL};

static const char *const build_id_types[] = {"GNU", "GO", "PDB", "SHA1", NULL};
static const char *const file_types[] = {"APK", "ELF", "PE", NULL};

static const char *const resolve_frames[] = {
	"Disabled", "WithoutSymbols", "EnabledWithInprocessSymbols", "EnabledWithSymbolsInReceiver",
	NULL,
};

static const char *const signal_names[] = {
	"SIGHUP",  "SIGINT",  "SIGQUIT", "SIGILL",    "SIGTRAP", "SIGABRT",  "SIGBUS",
	"SIGFPE",  "SIGKILL", "SIGUSR1", "SIGSEGV",   "SIGUSR2", "SIGPIPE",  "SIGALRM",
	"SIGTERM", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP", "SIGTTIN",  "SIGTTOU",
	"SIGURG",  "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",
	"SIGSYS",  "SIGEMT",  "SIGINFO", "UNKNOWN",   NULL,
};

static const char *const signal_codes[] = {
	"BUS_ADRALN",  "BUS_ADRERR",  "BUS_MCEERR_AO", "BUS_MCEERR_AR",
	"BUS_OBJERR",  "ILL_BADSTK",  "ILL_COPROC",    "ILL_ILLADR",
	"ILL_ILLOPC",  "ILL_ILLOPN",  "ILL_ILLTRP",    "ILL_PRVOPC",
	"ILL_PRVREG",  "SEGV_ACCERR", "SEGV_BNDERR",   "SEGV_MAPERR",
	"SEGV_PKUERR", "SI_ASYNCIO",  "SI_KERNEL",     "SI_MESGQ",
	"SI_QUEUE",    "SI_SIGIO",    "SI_TIMER",      "SI_TKILL",
	"SI_USER",     "SYS_SECCOMP", "UNKNOWN",       NULL,
};

static const struct members endpoint[] = {
	{"url", MEMBERS_OBJECT, REQUIRED},     {"timeout_ms", MEMBERS_UINT64, REQUIRED},
	{"api_key", MEMBERS_STRING, OPTIONAL}, {"test_token", MEMBERS_STRING, OPTIONAL},
	{"use_system_resolver", MEMBERS_BOOL}, {NULL},
};

static const struct members timeout[] = {
	{"secs", MEMBERS_UINT64, REQUIRED},
	{"nanos", MEMBERS_UINT32, REQUIRED},
	{NULL},
};

const struct members members_of_config[] = {
	{"additional_files", MEMBERS_STRINGS, REQUIRED},
	{"collect_all_threads", MEMBERS_BOOL},
	{"create_alt_stack", MEMBERS_BOOL, REQUIRED},
	{"demangle_names", MEMBERS_BOOL, REQUIRED},
	{"endpoint", MEMBERS_OBJECT, OPTIONAL, .members = endpoint},
	{"max_threads", MEMBERS_UINT64},
	{"resolve_frames", MEMBERS_NAME, REQUIRED, .names = resolve_frames},
	{"signals", MEMBERS_INTEGERS, REQUIRED},
	{"timeout", MEMBERS_OBJECT, REQUIRED, .members = timeout},
	{"unix_socket_path", MEMBERS_STRING, OPTIONAL},
	{"use_alt_stack", MEMBERS_BOOL, REQUIRED},
	{NULL},
};

const struct members members_of_frame[] = {
	{"ip", MEMBERS_STRING, OPTIONAL},
	{"sp", MEMBERS_STRING, OPTIONAL},
	{"fp", MEMBERS_TRANSPORT},
	{"symbol_address", MEMBERS_STRING, OPTIONAL},
	{"module_base_address", MEMBERS_STRING, OPTIONAL},
	{"build_id", MEMBERS_STRING, OPTIONAL},
	{"build_id_type", MEMBERS_NAME, OPTIONAL, .names = build_id_types},
	{"file_type", MEMBERS_NAME, OPTIONAL, .names = file_types},
	{"relative_address", MEMBERS_STRING, OPTIONAL},
	{"path", MEMBERS_STRING, OPTIONAL},
	{"column", MEMBERS_UINT32, OPTIONAL},
	{"line", MEMBERS_UINT32, OPTIONAL},
	{"file", MEMBERS_STRING, OPTIONAL},
	{"function", MEMBERS_STRING, OPTIONAL},
	{"mangled_name", MEMBERS_STRING, OPTIONAL},
	{"type_name", MEMBERS_STRING, OPTIONAL},
	{"comments", MEMBERS_STRINGS},
	{NULL},
};

const struct members members_of_metadata[] = {
	{"library_name", MEMBERS_STRING, UNNAMED},
	{"library_version", MEMBERS_STRING, UNNAMED},
	{"family", MEMBERS_STRING, UNNAMED},
	{"tags", MEMBERS_STRINGS},
	{NULL},
};

const struct members members_of_os_info[] = {
	{"architecture", MEMBERS_STRING, UNNAMED},
	{"bitness", MEMBERS_STRING, UNNAMED},
	{"os_type", MEMBERS_STRING, UNNAMED},
	{"version", MEMBERS_STRING, UNNAMED},
	{NULL},
};

const struct members members_of_process[] = {
	{"pid", MEMBERS_UINT32, REQUIRED},
	{"tid", MEMBERS_UINT32, OPTIONAL},
	{NULL},
};

const struct members members_of_runtime_frame[] = {
	{"function", MEMBERS_BYTES}, {"type_name", MEMBERS_BYTES}, {"file", MEMBERS_BYTES},
	{"line", MEMBERS_UINT32},    {"column", MEMBERS_UINT32},   {NULL},
};

const struct members members_of_signal[] = {
	{"si_addr", MEMBERS_STRING, OPTIONAL},
	{"si_code", MEMBERS_INT32, REQUIRED},
	{"si_code_human_readable", MEMBERS_NAME, UNKNOWN, .names = signal_codes},
	{"si_signo", MEMBERS_INT32, REQUIRED},
	{"si_signo_human_readable", MEMBERS_NAME, UNKNOWN, .names = signal_names},
	{NULL},
};

const struct members members_of_span[] = {
	{"id", MEMBERS_STRING, REQUIRED},
	{"thread_name", MEMBERS_STRING, OPTIONAL},
	{NULL},
};

const struct members members_of_stack[] = {
	{"format", MEMBERS_STRING, REQUIRED, .fallback = "\"Datadog Crashtracker 1.0\""},
	{"frames", MEMBERS_ARRAY, REQUIRED},
	{"incomplete", MEMBERS_BOOL, REQUIRED, .fallback = "false"},
	{NULL},
};

const struct members members_of_thread[] = {
	{"crashed", MEMBERS_BOOL, REQUIRED, .fallback = "false"},
	{"name", MEMBERS_STRING, UNNAMED},
	{"stack", MEMBERS_OBJECT, REQUIRED, .members = members_of_stack},
	{"state", MEMBERS_STRING, OPTIONAL},
	{NULL},
};

const struct members members_of_ucontext[] = {
	{"arch", MEMBERS_STRING, UNNAMED},
	{"registers", MEMBERS_STRING_MAP, REQUIRED},
	{"raw", MEMBERS_STRING, OPTIONAL},
	{NULL},
};
