/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of debugging entries without recursion, as its depth comes from a stranger. */
#include <stdlib.h>

#include "symbol/lookup.h"

/* Deeper trees are damaged ones: the nesting of C++ namespaces and blocks stays below 100. */
#define DWARF_TREE_DEPTH 1024

typedef VEC(Dwarf_Die) die_vec;

/* Visit the entry on top and go down, along or up from it. */
static struct crashinfo_error *visit_top(die_vec *stack, dwarf_visit_fn *visit, void *user,
					 bool *damaged_ret)
{
	Dwarf_Die *die = &stack->data[stack->size - 1], next;
	bool descend = true;
	struct crashinfo_error *error;
	int more;

	error = visit(user, die, dwarf_tag(die), stack->size, &descend);
	if (error)
		return error;
	if (descend && dwarf_haschildren(die) > 0 && stack->size < DWARF_TREE_DEPTH) {
		more = dwarf_child(die, &next);
		if (!more) {
			Dwarf_Die *slot = vec_push(stack);

			if (!slot)
				return crashinfo_error_no_memory();
			*slot = next;
			return NULL;
		}
		*damaged_ret |= more < 0;
	}
	while (stack->size) {
		more = dwarf_siblingof(&stack->data[stack->size - 1], &next);
		if (!more) {
			stack->data[stack->size - 1] = next;
			return NULL;
		}
		*damaged_ret |= more < 0;
		stack->size--;
	}
	return NULL;
}

struct crashinfo_error *dwarf_walk(Dwarf_Die *root, dwarf_visit_fn *visit, void *user,
				   bool *damaged_ret)
{
	die_vec stack = {0};
	struct crashinfo_error *error = NULL;
	Dwarf_Die *slot = vec_push(&stack);
	int first;

	if (!slot)
		return crashinfo_error_no_memory();
	first = dwarf_child(root, slot);
	if (first)
		stack.size = 0;
	*damaged_ret |= first < 0;
	while (stack.size && !error)
		error = visit_top(&stack, visit, user, damaged_ret);
	free(stack.data);
	return error;
}
