/* SPDX-License-Identifier: Apache-2.0 */
/* Names and numbers of signals and their codes: Linux on x86-64 and aarch64, names of the schema.
 */
#include <crashinfo/report.h>

#include <string.h>

struct signal_row {
	int number;
	const char *name;
};

static const struct signal_row signals[] = {
	{1, "SIGHUP"},   {2, "SIGINT"},    {3, "SIGQUIT"},  {4, "SIGILL"},   {5, "SIGTRAP"},
	{6, "SIGABRT"},  {7, "SIGBUS"},    {8, "SIGFPE"},   {9, "SIGKILL"},  {10, "SIGUSR1"},
	{11, "SIGSEGV"}, {12, "SIGUSR2"},  {13, "SIGPIPE"}, {14, "SIGALRM"}, {15, "SIGTERM"},
	{17, "SIGCHLD"}, {18, "SIGCONT"},  {19, "SIGSTOP"}, {20, "SIGTSTP"}, {21, "SIGTTIN"},
	{22, "SIGTTOU"}, {23, "SIGURG"},   {24, "SIGXCPU"}, {25, "SIGXFSZ"}, {26, "SIGVTALRM"},
	{27, "SIGPROF"}, {28, "SIGWINCH"}, {29, "SIGIO"},   {31, "SIGSYS"},
};

/* Codes of one signal; 0 stands for the codes that any signal can have. */
struct code_row {
	int signal;
	int code;
	const char *name;
};

static const struct code_row codes[] = {
	{0, 0, "SI_USER"},      {0, 0x80, "SI_KERNEL"},  {0, -1, "SI_QUEUE"},
	{0, -2, "SI_TIMER"},    {0, -3, "SI_MESGQ"},     {0, -4, "SI_ASYNCIO"},
	{0, -5, "SI_SIGIO"},    {0, -6, "SI_TKILL"},     {4, 1, "ILL_ILLOPC"},
	{4, 2, "ILL_ILLOPN"},   {4, 3, "ILL_ILLADR"},    {4, 4, "ILL_ILLTRP"},
	{4, 5, "ILL_PRVOPC"},   {4, 6, "ILL_PRVREG"},    {4, 7, "ILL_COPROC"},
	{4, 8, "ILL_BADSTK"},   {7, 1, "BUS_ADRALN"},    {7, 2, "BUS_ADRERR"},
	{7, 3, "BUS_OBJERR"},   {7, 4, "BUS_MCEERR_AR"}, {7, 5, "BUS_MCEERR_AO"},
	{11, 1, "SEGV_MAPERR"}, {11, 2, "SEGV_ACCERR"},  {11, 3, "SEGV_BNDERR"},
	{11, 4, "SEGV_PKUERR"}, {31, 1, "SYS_SECCOMP"},
};

const char *crashinfo_signal_name(int64_t number)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "UNKNOWN";
}

int crashinfo_signal_number(const char *name)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcmp(signals[i].name, name))
			return signals[i].number;
	return 0;
}

const char *crashinfo_si_code_name(int64_t signal_number, int64_t code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code &&
		    (codes[i].signal == 0 || codes[i].signal == signal_number))
			return codes[i].name;
	return "UNKNOWN";
}
