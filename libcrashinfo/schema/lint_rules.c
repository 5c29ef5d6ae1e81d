/* SPDX-License-Identifier: Apache-2.0 */
/* All rules: what they look for, why it matters, and the function that looks. */
#include "schema/lint.h"

#define E CRASHINFO_SEVERITY_ERROR
#define W CRASHINFO_SEVERITY_WARNING
#define I CRASHINFO_SEVERITY_INFO

const struct lint_rule lint_rules[] = {
	{{"L-01", E, "a required member is missing though incomplete is false",
	  "A report that lacks a required member must say so with \"incomplete\": true; consumers "
	  "trust the flag. Add the member or set the flag."},
	 lint_incomplete_missing},
	{{"L-02", W, "incomplete is true though nothing is missing",
	  "Every required member is present, the stack is complete and the collector logged "
	  "nothing. Set \"incomplete\" to false, or record what is missing in log_messages."},
	 lint_incomplete_idle},
	{{LINT_VERSION, E, "data_schema_version is not a known version",
	  "The label is MAJOR.MINOR and chooses the schema. Another major version cannot be read; "
	  "a newer minor is read as the newest one known; 1.1 was never written by any release."},
	 lint_version},
	{{"L-04", W, "a member or value is newer than the label",
	  "The label promises a schema that does not know this member or value, so consumers of "
	  "that version drop or refuse it. Raise data_schema_version or leave it out."},
	 lint_newer},
	{{"L-05", E, "error.threads does not have the shape of the label",
	  "Threads are an array in every version but 1.7, where they are an object with count, "
	  "incomplete and threads."},
	 lint_threads_shape},
	{{"L-06", E, "uuid is not a UUID of version 4",
	  "The uuid identifies the crash wherever it is sent. It is 8-4-4-4-12 lower-case hex "
	  "digits; a nil UUID or another version is likely to collide."},
	 lint_uuid},
	{{"L-07", E, "timestamp is not a plausible time",
	  "RFC 3339, or the form \"YYYY-MM-DD HH:MM:SS[.fraction] UTC\" that upstream writes. "
	  "Times before 2020 or a day ahead come from a wrong clock."},
	 lint_timestamp},
	{{"L-08", E, "an address is not a hex number in the usual form",
	  "Addresses are strings of 0x and 1 to 16 lower-case hex digits. Symbolizers skip frames "
	  "whose address they cannot read."},
	 lint_addresses},
	{{"L-09", E, "build_id and build_id_type do not come together",
	  "A build id cannot be looked up without its type. A type alone is harmless and written "
	  "by upstream."},
	 lint_build_id_type},
	{{"L-10", E, "relative_address without file_type and path",
	  "An address within a module means nothing without the module."},
	 lint_relative},
	{{"L-11", E, "mangled_name does not go with function",
	  "mangled_name is what function was before demangling, so function is there too and "
	  "differs. A mangled name begins with _Z, __Z, _R or ?."},
	 lint_mangled},
	{{"L-12", E, "a runtime stack has frames and a text, or neither",
	  "experimental.runtime_stack holds either frames or stacktrace_string."},
	 lint_runtime_stack},
	{{"L-13", W, "build_id is not in the form of its type",
	  "GNU and SHA1 ids are lower-case hex of even length, 20 bytes for GNU; PDB ids are a "
	  "GUID and an age, at least 33 digits. Symbol stores do not find others."},
	 lint_build_ids},
	{{"L-14", W, "one path with two build ids, or one build id with two paths",
	  "Within one process a path is one file. Frames of such modules get names from the wrong "
	  "build."},
	 lint_module_identity},
	{{"L-15", W, "ip - relative_address is not the same throughout a module",
	  "The difference is where the module was loaded: one value for all its frames, a multiple "
	  "of the page size. Otherwise relative_address is not an ELF virtual address; producers "
	  "of before October 2024 wrote file offsets."},
	 lint_load_bias},
	{{"L-16", W, "ip is not in a mapping that fits",
	  "The report carries the process's maps: ip should be in an executable mapping, and path "
	  "the file of that mapping."},
	 lint_mapping},
	{{"L-17", W, "relative_address is the offset in the file",
	  "The maps show that the module's code is not mapped where its file offsets say, and the "
	  "address is the offset. Symbols are looked up at virtual addresses, so they come out "
	  "wrong."},
	 lint_file_offset},
	{{"L-18", W, "addresses of a frame are in the wrong order",
	  "module_base_address <= symbol_address <= ip holds for code that was loaded from a "
	  "file."},
	 lint_order_of_addresses},
	{{"L-19", W, "sp falls from a frame to its caller, or is outside of writable memory",
	  "Stacks grow downwards: a caller's stack pointer is not below its callee's. The unwinder "
	  "went astray there."},
	 lint_stack_pointers},
	{{"L-20", W, "a frame says nothing, or the same frame comes again and again",
	  "A frame without ip, function, relative_address and path is noise. Many equal frames in "
	  "a row are an endless recursion, or an unwinder that does not move."},
	 lint_empty_frames},
	{{"L-21", W, "a complete stack of a signal has no frames",
	  "A crash by a signal has at least the frame it happened in. Set stack.incomplete."},
	 lint_no_frames},
	{{"L-22", E, "number and name of the signal disagree",
	  "si_signo_human_readable is the name of si_signo on Linux. One of them is wrong."},
	 lint_signal_name},
	{{"L-23", E, "number and name of the signal's code disagree",
	  "si_code_human_readable is the name of si_code for this signal; UNKNOWN is always "
	  "allowed."},
	 lint_code_name},
	{{"L-24", W, "kind and sig_info do not fit",
	  "UnixSignal comes with sig_info, the other kinds without; a default message names the "
	  "same signal as sig_info."},
	 lint_kind},
	{{"L-25", E, "source_type is not Crashtracking",
	  "Consumers route reports by it. RFC 0002 writes it in lower case."},
	 lint_source_type},
	{{"L-26", E, "sid_addr in place of si_addr",
	  "The prose of the specifications misspells the member; schemas and programs use si_addr "
	  "and drop sid_addr."},
	 lint_sid_addr},
	{{"L-27", I, "si_addr is not the address of a fault",
	  "For signals sent by kill and the like the kernel stores no address there; SI_KERNEL "
	  "with "
	  "0 is an access to a non-canonical address on x86, which the kernel does not know."},
	 lint_fault_address},
	{{"L-28", W, "ucontext does not fit the stack or the machine",
	  "The program counter and stack pointer of the crashing thread are those of its first "
	  "frame, and arch is the architecture of os_info."},
	 lint_context},
	{{"L-29", E, "a register is not a hex number of 16 digits, or has an unknown name",
	  "Registers are 0x and 16 hex digits under the names of the architecture."},
	 lint_registers},
	{{"L-30", E, "counts and flags of threads do not fit the threads",
	  "In 1.7 count is the length of threads. counters.threads_incomplete is 0 or 1 and comes "
	  "with threads. One thread crashed, and its name is error.thread_name."},
	 lint_thread_counts},
	{{"L-31", W, "name or state of a thread is not what the system gives",
	  "Linux cuts thread names at 15 bytes, and states are one letter."},
	 lint_thread_names},
	{{"L-32", W, "a span or trace id is not a decimal number",
	  "Ids are unsigned decimal numbers below 2^128, never 0, each once."},
	 lint_ids},
	{{"L-33", W, "a tag is not key:value",
	  "Tags are split at the first colon and joined with commas when they are sent: a tag "
	  "without key or value, or with a comma, corrupts its neighbours."},
	 lint_tags},
	{{"L-34", W, "tags lack service, language, library_version or runtime-id",
	  "The backend groups crashes by these tags."},
	 lint_tag_keys},
	{{"L-35", W, "a counter has an odd name or value",
	  "Counters count operations that are going on: not below 0, named without comma and "
	  "colon, which separate them when they are sent."},
	 lint_counters},
	{{"L-36", W, "a file's lines are not what its name says, or hold a secret",
	  "/proc/self/maps has a fixed form, lines hold no newlines, and environment files may "
	  "carry API keys, which should not leave the host."},
	 lint_files},
	{{"L-37", W, "a string shows that the stream was damaged",
	  "U+FFFD, NUL or a section marker of the collector's stream inside a value come from "
	  "bytes that were lost or mixed up on the way."},
	 lint_corruption},
	{{"L-38", W, "the format of a stack is not known",
	  "Frames of another format may not have the meaning that tools expect."},
	 lint_formats},
	{{"L-39", W, "process or thread id is not one that Linux gives",
	  "Ids are 1 to 4194304; with threads, tid says which of them crashed."},
	 lint_process},
	{{"L-40", W, "the report is too large to be sent",
	  "Agents refuse payloads above 10 MiB, some proxies above 5 MiB. Files and threads are "
	  "what can be left out."},
	 lint_size},
	{{"L-41", I, "the collector met difficulties",
	  "log_messages, an incomplete stack and comments of failed resolution say what could not "
	  "be collected."},
	 lint_logs},
	{{"L-42", I, "is_crash is false",
	  "Legal, for errors that are no crashes, but upstream never writes it in a report."},
	 lint_no_crash},
	{{"L-43", E, "an integer is outside of its range",
	  "The schemas give integers a width (uint32, int32, int64) that JSON Schema does not "
	  "check. Consumers written in typed languages refuse the whole report."},
	 lint_ranges},
	{{LINT_DUPLICATE, W, "a member occurs twice in one object",
	  "Readers differ in which of them they take, and upstream refuses the report. --strict "
	  "makes it an error."},
	 NULL},
	{{NULL}, NULL},
};

const struct crashinfo_lint_rule *crashinfo_lint_rule(size_t index)
{
	/* a row without id ends the table */
	return index < sizeof(lint_rules) / sizeof(lint_rules[0]) - 1 ? &lint_rules[index].public
								      : NULL;
}
