/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "suite.h"
#include "unwind/arch.h"
#include "unwind/cfi.h"

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R12 = 12, RIP = 16 };

/* --- a process made of a few regions ---------------------------------------------------------- */

#define CODE    0x400000
#define TABLES  0x500000
#define STACK   0x7f0000
#define ALTERN  0x600000
#define REGION  0x2000
#define REGIONS 4

struct process {
	struct region {
		uint64_t address;
		bool executable;
		unsigned char bytes[REGION];
	} regions[REGIONS];
	bool has_cfi;
	struct unwind_cfi cfi;
	size_t used; /* bytes of the tables */
};

static struct process process;

static void begin(void)
{
	static const uint64_t addresses[REGIONS] = {CODE, TABLES, STACK, ALTERN};

	memset(&process, 0, sizeof(process));
	for (size_t i = 0; i < REGIONS; i++)
		process.regions[i].address = addresses[i];
	process.regions[0].executable = true;
	memset(process.regions[0].bytes, 0x90, REGION);
}

static struct region *region_of(uint64_t address)
{
	for (size_t i = 0; i < REGIONS; i++)
		if (address - process.regions[i].address < REGION)
			return &process.regions[i];
	return NULL;
}

static bool read_process(void *context, uint64_t address, void *to, size_t size)
{
	const struct region *region = region_of(address);

	(void)context;
	if (!region || size > REGION - (address - region->address))
		return false;
	memcpy(to, region->bytes + (address - region->address), size);
	return true;
}

static void put(uint64_t address, const void *bytes, size_t size)
{
	struct region *region = region_of(address);

	ck_assert(region && size <= REGION - (address - region->address));
	memcpy(region->bytes + (address - region->address), bytes, size);
}

static void put_word(uint64_t address, uint64_t word)
{
	put(address, &word, sizeof(word));
}

static bool find_cfi(void *context, uint64_t pc, unsigned nth, struct unwind_cfi *ret)
{
	(void)context;
	(void)pc;
	if (nth || !process.has_cfi)
		return false;
	*ret = process.cfi;
	return true;
}

static bool is_executable(void *context, uint64_t pc)
{
	const struct region *region = region_of(pc);

	(void)context;
	return region && region->executable;
}

static const struct unwind_memory memory = {.read = read_process};

static const struct unwind_space space = {
	.arch = &unwind_x86_64,
	.memory = {.read = read_process},
	.find_cfi = find_cfi,
	.is_executable = is_executable,
};

/* --- tables, byte by byte --------------------------------------------------------------------- */

static uint64_t here(void)
{
	return TABLES + process.used;
}

static void emit(const void *bytes, size_t size)
{
	put(here(), bytes, size);
	process.used += size;
}

static void emit_uint(uint64_t value, size_t size)
{
	emit(&value, size);
}

#define EMIT(...)                                               \
	do {                                                    \
		const unsigned char emitted_[] = {__VA_ARGS__}; \
		emit(emitted_, sizeof(emitted_));               \
	} while (0)

/* Ends an entry that begins at `at` with a length of 32 bits. */
static void end_entry(uint64_t at)
{
	uint32_t length = (uint32_t)(here() - at - 4);

	put(at, &length, sizeof(length));
}

#define CFA_IS_RSP_8 0x0c, RSP, 8
#define RA_AT_CFA_8  0x80 | RIP, 1

/* A CIE like those of GCC: pc-relative addresses of 32 bits, augmentation "zR" or "zRS". */
static uint64_t emit_cie(bool signal_frame)
{
	uint64_t at = here();

	emit_uint(0, 4);
	emit_uint(0, 4);
	EMIT(1, 'z', 'R');
	if (signal_frame)
		EMIT('S');
	EMIT(0, 1, 0x78, RIP, 1, 0x1b);
	EMIT(CFA_IS_RSP_8, RA_AT_CFA_8);
	end_entry(at);
	return at;
}

static uint64_t begin_fde(uint64_t cie, uint64_t start, uint32_t size)
{
	uint64_t at = here();

	emit_uint(0, 4);
	emit_uint(here() - cie, 4);
	emit_uint(start - here(), 4);
	emit_uint(size, 4);
	EMIT(0);
	return at;
}

static uint64_t emit_fde(uint64_t cie, uint64_t start, uint32_t size)
{
	uint64_t at = begin_fde(cie, start, size);

	end_entry(at);
	return at;
}

/* What was emitted is the process's .eh_frame. */
static void use_tables(void)
{
	emit_uint(0, 4);
	process.has_cfi = true;
	process.cfi = (struct unwind_cfi){
		.kind = UNWIND_EH_FRAME, .memory = memory, .address = TABLES, .size = process.used};
}

static struct unwind_frame frame_at(uint64_t pc, uint64_t sp)
{
	struct unwind_registers registers = {.known = (1 << 17) - 1};
	struct unwind_frame frame;

	registers.value[RIP] = pc;
	registers.value[RSP] = sp;
	unwind_begin(&unwind_x86_64, &registers, &frame);
	return frame;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* The caller of a frame at `pc` whose stack pointer is STACK. */
static enum unwind_end step_from(uint64_t pc, struct unwind_frame *frame)
{
	*frame = frame_at(pc, STACK);
	return unwind_step(&space, frame);
}

START_TEST(test_rules)
{
	const uint64_t stack = STACK + 0x400;
	uint64_t cie, fde;
	struct unwind_frame frame;

	begin();
	cie = emit_cie(false);
	fde = begin_fde(cie, CODE, 0x100);
	EMIT(0x40 | 1, 0x0e, 16, 0x80 | RBP, 2); /* push %rbp */
	EMIT(0x40 | 3, 0x0d, RBP);               /* mov %rsp, %rbp */
	EMIT(0x02, 0x10, 0x0a);                  /* remember_state */
	EMIT(0xc0 | RBP, 0x0c, RSP, 8);          /* leave */
	EMIT(0x40 | 1, 0x0b);                    /* restore_state */
	EMIT(0x03, 0x10, 0, 0x07, RBX, 0x08, RDI, 0x09, RSI, RDX, 0x14, R12, 3);
	EMIT(0x16, R8, 2, 0x23, 1);  /* CFA + 1 */
	EMIT(0x10, RAX, 2, 0x23, 8); /* at CFA + 8 */
	EMIT(0x05, RCX, 4);          /* offset_extended: CFA - 32 */
	end_entry(fde);
	use_tables();

	put_word(STACK, CODE + 0x80);
	ck_assert_int_eq(step_from(CODE, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x80);
	ck_assert_uint_eq(frame.sp, STACK + 8);
	ck_assert_int_eq(frame.trust, UNWIND_CFI);
	ck_assert(!frame.interrupted);

	put_word(STACK, 0xb0b);
	put_word(STACK + 8, CODE + 0x81);
	ck_assert_int_eq(step_from(CODE + 1, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x81);
	ck_assert_uint_eq(frame.sp, STACK + 16);
	ck_assert_uint_eq(frame.registers.value[RBP], 0xb0b);

	put_word(stack, 0xb0b);
	put_word(stack + 8, CODE + 0x81);
	for (uint64_t pc = CODE + 4; pc < CODE + 0x40; pc++) {
		/* One byte of the function is behind its `leave`. */
		frame = frame_at(pc, pc == CODE + 20 ? stack + 8 : stack - 0x100);
		frame.registers.value[RBP] = stack;
		ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
		ck_assert_uint_eq(frame.pc, CODE + 0x81);
		ck_assert_uint_eq(frame.sp, stack + 16);
		ck_assert_uint_eq(frame.registers.value[RBP], pc == CODE + 20 ? stack : 0xb0b);
	}

	frame = frame_at(CODE + 0x40, stack - 0x100);
	frame.registers.value[RBP] = stack;
	frame.registers.value[RDX] = 0xd;
	frame.registers.value[RDI] = 0xd1;
	put_word(stack + 24, 0xa);
	put_word(stack - 16, 0xc);
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	ck_assert(!(frame.registers.known >> RBX & 1));
	ck_assert_uint_eq(frame.registers.value[RDI], 0xd1);
	ck_assert_uint_eq(frame.registers.value[RSI], 0xd);
	ck_assert_uint_eq(frame.registers.value[R12], stack + 16 - 24);
	ck_assert_uint_eq(frame.registers.value[R8], stack + 17);
	ck_assert_uint_eq(frame.registers.value[RAX], 0xa);
	ck_assert_uint_eq(frame.registers.value[RCX], 0xc);
}
END_TEST

/* An entry point: its return address is undefined. */
START_TEST(test_outermost)
{
	struct unwind_frame frame;
	uint64_t cie, fde;

	begin();
	cie = emit_cie(false);
	fde = begin_fde(cie, CODE, 0x10);
	EMIT(0x07, RIP);
	end_entry(fde);
	emit_fde(cie, CODE + 0x10, 0x10);
	use_tables();
	put_word(STACK, CODE + 8);
	ck_assert_int_eq(step_from(CODE + 4, &frame), UNWIND_OUTERMOST);
	ck_assert_uint_eq(frame.pc, CODE + 4);
	/* A return address of 0 says the same. */
	put_word(STACK, 0);
	ck_assert_int_eq(step_from(CODE + 0x14, &frame), UNWIND_OUTERMOST);
}
END_TEST

/* Damaged instructions lead to the fallbacks, of which none applies. */
START_TEST(test_damaged_programs)
{
	static const struct {
		unsigned char bytes[12];
		unsigned size;
	} programs[] = {
		{{0x0b}, 1}, /* nothing to restore */
		{{0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a}, 9},
		{{0x3f}, 1},                /* no such instruction */
		{{0x04, 1}, 2},             /* cut */
		{{0x0f, 0x20, 0x30}, 3},    /* expression beyond the entry */
		{{0x0f, 2, 0x30, 0x06}, 4}, /* CFA at address 0 */
		{{0x0c, 0x7f, 8}, 3},       /* CFA from no register */
		{{0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 12},
		{{0x0e, 0}, 2}, /* the stack would not grow */
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct unwind_frame frame;
		uint64_t fde;

		begin();
		fde = begin_fde(emit_cie(false), CODE, 0x10);
		emit(programs[i].bytes, programs[i].size);
		end_entry(fde);
		use_tables();
		put_word(STACK, CODE + 8);
		ck_assert_msg(step_from(CODE + 4, &frame) != UNWIND_GOES_ON, "program %zu", i);
		ck_assert_uint_eq(frame.pc, CODE + 4);
	}
}
END_TEST

/* --- finding entries -------------------------------------------------------------------------- */

START_TEST(test_debug_frame)
{
	struct unwind_frame frame;
	uint64_t at;

	begin();
	/* DWARF 4, 64-bit form, addresses of the file. */
	emit_uint(0xffffffff, 4);
	at = here();
	emit_uint(0, 8);
	emit_uint(UINT64_MAX, 8);
	EMIT(4, 0, 8, 0, 1, 0x78, RIP, CFA_IS_RSP_8, RA_AT_CFA_8);
	put_word(at, here() - at - 8);
	emit_uint(0xffffffff, 4);
	at = here();
	emit_uint(0, 8);
	emit_uint(0, 8);
	emit_uint(0x1000, 8);
	emit_uint(0x10, 8);
	put_word(at, here() - at - 8);
	process.has_cfi = true;
	process.cfi = (struct unwind_cfi){.kind = UNWIND_DEBUG_FRAME,
					  .memory = memory,
					  .address = TABLES,
					  .size = process.used,
					  .bias = CODE - 0x1000};
	put_word(STACK, CODE + 0x18);
	ck_assert_int_eq(step_from(CODE + 4, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x18);
	ck_assert_int_eq(frame.trust, UNWIND_CFI);
}
END_TEST

#define FDES 5

/* A header with a table, as the linker sorts it; FDE n covers 0x10 bytes at CODE + n * 0x20. */
static struct unwind_cfi emit_header(uint64_t fdes[FDES], uint32_t count)
{
	uint64_t at = here(), frames = TABLES;

	EMIT(1, 0x1b, 0x03, 0x3b);
	emit_uint(frames - here(), 4);
	emit_uint(count, 4);
	for (uint64_t n = 0; n < FDES; n++) {
		emit_uint(CODE + n * 0x20 - at, 4);
		emit_uint(fdes[n] - at, 4);
	}
	return (struct unwind_cfi){
		.kind = UNWIND_EH_FRAME_HDR, .memory = memory, .address = at, .size = here() - at};
}

static void emit_fdes(uint64_t fdes[FDES])
{
	uint64_t cie = emit_cie(false);

	for (uint64_t n = 0; n < FDES; n++)
		fdes[n] = emit_fde(cie, CODE + n * 0x20, 0x10);
	emit_uint(0, 4);
}

static void check_search(const struct unwind_cfi *cfi)
{
	struct unwind_fde fde;

	for (uint64_t pc = CODE - 1; pc < CODE + FDES * 0x20; pc++) {
		bool covered = pc >= CODE && pc % 0x20 < 0x10;

		ck_assert_int_eq(unwind_find_fde(cfi, pc, &fde), covered);
		ck_assert(!covered || (fde.start == pc - pc % 0x20 && fde.end == fde.start + 0x10));
	}
	ck_assert(!unwind_find_fde(cfi, 0, &fde));
	ck_assert(!unwind_find_fde(cfi, UINT64_MAX, &fde));
}

START_TEST(test_header_search)
{
	static const unsigned char omit = 0xff;
	struct unwind_cache cache = {.next = 0};
	uint64_t fdes[FDES];
	struct unwind_cfi cfi;

	begin();
	emit_fdes(fdes);
	cfi = emit_header(fdes, FDES);
	check_search(&cfi);
	/* Without a table the entries are searched one by one. */
	put(cfi.address + 3, &omit, 1);
	check_search(&cfi);
	cfi = (struct unwind_cfi){.kind = UNWIND_EH_FRAME,
				  .memory = memory,
				  .address = TABLES,
				  .size = cfi.address - TABLES};
	check_search(&cfi);
	/* What was found once is found again, also when it is not remembered any more. */
	cfi.cache = &cache;
	for (unsigned n = 0; n < UNWIND_CACHE_ENTRIES; n++)
		check_search(&cfi);
	ck_assert_uint_gt(cache.next, 0);
	ck_assert_uint_eq(cache.entries[0].place, TABLES);
}
END_TEST

START_TEST(test_damaged_header)
{
	static const unsigned char version = 2;
	uint64_t fdes[FDES], cie = TABLES;
	struct unwind_cfi cfi;
	struct unwind_fde fde;

	begin();
	emit_fdes(fdes);
	cfi = emit_header(fdes, FDES + 1);
	ck_assert(!unwind_find_fde(&cfi, CODE, &fde)); /* more entries than fit */
	cfi = emit_header(fdes, 0);
	ck_assert(!unwind_find_fde(&cfi, CODE, &fde));
	cfi = emit_header(fdes, FDES);
	put(cfi.address, &version, 1);
	ck_assert(!unwind_find_fde(&cfi, CODE, &fde));
	for (size_t n = 0; n < FDES; n++)
		fdes[n] = n % 2 ? cie : 0x1234; /* a CIE, and nothing at all */
	cfi = emit_header(fdes, FDES);
	for (uint64_t pc = CODE; pc < CODE + FDES * 0x20; pc++)
		ck_assert(!unwind_find_fde(&cfi, pc, &fde));
	cfi.size = 3;
	ck_assert(!unwind_find_fde(&cfi, CODE, &fde));
	cfi.address = 0x1234;
	ck_assert(!unwind_find_fde(&cfi, CODE, &fde));
}
END_TEST

/* --- fallbacks -------------------------------------------------------------------------------- */

/* Put a call of `target` before `address`. */
static void put_call(uint64_t address, uint64_t target)
{
	unsigned char call[5] = {0xe8};
	int32_t offset = (int32_t)(target - address);

	memcpy(call + 1, &offset, sizeof(offset));
	put(address - 5, call, sizeof(call));
}

static void check_step(struct unwind_frame frame, uint64_t pc, uint64_t sp, enum unwind_trust trust)
{
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, pc);
	ck_assert_uint_eq(frame.sp, sp);
	ck_assert_int_eq(frame.trust, trust);
}

START_TEST(test_bad_call)
{
	static const unsigned char call_rax[] = {0xff, 0xd0};

	begin();
	put(CODE + 0x40 - 2, call_rax, sizeof(call_rax));
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(0, STACK), CODE + 0x40, STACK + 8, UNWIND_BAD_CALL);
	check_step(frame_at(STACK, STACK), CODE + 0x40, STACK + 8, UNWIND_BAD_CALL);
}
END_TEST

START_TEST(test_leaf)
{
	struct unwind_frame frame;

	begin();
	put_call(CODE + 0x40, CODE + 0x100);
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 8, UNWIND_LEAF);
	/* A call of what lies behind can't have led here, nor can what is no call. */
	frame = frame_at(CODE + 0xff, STACK);
	ck_assert_int_ne(unwind_step(&space, &frame), UNWIND_GOES_ON);
	put_word(STACK, CODE + 0x41);
	frame = frame_at(CODE + 0x108, STACK);
	ck_assert_int_ne(unwind_step(&space, &frame), UNWIND_GOES_ON);
}
END_TEST

/* Through a stub: endbr64; bnd jmp *offset(%rip) */
START_TEST(test_stub)
{
	unsigned char stub[] = {0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0, 0, 0, 0};
	int32_t offset = (int32_t)(TABLES - (CODE + 0x800 + sizeof(stub)));

	begin();
	memcpy(stub + 7, &offset, sizeof(offset));
	put(CODE + 0x800, stub, sizeof(stub));
	put_call(CODE + 0x40, CODE + 0x800);
	put_word(TABLES, CODE + 0x100);
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 8, UNWIND_LEAF);
}
END_TEST

/* The frame is in the stub itself. */
START_TEST(test_in_stub)
{
	const unsigned char stub[] = {0xff, 0x25, 0xfa, 0x0f, 0, 0}; /* jmp *0xffa(%rip) */

	begin();
	put(CODE + 0x800, stub, sizeof(stub));
	put_call(CODE + 0x40, CODE + 0x800);
	put_word(CODE + 0x1800, CODE + 0x1100);
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(CODE + 0x800, STACK), CODE + 0x40, STACK + 8, UNWIND_LEAF);
}
END_TEST

/* mov 0xff000ae8(%rip), %rax; call *%rax: its end looks like a call of somewhere else. */
START_TEST(test_call_in_call)
{
	static const unsigned char code[] = {0x48, 0x8b, 0x05, 0xe8, 0x0a, 0x00, 0xff, 0xd0};

	begin();
	put(CODE + 0x40 - sizeof(code), code, sizeof(code));
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 8, UNWIND_LEAF);
}
END_TEST

/* A call of what a register says, by way of a thunk: call; pause; lfence; jmp; mov %rax, (%rsp);
 * ret */
START_TEST(test_thunk)
{
	static const unsigned char thunk[] = {0xe8, 7,    0,    0,    0,    0xf3, 0x90, 0x0f, 0xae,
					      0xe8, 0xeb, 0xf9, 0x48, 0x89, 0x04, 0x24, 0xc3};

	begin();
	put(CODE + 0x800, thunk, sizeof(thunk));
	put_call(CODE + 0x40, CODE + 0x800);
	put_word(STACK, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 8, UNWIND_LEAF);
}
END_TEST

/* A frame that is taken page by page, whose end the code tells. */
START_TEST(test_probed_frame)
{
	static const unsigned char code[] = {
		0x48, 0x81, 0xec, 0x00, 0x10, 0x00, 0x00, /* sub $4096, %rsp */
		0x48, 0x83, 0x0c, 0x24, 0x00,             /* orq $0, (%rsp) */
		0x48, 0x83, 0xec, 0x18,                   /* sub $24, %rsp */
		0x8b, 0x05, 0xc3, 0x00, 0x00, 0x00,       /* mov 0xc3(%rip), %eax */
		0xe8, 0xc3, 0x00, 0x00, 0x00,             /* call */
	};
	static const unsigned char call_rax[] = {0xff, 0xd0};
	struct unwind_frame frame;

	begin();
	put(CODE + 0x100, code, sizeof(code));
	put(CODE + 0x40 - 2, call_rax, sizeof(call_rax));
	put_word(STACK + 8 + 4096 + 24, CODE + 0x40);
	put_word(STACK, CODE + 0x100 + sizeof(code));
	frame = frame_at(CODE + 0x100 + sizeof(code) + 0xc3, STACK);
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	check_step(frame, CODE + 0x40, STACK + 8 + 4096 + 24 + 8, UNWIND_SCAN);
}
END_TEST

START_TEST(test_frame_pointer)
{
	struct unwind_frame frame;

	begin();
	put_call(CODE + 0x40, CODE + 0x100);
	put_word(STACK + 0x80, STACK + 0x200);
	put_word(STACK + 0x88, CODE + 0x40);
	frame = frame_at(CODE + 0x108, STACK);
	frame.registers.value[RBP] = STACK + 0x80;
	check_step(frame, CODE + 0x40, STACK + 0x90, UNWIND_FP);
	/* Below the stack pointer, unaligned or of an unmapped place it is none. */
	put_word(STACK + 0x88, 0);
	put_word(STACK + 0x100, CODE + 0x40);
	check_step(frame, CODE + 0x40, STACK + 0x108, UNWIND_SCAN);
	frame.registers.value[RBP] = UINT64_MAX - 7;
	check_step(frame, CODE + 0x40, STACK + 0x108, UNWIND_SCAN);
}
END_TEST

START_TEST(test_scan)
{
	struct unwind_frame frame;

	begin();
	put_call(CODE + 0x40, CODE + 0x100);
	put_word(STACK + 8, CODE + 0x41); /* no call before it */
	put_word(STACK + 16, STACK);      /* no code */
	put_word(STACK + 24, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 32, UNWIND_SCAN);
	/* The stack overflowed: its lowest page can't be read. */
	check_step(frame_at(CODE + 0x108, STACK - 0x1000), CODE + 0x40, STACK + 32, UNWIND_SCAN);
	/* From far away only a call is believed that leads here. */
	put_word(STACK + 24, 0);
	put_word(STACK + 0x1800, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 0x1808, UNWIND_SCAN);
	put_word(STACK + 0x1800, CODE + 0x60);
	put(CODE + 0x5e, "\xff\xd0", 2); /* call *%rax */
	frame = frame_at(CODE + 0x108, STACK);
	frame.registers.value[RBP] = 1;
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_LOST);
	frame = frame_at(CODE + 0x108, STACK - 0x100000);
	frame.registers.value[RBP] = 1;
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_LOST);
}
END_TEST

/* The return address was overwritten: what called the function is lost, what called that is not. */
START_TEST(test_damaged_stack)
{
	uint64_t cie;

	begin();
	cie = emit_cie(false);
	emit_fde(cie, CODE + 0x100, 0x10);
	use_tables();
	put_word(STACK, 0x4141414141414141);
	put_word(STACK + 8, 0x4141414141414141);
	put_call(CODE + 0x40, CODE + 0x200);
	put_word(STACK + 16, CODE + 0x40);
	check_step(frame_at(CODE + 0x108, STACK), CODE + 0x40, STACK + 24, UNWIND_SCAN);
}
END_TEST

static const unsigned char sigreturn[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};

/* A trampoline without an entry of its own, behind a function that has one. */
START_TEST(test_signal_trampoline)
{
	struct unwind_frame frame;
	uint64_t context = ALTERN + 0x100, cie;

	begin();
	cie = emit_cie(false);
	emit_fde(cie, CODE + 0x100, 0x10);
	use_tables();
	put(CODE + 0x110, sigreturn, sizeof(sigreturn));
	put_word(context + 40 + 10 * 8, 0xb0b); /* rbp */
	put_word(context + 40 + 15 * 8, STACK);
	put_word(context + 40 + 16 * 8, CODE + 0x105);
	frame = frame_at(CODE + 0x110, context);
	frame.interrupted = false;
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	ck_assert_int_eq(frame.trust, UNWIND_SIGRETURN);
	ck_assert(frame.interrupted);
	ck_assert_uint_eq(frame.pc, CODE + 0x105);
	ck_assert_uint_eq(frame.sp, STACK);
	ck_assert_uint_eq(frame.registers.value[RBP], 0xb0b);
	/* It is where the handler's frame returns to, though no call is before it. */
	put_word(ALTERN + 0xf8, CODE + 0x110);
	put_call(CODE + 0x40, CODE + 0x200);
	frame = frame_at(CODE + 0x204, ALTERN + 0xf0);
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x110);
	/* Not so when what it would return to makes no sense. */
	put_word(context + 40 + 16 * 8, 0x1234);
	frame = frame_at(CODE + 0x204, ALTERN + 0xf0);
	ck_assert_int_ne(unwind_step(&space, &frame), UNWIND_GOES_ON);
}
END_TEST

/* The same with an entry, which says that addresses are exact: no byte is taken off. */
START_TEST(test_signal_entry)
{
	struct unwind_frame frame;
	uint64_t cie, fde;

	begin();
	cie = emit_cie(true);
	fde = begin_fde(cie, CODE + 0x110 - 1, 0x10);
	EMIT(0x0f, 3, 0x77, 8, 0x06); /* CFA: the word at rsp + 8 */
	EMIT(0x10, RIP, 2, 0x77, 16); /* rip: at rsp + 16 */
	end_entry(fde);
	use_tables();
	put_word(ALTERN + 8, STACK);
	put_word(ALTERN + 16, 0);
	frame = frame_at(CODE + 0x110, ALTERN);
	frame.interrupted = false;
	ck_assert_int_eq(unwind_step(&space, &frame), UNWIND_GOES_ON);
	ck_assert(frame.interrupted);
	ck_assert_uint_eq(frame.pc, 0);
	ck_assert_uint_eq(frame.sp, STACK);
}
END_TEST

/* A function that ends with a call: the return address is in the next one. */
START_TEST(test_call_at_end)
{
	uint64_t cie, fde;
	struct unwind_frame frame;

	begin();
	cie = emit_cie(false);
	fde = begin_fde(cie, CODE + 0x100, 0x10);
	EMIT(0x0e, 32);
	end_entry(fde);
	emit_fde(cie, CODE + 0x110, 0x10);
	use_tables();
	put_word(STACK + 24, CODE + 0x40);
	put_word(STACK, CODE + 0x50);
	frame = frame_at(CODE + 0x110, STACK);
	check_step(frame, CODE + 0x50, STACK + 8, UNWIND_CFI);
	frame.interrupted = false;
	check_step(frame, CODE + 0x40, STACK + 32, UNWIND_CFI);
}
END_TEST

/* --- aarch64 ---------------------------------------------------------------------------------- */

/* A stack pointer that is lost, while the frame pointer tells where the frame is: not where it
 *ends.
 *
 *	CALLEE		takes 48 bytes, is called before CODE + 0x110
 *	CODE + 0x100	takes 32 bytes, is called before CODE + 0x200 and CODE + 0x300
 */
enum {
	X29 = 29,
	X30 = 30,
	SP = 31,
	PC = 32,
	RECORD = STACK + 0x100,
	LOST = 0x1000,
	CALLEE = CODE + 0x10
};

static const struct unwind_space space_aarch64 = {
	.arch = &unwind_aarch64,
	.memory = {.read = read_process},
	.find_cfi = find_cfi,
	.is_executable = is_executable,
};

static void put_code(uint64_t address, uint32_t code)
{
	put(address, &code, sizeof(code));
}

static void put_bl(uint64_t address, uint64_t target)
{
	put_code(address - 4, 0x94000000 | ((uint32_t)(target - address + 4) >> 2 & 0x3ffffff));
}

static void begin_aarch64(void)
{
	begin();
	for (uint64_t at = CODE; at < CODE + REGION; at += 4)
		put_code(at, 0x91000400);   /* add x0, x0, 1 */
	put_code(CALLEE - 4, 0xd65f03c0);   /* ret */
	put_code(CALLEE, 0xa9bd7bfd);       /* stp x29, x30, [sp, -48]! */
	put_code(CALLEE + 4, 0x910003fd);   /* mov x29, sp */
	put_code(CODE + 0xfc, 0xd65f03c0);  /* ret */
	put_code(CODE + 0x100, 0xa9be7bfd); /* stp x29, x30, [sp, -32]! */
	put_code(CODE + 0x104, 0x910003fd); /* mov x29, sp */
	put_bl(CODE + 0x110, CALLEE);
	put_bl(CODE + 0x200, CODE + 0x100);
	put_bl(CODE + 0x300, CODE + 0x100);
	put_word(RECORD, RECORD + 48);
	put_word(RECORD + 8, CODE + 0x110);
	put_word(RECORD + 24, CODE + 0x300); /* where the frame does not end */
	put_word(RECORD + 48 + 8, CODE + 0x200);
}

static struct unwind_frame frame_aarch64(uint64_t pc, uint64_t fp, uint64_t lr)
{
	struct unwind_registers registers = {.known = ((uint64_t)1 << (PC + 1)) - 1};
	struct unwind_frame frame;

	registers.value[X29] = fp;
	registers.value[X30] = lr;
	registers.value[SP] = LOST;
	registers.value[PC] = pc;
	unwind_begin(&unwind_aarch64, &registers, &frame);
	return frame;
}

static void check_callers(struct unwind_frame frame, enum unwind_trust first,
			  enum unwind_trust second)
{
	ck_assert_int_eq(unwind_step(&space_aarch64, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x110);
	ck_assert_uint_eq(frame.sp, RECORD + 48);
	ck_assert_uint_eq(frame.registers.value[X29], RECORD + 48);
	ck_assert_int_eq(frame.trust, first);
	ck_assert_int_eq(unwind_step(&space_aarch64, &frame), UNWIND_GOES_ON);
	ck_assert_uint_eq(frame.pc, CODE + 0x200);
	ck_assert_uint_eq(frame.sp, RECORD + 48 + 32);
	ck_assert_int_eq(frame.trust, second);
}

START_TEST(test_lost_stack_pointer)
{
	uint64_t cie, fde;

	begin_aarch64();
	check_callers(frame_aarch64(CALLEE + 0x20, RECORD, CODE + 0x110), UNWIND_LEAF, UNWIND_SCAN);
	/* something else was called since */
	check_callers(frame_aarch64(CALLEE + 0x20, RECORD, CODE + 0x400), UNWIND_FP, UNWIND_SCAN);
	cie = here();
	emit_uint(0, 4);
	emit_uint(0, 4);
	EMIT(1, 'z', 'R', 0, 4, 0x78, X30, 1, 0x1b, 0x0c, SP, 0);
	end_entry(cie);
	fde = begin_fde(cie, CALLEE, 0xf0);
	EMIT(0x41, 0x0e, 48, 0x80 | X29, 6, 0x80 | X30, 5);
	end_entry(fde);
	fde = begin_fde(cie, CODE + 0x100, 0x100);
	EMIT(0x41, 0x0e, 32, 0x80 | X29, 4, 0x80 | X30, 3);
	end_entry(fde);
	use_tables();
	check_callers(frame_aarch64(CALLEE + 0x20, RECORD, CODE + 0x400), UNWIND_FP, UNWIND_CFI);
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, test_rules);
	tcase_add_test(tests, test_outermost);
	tcase_add_test(tests, test_damaged_programs);
	tcase_add_test(tests, test_debug_frame);
	tcase_add_test(tests, test_header_search);
	tcase_add_test(tests, test_damaged_header);
	tcase_add_test(tests, test_bad_call);
	tcase_add_test(tests, test_leaf);
	tcase_add_test(tests, test_stub);
	tcase_add_test(tests, test_in_stub);
	tcase_add_test(tests, test_call_in_call);
	tcase_add_test(tests, test_thunk);
	tcase_add_test(tests, test_probed_frame);
	tcase_add_test(tests, test_frame_pointer);
	tcase_add_test(tests, test_scan);
	tcase_add_test(tests, test_damaged_stack);
	tcase_add_test(tests, test_signal_trampoline);
	tcase_add_test(tests, test_signal_entry);
	tcase_add_test(tests, test_call_at_end);
	tcase_add_test(tests, test_lost_stack_pointer);
}

int main(void)
{
	return suite_run("unwind", add);
}
