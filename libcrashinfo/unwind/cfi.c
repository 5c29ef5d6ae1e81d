/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cfi.h"

/* DW_CFA_remember_state may nest; compilers do not go beyond two. */
#define REMEMBERED_MAX 8
/* Instructions of one entry, bytes: far above what the largest functions have. */
#define PROGRAM_MAX (1 << 20)

enum {
	CFA_NOP = 0x00,
	CFA_SET_LOC = 0x01,
	CFA_ADVANCE_LOC1 = 0x02,
	CFA_ADVANCE_LOC2 = 0x03,
	CFA_ADVANCE_LOC4 = 0x04,
	CFA_OFFSET_EXTENDED = 0x05,
	CFA_RESTORE_EXTENDED = 0x06,
	CFA_UNDEFINED = 0x07,
	CFA_SAME_VALUE = 0x08,
	CFA_REGISTER = 0x09,
	CFA_REMEMBER_STATE = 0x0a,
	CFA_RESTORE_STATE = 0x0b,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_EXPRESSION = 0x10,
	CFA_OFFSET_EXTENDED_SF = 0x11,
	CFA_DEF_CFA_SF = 0x12,
	CFA_DEF_CFA_OFFSET_SF = 0x13,
	CFA_VAL_OFFSET = 0x14,
	CFA_VAL_OFFSET_SF = 0x15,
	CFA_VAL_EXPRESSION = 0x16,
	CFA_AARCH64_NEGATE_RA_STATE = 0x2d,
	CFA_GNU_ARGS_SIZE = 0x2e,
	CFA_GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
	CFA_ADVANCE_LOC = 0x40, /* the operand is in the low six bits */
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
};

struct machine {
	const struct unwind_fde *fde;
	const struct unwind_arch *arch;
	struct reader r;
	uint64_t location;
	struct cfi_row row;
	const struct cfi_row *initial; /* what the CIE set up, NULL while it runs */
	struct cfi_row remembered[REMEMBERED_MAX];
	unsigned remembered_count;
};

/* Rules for registers that the architecture does not number (vectors, say) are passed over. */
static void set_rule(struct machine *m, uint64_t number, enum cfi_rule rule, uint64_t value)
{
	if (number >= m->arch->registers)
		return;
	m->row.rule[number] = (uint8_t)rule;
	m->row.value[number] = value;
}

static void restore_rule(struct machine *m, uint64_t number)
{
	if (number >= m->arch->registers)
		return;
	m->row.rule[number] = m->initial ? m->initial->rule[number] : CFI_UNSPECIFIED;
	m->row.value[number] = m->initial ? m->initial->value[number] : 0;
}

static void set_cfa(struct machine *m, uint64_t number, uint64_t offset)
{
	m->row.cfa_is_expression = false;
	m->row.cfa_register = number;
	m->row.cfa_offset = offset;
}

/* The address of an expression, which is passed over. */
static uint64_t take_expression(struct machine *m)
{
	uint64_t at = m->r.at;

	reader_skip(&m->r, reader_uleb(&m->r));
	return at;
}

static uint64_t factored(const struct machine *m, uint64_t offset)
{
	return offset * (uint64_t)m->fde->cie.data_align;
}

static uint64_t set_location(struct machine *m)
{
	struct pointer_bases bases = {.function = m->fde->start};

	return reader_encoded(&m->r, m->fde->cie.encoding, &bases) +
	       (m->fde->cie.encoding == PE_ABSPTR ? m->fde->bias : 0);
}

static void remember(struct machine *m)
{
	if (m->remembered_count == REMEMBERED_MAX)
		m->r.failed = true;
	else
		m->remembered[m->remembered_count++] = m->row;
}

static void restore_remembered(struct machine *m)
{
	if (!m->remembered_count)
		m->r.failed = true;
	else
		m->row = m->remembered[--m->remembered_count];
}

static void advance(struct machine *m, uint64_t delta)
{
	m->location += delta * m->fde->cie.code_align;
}

/* Instructions about a register: its number comes first. */
static void run_register(struct machine *m, uint8_t op)
{
	uint64_t n = reader_uleb(&m->r);

	switch (op) {
	case CFA_OFFSET_EXTENDED:
		set_rule(m, n, CFI_OFFSET, factored(m, reader_uleb(&m->r)));
		break;
	case CFA_OFFSET_EXTENDED_SF:
		set_rule(m, n, CFI_OFFSET, factored(m, (uint64_t)reader_sleb(&m->r)));
		break;
	case CFA_GNU_NEGATIVE_OFFSET_EXTENDED:
		set_rule(m, n, CFI_OFFSET, -factored(m, reader_uleb(&m->r)));
		break;
	case CFA_VAL_OFFSET: set_rule(m, n, CFI_VAL_OFFSET, factored(m, reader_uleb(&m->r))); break;
	case CFA_VAL_OFFSET_SF:
		set_rule(m, n, CFI_VAL_OFFSET, factored(m, (uint64_t)reader_sleb(&m->r)));
		break;
	case CFA_RESTORE_EXTENDED: restore_rule(m, n); break;
	case CFA_UNDEFINED: set_rule(m, n, CFI_UNDEFINED, 0); break;
	case CFA_SAME_VALUE: set_rule(m, n, CFI_SAME, 0); break;
	case CFA_REGISTER: set_rule(m, n, CFI_REGISTER, reader_uleb(&m->r)); break;
	case CFA_EXPRESSION: set_rule(m, n, CFI_EXPRESSION, take_expression(m)); break;
	case CFA_VAL_EXPRESSION: set_rule(m, n, CFI_VAL_EXPRESSION, take_expression(m)); break;
	case CFA_DEF_CFA: set_cfa(m, n, reader_uleb(&m->r)); break;
	case CFA_DEF_CFA_SF: set_cfa(m, n, factored(m, (uint64_t)reader_sleb(&m->r))); break;
	case CFA_DEF_CFA_REGISTER: set_cfa(m, n, m->row.cfa_offset); break;
	default: m->r.failed = true;
	}
}

static void run_extended(struct machine *m, uint8_t op)
{
	switch (op) {
	case CFA_NOP:
	case CFA_AARCH64_NEGATE_RA_STATE: break; /* signed addresses are masked */
	case CFA_SET_LOC: m->location = set_location(m); break;
	case CFA_ADVANCE_LOC1: advance(m, reader_uint(&m->r, 1)); break;
	case CFA_ADVANCE_LOC2: advance(m, reader_uint(&m->r, 2)); break;
	case CFA_ADVANCE_LOC4: advance(m, reader_uint(&m->r, 4)); break;
	case CFA_REMEMBER_STATE: remember(m); break;
	case CFA_RESTORE_STATE: restore_remembered(m); break;
	case CFA_DEF_CFA_OFFSET: m->row.cfa_offset = reader_uleb(&m->r); break;
	case CFA_DEF_CFA_OFFSET_SF:
		m->row.cfa_offset = factored(m, (uint64_t)reader_sleb(&m->r));
		break;
	case CFA_DEF_CFA_EXPRESSION:
		m->row.cfa_is_expression = true;
		m->row.cfa_expression = take_expression(m);
		break;
	case CFA_GNU_ARGS_SIZE: reader_uleb(&m->r); break;
	default: run_register(m, op);
	}
}

static void run_instruction(struct machine *m)
{
	uint8_t op = reader_u8(&m->r), low = op & 0x3f;

	switch (op & 0xc0) {
	case CFA_ADVANCE_LOC: advance(m, low); break;
	case CFA_OFFSET: set_rule(m, low, CFI_OFFSET, factored(m, reader_uleb(&m->r))); break;
	case CFA_RESTORE: restore_rule(m, low); break;
	default: run_extended(m, op);
	}
}

/* Run until the location passes `pc`: `row` is then the one for `pc`. */
static bool run(struct machine *m, uint64_t at, uint64_t end, uint64_t pc)
{
	if (end - at > PROGRAM_MAX)
		return false;
	reader_init(&m->r, &m->fde->memory, at, end - at);
	while (m->r.at < m->r.end && m->location <= pc)
		run_instruction(m);
	return !m->r.failed;
}

bool cfi_row_at(const struct unwind_fde *fde, const struct unwind_arch *arch, uint64_t pc,
		struct cfi_row *ret)
{
	struct machine m;
	struct cfi_row initial;

	m.fde = fde;
	m.arch = arch;
	m.location = fde->start;
	m.row = (struct cfi_row){.cfa_register = UINT64_MAX};
	m.initial = NULL;
	m.remembered_count = 0;
	if (!run(&m, fde->cie.instructions, fde->cie.instructions_end, UINT64_MAX))
		return false;
	initial = m.row;
	m.initial = &initial;
	m.location = fde->start;
	if (!run(&m, fde->instructions, fde->instructions_end, pc))
		return false;
	*ret = m.row;
	return true;
}

static bool get_register(const struct unwind_registers *registers, uint64_t number, uint64_t *ret)
{
	if (number >= UNWIND_REGISTERS || !(registers->known >> number & 1))
		return false;
	*ret = registers->value[number];
	return true;
}

static bool canonical_frame_address(const struct unwind_space *space, const struct unwind_fde *fde,
				    const struct cfi_row *row,
				    const struct unwind_registers *registers, uint64_t *ret)
{
	if (row->cfa_is_expression)
		return expression_evaluate(&fde->memory, row->cfa_expression, &space->memory,
					   registers, NULL, ret);
	if (!get_register(registers, row->cfa_register, ret))
		return false;
	*ret += row->cfa_offset;
	return true;
}

/* Register `n` of the caller. */
static bool restore(const struct unwind_space *space, const struct unwind_fde *fde,
		    const struct cfi_row *row, const struct unwind_registers *registers,
		    uint64_t cfa, unsigned n, uint64_t *ret)
{
	uint64_t value = row->value[n], at;

	switch ((enum cfi_rule)row->rule[n]) {
	case CFI_UNSPECIFIED:
		if (n == space->arch->sp) {
			*ret = cfa;
			return true;
		}
		return get_register(registers, n, ret);
	case CFI_SAME: return get_register(registers, n, ret);
	case CFI_UNDEFINED: return false;
	case CFI_OFFSET: return read_word(&space->memory, cfa + value, ret);
	case CFI_VAL_OFFSET: *ret = cfa + value; return true;
	case CFI_REGISTER: return get_register(registers, value, ret);
	case CFI_EXPRESSION:
		return expression_evaluate(&fde->memory, value, &space->memory, registers, &cfa,
					   &at) &&
		       read_word(&space->memory, at, ret);
	case CFI_VAL_EXPRESSION:
		return expression_evaluate(&fde->memory, value, &space->memory, registers, &cfa,
					   ret);
	}
	return false;
}

enum cfi_result cfi_apply(const struct unwind_space *space, const struct unwind_fde *fde,
			  const struct cfi_row *row, const struct unwind_frame *frame,
			  struct unwind_registers *ret)
{
	const struct unwind_arch *arch = space->arch;
	uint64_t column = fde->cie.return_column, cfa;
	struct unwind_registers caller = {.known = 0};

	if (column >= arch->registers ||
	    !canonical_frame_address(space, fde, row, &frame->registers, &cfa))
		return CFI_FAILED;
	if (row->rule[column] == CFI_UNDEFINED)
		return CFI_NO_CALLER;
	if (column == arch->pc && row->rule[column] == CFI_UNSPECIFIED)
		return CFI_FAILED;
	for (unsigned n = 0; n < arch->registers; n++)
		if (restore(space, fde, row, &frame->registers, cfa, n, &caller.value[n]))
			caller.known |= (uint64_t)1 << n;
	if (!(caller.known >> column & 1) || !(caller.known >> arch->sp & 1))
		return CFI_FAILED;
	caller.value[arch->pc] = caller.value[column];
	caller.known |= (uint64_t)1 << arch->pc;
	*ret = caller;
	return CFI_CALLER;
}
