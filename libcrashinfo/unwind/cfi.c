/* SPDX-License-Identifier: Apache-2.0 */
/* Run the program of an entry up to a pc, then apply the row it gives to the registers. */
#include "unwind/cfi.h"

/* Compilers nest two deep; more is damage. */
#define MAX_REMEMBERED 8
/* A function of 1 MiB has some ten thousand; the bound is for damage. */
#define MAX_INSTRUCTIONS 65536

enum rule_kind {
	RULE_SAME,
	RULE_UNDEFINED,
	RULE_AT_CFA,        /* saved at CFA + offset */
	RULE_IS_CFA,        /* is CFA + offset */
	RULE_REGISTER,      /* is in another register */
	RULE_AT_EXPRESSION, /* saved at the expression's value */
	RULE_IS_EXPRESSION, /* is the expression's value */
};

struct rule {
	enum rule_kind kind;
	uint8_t other;
	union {
		int64_t offset;
		struct cfi_block expression;
	};
};

struct row {
	/* RULE_REGISTER: other + cfa_offset; RULE_IS_EXPRESSION; RULE_UNDEFINED until it is set */
	struct rule cfa;
	int64_t cfa_offset;
	struct rule registers[UNWIND_REGISTERS];
};

struct machine {
	const struct cfi_entry *entry;
	struct unwind_cursor cursor;
	uint64_t location, pc;
	unsigned remembered;
	struct row row, initial, stack[MAX_REMEMBERED];
};

static bool set_rule(struct machine *m, uint64_t number, enum rule_kind kind, int64_t offset)
{
	/* vector and segment registers have rules too; nothing here needs them */
	if (number >= UNWIND_REGISTERS)
		return true;
	m->row.registers[number].kind = kind;
	m->row.registers[number].offset = offset;
	return true;
}

static int64_t scaled(const struct machine *m, uint64_t factor)
{
	return (int64_t)(factor * (uint64_t)m->entry->cie.data_align);
}

static struct cfi_block read_block(struct machine *m)
{
	uint64_t size = unwind_cursor_uleb(&m->cursor);
	struct cfi_block block = {m->cursor.at, m->cursor.at + size};

	unwind_cursor_skip(&m->cursor, size);
	return block;
}

static bool set_expression(struct machine *m, enum rule_kind kind)
{
	uint64_t number = unwind_cursor_uleb(&m->cursor);
	struct cfi_block block = read_block(m);

	if (number < UNWIND_REGISTERS) {
		m->row.registers[number].kind = kind;
		m->row.registers[number].expression = block;
	}
	return true;
}

static bool set_cfa(struct machine *m, uint64_t number, int64_t offset)
{
	if (number >= UNWIND_REGISTERS)
		return false;
	m->row.cfa.kind = RULE_REGISTER;
	m->row.cfa.other = (uint8_t)number;
	m->row.cfa_offset = offset;
	return true;
}

static bool restore(struct machine *m, uint64_t number)
{
	if (number < UNWIND_REGISTERS)
		m->row.registers[number] = m->initial.registers[number];
	return true;
}

/* False also ends the program when the next row begins beyond the pc. */
static bool advance(struct machine *m, uint64_t delta)
{
	m->location += delta * m->entry->cie.code_align;
	return true;
}

static bool set_location(struct machine *m)
{
	static const struct cfi_bases none;

	return cfi_read_pointer(&m->cursor, m->entry->cie.pointer_encoding, &none, &m->location);
}

static bool remember(struct machine *m)
{
	if (m->remembered == MAX_REMEMBERED)
		return false;
	m->stack[m->remembered++] = m->row;
	return true;
}

static bool recall(struct machine *m)
{
	if (!m->remembered)
		return false;
	m->row = m->stack[--m->remembered];
	return true;
}

static bool set_register(struct machine *m)
{
	uint64_t number = unwind_cursor_uleb(&m->cursor), other = unwind_cursor_uleb(&m->cursor);

	if (number >= UNWIND_REGISTERS)
		return true;
	if (other >= UNWIND_REGISTERS)
		return false;
	m->row.registers[number].kind = RULE_REGISTER;
	m->row.registers[number].other = (uint8_t)other;
	return true;
}

/* The instructions that set the CFA. */
static bool run_cfa(struct machine *m, uint8_t opcode)
{
	struct unwind_cursor *c = &m->cursor;
	uint64_t number;

	switch (opcode) {
	case 0x0c: /* DW_CFA_def_cfa */
		number = unwind_cursor_uleb(c);
		return set_cfa(m, number, (int64_t)unwind_cursor_uleb(c));
	case 0x12: /* DW_CFA_def_cfa_sf */
		number = unwind_cursor_uleb(c);
		return set_cfa(m, number, scaled(m, (uint64_t)unwind_cursor_sleb(c)));
	case 0x0d: /* DW_CFA_def_cfa_register */
		return set_cfa(m, unwind_cursor_uleb(c), m->row.cfa_offset);
	case 0x0e: /* DW_CFA_def_cfa_offset */
		m->row.cfa_offset = (int64_t)unwind_cursor_uleb(c);
		return true;
	case 0x13: /* DW_CFA_def_cfa_offset_sf */
		m->row.cfa_offset = scaled(m, (uint64_t)unwind_cursor_sleb(c));
		return true;
	case 0x0f: /* DW_CFA_def_cfa_expression */
		m->row.cfa.kind = RULE_IS_EXPRESSION;
		m->row.cfa.expression = read_block(m);
		return true;
	default: return false;
	}
}

/* The instructions that set the rule of a register. */
static bool run_register(struct machine *m, uint8_t opcode)
{
	struct unwind_cursor *c = &m->cursor;
	uint64_t number;

	switch (opcode) {
	case 0x05: /* DW_CFA_offset_extended */
		number = unwind_cursor_uleb(c);
		return set_rule(m, number, RULE_AT_CFA, scaled(m, unwind_cursor_uleb(c)));
	case 0x11: /* DW_CFA_offset_extended_sf */
		number = unwind_cursor_uleb(c);
		return set_rule(m, number, RULE_AT_CFA, scaled(m, (uint64_t)unwind_cursor_sleb(c)));
	case 0x2f: /* DW_CFA_GNU_negative_offset_extended */
		number = unwind_cursor_uleb(c);
		return set_rule(m, number, RULE_AT_CFA, scaled(m, -unwind_cursor_uleb(c)));
	case 0x14: /* DW_CFA_val_offset */
		number = unwind_cursor_uleb(c);
		return set_rule(m, number, RULE_IS_CFA, scaled(m, unwind_cursor_uleb(c)));
	case 0x15: /* DW_CFA_val_offset_sf */
		number = unwind_cursor_uleb(c);
		return set_rule(m, number, RULE_IS_CFA, scaled(m, (uint64_t)unwind_cursor_sleb(c)));
	case 0x06: /* DW_CFA_restore_extended */ return restore(m, unwind_cursor_uleb(c));
	case 0x07: /* DW_CFA_undefined */
		return set_rule(m, unwind_cursor_uleb(c), RULE_UNDEFINED, 0);
	case 0x08: /* DW_CFA_same_value */ return set_rule(m, unwind_cursor_uleb(c), RULE_SAME, 0);
	case 0x09: /* DW_CFA_register */ return set_register(m);
	case 0x10: /* DW_CFA_expression */ return set_expression(m, RULE_AT_EXPRESSION);
	case 0x16: /* DW_CFA_val_expression */ return set_expression(m, RULE_IS_EXPRESSION);
	default: return run_cfa(m, opcode);
	}
}

static bool run_instruction(struct machine *m)
{
	uint8_t opcode = unwind_cursor_u8(&m->cursor), operand = opcode & 0x3f;

	switch (opcode & 0xc0) {
	case 0x40: /* DW_CFA_advance_loc */ return advance(m, operand);
	case 0x80: /* DW_CFA_offset */
		return set_rule(m, operand, RULE_AT_CFA, scaled(m, unwind_cursor_uleb(&m->cursor)));
	case 0xc0: /* DW_CFA_restore */ return restore(m, operand);
	default: break;
	}
	switch (opcode) {
	case 0x00: /* DW_CFA_nop */ return true;
	case 0x01: /* DW_CFA_set_loc */ return set_location(m);
	case 0x02: /* DW_CFA_advance_loc1 */
		return advance(m, unwind_cursor_unsigned(&m->cursor, 1));
	case 0x03: /* DW_CFA_advance_loc2 */
		return advance(m, unwind_cursor_unsigned(&m->cursor, 2));
	case 0x04: /* DW_CFA_advance_loc4 */
		return advance(m, unwind_cursor_unsigned(&m->cursor, 4));
	case 0x0a: /* DW_CFA_remember_state */ return remember(m);
	case 0x0b: /* DW_CFA_restore_state */ return recall(m);
	case 0x2e: /* DW_CFA_GNU_args_size */ unwind_cursor_uleb(&m->cursor); return true;
	default: return run_register(m, opcode);
	}
}

static bool run_program(struct machine *m, const struct cfi_block *program)
{
	unwind_cursor_seek(&m->cursor, program->start, program->end);
	for (unsigned i = 0; unwind_cursor_more(&m->cursor); i++) {
		if (i == MAX_INSTRUCTIONS || !run_instruction(m) || m->cursor.failed)
			return false;
		/* what follows is for code behind the pc */
		if (m->location > m->pc)
			break;
	}
	return !m->cursor.failed;
}

static void clear_row(struct row *row)
{
	row->cfa.kind = RULE_UNDEFINED;
	row->cfa_offset = 0;
	for (unsigned i = 0; i < UNWIND_REGISTERS; i++)
		row->registers[i].kind = RULE_SAME;
	/* by definition the caller's stack begins at the CFA */
	row->registers[UNWIND_RSP].kind = RULE_IS_CFA;
	row->registers[UNWIND_RSP].offset = 0;
}

static bool find_row(struct machine *m)
{
	clear_row(&m->row);
	m->remembered = 0;
	m->location = m->entry->pc_start;
	if (!run_program(m, &m->entry->cie.program))
		return false;
	m->initial = m->row;
	return run_program(m, &m->entry->program);
}

static bool cfa_value(const struct machine *m, const struct unwind_registers *registers,
		      uint64_t *ret)
{
	if (m->row.cfa.kind == RULE_IS_EXPRESSION)
		return cfi_evaluate(m->cursor.source, &m->row.cfa.expression, registers, NULL, ret);
	if (m->row.cfa.kind != RULE_REGISTER)
		return false;
	*ret = registers->value[m->row.cfa.other] + (uint64_t)m->row.cfa_offset;
	return true;
}

static bool apply_rule(const struct machine *m, const struct rule *rule, unsigned number,
		       uint64_t cfa, const struct unwind_registers *registers, uint64_t *ret)
{
	const struct unwind_source *source = m->cursor.source;
	uint64_t address;

	switch (rule->kind) {
	case RULE_SAME: *ret = registers->value[number]; return true;
	case RULE_UNDEFINED: *ret = 0; return true;
	case RULE_IS_CFA: *ret = cfa + (uint64_t)rule->offset; return true;
	case RULE_REGISTER: *ret = registers->value[rule->other]; return true;
	case RULE_IS_EXPRESSION:
		return cfi_evaluate(source, &rule->expression, registers, &cfa, ret);
	case RULE_AT_CFA: return unwind_read_word(source, cfa + (uint64_t)rule->offset, ret);
	case RULE_AT_EXPRESSION:
		return cfi_evaluate(source, &rule->expression, registers, &cfa, &address) &&
		       unwind_read_word(source, address, ret);
	}
	return false;
}

enum cfi_result cfi_apply(const struct unwind_source *source, const struct cfi_entry *entry,
			  uint64_t pc, const struct unwind_registers *registers,
			  struct unwind_registers *ret)
{
	uint64_t return_register = entry->cie.return_register, cfa;
	struct unwind_registers caller;
	struct machine m;

	m.entry = entry;
	m.pc = pc;
	unwind_cursor_init(&m.cursor, source, 0, 0);
	if (!find_row(&m))
		return CFI_FAILED;
	if (m.row.registers[return_register].kind == RULE_UNDEFINED)
		return CFI_OUTERMOST;
	/* a return address that is nowhere to be found would repeat this frame for ever */
	if (m.row.registers[return_register].kind == RULE_SAME || !cfa_value(&m, registers, &cfa))
		return CFI_FAILED;
	for (unsigned i = 0; i < UNWIND_REGISTERS; i++)
		if (!apply_rule(&m, &m.row.registers[i], i, cfa, registers, &caller.value[i]))
			return CFI_FAILED;
	caller.value[UNWIND_RIP] = caller.value[return_register];
	*ret = caller;
	return CFI_APPLIED;
}
