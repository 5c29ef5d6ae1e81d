/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <stddef.h>

struct name {
	int number;
	const char *name;
};

struct code_name {
	int signo, code;
	const char *name;
};

enum { ANY_SIGNAL = 0 };

static const struct name fatal_names[] = {
	{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},     {SIGILL, "SIGILL"},
	{SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},
	{SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},     {SIGPIPE, "SIGPIPE"},
	{SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"}, {SIGXCPU, "SIGXCPU"},     {SIGXFSZ, "SIGXFSZ"},
	{SIGPROF, "SIGPROF"}, {SIGIO, "SIGIO"},     {SIGVTALRM, "SIGVTALRM"}, {SIGSYS, "SIGSYS"},
};

static const struct code_name code_names[] = {
	{ANY_SIGNAL, SI_USER, "SI_USER"},         {ANY_SIGNAL, SI_KERNEL, "SI_KERNEL"},
	{ANY_SIGNAL, SI_QUEUE, "SI_QUEUE"},       {ANY_SIGNAL, SI_TIMER, "SI_TIMER"},
	{ANY_SIGNAL, SI_MESGQ, "SI_MESGQ"},       {ANY_SIGNAL, SI_ASYNCIO, "SI_ASYNCIO"},
	{ANY_SIGNAL, SI_SIGIO, "SI_SIGIO"},       {ANY_SIGNAL, SI_TKILL, "SI_TKILL"},
	{SIGBUS, BUS_ADRALN, "BUS_ADRALN"},       {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},
	{SIGBUS, BUS_OBJERR, "BUS_OBJERR"},       {SIGBUS, BUS_MCEERR_AR, "BUS_MCEERR_AR"},
	{SIGBUS, BUS_MCEERR_AO, "BUS_MCEERR_AO"}, {SIGILL, ILL_ILLOPC, "ILL_ILLOPC"},
	{SIGILL, ILL_ILLOPN, "ILL_ILLOPN"},       {SIGILL, ILL_ILLADR, "ILL_ILLADR"},
	{SIGILL, ILL_ILLTRP, "ILL_ILLTRP"},       {SIGILL, ILL_PRVOPC, "ILL_PRVOPC"},
	{SIGILL, ILL_PRVREG, "ILL_PRVREG"},       {SIGILL, ILL_COPROC, "ILL_COPROC"},
	{SIGILL, ILL_BADSTK, "ILL_BADSTK"},       {SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"},
	{SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},    {SIGSEGV, SEGV_BNDERR, "SEGV_BNDERR"},
	{SIGSEGV, SEGV_PKUERR, "SEGV_PKUERR"},    {SIGSYS, SYS_SECCOMP, "SYS_SECCOMP"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct name *find_fatal(int signo)
{
	for (size_t i = 0; i < COUNT(fatal_names); i++)
		if (fatal_names[i].number == signo)
			return &fatal_names[i];
	return NULL;
}

const char *signal_name(int signo)
{
	const struct name *found = find_fatal(signo);

	return found ? found->name : "UNKNOWN";
}

const char *signal_code_name(int signo, int code)
{
	for (size_t i = 0; i < COUNT(code_names); i++)
		if (code_names[i].code == code &&
		    (code_names[i].signo == signo || code_names[i].signo == ANY_SIGNAL))
			return code_names[i].name;
	return "UNKNOWN";
}

bool signal_is_fatal(int signo)
{
	return find_fatal(signo);
}

bool signal_has_address(int signo, int code)
{
	if (signo == SIGTRAP)
		return code > 0 && code != SI_KERNEL;
	return code > 0 &&
	       (signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE);
}

bool signal_is_forced(int signo, int code)
{
	return signal_recurs(signo, code) || (code > 0 && (signo == SIGTRAP || signo == SIGSYS));
}

bool signal_recurs(int signo, int code)
{
	if (signo == SIGBUS && code == BUS_MCEERR_AO)
		return false;
	return code > 0 &&
	       (signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE);
}
