/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A receiver that is killed after a random time: killer MOST ENDED COMMAND ARGUMENT... runs COMMAND
 * with its own standard input, kills it after up to MOST microseconds, a short time as likely as a
 * long one, and creates the file ENDED.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	double most = argc > 3 ? atof(argv[1]) : 0, micros;
	struct timespec time;
	uint32_t random;
	pid_t pid;

	if (most < 1 || getrandom(&random, sizeof(random), 0) != sizeof(random))
		return 64;
	micros = exp(log(most) * random / UINT32_MAX);
	time.tv_sec = (time_t)(micros / 1e6);
	time.tv_nsec = (long)((micros - (double)time.tv_sec * 1e6) * 1e3);
	pid = fork();
	if (!pid) {
		execv(argv[3], argv + 3);
		_exit(127);
	}
	close(STDIN_FILENO);
	nanosleep(&time, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return open(argv[2], O_CREAT | O_WRONLY, 0600) < 0;
}
