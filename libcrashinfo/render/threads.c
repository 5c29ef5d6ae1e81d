/* SPDX-License-Identifier: Apache-2.0 */
/* The other threads. Most of them wait in the same place: equal stacks are shown once. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "render/render.h"

struct thread_stack {
	const struct crashinfo_stack *stack;
	struct strbuf text; /* its frames as they are shown */
	size_t group;       /* index of the first thread with this text */
	size_t index;
};

struct thread_list {
	struct thread_stack *data;
	size_t size, capacity;
};

static void threads_deinit(struct thread_list *threads)
{
	for (size_t i = 0; i < threads->size; i++)
		strbuf_deinit(&threads->data[i].text);
	free(threads->data);
}

static int compare_text(const void *a, const void *b)
{
	const struct thread_stack *x = a, *y = b;
	size_t size = x->text.size < y->text.size ? x->text.size : y->text.size;
	int order = size ? memcmp(x->text.data, y->text.data, size) : 0;

	if (order)
		return order;
	if (x->text.size != y->text.size)
		return x->text.size < y->text.size ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Groups in the order of the report, and the members of each one after the other. */
static int compare_group(const void *a, const void *b)
{
	const struct thread_stack *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static bool same_text(const struct strbuf *a, const struct strbuf *b)
{
	return a->size == b->size && (!a->size || !memcmp(a->data, b->data, a->size));
}

static void group_threads(struct thread_list *threads)
{
	if (!threads->size)
		return;
	qsort(threads->data, threads->size, sizeof(*threads->data), compare_text);
	for (size_t i = 0; i < threads->size; i++) {
		struct thread_stack *thread = &threads->data[i];
		bool same = i && same_text(&thread->text, &thread[-1].text);

		thread->group = same ? thread[-1].group : thread->index;
	}
	qsort(threads->data, threads->size, sizeof(*threads->data), compare_group);
}

static struct crashinfo_error *add_thread(struct render *r, const struct crashinfo_stack *stack,
					  struct thread_list *threads)
{
	struct thread_stack *thread = vec_push(threads);

	if (!thread)
		return crashinfo_error_no_memory();
	*thread = (struct thread_stack){.stack = stack, .index = threads->size};
	return render_stack(r, stack, false, &thread->text);
}

/* The crashed thread may be among the threads too; only what differs is worth a second look. */
static struct crashinfo_error *collect(struct render *r, struct thread_list *threads)
{
	const struct crashinfo_stack *crashed = NULL, *stack;
	_strbuf_ struct strbuf text = {0};
	struct crashinfo_error *error = NULL;

	for (size_t i = 0; !error && (stack = crashinfo_report_stack(r->report, i)); i++) {
		if (stack->role == CRASHINFO_STACK_CRASHED)
			crashed = stack;
		if (stack->role != CRASHINFO_STACK_THREAD)
			continue;
		error = add_thread(r, stack, threads);
		if (error || !stack->crashed || !crashed || text.size)
			continue;
		error = render_stack(r, crashed, false, &text);
		if (!error && same_text(&text, &threads->data[threads->size - 1].text))
			strbuf_deinit(&threads->data[--threads->size].text);
	}
	return error;
}

static void add_name(const struct thread_stack *thread, struct strbuf *out)
{
	const char *name = thread->stack->thread_name;

	strbuf_addc(out, '"');
	render_escaped(out, name ? name : "");
	strbuf_addc(out, '"');
	if (thread->stack->thread_state) {
		strbuf_adds(out, " (");
		render_escaped(out, thread->stack->thread_state);
		strbuf_addc(out, ')');
	}
	if (thread->stack->crashed)
		strbuf_adds(out, " (crashed)");
}

static void add_group(const struct thread_stack *threads, size_t count,
		      struct strbuf *out)
{
	_strbuf_ struct strbuf names = {0};

	for (size_t i = 0; i < count && i < RENDER_NAMES; i++) {
		strbuf_adds(&names, i ? ", " : "");
		add_name(&threads[i], &names);
	}
	if (count > RENDER_NAMES)
		strbuf_addf(&names, " and %zu more", count - RENDER_NAMES);
	if (names.failed)
		out->failed = true;
	else if (count == 1)
		render_heading(out, "Thread %s:", names.data);
	else
		render_heading(out, "%zu threads with the same stack: %s:", count, names.data);
	strbuf_add(out, threads->text.data, threads->text.size);
	out->failed |= threads->text.failed;
}

static void add_groups(const struct render *r, const struct thread_list *threads,
		       struct strbuf *out)
{
	size_t shown = 0, count;

	for (size_t i = 0; i < threads->size; i += count) {
		const struct thread_stack *first = &threads->data[i];

		for (count = 1; i + count < threads->size; count++)
			if (first[count].group != first->group)
				break;
		if (shown++ == RENDER_THREAD_GROUPS && !r->options->verbose) {
			render_heading(out, "%zu more threads are not shown", threads->size - i);
			return;
		}
		add_group(first, count, out);
	}
}

struct crashinfo_error *render_threads(struct render *r, struct strbuf *out)
{
	__attribute__((cleanup(threads_deinit))) struct thread_list threads = {0};
	struct crashinfo_error *error = collect(r, &threads);

	if (error)
		return error;
	group_threads(&threads);
	add_groups(r, &threads, out);
	return NULL;
}
