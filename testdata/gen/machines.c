/* SPDX-License-Identifier: Apache-2.0 */
/* Code for any machine, without headers: functions that call, inline and count. */
volatile int counter;

static inline int twice(int x)
{
	counter += x;
	return x * 2;
}

static inline int twice_and_more(int x)
{
	return twice(x) + counter;
}

__attribute__((noinline)) int leaf(int x)
{
	if (x > 100)
		return twice_and_more(x - 1);
	return twice(x) - counter;
}

__attribute__((noinline)) int loop(int count)
{
	int sum = 0;

	for (int i = 0; i < count; i++) {
		sum += leaf(i);
		sum ^= twice_and_more(sum);
	}
	return sum;
}

int entry(int count)
{
	int sum = loop(count);

	return sum + leaf(sum);
}
