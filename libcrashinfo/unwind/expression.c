/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF expressions as call frame information uses them: addresses, no types and no pieces. */
#include "unwind/cfi.h"

#define MAX_DEPTH 64
/* Branches make loops possible; real expressions have a dozen operations. */
#define MAX_OPERATIONS 1024

struct evaluation {
	struct unwind_cursor cursor;
	uint64_t start;
	const struct unwind_registers *registers;
	unsigned depth;
	uint64_t stack[MAX_DEPTH];
};

static bool push(struct evaluation *e, uint64_t value)
{
	if (e->depth == MAX_DEPTH)
		return false;
	e->stack[e->depth++] = value;
	return true;
}

static bool pop(struct evaluation *e, uint64_t *ret)
{
	if (!e->depth)
		return false;
	*ret = e->stack[--e->depth];
	return true;
}

/* The value `index` places below the top, again on the top. */
static bool pick(struct evaluation *e, unsigned index)
{
	return index < e->depth && push(e, e->stack[e->depth - 1 - index]);
}

static bool swap(struct evaluation *e)
{
	uint64_t top, below;

	return pop(e, &top) && pop(e, &below) && push(e, top) && push(e, below);
}

static bool rotate(struct evaluation *e)
{
	uint64_t a, b, c;

	return pop(e, &a) && pop(e, &b) && pop(e, &c) && push(e, a) && push(e, c) && push(e, b);
}

static bool dereference(struct evaluation *e, unsigned size)
{
	uint64_t address, value = 0;

	if (!size || size > sizeof(value) || !pop(e, &address) ||
	    e->cursor.source->read(e->cursor.source->user, address, &value, size))
		return false;
	return push(e, value);
}

static bool branch(struct evaluation *e, bool taken, int64_t distance)
{
	uint64_t target = e->cursor.at + (uint64_t)distance;

	if (!taken)
		return true;
	if (target < e->start || target > e->cursor.end)
		return false;
	unwind_cursor_seek(&e->cursor, target, e->cursor.end);
	return true;
}

static bool branch_if(struct evaluation *e)
{
	int64_t distance = unwind_cursor_signed(&e->cursor, 2);
	uint64_t condition;

	return pop(e, &condition) && branch(e, condition != 0, distance);
}

static bool register_plus(struct evaluation *e, uint64_t number, int64_t offset)
{
	return number < UNWIND_REGISTERS && push(e, e->registers->value[number] + (uint64_t)offset);
}

static uint64_t shift_arithmetic(uint64_t value, uint64_t count)
{
	if (count > 63)
		count = 63;
	return (uint64_t)((int64_t)value >> count);
}

static bool divide(struct evaluation *e, uint64_t a, uint64_t b)
{
	/* the one quotient that does not fit traps as a division by zero does */
	if (!b || ((int64_t)a == INT64_MIN && (int64_t)b == -1))
		return false;
	return push(e, (uint64_t)((int64_t)a / (int64_t)b));
}

/* Operations that take two values and leave one. */
static bool run_binary(struct evaluation *e, uint8_t opcode)
{
	uint64_t a, b;

	if (!pop(e, &b) || !pop(e, &a))
		return false;
	switch (opcode) {
	case 0x1a: /* DW_OP_and */ return push(e, a & b);
	case 0x1b: /* DW_OP_div */ return divide(e, a, b);
	case 0x1c: /* DW_OP_minus */ return push(e, a - b);
	case 0x1d: /* DW_OP_mod */ return b && push(e, a % b);
	case 0x1e: /* DW_OP_mul */ return push(e, a * b);
	case 0x21: /* DW_OP_or */ return push(e, a | b);
	case 0x22: /* DW_OP_plus */ return push(e, a + b);
	case 0x24: /* DW_OP_shl */ return push(e, b < 64 ? a << b : 0);
	case 0x25: /* DW_OP_shr */ return push(e, b < 64 ? a >> b : 0);
	case 0x26: /* DW_OP_shra */ return push(e, shift_arithmetic(a, b));
	case 0x27: /* DW_OP_xor */ return push(e, a ^ b);
	case 0x29: /* DW_OP_eq */ return push(e, a == b);
	case 0x2a: /* DW_OP_ge */ return push(e, (int64_t)a >= (int64_t)b);
	case 0x2b: /* DW_OP_gt */ return push(e, (int64_t)a > (int64_t)b);
	case 0x2c: /* DW_OP_le */ return push(e, (int64_t)a <= (int64_t)b);
	case 0x2d: /* DW_OP_lt */ return push(e, (int64_t)a < (int64_t)b);
	case 0x2e: /* DW_OP_ne */ return push(e, a != b);
	default: return false;
	}
}

static bool run_unary(struct evaluation *e, uint8_t opcode)
{
	uint64_t a;

	if (!pop(e, &a))
		return false;
	switch (opcode) {
	case 0x19: /* DW_OP_abs */ return push(e, (int64_t)a < 0 ? -a : a);
	case 0x1f: /* DW_OP_neg */ return push(e, -a);
	case 0x20: /* DW_OP_not */ return push(e, ~a);
	case 0x23: /* DW_OP_plus_uconst */ return push(e, a + unwind_cursor_uleb(&e->cursor));
	default: return false;
	}
}

static bool run_stack(struct evaluation *e, uint8_t opcode)
{
	uint64_t dropped;

	switch (opcode) {
	case 0x06: /* DW_OP_deref */ return dereference(e, 8);
	case 0x94: /* DW_OP_deref_size */ return dereference(e, unwind_cursor_u8(&e->cursor));
	case 0x12: /* DW_OP_dup */ return pick(e, 0);
	case 0x13: /* DW_OP_drop */ return pop(e, &dropped);
	case 0x14: /* DW_OP_over */ return pick(e, 1);
	case 0x15: /* DW_OP_pick */ return pick(e, unwind_cursor_u8(&e->cursor));
	case 0x16: /* DW_OP_swap */ return swap(e);
	case 0x17: /* DW_OP_rot */ return rotate(e);
	case 0x28: /* DW_OP_bra */ return branch_if(e);
	case 0x2f: /* DW_OP_skip */ return branch(e, true, unwind_cursor_signed(&e->cursor, 2));
	case 0x96: /* DW_OP_nop */ return true;
	case 0x19:
	case 0x1f:
	case 0x20:
	case 0x23: return run_unary(e, opcode);
	default: return run_binary(e, opcode);
	}
}

static bool run_operation(struct evaluation *e)
{
	struct unwind_cursor *c = &e->cursor;
	uint8_t opcode = unwind_cursor_u8(c);
	uint64_t number;

	if (opcode >= 0x30 && opcode <= 0x4f) /* DW_OP_lit0..31 */
		return push(e, opcode - 0x30u);
	if (opcode >= 0x70 && opcode <= 0x8f) /* DW_OP_breg0..31 */
		return register_plus(e, opcode - 0x70u, unwind_cursor_sleb(c));
	switch (opcode) {
	case 0x03: /* DW_OP_addr */
	case 0x0e: /* DW_OP_const8u */
	case 0x0f: /* DW_OP_const8s */ return push(e, unwind_cursor_unsigned(c, 8));
	case 0x08: /* DW_OP_const1u */ return push(e, unwind_cursor_unsigned(c, 1));
	case 0x09: /* DW_OP_const1s */ return push(e, (uint64_t)unwind_cursor_signed(c, 1));
	case 0x0a: /* DW_OP_const2u */ return push(e, unwind_cursor_unsigned(c, 2));
	case 0x0b: /* DW_OP_const2s */ return push(e, (uint64_t)unwind_cursor_signed(c, 2));
	case 0x0c: /* DW_OP_const4u */ return push(e, unwind_cursor_unsigned(c, 4));
	case 0x0d: /* DW_OP_const4s */ return push(e, (uint64_t)unwind_cursor_signed(c, 4));
	case 0x10: /* DW_OP_constu */ return push(e, unwind_cursor_uleb(c));
	case 0x11: /* DW_OP_consts */ return push(e, (uint64_t)unwind_cursor_sleb(c));
	case 0x92: /* DW_OP_bregx */
		number = unwind_cursor_uleb(c);
		return register_plus(e, number, unwind_cursor_sleb(c));
	default: return run_stack(e, opcode);
	}
}

bool cfi_evaluate(const struct unwind_source *source, const struct cfi_block *expression,
		  const struct unwind_registers *registers, const uint64_t *initial, uint64_t *ret)
{
	struct evaluation e;

	unwind_cursor_init(&e.cursor, source, expression->start, expression->end);
	e.start = expression->start;
	e.registers = registers;
	e.depth = 0;
	if (initial)
		push(&e, *initial);
	for (unsigned i = 0; unwind_cursor_more(&e.cursor); i++)
		if (i == MAX_OPERATIONS || !run_operation(&e) || e.cursor.failed)
			return false;
	return !e.cursor.failed && pop(&e, ret);
}
