/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan over reports: frames become groups of one address, groups become queries, answers go
 * back into the text. All reports in hand are asked for together.
 */
#include "symbol/symbolize.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <crashinfo/maps.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "symbol/symbolizer.h"
#include "symbol/trampoline.h"

struct plan {
	const struct crashinfo_context *context;
	const struct crashinfo_symbolize_options *options;
	struct crashinfo_finder *finder;
	struct crashinfo_report *const *reports;
	struct crashinfo_maps **maps; /* one per report, NULL when not needed or not there */
	VEC(struct frame_group) groups;
	VEC(struct crashinfo_symbol_query) queries;
	struct crashinfo_symbol_answer *answers;
};

static bool is_trampoline(const struct crashinfo_frame *frame)
{
	return frame->function && trampoline_has_name(frame->function);
}

/* An earlier run wrote both for one address: two calls of one function differ in sp. */
static bool same_address(const struct crashinfo_frame *a, const struct crashinfo_frame *b)
{
	return a->has_ip && b->has_ip && a->ip == b->ip && a->has_sp && b->has_sp && a->sp == b->sp;
}

/* Frames of language runtimes and empty ones have no address to ask for. */
static bool is_native(const struct crashinfo_frame *frame)
{
	return frame->has_ip || frame->has_relative_address;
}

/* The frame where the crash was, in a stack that begins elsewhere: within the handler, say. */
static bool is_interrupted(const struct crashinfo_frame *crash, const struct crashinfo_frame *frame)
{
	return crash && same_address(crash, frame);
}

static struct crashinfo_error *add_groups(struct plan *plan, size_t report,
					  const struct crashinfo_stack *stack,
					  const struct crashinfo_frame *crash)
{
	size_t max = limits_of(plan->context)->stack_frames, count;
	const struct crashinfo_frame *frames;
	struct crashinfo_error *error;

	error = crashinfo_report_frames(plan->reports[report], stack, &frames, &count);
	if (error)
		return error;
	for (size_t i = 0; i < count && i < max;) {
		struct frame_group *group = vec_push(&plan->groups);
		size_t first = i++;

		if (!group)
			return crashinfo_error_no_memory();
		while (i < count && same_address(&frames[first], &frames[i]))
			i++;
		*group = (struct frame_group){
			.report = report,
			.stack = stack,
			.index = first,
			.frames = &frames[first],
			.count = i - first,
			.exact = first == 0,
			.first = first == 0,
			.keep = !is_native(&frames[first]) ||
				(frames[first].function && !plan->options->force),
		};
		if (!group->first)
			group->after_trampoline = is_trampoline(&frames[first - 1]);
		group->exact |= group->after_trampoline || is_interrupted(crash, group->frames);
	}
	return NULL;
}

/* The first frame of the crashed thread, NULL when there is none. */
static struct crashinfo_error *crash_frame(struct plan *plan, size_t report,
					   const struct crashinfo_frame **ret)
{
	struct crashinfo_report *r = plan->reports[report];
	const struct crashinfo_frame *frames;
	struct crashinfo_error *error = NULL;
	size_t count;

	*ret = NULL;
	for (size_t i = 0; i < crashinfo_report_stack_count(r) && !*ret && !error; i++) {
		const struct crashinfo_stack *stack = crashinfo_report_stack(r, i);

		if (stack->role != CRASHINFO_STACK_CRASHED || !stack->frame_count)
			continue;
		error = crashinfo_report_frames(r, stack, &frames, &count);
		if (!error && count)
			*ret = frames;
	}
	return error;
}

static struct crashinfo_error *add_report(struct plan *plan, size_t report)
{
	const struct crashinfo_report *r = plan->reports[report];
	const struct crashinfo_frame *crash;
	struct crashinfo_error *error = crash_frame(plan, report, &crash);

	for (size_t i = 0; i < crashinfo_report_stack_count(r) && !error; i++) {
		const struct crashinfo_stack *stack = crashinfo_report_stack(r, i);

		if (stack->role != CRASHINFO_STACK_RUNTIME && stack->frame_count)
			error = add_groups(plan, report, stack, crash);
	}
	return error;
}

/* The report's maps, read when a frame first needs them; NULL when it has none. */
static struct crashinfo_error *maps_of(struct plan *plan, size_t report,
				       const struct crashinfo_maps **ret)
{
	_free_ char *text = NULL;
	size_t size;
	struct crashinfo_error *error;

	if (!plan->maps[report]) {
		error = crashinfo_report_maps_text(plan->reports[report], &text, &size);
		if (error && error->code == CRASHINFO_ERROR_NOT_FOUND) {
			crashinfo_error_destroy(error);
			text = NULL;
			size = 0;
		} else if (error) {
			return error;
		}
		error = crashinfo_maps_parse(plan->context, text, size, &plan->maps[report]);
		if (error)
			return error;
	}
	*ret = plan->maps[report];
	return NULL;
}

/* A frame with an ip alone: its module and address by the report's maps, when files are at hand. */
static struct crashinfo_error *normalize(struct plan *plan, const struct frame_group *group,
					 struct crashinfo_symbol_query *query)
{
	const struct crashinfo_frame *frame = group->frames;
	struct crashinfo_normalized normalized;
	const struct crashinfo_maps *maps;
	const struct crashinfo_map *map;
	struct crashinfo_error *error = maps_of(plan, group->report, &maps);

	if (error)
		return error;
	map = crashinfo_maps_find(maps, frame->ip);
	if (!query->path && map && map->path[0] == '/')
		query->path = map->path;
	if (!plan->finder)
		return NULL;
	error = crashinfo_normalize(plan->finder, maps, frame->ip, frame->build_id, &normalized);
	if (error && error->code == CRASHINFO_ERROR_NO_MEMORY)
		return error;
	if (error) {
		/* the answer will say that nothing was found for the module */
		crashinfo_error_destroy(error);
		return NULL;
	}
	query->path = normalized.path;
	query->build_id = normalized.build_id;
	query->address = normalized.relative_address;
	return NULL;
}

static struct crashinfo_error *add_query(struct plan *plan, struct frame_group *group)
{
	const struct crashinfo_frame *frame = group->frames;
	struct crashinfo_symbol_query *query = vec_push(&plan->queries);

	if (!query)
		return crashinfo_error_no_memory();
	*query = (struct crashinfo_symbol_query){
		.build_id = frame->build_id,
		.path = frame->path,
		.address = frame->relative_address,
		.return_address = !group->exact,
	};
	group->query = plan->queries.size - 1;
	return frame->has_relative_address ? NULL : normalize(plan, group, query);
}

static struct crashinfo_error *ask(struct plan *plan, struct crashinfo_symbolizer *symbolizer)
{
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; i < plan->groups.size && !error; i++)
		if (!plan->groups.data[i].keep)
			error = add_query(plan, &plan->groups.data[i]);
	if (error || !plan->queries.size)
		return error;
	plan->answers = calloc(plan->queries.size, sizeof(*plan->answers));
	if (!plan->answers)
		return crashinfo_error_no_memory();
	return crashinfo_symbolizer_resolve(symbolizer, plan->queries.data, plan->queries.size,
					    plan->answers);
}

/* The groups behind trampolines were taken for return addresses: ask again for their exact ones. */
static struct crashinfo_error *ask_again(struct plan *plan, struct crashinfo_symbolizer *symbolizer)
{
	_free_ struct crashinfo_symbol_query *queries = NULL;
	_free_ struct crashinfo_symbol_answer *answers = NULL;
	_free_ size_t *places = NULL;
	struct crashinfo_error *error;
	size_t count = 0;

	queries = calloc(plan->queries.size + 1, sizeof(*queries));
	answers = calloc(plan->queries.size + 1, sizeof(*answers));
	places = calloc(plan->queries.size + 1, sizeof(*places));
	if (!queries || !answers || !places)
		return crashinfo_error_no_memory();
	for (size_t i = 1; i < plan->groups.size; i++) {
		const struct frame_group *group = &plan->groups.data[i], *inner = group - 1;

		if (group->keep || group->first || group->exact || inner->keep ||
		    !plan->answers[inner->query].trampoline)
			continue;
		queries[count] = plan->queries.data[group->query];
		queries[count].return_address = false;
		places[count++] = group->query;
	}
	if (!count)
		return NULL;
	error = crashinfo_symbolizer_resolve(symbolizer, queries, count, answers);
	for (size_t i = 0; i < count && !error; i++)
		plan->answers[places[i]] = answers[i];
	return error;
}

static void count_group(const struct plan *plan, const struct frame_group *group,
			struct crashinfo_symbolize_stats *stats)
{
	enum crashinfo_symbol_status status;

	if (!stats || !is_native(group->frames))
		return;
	stats->frames++;
	if (group->keep) {
		stats->kept++;
		return;
	}
	status = plan->answers[group->query].status;
	stats->by_status[status]++;
	stats->cached += plan->answers[group->query].cached;
	stats->resolved += crashinfo_symbol_status_has_name(status);
}

/* New texts that are there at once; their memory serves for the next ones. */
#define TEXTS_AT_ONCE 128

/* Reports that threads write one after the other, up to `end`. */
struct writing {
	struct plan *plan;
	const size_t *firsts; /* group of each report */
	size_t begin, end;
	char *texts[TEXTS_AT_ONCE]; /* from `begin` on */
	size_t sizes[TEXTS_AT_ONCE];
	atomic_size_t next;
	pthread_mutex_t lock;
	struct crashinfo_error *error; /* the first one */
};

/* Write the groups from `first` on that belong to `report`. */
static struct crashinfo_error *write_report(const struct plan *plan, struct symbolize_texts *texts,
					    size_t report, size_t first, char **ret,
					    size_t *size_ret)
{
	const struct crashinfo_json *json = crashinfo_report_json(plan->reports[report]);
	struct crashinfo_json_edits *edits = NULL;
	struct crashinfo_error *error = crashinfo_json_edits_create(json, &edits);

	for (; first < plan->groups.size && !error; first++) {
		const struct frame_group *group = &plan->groups.data[first];

		if (group->report != report)
			break;
		if (!group->keep)
			error = symbolize_write(json, edits, texts, group,
						&plan->answers[group->query]);
	}
	if (!error)
		error = crashinfo_json_edits_apply(edits, ret, size_ret);
	crashinfo_json_edits_destroy(edits);
	return error;
}

static void *write_reports(void *user)
{
	struct writing *writing = user;
	struct symbolize_texts *texts = symbolize_texts_create();
	size_t i;

	while ((i = atomic_fetch_add(&writing->next, 1)) < writing->end) {
		size_t at = i - writing->begin;
		struct crashinfo_error *error =
			texts ? write_report(writing->plan, texts, i, writing->firsts[i],
					     &writing->texts[at], &writing->sizes[at])
			      : crashinfo_error_no_memory();

		if (!error)
			continue;
		pthread_mutex_lock(&writing->lock);
		if (!writing->error)
			writing->error = steal_ptr(error);
		pthread_mutex_unlock(&writing->lock);
		crashinfo_error_destroy(error);
	}
	symbolize_texts_destroy(texts);
	return NULL;
}

/* A thread costs as much as a few reports. */
#define REPORTS_PER_THREAD 16
#define THREADS_MAX        64

static void write_side_by_side(struct writing *writing, unsigned jobs)
{
	pthread_t threads[THREADS_MAX];
	unsigned started = 0;

	while (started + 1 < jobs && started < THREADS_MAX &&
	       (started + 2) * REPORTS_PER_THREAD <= writing->end - writing->begin &&
	       !pthread_create(&threads[started], NULL, write_reports, writing))
		started++;
	write_reports(writing);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

/* Hand on the texts up to the first one that is missing. */
static void hand_on(struct writing *writing, crashinfo_symbolized_report_fn *done, void *user)
{
	size_t count = writing->end - writing->begin, i = 0;

	for (; i < count && writing->texts[i]; i++)
		done(user, writing->begin + i, writing->texts[i], writing->sizes[i]);
	for (; i < count; i++)
		free(writing->texts[i]);
}

static struct crashinfo_error *write_all(struct plan *plan, unsigned jobs, size_t count,
					 crashinfo_symbolized_report_fn *done, void *user)
{
	_free_ size_t *firsts = calloc(count + 1, sizeof(*firsts));
	struct writing writing = {
		.plan = plan, .firsts = firsts, .lock = PTHREAD_MUTEX_INITIALIZER};

	if (!firsts)
		return crashinfo_error_no_memory();
	/* groups stand in the order of their reports */
	for (size_t i = plan->groups.size; i > 0; i--)
		firsts[plan->groups.data[i - 1].report] = i - 1;
	while (writing.end < count && !writing.error) {
		size_t left = count - writing.end;

		writing.begin = writing.end;
		writing.end += left < TEXTS_AT_ONCE ? left : TEXTS_AT_ONCE;
		memset(writing.texts, 0, sizeof(writing.texts));
		atomic_store(&writing.next, writing.begin);
		write_side_by_side(&writing, jobs);
		hand_on(&writing, done, user);
	}
	return writing.error;
}

static void tell_each(const struct plan *plan, crashinfo_symbolized_fn *each, void *user)
{
	for (size_t i = 0; i < plan->groups.size; i++) {
		const struct frame_group *group = &plan->groups.data[i];
		struct crashinfo_symbolized_frame frame = {
			.report = group->report, .frame = group->index, .stack = group->stack};

		if (!is_native(group->frames))
			continue;
		if (!group->keep) {
			frame.query = &plan->queries.data[group->query];
			frame.answer = &plan->answers[group->query];
		}
		each(user, &frame);
	}
}

static struct crashinfo_error *run(struct plan *plan, struct crashinfo_symbolizer *symbolizer,
				   size_t count)
{
	struct crashinfo_error *error = NULL;

	plan->maps = calloc(count ? count : 1, sizeof(struct crashinfo_maps *));
	if (!plan->maps)
		return crashinfo_error_no_memory();
	for (size_t i = 0; i < count && !error; i++)
		error = add_report(plan, i);
	if (!error)
		error = ask(plan, symbolizer);
	return error ? error : ask_again(plan, symbolizer);
}

struct crashinfo_error *crashinfo_symbolize(const struct crashinfo_context *context,
					    struct crashinfo_symbolizer *symbolizer,
					    const struct crashinfo_symbolize_options *options,
					    struct crashinfo_report *const *reports, size_t count,
					    struct crashinfo_symbolize_stats *stats,
					    crashinfo_symbolized_fn *each,
					    crashinfo_symbolized_report_fn *done, void *user)
{
	static const struct crashinfo_symbolize_options defaults;
	struct plan plan = {
		.context = context,
		.options = options ? options : &defaults,
		.finder = symbolizer_finder(symbolizer),
		.reports = reports,
	};
	struct crashinfo_error *error = run(&plan, symbolizer, count);

	for (size_t i = 0; i < plan.groups.size && !error; i++)
		count_group(&plan, &plan.groups.data[i], stats);
	if (!error && each)
		tell_each(&plan, each, user);
	if (!error)
		error = write_all(&plan, symbolizer_jobs(symbolizer), count, done, user);
	for (size_t i = 0; plan.maps && i < count; i++)
		crashinfo_maps_destroy(plan.maps[i]);
	free(plan.maps);
	free(plan.groups.data);
	free(plan.queries.data);
	free(plan.answers);
	return error;
}
