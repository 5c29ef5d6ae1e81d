/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that are described in ways that compilers do not use, or not described. */
	.section .note.GNU-stack, "", %progbits

#ifdef __x86_64__
#ifdef __GCC_HAVE_DWARF2_CFI_ASM
#define CFI(...) .cfi_##__VA_ARGS__
#else
#define CFI(...)
#endif

#define FUNCTION(name)                                                                            \
	.globl name; .type name, @function; name: CFI(startproc)
#define END(name)                                                                                 \
	CFI(endproc); .size name, . - name

	.text
	/* Calls with a stack pointer that is no multiple of 8. */
FUNCTION(odd_unaligned)
	push %rbp
	CFI(def_cfa_offset 16)
	CFI(offset rbp, -16)
	mov %rsp, %rbp
	CFI(def_cfa_register rbp)
	sub $13, %rsp
	call *%rdi
	leave
	CFI(def_cfa rsp, 8)
	ret
END(odd_unaligned)

	/* Calls on a stack that ends with the return address, and never returns. */
FUNCTION(odd_ends_on_page)
	CFI(undefined rip)
	mov %rsi, %rsp
	xor %ebp, %ebp
	call *%rdi
	hlt
END(odd_ends_on_page)

	/* Calls on another stack and comes back. */
FUNCTION(odd_other_stack)
	push %rbx
	CFI(def_cfa_offset 16)
	CFI(offset rbx, -16)
	mov %rsp, %rbx
	CFI(def_cfa_register rbx)
	mov %rsi, %rsp
	call *%rdi
	mov %rbx, %rsp
	CFI(def_cfa_register rsp)
	pop %rbx
	CFI(def_cfa_offset 8)
	ret
END(odd_other_stack)

#ifdef __GCC_HAVE_DWARF2_CFI_ASM
	/* The CFA is what 16(%rsp) holds: DW_OP_breg7 16, DW_OP_deref. */
FUNCTION(odd_expression)
	mov %rsp, %rax
	add $8, %rax
	.cfi_escape 0x0f, 3, 0x77, 8, 0x96
	sub $40, %rsp
	mov %rax, 16(%rsp)
	.cfi_escape 0x0f, 3, 0x77, 16, 0x06
	/* The return address by an expression of its own: the CFA, less 8. */
	.cfi_escape 0x10, 16, 2, 0x38, 0x1c
	call *%rdi
	add $40, %rsp
	.cfi_def_cfa rsp, 8
	.cfi_offset rip, -8
	ret
END(odd_expression)

	/* %rbx of the caller is what is saved, less one; so is where it goes on. */
FUNCTION(odd_val_expression)
	push %rbx
	.cfi_def_cfa_offset 16
	addq $1, (%rsp)
	.cfi_escape 0x16, 3, 5, 0x40, 0x1c, 0x06, 0x31, 0x1c
	mov 8(%rsp), %rax
	inc %rax
	push %rax
	.cfi_def_cfa_offset 24
	.cfi_escape 0x16, 16, 5, 0x48, 0x1c, 0x06, 0x31, 0x1c
	push $0
	.cfi_def_cfa_offset 32
	.cfi_escape 0x16, 16, 6, 0x08, 24, 0x1c, 0x06, 0x31, 0x1c
	mov $0x1111, %ebx
	call *%rdi
	hlt
END(odd_val_expression)

	/* The return address is in a register. */
FUNCTION(odd_register)
	pop %rcx
	.cfi_def_cfa_offset 0
	.cfi_register rip, rcx
	xor %eax, %eax
	mov %eax, (%rax)
	jmp *%rcx
END(odd_register)

	/* The stack pointer of the caller is not the CFA. */
FUNCTION(odd_val_offset)
	sub $24, %rsp
	.cfi_def_cfa_offset 16
	.cfi_offset rip, 8
	.cfi_escape 0x15, 7, 0x7e
	call *%rdi
	add $24, %rsp
	ret
END(odd_val_offset)

	/* States that are remembered within each other, and a register without a number here. */
FUNCTION(odd_states)
	sub $8, %rsp
	.cfi_remember_state
	.cfi_def_cfa_offset 16
	.cfi_remember_state
	sub $16, %rsp
	.cfi_def_cfa_offset 32
	.cfi_remember_state
	.cfi_escape 0x80 + 17, 1
	.cfi_escape 0x2e, 16
	push %rdi
	.cfi_adjust_cfa_offset 8
	pop %rdi
	.cfi_restore_state
	call *%rdi
	add $16, %rsp
	.cfi_restore_state
	add $8, %rsp
	.cfi_restore_state
	ret
END(odd_states)
#endif
#endif
