/* Crashes in the way that its first argument names: crash_here(), called by middle(), by outer(). */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int zero;
static const char *way;

/* push %rbp; mov %rsp,%rbp; mov $8,%eax; mov %eax,(%rax); pop %rbp; ret */
static const unsigned char jit[] = {0x55, 0x48, 0x89, 0xe5, 0xb8, 8, 0, 0, 0, 0x89, 0x00, 0x5d, 0xc3};

static int run_jit(void)
{
	void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(page, jit, sizeof(jit));
	((void (*)(void))page)();
	return zero;
}

__attribute__((noinline)) int deeper(int depth)
{
	volatile char room[4000];

	room[depth % 4000] = 1;
	return deeper(depth + 1) + room[depth % 4000];
}

__attribute__((noinline)) int crash_here(int depth)
{
	if (!strcmp(way, "abort"))
		abort();
	if (!strcmp(way, "fpe"))
		return depth / zero;
	if (!strcmp(way, "overflow"))
		return deeper(0) + zero;
	if (!strcmp(way, "jit"))
		return run_jit() + zero;
	*(volatile int *)8 = depth;
	return zero;
}

__attribute__((noinline)) int middle(int depth)
{
	return crash_here(depth + 1) + zero;
}

__attribute__((noinline)) int outer(int depth)
{
	return middle(depth + 1) + zero;
}

static void *waits(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void start_threads(int count)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < count; i++)
		pthread_create(&thread, &small, waits, 0);
	usleep(100000);
}

int main(int argc, char **argv)
{
	way = argc > 1 ? argv[1] : "";
	if (!strcmp(way, "threads"))
		start_threads(255);
	if (!strcmp(way, "memory"))
		memset(malloc((size_t)1 << 30), 1, (size_t)1 << 30);
	if (!strcmp(way, "deleted"))
		unlink(argv[0]);
	return outer(1) + zero;
}
