/* SPDX-License-Identifier: Apache-2.0 */
/* A library that calls back. */
void plugin_call(void (*function)(void));

void plugin_call(void (*function)(void))
{
	function();
	__asm__ volatile("" ::: "memory");
}
