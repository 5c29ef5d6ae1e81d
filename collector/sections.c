/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can go wrong least comes first: every section is flushed at its end, so a stream that breaks
 * off has all that came before.
 */
#include "sections.h"

#include <fcntl.h>

#include "emit.h"
#include "maps.h"
#include "memory.h"
#include "module.h"
#include "stream/markers.h"
#include "syscall.h"
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct name_row {
	int signal, code;
	const char *name;
};

static const struct name_row signal_names[] = {
	{SIGHUP, 0, "SIGHUP"},     {SIGINT, 0, "SIGINT"},       {SIGQUIT, 0, "SIGQUIT"},
	{SIGILL, 0, "SIGILL"},     {SIGTRAP, 0, "SIGTRAP"},     {SIGABRT, 0, "SIGABRT"},
	{SIGBUS, 0, "SIGBUS"},     {SIGFPE, 0, "SIGFPE"},       {SIGUSR1, 0, "SIGUSR1"},
	{SIGSEGV, 0, "SIGSEGV"},   {SIGUSR2, 0, "SIGUSR2"},     {SIGPIPE, 0, "SIGPIPE"},
	{SIGALRM, 0, "SIGALRM"},   {SIGTERM, 0, "SIGTERM"},     {SIGCHLD, 0, "SIGCHLD"},
	{SIGCONT, 0, "SIGCONT"},   {SIGTSTP, 0, "SIGTSTP"},     {SIGTTIN, 0, "SIGTTIN"},
	{SIGTTOU, 0, "SIGTTOU"},   {SIGURG, 0, "SIGURG"},       {SIGXCPU, 0, "SIGXCPU"},
	{SIGXFSZ, 0, "SIGXFSZ"},   {SIGVTALRM, 0, "SIGVTALRM"}, {SIGPROF, 0, "SIGPROF"},
	{SIGWINCH, 0, "SIGWINCH"}, {SIGIO, 0, "SIGIO"},         {SIGSYS, 0, "SIGSYS"},
};

/* Signal 0 stands for the codes that any signal can have. */
static const struct name_row code_names[] = {
	{0, 0, "SI_USER"},           {0, 0x80, "SI_KERNEL"},       {0, -1, "SI_QUEUE"},
	{0, -2, "SI_TIMER"},         {0, -3, "SI_MESGQ"},          {0, -4, "SI_ASYNCIO"},
	{0, -5, "SI_SIGIO"},         {0, -6, "SI_TKILL"},          {SIGILL, 1, "ILL_ILLOPC"},
	{SIGILL, 2, "ILL_ILLOPN"},   {SIGILL, 3, "ILL_ILLADR"},    {SIGILL, 4, "ILL_ILLTRP"},
	{SIGILL, 5, "ILL_PRVOPC"},   {SIGILL, 6, "ILL_PRVREG"},    {SIGILL, 7, "ILL_COPROC"},
	{SIGILL, 8, "ILL_BADSTK"},   {SIGBUS, 1, "BUS_ADRALN"},    {SIGBUS, 2, "BUS_ADRERR"},
	{SIGBUS, 3, "BUS_OBJERR"},   {SIGBUS, 4, "BUS_MCEERR_AR"}, {SIGBUS, 5, "BUS_MCEERR_AO"},
	{SIGSEGV, 1, "SEGV_MAPERR"}, {SIGSEGV, 2, "SEGV_ACCERR"},  {SIGSEGV, 3, "SEGV_BNDERR"},
	{SIGSEGV, 4, "SEGV_PKUERR"}, {SIGSYS, 1, "SYS_SECCOMP"},
};

static const char *signal_name(int signal)
{
	for (size_t i = 0; i < COUNT(signal_names); i++)
		if (signal_names[i].signal == signal)
			return signal_names[i].name;
	return "UNKNOWN";
}

static const char *code_name(int signal, int code)
{
	for (size_t i = 0; i < COUNT(code_names); i++)
		if (code_names[i].code == code &&
		    (!code_names[i].signal || code_names[i].signal == signal))
			return code_names[i].name;
	return "UNKNOWN";
}

static void write_config(const struct crash *crash)
{
	const struct settings *settings = crash->settings;

	emit_text("{\"additional_files\":[],\"create_alt_stack\":");
	emit_text(settings->altstack ? "true" : "false");
	emit_text(
		",\"demangle_names\":true,\"endpoint\":null,\"resolve_frames\":\"WithoutSymbols\","
		"\"signals\":[");
	for (size_t i = 0; i < settings->signal_count; i++) {
		emit_text(i ? "," : "");
		emit_decimal(settings->signals[i]);
	}
	emit_text("],\"timeout\":{\"secs\":5,\"nanos\":0},\"unix_socket_path\":null,"
		  "\"use_alt_stack\":true}\n");
}

/* On the wire a line break is written as two characters; a marker must not stand at the start. */
static void write_message(const struct crash *crash)
{
	const char *message = crash->settings->message;

	for (; *message; message++) {
		if (*message == '\n')
			emit_guarded("\\n", 2);
		else if (*message == '\r')
			emit_guarded("\\r", 2);
		else
			emit_guarded(message, 1);
	}
	emit_guarded("\n", 1);
}

static bool has_message(const struct crash *crash)
{
	for (const char *c = crash->settings->message; *c; c++)
		if (*c != ' ' && *c != '\t' && *c != '\n' && *c != '\r')
			return true;
	return false;
}

/* Only a fault has an address: where a signal was sent, its sender is in that place. */
static bool has_address(const struct crash *crash)
{
	switch (crash->signal) {
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV: return crash->info->si_code > 0;
	default: return false;
	}
}

static void write_siginfo(const struct crash *crash)
{
	emit_text("{\"si_code\": ");
	emit_decimal(crash->info->si_code);
	emit_text(", \"si_code_human_readable\": ");
	emit_string(code_name(crash->signal, crash->info->si_code));
	emit_text(", \"si_signo\": ");
	emit_decimal(crash->signal);
	emit_text(", \"si_signo_human_readable\": ");
	emit_string(signal_name(crash->signal));
	if (has_address(crash)) {
		emit_text(", \"si_addr\": \"");
		emit_hex((uint64_t)(uintptr_t)crash->info->si_addr, 16);
		emit_text("\"");
	}
	emit_text("}\n");
}

static void write_kind(const struct crash *crash)
{
	(void)crash;
	emit_text("\"UnixSignal\"\n");
}

static void write_metadata(const struct crash *crash)
{
	const struct settings *settings = crash->settings;

	emit_text("{\"library_name\":");
	emit_string(settings->library_name);
	emit_text(",\"library_version\":");
	emit_string(settings->library_version);
	emit_text(",\"family\":");
	emit_string(settings->family);
	emit_text(",\"tags\":[");
	for (size_t i = 0; i < settings->tag_count; i++) {
		emit_text(i ? "," : "");
		emit_string(settings->tags[i]);
	}
	emit_text("]}\n");
}

static void write_process(const struct crash *crash)
{
	emit_text("{\"pid\": ");
	emit_decimal(crash->pid);
	emit_text(", \"tid\": ");
	emit_decimal(crash->tid);
	emit_text(" }\n");
}

static void write_counters(const struct crash *crash)
{
	(void)crash;
	emit_text("{\"profiler_inactive\": 0}\n{\"profiler_collecting_sample\": 0}\n"
		  "{\"profiler_unwinding\": 0}\n{\"profiler_serializing\": 0}\n");
}

static void write_empty_list(const struct crash *crash)
{
	(void)crash;
	emit_text("[]\n");
}

static void write_maps(const struct crash *crash)
{
	int fd = sys_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
	static char buffer[4096];
	long got;

	(void)crash;
	while (fd >= 0 && (got = sys_read(fd, buffer, sizeof(buffer))) > 0)
		emit_guarded(buffer, (size_t)got);
	if (fd >= 0)
		sys_close(fd);
	emit_guarded("\n", 1);
}

struct register_row {
	const char *name;
	uint8_t context, unwind;
};

static const struct register_row registers[] = {
	{"rip", REG_RIP, UNWIND_RIP}, {"rsp", REG_RSP, UNWIND_RSP}, {"rbp", REG_RBP, UNWIND_RBP},
	{"rax", REG_RAX, UNWIND_RAX}, {"rbx", REG_RBX, UNWIND_RBX}, {"rcx", REG_RCX, UNWIND_RCX},
	{"rdx", REG_RDX, UNWIND_RDX}, {"rsi", REG_RSI, UNWIND_RSI}, {"rdi", REG_RDI, UNWIND_RDI},
	{"r8", REG_R8, UNWIND_R8},    {"r9", REG_R9, UNWIND_R9},    {"r10", REG_R10, UNWIND_R10},
	{"r11", REG_R11, UNWIND_R11}, {"r12", REG_R12, UNWIND_R12}, {"r13", REG_R13, UNWIND_R13},
	{"r14", REG_R14, UNWIND_R14}, {"r15", REG_R15, UNWIND_R15},
};

static uint64_t register_value(const struct crash *crash, const struct register_row *row)
{
	return (uint64_t)crash->context->uc_mcontext.gregs[row->context];
}

static void write_ucontext(const struct crash *crash)
{
	emit_text("{\"arch\": \"x86_64\", \"registers\": {");
	for (size_t i = 0; i < COUNT(registers); i++) {
		emit_text(i ? ", " : "");
		emit_string(registers[i].name);
		emit_text(": \"");
		emit_hex(register_value(crash, &registers[i]), 16);
		emit_text("\"");
	}
	emit_text("}}\n");
}

static void write_module(const struct module *module, uint64_t pc)
{
	emit_text("\", \"module_base_address\": \"");
	emit_hex(module->base, 1);
	if (module->build_id_size) {
		emit_text("\", \"build_id\": \"");
		emit_hex_bytes(module->build_id, module->build_id_size);
		emit_text("\", \"build_id_type\": \"GNU");
	}
	emit_text("\", \"file_type\": \"ELF\", \"path\": ");
	emit_string(module->path);
	emit_text(", \"relative_address\": \"");
	emit_hex(pc - module->bias, 16);
}

/* What the reader must know to judge the frame; nothing for what the unwind tables gave. */
static const char *trust_comment(enum unwind_trust trust)
{
	switch (trust) {
	case UNWIND_TRUST_CONTEXT:
	case UNWIND_TRUST_CFI:
	case UNWIND_TRUST_SIGRETURN: return NULL;
	case UNWIND_TRUST_CALLED: return "found by the return address on top of the stack";
	case UNWIND_TRUST_FRAME_POINTER: return "found by the frame pointer";
	case UNWIND_TRUST_SCAN: return "found by scanning the stack";
	}
	return NULL;
}

static void write_frame(const struct unwind_frame *frame)
{
	uint64_t pc = frame->registers.value[UNWIND_RIP];
	/* a call at the end of a module returns behind it */
	const struct module *module = module_find(frame->exact_pc ? pc : pc - 1);
	const char *comment = trust_comment(frame->trust);

	emit_text("{\"ip\": \"");
	emit_hex(pc, 1);
	emit_text("\", \"sp\": \"");
	emit_hex(frame->registers.value[UNWIND_RSP], 1);
	if (module)
		write_module(module, pc);
	emit_text("\"");
	if (comment) {
		emit_text(", \"comments\": [");
		emit_string(comment);
		emit_text("]");
	}
	emit_text("}\n");
	emit_flush();
}

static int read_memory(void *user, uint64_t address, void *buffer, size_t size)
{
	(void)user;
	return memory_read(address, buffer, size);
}

static void write_stack(const struct crash *crash)
{
	const struct unwind_source source = {NULL, read_memory, module_for_unwind};
	struct unwind_registers first;
	struct unwind_frame frame;

	maps_load();
	module_reset();
	for (size_t i = 0; i < COUNT(registers); i++)
		first.value[registers[i].unwind] = register_value(crash, &registers[i]);
	unwind_begin(&frame, &first);
	for (unsigned i = 0; i < UNWIND_MAX_FRAMES; i++) {
		write_frame(&frame);
		if (unwind_step(&source, &frame) != UNWIND_STEPPED)
			break;
	}
}

struct section {
	const char *begin, *end;
	void (*write)(const struct crash *crash);
	bool (*wanted)(const struct crash *crash); /* NULL for always */
};

#define SECTION(name) STREAM_BEGIN(name) "\n", STREAM_END(name) "\n"

static const struct section sections[] = {
	{SECTION(STREAM_CONFIG), write_config, NULL},
	{SECTION(STREAM_MESSAGE), write_message, has_message},
	{SECTION(STREAM_SIGINFO), write_siginfo, NULL},
	{SECTION(STREAM_KIND), write_kind, NULL},
	{SECTION(STREAM_METADATA), write_metadata, NULL},
	{SECTION(STREAM_PROCESSINFO), write_process, NULL},
	{SECTION(STREAM_COUNTERS), write_counters, NULL},
	{SECTION(STREAM_SPAN_IDS), write_empty_list, NULL},
	{SECTION(STREAM_ADDITIONAL_TAGS), write_empty_list, NULL},
	{SECTION(STREAM_TRACE_IDS), write_empty_list, NULL},
	{STREAM_BEGIN(STREAM_FILE) " /proc/self/maps\n",
	 STREAM_END(STREAM_FILE) " \"/proc/self/maps\"\n", write_maps, NULL},
	{SECTION(STREAM_UCONTEXT), write_ucontext, NULL},
	{SECTION(STREAM_STACKTRACE), write_stack, NULL},
};

bool sections_write(const struct crash *crash, int fd)
{
	emit_begin(fd);
	for (size_t i = 0; i < COUNT(sections) && !emit_failed(); i++) {
		if (sections[i].wanted && !sections[i].wanted(crash))
			continue;
		emit_text(sections[i].begin);
		sections[i].write(crash);
		emit_text(sections[i].end);
		emit_flush();
	}
	emit_text(STREAM_DONE "\n");
	emit_flush();
	memory_close();
	return !emit_failed();
}
