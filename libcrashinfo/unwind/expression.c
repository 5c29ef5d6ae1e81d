/* SPDX-License-Identifier: Apache-2.0 */
/* The DWARF expressions that occur in call frame information, on a stack of bounded size. */
#include "unwind/cfi.h"

#define STACK_MAX 64
/* Branches may loop; no expression of a compiler comes near. */
#define STEPS_MAX 4096

enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S,
	OP_CONST2U,
	OP_CONST2S,
	OP_CONST4U,
	OP_CONST4S,
	OP_CONST8U,
	OP_CONST8S,
	OP_CONSTU,
	OP_CONSTS,
	OP_DUP,
	OP_DROP,
	OP_OVER,
	OP_PICK,
	OP_SWAP,
	OP_ROT,
	OP_ABS = 0x19,
	OP_AND,
	OP_DIV,
	OP_MINUS,
	OP_MOD,
	OP_MUL,
	OP_NEG,
	OP_NOT,
	OP_OR,
	OP_PLUS,
	OP_PLUS_UCONST,
	OP_SHL,
	OP_SHR,
	OP_SHRA,
	OP_XOR,
	OP_BRA,
	OP_EQ,
	OP_GE,
	OP_GT,
	OP_LE,
	OP_LT,
	OP_NE,
	OP_SKIP,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

struct evaluation {
	struct reader r;
	uint64_t begin;
	const struct unwind_memory *memory;
	const struct unwind_registers *registers;
	uint64_t stack[STACK_MAX];
	unsigned depth;
};

static void push(struct evaluation *e, uint64_t value)
{
	if (e->depth == STACK_MAX)
		e->r.failed = true;
	else
		e->stack[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
	if (e->depth)
		return e->stack[--e->depth];
	e->r.failed = true;
	return 0;
}

/* Push the value `n` below the top. */
static void pick(struct evaluation *e, unsigned n)
{
	if (n >= e->depth)
		e->r.failed = true;
	else
		push(e, e->stack[e->depth - 1 - n]);
}

static void push_register(struct evaluation *e, uint64_t number, int64_t offset)
{
	if (number >= UNWIND_REGISTERS || !(e->registers->known >> number & 1))
		e->r.failed = true;
	else
		push(e, e->registers->value[number] + (uint64_t)offset);
}

static void dereference(struct evaluation *e, unsigned size)
{
	uint64_t address = pop(e), value = 0;

	if (!size || size > sizeof(value) || e->r.failed ||
	    !e->memory->read(e->memory->context, address, &value, size))
		e->r.failed = true;
	push(e, value); /* little-endian, as all architectures here */
}

static void swap(struct evaluation *e)
{
	uint64_t top = pop(e), second = pop(e);

	push(e, top);
	push(e, second);
}

static void rotate(struct evaluation *e)
{
	uint64_t top = pop(e), second = pop(e), third = pop(e);

	push(e, top);
	push(e, third);
	push(e, second);
}

static void jump(struct evaluation *e, bool taken)
{
	int16_t offset = (int16_t)reader_uint(&e->r, 2);
	uint64_t to = e->r.at + (uint64_t)(int64_t)offset;

	if (!taken)
		return;
	if (to < e->begin || to > e->r.end)
		e->r.failed = true;
	else
		e->r.at = to;
}

static uint64_t divide(struct evaluation *e, uint64_t dividend, uint64_t divisor)
{
	if (!divisor) {
		e->r.failed = true;
		return 0;
	}
	/* The one signed division that overflows. */
	if (divisor == UINT64_MAX)
		return -dividend;
	return (uint64_t)((int64_t)dividend / (int64_t)divisor);
}

static uint64_t modulo(struct evaluation *e, uint64_t dividend, uint64_t divisor)
{
	if (divisor)
		return dividend % divisor;
	e->r.failed = true;
	return 0;
}

static uint64_t shift(uint8_t op, uint64_t value, uint64_t by)
{
	bool negative = op == OP_SHRA && value >> 63;

	if (by >= 64)
		return negative ? UINT64_MAX : 0;
	if (op == OP_SHL)
		return value << by;
	return value >> by | (negative && by ? UINT64_MAX << (64 - by) : 0);
}

static uint64_t compare(uint8_t op, int64_t left, int64_t right)
{
	switch (op) {
	case OP_EQ: return left == right;
	case OP_GE: return left >= right;
	case OP_GT: return left > right;
	case OP_LE: return left <= right;
	case OP_LT: return left < right;
	default: return left != right;
	}
}

static void run_binary(struct evaluation *e, uint8_t op)
{
	uint64_t right = pop(e), left = pop(e);

	switch (op) {
	case OP_AND: push(e, left & right); break;
	case OP_OR: push(e, left | right); break;
	case OP_XOR: push(e, left ^ right); break;
	case OP_PLUS: push(e, left + right); break;
	case OP_MINUS: push(e, left - right); break;
	case OP_MUL: push(e, left * right); break;
	case OP_DIV: push(e, divide(e, left, right)); break;
	case OP_MOD: push(e, modulo(e, left, right)); break;
	case OP_SHL:
	case OP_SHR:
	case OP_SHRA: push(e, shift(op, left, right)); break;
	case OP_EQ:
	case OP_GE:
	case OP_GT:
	case OP_LE:
	case OP_LT:
	case OP_NE: push(e, compare(op, (int64_t)left, (int64_t)right)); break;
	default: e->r.failed = true;
	}
}

static void run_unary(struct evaluation *e, uint8_t op)
{
	uint64_t value;

	switch (op) {
	case OP_ABS:
		value = pop(e);
		push(e, value >> 63 ? -value : value);
		break;
	case OP_NEG: push(e, -pop(e)); break;
	case OP_NOT: push(e, ~pop(e)); break;
	case OP_PLUS_UCONST: push(e, pop(e) + reader_uleb(&e->r)); break;
	case OP_DEREF: dereference(e, 8); break;
	case OP_DEREF_SIZE: dereference(e, reader_u8(&e->r)); break;
	default: run_binary(e, op);
	}
}

static void run_stack(struct evaluation *e, uint8_t op)
{
	switch (op) {
	case OP_DUP: pick(e, 0); break;
	case OP_DROP: pop(e); break;
	case OP_OVER: pick(e, 1); break;
	case OP_PICK: pick(e, reader_u8(&e->r)); break;
	case OP_SWAP: swap(e); break;
	case OP_ROT: rotate(e); break;
	case OP_NOP: break;
	case OP_SKIP: jump(e, true); break;
	case OP_BRA: jump(e, pop(e) != 0); break;
	default: run_unary(e, op);
	}
}

static void run_operation(struct evaluation *e)
{
	uint8_t op = reader_u8(&e->r);
	uint64_t number;

	if (op >= OP_LIT0 && op <= OP_LIT31) {
		push(e, (uint64_t)(op - OP_LIT0));
		return;
	}
	if (op >= OP_BREG0 && op <= OP_BREG31) {
		push_register(e, (uint64_t)(op - OP_BREG0), reader_sleb(&e->r));
		return;
	}
	switch (op) {
	case OP_ADDR:
	case OP_CONST8U:
	case OP_CONST8S: push(e, reader_uint(&e->r, 8)); break;
	case OP_CONST1U: push(e, reader_u8(&e->r)); break;
	case OP_CONST1S: push(e, (uint64_t)(int8_t)reader_u8(&e->r)); break;
	case OP_CONST2U: push(e, reader_uint(&e->r, 2)); break;
	case OP_CONST2S: push(e, (uint64_t)(int16_t)reader_uint(&e->r, 2)); break;
	case OP_CONST4U: push(e, reader_uint(&e->r, 4)); break;
	case OP_CONST4S: push(e, (uint64_t)(int32_t)reader_uint(&e->r, 4)); break;
	case OP_CONSTU: push(e, reader_uleb(&e->r)); break;
	case OP_CONSTS: push(e, (uint64_t)reader_sleb(&e->r)); break;
	case OP_BREGX:
		number = reader_uleb(&e->r);
		push_register(e, number, reader_sleb(&e->r));
		break;
	default: run_stack(e, op);
	}
}

bool expression_evaluate(const struct unwind_memory *code, uint64_t at,
			 const struct unwind_memory *memory,
			 const struct unwind_registers *registers, const uint64_t *initial,
			 uint64_t *ret)
{
	struct evaluation e;
	uint64_t size, value;

	reader_init(&e.r, code, at, UINT64_MAX - at);
	size = reader_uleb(&e.r);
	if (e.r.failed || size > UINT64_MAX - e.r.at)
		return false;
	e.begin = e.r.at;
	e.r.end = e.r.at + size;
	e.memory = memory;
	e.registers = registers;
	e.depth = 0;
	if (initial)
		push(&e, *initial);
	for (unsigned n = 0; e.r.at < e.r.end && !e.r.failed; n++) {
		if (n == STEPS_MAX)
			return false;
		run_operation(&e);
	}
	value = pop(&e);
	if (!e.r.failed)
		*ret = value;
	return !e.r.failed;
}
