/* SPDX-License-Identifier: Apache-2.0 */
/* A library that dies while it is loaded. */
void matrix_constructor(void);

__attribute__((constructor)) static void plugin_constructor(void)
{
	matrix_constructor();
	__asm__ volatile("" ::: "memory");
}
