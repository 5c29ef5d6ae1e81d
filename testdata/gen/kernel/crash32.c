/* A program of 32 bits without a C library. */
void _start(void)
{
	*(volatile int *)8 = 1;
}
