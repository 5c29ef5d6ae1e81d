/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "suite.h"
#include "unwind/cfi.h"

enum { RBX = 3, RSP = 7, RIP = 16 };

/* The only memory: a stack at 0x7f0000 and the expression behind it. */
#define STACK 0x7f0000
#define CODE  0x7f0100
#define END   0x7f0200

static unsigned char bytes[END - STACK];

static bool read_memory(void *context, uint64_t address, void *to, size_t size)
{
	(void)context;
	if (address < STACK || address > END || size > END - address)
		return false;
	memcpy(to, bytes + (address - STACK), size);
	return true;
}

static const struct unwind_memory memory = {.read = read_memory};

#define EXPRESSION(...) .code = {__VA_ARGS__}, .size = sizeof((unsigned char[]){__VA_ARGS__})

struct expression {
	unsigned char code[40];
	size_t size;
	bool fails;
	uint64_t value;
};

/* 7 is pushed first; rbx is 0x1000, rip ends in 11; the word at STACK is 0x1122334455667788. */
static const struct expression expressions[] = {
	{EXPRESSION(0x96), .value = 7},
	{EXPRESSION(0x30), .value = 0},
	{EXPRESSION(0x4f), .value = 31},
	{EXPRESSION(0x03, 1, 2, 3, 4, 5, 6, 7, 8), .value = 0x0807060504030201},
	{EXPRESSION(0x08, 0xff), .value = 0xff},
	{EXPRESSION(0x09, 0xff), .value = UINT64_MAX},
	{EXPRESSION(0x0a, 0xfe, 0xff), .value = 0xfffe},
	{EXPRESSION(0x0b, 0xfe, 0xff), .value = (uint64_t)-2},
	{EXPRESSION(0x0c, 0xfe, 0xff, 0xff, 0xff), .value = 0xfffffffe},
	{EXPRESSION(0x0d, 0xfe, 0xff, 0xff, 0xff), .value = (uint64_t)-2},
	{EXPRESSION(0x0e, 1, 0, 0, 0, 0, 0, 0, 0x80), .value = 0x8000000000000001},
	{EXPRESSION(0x10, 0xe5, 0x8e, 0x26), .value = 624485},
	{EXPRESSION(0x11, 0xc0, 0xbb, 0x78), .value = (uint64_t)-123456},
	{EXPRESSION(0x31, 0x12, 0x22), .value = 2},                  /* dup plus */
	{EXPRESSION(0x31, 0x13), .value = 7},                        /* drop */
	{EXPRESSION(0x31, 0x14), .value = 7},                        /* over */
	{EXPRESSION(0x31, 0x32, 0x15, 2), .value = 7},               /* pick */
	{EXPRESSION(0x31, 0x16), .value = 7},                        /* swap */
	{EXPRESSION(0x31, 0x32, 0x17), .value = 1},                  /* rot: 2 7 1 */
	{EXPRESSION(0x31, 0x32, 0x17, 0x13), .value = 7},            /* rot drop */
	{EXPRESSION(0x31, 0x32, 0x17, 0x13, 0x13), .value = 2},      /* rot drop drop */
	{EXPRESSION(0x09, 0xfb, 0x19), .value = 5},                  /* abs */
	{EXPRESSION(0x3c, 0x36, 0x1a), .value = 4},                  /* and */
	{EXPRESSION(0x09, 0xf9, 0x32, 0x1b), .value = (uint64_t)-3}, /* div */
	{EXPRESSION(0x39, 0x34, 0x1c), .value = 5},                  /* minus */
	{EXPRESSION(0x39, 0x34, 0x1d), .value = 1},                  /* mod */
	{EXPRESSION(0x39, 0x34, 0x1e), .value = 36},                 /* mul */
	{EXPRESSION(0x31, 0x1f), .value = UINT64_MAX},               /* neg */
	{EXPRESSION(0x31, 0x20), .value = ~(uint64_t)1},             /* not */
	{EXPRESSION(0x39, 0x36, 0x21), .value = 15},                 /* or */
	{EXPRESSION(0x23, 0x80, 0x01), .value = 135},                /* plus_uconst */
	{EXPRESSION(0x34, 0x24), .value = 112},                      /* shl */
	{EXPRESSION(0x31, 0x25), .value = 3},                        /* shr */
	{EXPRESSION(0x09, 0xf8, 0x31, 0x26), .value = (uint64_t)-4}, /* shra */
	{EXPRESSION(0x08, 64, 0x24), .value = 0},
	{EXPRESSION(0x09, 0xf8, 0x08, 200, 0x26), .value = UINT64_MAX},
	{EXPRESSION(0x09, 0xf8, 0x30, 0x26), .value = (uint64_t)-8},
	{EXPRESSION(0x35, 0x27), .value = 2},       /* xor */
	{EXPRESSION(0x37, 0x29), .value = 1},       /* eq */
	{EXPRESSION(0x09, 0xff, 0x2a), .value = 1}, /* ge, signed */
	{EXPRESSION(0x09, 0xff, 0x2b), .value = 1},
	{EXPRESSION(0x09, 0xff, 0x2c), .value = 0},
	{EXPRESSION(0x09, 0xff, 0x2d), .value = 0},
	{EXPRESSION(0x37, 0x2e), .value = 0},
	{EXPRESSION(0x28, 1, 0, 0x30, 0x3a), .value = 10},      /* bra, taken: skips lit0 */
	{EXPRESSION(0x30, 0x28, 1, 0, 0x33), .value = 3},       /* bra, not taken */
	{EXPRESSION(0x2f, 2, 0, 0x33, 0x34, 0x96), .value = 7}, /* skip */
	{EXPRESSION(0x73, 0x7f), .value = 0xfff},               /* breg3 -1 */
	{EXPRESSION(0x92, 3, 0x10), .value = 0x1010},           /* bregx */
	{EXPRESSION(0x0c, 0, 0, 0x7f, 0, 0x06), .value = 0x1122334455667788},
	{EXPRESSION(0x0c, 0, 0, 0x7f, 0, 0x94, 2), .value = 0x7788},
	/* A procedure linkage table's entry: rsp + 8 + ((rip & 15) >= 11) << 3, rsp being 7. */
	{EXPRESSION(0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22), .value = 23},
	/* A loop that ends: 7 times. */
	{EXPRESSION(0x31, 0x1c, 0x12, 0x28, 0xfa, 0xff, 0x96), .value = 0},

	{EXPRESSION(0x13), .fails = true}, /* nothing is left */
	{EXPRESSION(0x22), .fails = true},
	{EXPRESSION(0x15, 1), .fails = true},
	{EXPRESSION(0x30, 0x1b), .fails = true},
	{EXPRESSION(0x30, 0x1d), .fails = true},
	{EXPRESSION(0x30, 0x06), .fails = true}, /* can't be read */
	{EXPRESSION(0x0c, 0, 0, 0x7f, 0, 0x94, 9), .fails = true},
	{EXPRESSION(0x0c, 0, 0, 0x7f, 0, 0x94, 0), .fails = true},
	{EXPRESSION(0x2f, 0xfd, 0xff), .fails = true},       /* for ever */
	{EXPRESSION(0x12, 0x2f, 0xfc, 0xff), .fails = true}, /* until the stack is full */
	{EXPRESSION(0x2f, 0xfc, 0xff), .fails = true},       /* before the begin */
	{EXPRESSION(0x2f, 1, 0), .fails = true},             /* behind the end */
	{EXPRESSION(0x0c, 1, 2), .fails = true},             /* cut */
	{EXPRESSION(0x8f, 0), .fails = true},                /* no such register */
	{EXPRESSION(0x92, 0xff, 0xff, 0x03, 0), .fails = true},
	{EXPRESSION(0x97), .fails = true},
	{EXPRESSION(0xff), .fails = true},
};

static bool evaluate(const struct expression *expression, uint64_t *ret)
{
	struct unwind_registers registers = {.known = 1 << RBX | 1 << RSP | 1 << RIP};
	const uint64_t initial = 7;
	unsigned char size = (unsigned char)expression->size;

	registers.value[RBX] = 0x1000;
	registers.value[RSP] = 7;
	registers.value[RIP] = CODE + 11;
	bytes[CODE - STACK] = size;
	memcpy(bytes + (CODE - STACK) + 1, expression->code, expression->size);
	return expression_evaluate(&memory, CODE, &memory, &registers, &initial, ret);
}

START_TEST(test_expressions)
{
	const uint64_t word = 0x1122334455667788;

	memcpy(bytes, &word, sizeof(word));
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		uint64_t value = 0xdead;
		bool fine = evaluate(&expressions[i], &value);

		ck_assert_msg(fine == !expressions[i].fails, "expression %zu", i);
		ck_assert_msg(value == (fine ? expressions[i].value : 0xdead),
			      "expression %zu: %llx", i, (unsigned long long)value);
	}
}
END_TEST

/* The one division that overflows, and a size beyond all memory. */
START_TEST(test_expression_limits)
{
	const struct expression divide = {
		EXPRESSION(0x0e, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x09, 0xff, 0x1b)};
	static const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 0xff,
					     0xff, 0xff, 0xff, 0xff, 1};
	struct unwind_registers registers = {.known = 0};
	uint64_t value;

	ck_assert(evaluate(&divide, &value));
	ck_assert_uint_eq(value, (uint64_t)1 << 63);
	memcpy(bytes + (CODE - STACK), huge, sizeof(huge));
	ck_assert(!expression_evaluate(&memory, CODE, &memory, &registers, NULL, &value));
	ck_assert(!expression_evaluate(&memory, 0x1234, &memory, &registers, NULL, &value));
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, test_expressions);
	tcase_add_test(tests, test_expression_limits);
}

int main(void)
{
	return suite_run("unwind expressions", add);
}
