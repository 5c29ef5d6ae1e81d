/* SPDX-License-Identifier: Apache-2.0 */
/* Signals in plain words. */
#include <string.h>

#include "base/number.h"
#include "render/render.h"

/* Any code of the signal. */
#define ANY_CODE INT32_MIN

struct meaning {
	int signal;
	int32_t code;
	const char *text;
};

/* The first row that fits; codes that any signal can have are under signal 0. */
static const struct meaning meanings[] = {
	{0, 0, "another process sent it (kill)"},
	{0, -1, "a process sent it (sigqueue)"},
	{11, 2, "the memory is there, but this access to it is not allowed"},
	{11, 3, "outside the bounds of the object that the pointer belongs to"},
	{11, 4, "a memory protection key forbids the access"},
	{11, 0x80, "the address is none that this CPU can have, so the pointer was overwritten"},
	{7, 1, "the address is not aligned as the instruction needs it"},
	{7, 2, "the memory has nothing behind it: a mapped file shorter than its mapping, perhaps"},
	{7, 3, "the hardware reported an error"},
	{7, 4, "the memory is broken: an uncorrectable error was read"},
	{7, 5, "the memory is broken: an uncorrectable error was found"},
	{8, 1, "an integer was divided by zero"},
	{8, 2, "an integer overflowed"},
	{8, 3, "a floating-point number was divided by zero"},
	{8, 4, "a floating-point number overflowed"},
	{8, 5, "a floating-point number underflowed"},
	{8, 6, "a floating-point result was not exact"},
	{8, 7, "an invalid floating-point operation"},
	{8, 8, "a subscript was out of range"},
	{4, 1, "the CPU does not know the instruction"},
	{4, 2, "the CPU does not know the operand of the instruction"},
	{4, 3, "the CPU does not know the addressing mode of the instruction"},
	{4, 5, "only the kernel may run the instruction"},
	{4, 6, "only the kernel may use the register"},
	{4, 8, "the stack has an error"},
	{31, 1, "a filter (seccomp) refused a system call"},
	{4, ANY_CODE, "an instruction that cannot run: damaged code, or a trap of the compiler"},
	{5, ANY_CODE, "a breakpoint or a trap in the code"},
	{6, ANY_CODE, "the program ended itself (abort)"},
	{0, -6, "the process sent it to one of its threads"},
};

static const struct meaning *find_meaning(int64_t signal, int64_t code)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const struct meaning *m = &meanings[i];

		if ((!m->signal || m->signal == signal) && (m->code == ANY_CODE || m->code == code))
			return m;
	}
	return NULL;
}

/* No page is mapped below by default, and members of most objects lie within. */
#define NULL_PAGE 4096u

static void explain_unmapped(uint64_t address, struct strbuf *out)
{
	if (!address)
		strbuf_adds(out, "a null pointer was used");
	else if (address < NULL_PAGE)
		strbuf_addf(out, "a null pointer was used, %ju bytes behind it",
			    (uintmax_t)address);
	else if (address > UINT64_MAX - NULL_PAGE)
		strbuf_addf(out, "a null pointer was used, %ju bytes before it",
			    (uintmax_t)(UINT64_MAX - address + 1));
	else
		strbuf_adds(out, "no memory is mapped at that address");
}

void render_signal_meaning(const struct crashinfo_report_summary *summary, struct strbuf *out)
{
	int64_t signal = summary->signal_number;
	const char *fault = summary->fault_address;
	const struct meaning *meaning;
	uint64_t address;

	if (!summary->has_signal_number)
		signal = summary->signal_name ? crashinfo_signal_number(summary->signal_name) : 0;
	/* without a code, only what holds for any */
	meaning = find_meaning(signal, summary->has_signal_code ? summary->signal_code : INT64_MAX);
	if (signal == 11 && fault && parse_address(fault, strlen(fault), &address) &&
	    (!summary->has_signal_code || summary->signal_code == 1))
		explain_unmapped(address, out);
	else if (meaning)
		strbuf_adds(out, meaning->text);
}
