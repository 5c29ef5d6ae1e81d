/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping. Nothing of this file runs in the signal handler. */
#include "ddcrash.h"

#include "activity.h"
#include "descriptors.h"
#include "handler.h"
#include "maps.h"
#include "raw.h"
#include "state.h"

/* libc's, when the program has it: a static one may not. */
extern void *dlsym(void *handle, const char *name) __attribute__((weak));

static struct sigaction our_action(const struct sigaction *previous)
{
	struct sigaction action = {.sa_sigaction = handler};
	raw_sigset mask = ~HANDLER_FAULTS;

	__builtin_memcpy(&action.sa_mask, &mask, sizeof(mask));
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	/* System calls are restarted exactly when they were before. */
	if (previous->sa_handler == SIG_IGN || previous->sa_flags & SA_RESTART)
		action.sa_flags |= SA_RESTART;
	return action;
}

static int install(int signo)
{
	struct sigaction action;

	/* The handler needs to know the previous one from its first moment on. */
	if (sigaction(signo, NULL, &state.previous[signo]))
		return -EINVAL;
	action = our_action(&state.previous[signo]);
	if (sigaction(signo, &action, NULL))
		return -EINVAL;
	state.installed |= RAW_SIGNAL(signo);
	return 0;
}

static void uninstall(int signo)
{
	struct sigaction current;

	if (sigaction(signo, NULL, &current) || current.sa_sigaction != handler)
		return;
	sigaction(signo, &state.previous[signo], NULL);
	state.installed &= ~RAW_SIGNAL(signo);
}

static void uninstall_all(void)
{
	for (int signo = 1; signo <= SIGNALS_MAX; signo++)
		if (state.installed & RAW_SIGNAL(signo))
			uninstall(signo);
}

static int install_all(void)
{
	raw_sigset wanted = state.signals & ~state.installed;
	int error = 0;

	for (int signo = 1; signo <= SIGNALS_MAX && !error; signo++)
		if (wanted & RAW_SIGNAL(signo))
			error = install(signo);
	if (error)
		uninstall_all();
	return error;
}

/* What is found now is used when a crash can't look itself, without /proc say. */
static void look_around(void)
{
	if (maps_open())
		maps_read(NULL);
	if (dlsym)
		state.abort_message = dlsym(NULL, "__abort_msg");
}

static int start(const struct ddcrash_config *config)
{
	int error = 0;

	if (atomic_load(&state.started))
		return -EALREADY;
	if (guard_is_taken())
		return -EBUSY;
	error = state_set(config);
	if (!error && !(config->flags & DDCRASH_NO_ALTERNATE_STACK))
		error = ddcrash_thread_start();
	if (error)
		return error;
	look_around();
	descriptors_keep();
	atomic_store(&state.started, true);
	error = install_all();
	if (error) {
		atomic_store(&state.started, false);
		descriptors_give_up();
	}
	return error;
}

int ddcrash_start(const struct ddcrash_config *config)
{
	int error;

	if (!config || config->size != sizeof(*config))
		return -EINVAL;
	state_lock();
	error = start(config);
	state_unlock();
	return error;
}

int ddcrash_stop(void)
{
	int error = -ESRCH;

	state_lock();
	if (atomic_exchange(&state.started, false)) {
		uninstall_all();
		descriptors_give_up();
		error = ddcrash_thread_stop();
	}
	state_unlock();
	return error;
}

int ddcrash_metadata_update(const struct ddcrash_metadata *metadata)
{
	int error;

	if (!metadata)
		return -EINVAL;
	state_lock();
	if (!atomic_load(&state.started))
		error = -ESRCH;
	else if (guard_is_taken())
		error = -EBUSY; /* the handler may be reading what would be overwritten */
	else
		error = state_set_metadata(metadata);
	state_unlock();
	return error;
}

int ddcrash_exception_report(const struct ddcrash_exception *exception)
{
	if (!exception || exception->size != sizeof(*exception))
		return -EINVAL;
	if (exception->frames_count && !exception->frames)
		return -EINVAL;
	return handler_report_exception(exception);
}

int ddcrash_enable(void)
{
	atomic_store(&state.disabled, false);
	return 0;
}

int ddcrash_disable(void)
{
	atomic_store(&state.disabled, true);
	return 0;
}

/* --- after fork ------------------------------------------------------------------------------- */

static void forget_activity(void)
{
	ids_forget();
	tags_mend();
	ddcrash_operations_clear();
}

/* The handlers came along with the copy; signals that are new need theirs. */
static int replace_configuration(const struct ddcrash_config *config)
{
	int error;

	atomic_store(&state.started, false);
	error = state_set(config);
	if (!error)
		error = install_all();
	if (error)
		uninstall_all();
	atomic_store(&state.started, !error);
	return error;
}

static int update_on_fork(const struct ddcrash_config *config)
{
	int error = 0;

	if (!atomic_load(&state.started))
		return -ESRCH;
	if (guard_is_taken())
		return -EBUSY;
	if (config)
		error = replace_configuration(config);
	if (!error && !(config && config->flags & DDCRASH_NO_ALTERNATE_STACK))
		error = ddcrash_thread_start();
	forget_activity();
	look_around();
	return error;
}

int ddcrash_update_on_fork(const struct ddcrash_config *config)
{
	int error;

	if (config && config->size != sizeof(*config))
		return -EINVAL;
	state_lock();
	error = update_on_fork(config);
	state_unlock();
	return error;
}
