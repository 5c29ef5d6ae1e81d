/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that a compiler would not make. */
	.section .note.GNU-stack, "", %progbits

#ifdef __GCC_HAVE_DWARF2_CFI_ASM
#define CFI(...) .cfi_##__VA_ARGS__
#else
#define CFI(...)
#endif

	.text
	/* Nothing describes the frames of these. */
	.globl undescribed_small
	.type undescribed_small, %function
undescribed_small:
#ifdef __x86_64__
	sub $24, %rsp
	call *%rdi
	add $24, %rsp
	ret
#else
	str x30, [sp, -32]!
	blr x0
	ldr x30, [sp], 32
	ret
#endif
	.size undescribed_small, . - undescribed_small

	.globl undescribed_large
	.type undescribed_large, %function
undescribed_large:
#ifdef __x86_64__
	sub $3000, %rsp
	call *%rdi
	add $3000, %rsp
	ret
#else
	str x30, [sp, -16]!
	sub sp, sp, 3008
	blr x0
	add sp, sp, 3008
	ldr x30, [sp], 16
	ret
#endif
	.size undescribed_large, . - undescribed_large

	/* The frame pointer is a register like others. */
	.globl undescribed_pops
	.type undescribed_pops, %function
undescribed_pops:
#ifdef __x86_64__
	push %rbx
	push %rbp
	xor %ebp, %ebp
	push %r12
	call *%rdi
	pop %r12
	pop %rbp
	pop %rbx
	ret
#else
	stp x19, x20, [sp, -48]!
	stp x29, x30, [sp, 16]
	mov x29, 0
	blr x0
	ldp x29, x30, [sp, 16]
	ldp x19, x20, [sp], 48
	ret
#endif
	.size undescribed_pops, . - undescribed_pops

	/* On a page of its own, to be taken away. */
	.balign 4096
	.globl on_a_page
	.type on_a_page, %function
on_a_page:
	CFI(startproc)
#ifdef __x86_64__
	sub $8, %rsp
	CFI(def_cfa_offset 16)
	call *%rdi
	add $8, %rsp
	CFI(def_cfa_offset 8)
	ret
#else
	str x30, [sp, -16]!
	CFI(def_cfa_offset 16)
	CFI(offset 30, -16)
	blr x0
	ldr x30, [sp], 16
	CFI(restore 30)
	CFI(def_cfa_offset 0)
	ret
#endif
	CFI(endproc)
	.size on_a_page, . - on_a_page
	.balign 4096
