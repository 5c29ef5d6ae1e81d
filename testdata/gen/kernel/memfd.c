/* Runs a copy of the file ARGV[1] that has no name, with the arguments that follow. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	int from = open(argv[1], O_RDONLY), to = memfd_create("nameless", MFD_CLOEXEC);
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)got) != got)
			return 1;
	fexecve(to, argv + 1, (char *[]){0});
	return argc;
}
