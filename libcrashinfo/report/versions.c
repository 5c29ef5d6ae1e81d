/* SPDX-License-Identifier: Apache-2.0 */
#include "report/versions.h"

#include <string.h>

#define SINCE(n)   REPORT_MINORS(n, REPORT_MINOR_MAX)
#define ALL        REPORT_ALL_MINORS
#define RFC        REPORT_RFC0002
#define EVERYWHERE (ALL | RFC)

static const char *const version_names[] = {"1.0", "1.1", "1.2", "1.3", "1.4",
					    "1.5", "1.6", "1.7", "1.8", "rfc0002"};

const struct report_member report_members[] = {
	/* object, name, type, in, required, nullable, text */
	{"CrashInfo", "counters", "int64{}", EVERYWHERE, 0, 0,
	 "operations that were going on, by name"},
	{"CrashInfo", "data_schema_version", "string", EVERYWHERE, EVERYWHERE, 0,
	 "version of this format, MAJOR.MINOR"},
	{"CrashInfo", "error", "ErrorData", EVERYWHERE, EVERYWHERE, 0, "what happened"},
	{"CrashInfo", "experimental", "Experimental", SINCE(2), 0, SINCE(2),
	 "members that may still change"},
	{"CrashInfo", "files", "string[]{}", EVERYWHERE, 0, 0, "lines of files, by path"},
	{"CrashInfo", "fingerprint", "string", ALL, 0, ALL, "equal for crashes of equal cause"},
	{"CrashInfo", "incomplete", "boolean", EVERYWHERE, EVERYWHERE, 0,
	 "whether something that should be here is missing"},
	{"CrashInfo", "log_messages", "string[]", ALL, 0, 0, "messages of the collector itself"},
	{"CrashInfo", "metadata", "Metadata", EVERYWHERE, EVERYWHERE, 0, "the library in use"},
	{"CrashInfo", "os_info", "OsInfo", EVERYWHERE, EVERYWHERE, 0, "where it happened"},
	{"CrashInfo", "proc_info", "ProcInfo", EVERYWHERE, REPORT_MINOR(0), SINCE(1),
	 "the process"},
	{"CrashInfo", "sig_info", "SigInfo", EVERYWHERE, REPORT_MINOR(0), SINCE(1),
	 "the signal that ended the process"},
	{"CrashInfo", "span_ids", "Span[]", ALL, 0, 0, "spans that were active"},
	{"CrashInfo", "span_ids", "string[]", RFC, 0, 0, "spans that were active"},
	{"CrashInfo", "timestamp", "string", EVERYWHERE, EVERYWHERE, 0, "when it happened"},
	{"CrashInfo", "trace_ids", "Span[]", ALL, 0, 0, "traces that were active"},
	{"CrashInfo", "trace_ids", "string[]", RFC, 0, 0, "traces that were active"},
	{"CrashInfo", "ucontext", "Ucontext", SINCE(6), 0, SINCE(6),
	 "registers of the crashing thread"},
	{"CrashInfo", "uuid", "string", EVERYWHERE, EVERYWHERE, 0, "identifies this crash"},

	{"ErrorData", "is_crash", "boolean", EVERYWHERE, EVERYWHERE, 0, "false for other errors"},
	{"ErrorData", "kind", "ErrorKind", ALL, ALL, 0, "kind of error"},
	{"ErrorData", "kind", "string", RFC, RFC, 0, "kind of error, such as SigSegv"},
	{"ErrorData", "message", "string", EVERYWHERE, 0, ALL, "message for people"},
	{"ErrorData", "source_type", "SourceType", EVERYWHERE, EVERYWHERE, 0,
	 "where the report comes from"},
	{"ErrorData", "stack", "StackTrace", EVERYWHERE, EVERYWHERE, 0,
	 "stack of the crashing thread"},
	{"ErrorData", "thread_name", "string", SINCE(5), 0, SINCE(5),
	 "name of the crashing thread"},
	{"ErrorData", "threads", "ThreadData[]", REPORT_MINORS(0, 6) | REPORT_MINOR(8) | RFC, 0,
	 REPORT_MINOR(8), "other threads"},
	{"ErrorData", "threads", "Threads", REPORT_MINOR(7), REPORT_MINOR(7), 0, "other threads"},

	{"Threads", "count", "uint", REPORT_MINOR(7), REPORT_MINOR(7), 0, "number of threads"},
	{"Threads", "incomplete", "boolean", REPORT_MINOR(7), REPORT_MINOR(7), 0,
	 "whether threads are missing"},
	{"Threads", "threads", "ThreadData[]", REPORT_MINOR(7), 0, 0, "the threads"},

	{"ThreadData", "crashed", "boolean", EVERYWHERE, EVERYWHERE, 0,
	 "whether this thread crashed"},
	{"ThreadData", "name", "string", EVERYWHERE, EVERYWHERE, 0, "name of the thread"},
	{"ThreadData", "stack", "StackTrace", EVERYWHERE, EVERYWHERE, 0, "its stack"},
	{"ThreadData", "state", "string", EVERYWHERE, 0, ALL, "state when it was captured"},

	{"Metadata", "family", "string", EVERYWHERE, EVERYWHERE, 0, "language of the library"},
	{"Metadata", "library_name", "string", EVERYWHERE, EVERYWHERE, 0, "name of the library"},
	{"Metadata", "library_version", "string", EVERYWHERE, EVERYWHERE, 0, "its version"},
	{"Metadata", "tags", "string[]", ALL, 0, 0, "\"key:value\" strings"},
	{"Metadata", "tags", "array|object", RFC, 0, 0, "set of keys and values"},

	{"StackTrace", "format", "string", EVERYWHERE, EVERYWHERE, 0, "format of the frames"},
	{"StackTrace", "frames", "StackFrame[]", EVERYWHERE, EVERYWHERE, 0,
	 "frames, innermost first"},
	{"StackTrace", "incomplete", "boolean", SINCE(1), SINCE(1), 0,
	 "whether frames are missing"},

	{"StackFrame", "build_id", "string", EVERYWHERE, 0, ALL, "build id of the module"},
	{"StackFrame", "build_id_type", "BuildIdType", ALL, 0, ALL, "kind of build id"},
	{"StackFrame", "build_id_type", "string", RFC, 0, 0, "kind of build id"},
	{"StackFrame", "column", "uint32", EVERYWHERE, 0, ALL, "column of the source line"},
	{"StackFrame", "comments", "string[]", SINCE(3), 0, 0, "notes on how it was resolved"},
	{"StackFrame", "file", "string", EVERYWHERE, 0, ALL, "source file"},
	{"StackFrame", "file_type", "FileType", ALL, 0, ALL, "kind of module"},
	{"StackFrame", "file_type", "string", RFC, 0, 0, "kind of module"},
	{"StackFrame", "function", "string", EVERYWHERE, 0, ALL, "name of the function"},
	{"StackFrame", "ip", "string", EVERYWHERE, 0, ALL, "instruction pointer, hex"},
	{"StackFrame", "line", "uint32", EVERYWHERE, 0, ALL, "line of the source file"},
	{"StackFrame", "mangled_name", "string", SINCE(4), 0, SINCE(4),
	 "name before demangling, when that changed it"},
	{"StackFrame", "module_base_address", "string", EVERYWHERE, 0, ALL,
	 "where the module was loaded, hex"},
	{"StackFrame", "path", "string", EVERYWHERE, 0, ALL, "path of the module"},
	{"StackFrame", "relative_address", "string", EVERYWHERE, 0, ALL,
	 "virtual address within the module's file, hex"},
	{"StackFrame", "sp", "string", EVERYWHERE, 0, ALL, "stack pointer, hex"},
	{"StackFrame", "symbol_address", "string", EVERYWHERE, 0, ALL,
	 "start of the function, hex"},
	{"StackFrame", "type_name", "string", SINCE(5), 0, SINCE(5),
	 "class or module of a frame of a runtime"},

	{"SigInfo", "si_addr", "string", ALL, 0, ALL, "address of the fault, hex"},
	{"SigInfo", "si_code", "int32", ALL, ALL, 0, "code of the signal"},
	{"SigInfo", "si_code_human_readable", "SiCodes", ALL, ALL, 0, "its name"},
	{"SigInfo", "si_signo", "int32", ALL, ALL, 0, "number of the signal"},
	{"SigInfo", "si_signo_human_readable", "SignalNames", ALL, ALL, 0, "its name"},
	{"SigInfo", "faulting_address", "string", RFC, 0, 0, "address of the fault, hex"},
	{"SigInfo", "signame", "string", RFC, RFC, 0, "name of the signal"},
	{"SigInfo", "signum", "int32", RFC, RFC, 0, "number of the signal"},

	{"OsInfo", "architecture", "string", EVERYWHERE, EVERYWHERE, 0, "such as x86_64"},
	{"OsInfo", "bitness", "string", EVERYWHERE, EVERYWHERE, 0, "such as 64-bit"},
	{"OsInfo", "os_type", "string", EVERYWHERE, EVERYWHERE, 0, "such as Debian"},
	{"OsInfo", "version", "string", EVERYWHERE, EVERYWHERE, 0, "such as 12.0.0"},

	{"ProcInfo", "pid", "uint32", EVERYWHERE, EVERYWHERE, 0, "id of the process"},
	{"ProcInfo", "tid", "uint32", SINCE(5), 0, SINCE(5), "id of the crashing thread"},

	{"Span", "id", "string", ALL, ALL, 0, "id in decimal"},
	{"Span", "thread_name", "string", ALL, 0, ALL, "thread it was active in"},

	{"Ucontext", "arch", "string", SINCE(6), SINCE(6), 0, "x86_64 or aarch64"},
	{"Ucontext", "raw", "string", SINCE(6), 0, SINCE(6), "the context as text"},
	{"Ucontext", "registers", "string{}", SINCE(6), SINCE(6), 0, "values in hex, by name"},

	{"Experimental", "additional_tags", "string[]", SINCE(3), 0, 0, "tags from the stream"},
	{"Experimental", "runtime_stack", "RuntimeStack", SINCE(5), 0, SINCE(5),
	 "stack of a language runtime"},
	{"Experimental", "ucontext", "string", REPORT_MINORS(2, 5), 0, REPORT_MINORS(2, 5),
	 "registers of the crashing thread as text"},

	{"RuntimeStack", "format", "string", SINCE(5), SINCE(5), 0, "format of the frames"},
	{"RuntimeStack", "frames", "StackFrame[]", SINCE(5), 0, 0, "frames, innermost first"},
	{"RuntimeStack", "stacktrace_string", "string", SINCE(5), 0, SINCE(5),
	 "the stack as one text, instead of frames"},
};
const size_t report_member_count = sizeof(report_members) / sizeof(report_members[0]);

const struct report_enum_value report_enum_values[] = {
	{"ErrorKind", "Panic", ALL},
	{"ErrorKind", "UnhandledException", ALL},
	{"ErrorKind", "UnixSignal", ALL},

	{"SourceType", "Crashtracking", ALL},
	{"SourceType", "crashtracking", RFC},

	{"BuildIdType", "GNU", ALL},
	{"BuildIdType", "GO", ALL},
	{"BuildIdType", "PDB", ALL},
	{"BuildIdType", "PE", REPORT_MINORS(0, 2)},
	{"BuildIdType", "SHA1", ALL},

	{"FileType", "APK", ALL},
	{"FileType", "ELF", ALL},
	{"FileType", "PDB", REPORT_MINORS(0, 2)},
	{"FileType", "PE", SINCE(3)},

	{"SiCodes", "BUS_ADRALN", ALL},
	{"SiCodes", "BUS_ADRERR", ALL},
	{"SiCodes", "BUS_MCEERR_AO", ALL},
	{"SiCodes", "BUS_MCEERR_AR", ALL},
	{"SiCodes", "BUS_OBJERR", ALL},
	{"SiCodes", "ILL_BADSTK", SINCE(3)},
	{"SiCodes", "ILL_COPROC", SINCE(3)},
	{"SiCodes", "ILL_ILLADR", SINCE(3)},
	{"SiCodes", "ILL_ILLOPC", SINCE(3)},
	{"SiCodes", "ILL_ILLOPN", SINCE(3)},
	{"SiCodes", "ILL_ILLTRP", SINCE(3)},
	{"SiCodes", "ILL_PRVOPC", SINCE(3)},
	{"SiCodes", "ILL_PRVREG", SINCE(3)},
	{"SiCodes", "SEGV_ACCERR", ALL},
	{"SiCodes", "SEGV_BNDERR", ALL},
	{"SiCodes", "SEGV_MAPERR", ALL},
	{"SiCodes", "SEGV_PKUERR", ALL},
	{"SiCodes", "SI_ASYNCIO", ALL},
	{"SiCodes", "SI_KERNEL", ALL},
	{"SiCodes", "SI_MESGQ", ALL},
	{"SiCodes", "SI_QUEUE", ALL},
	{"SiCodes", "SI_SIGIO", ALL},
	{"SiCodes", "SI_TIMER", ALL},
	{"SiCodes", "SI_TKILL", ALL},
	{"SiCodes", "SI_USER", ALL},
	{"SiCodes", "SYS_SECCOMP", ALL},
	{"SiCodes", "UNKNOWN", SINCE(2)},

	{"SignalNames", "SIGABRT", ALL},
	{"SignalNames", "SIGALRM", SINCE(3)},
	{"SignalNames", "SIGBUS", ALL},
	{"SignalNames", "SIGCHLD", SINCE(3)},
	{"SignalNames", "SIGCONT", SINCE(3)},
	{"SignalNames", "SIGEMT", SINCE(3)},
	{"SignalNames", "SIGFPE", SINCE(3)},
	{"SignalNames", "SIGHUP", SINCE(3)},
	{"SignalNames", "SIGILL", SINCE(3)},
	{"SignalNames", "SIGINFO", SINCE(3)},
	{"SignalNames", "SIGINT", SINCE(3)},
	{"SignalNames", "SIGIO", SINCE(3)},
	{"SignalNames", "SIGKILL", SINCE(3)},
	{"SignalNames", "SIGPIPE", SINCE(3)},
	{"SignalNames", "SIGPROF", SINCE(3)},
	{"SignalNames", "SIGQUIT", SINCE(3)},
	{"SignalNames", "SIGSEGV", ALL},
	{"SignalNames", "SIGSTOP", SINCE(3)},
	{"SignalNames", "SIGSYS", ALL},
	{"SignalNames", "SIGTERM", SINCE(3)},
	{"SignalNames", "SIGTRAP", SINCE(3)},
	{"SignalNames", "SIGTSTP", SINCE(3)},
	{"SignalNames", "SIGTTIN", SINCE(3)},
	{"SignalNames", "SIGTTOU", SINCE(3)},
	{"SignalNames", "SIGURG", SINCE(3)},
	{"SignalNames", "SIGUSR1", SINCE(3)},
	{"SignalNames", "SIGUSR2", SINCE(3)},
	{"SignalNames", "SIGVTALRM", SINCE(3)},
	{"SignalNames", "SIGWINCH", SINCE(3)},
	{"SignalNames", "SIGXCPU", SINCE(3)},
	{"SignalNames", "SIGXFSZ", SINCE(3)},
	{"SignalNames", "UNKNOWN", SINCE(2)},
};
const size_t report_enum_value_count = sizeof(report_enum_values) / sizeof(report_enum_values[0]);

static bool is_text(const char *text, const char *other, size_t size)
{
	return strlen(text) == size && !memcmp(text, other, size);
}

bool report_is_enum(const char *type, size_t size)
{
	for (size_t i = 0; i < report_enum_value_count; i++)
		if (is_text(report_enum_values[i].enumeration, type, size))
			return true;
	return false;
}

const char *report_version_name(size_t index)
{
	return index < sizeof(version_names) / sizeof(version_names[0]) ? version_names[index]
									: NULL;
}

report_versions report_version_bit(const char *name)
{
	for (size_t i = 0; report_version_name(i); i++)
		if (!strcmp(report_version_name(i), name))
			return (report_versions)(1u << i);
	return 0;
}

const char *report_version_known(const char *name)
{
	for (size_t i = 0; report_version_name(i); i++)
		if (!strcmp(report_version_name(i), name))
			return report_version_name(i);
	return NULL;
}

const struct report_member *report_member_find(const char *object, const char *name, size_t size,
					       report_versions versions)
{
	for (size_t i = 0; i < report_member_count && size; i++) {
		const struct report_member *member = &report_members[i];

		/* the first letter tells most of them apart */
		if (member->name[0] == name[0] && member->in & versions &&
		    is_text(member->name, name, size) && !strcmp(member->object, object))
			return member;
	}
	return NULL;
}
