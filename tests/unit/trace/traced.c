/*
 * Traced by the tests: a parent, two children and a grandchild that open, lock, seek, listen, are
 * signalled and end in the ways that tracers have to tell. Where the CPU is 32-bit x86 the socket
 * is made by socketcall(2), as older libraries do.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void note(int number) { (void)number; }

static int tcp_socket(void)
{
#if defined(__i386__) && defined(SYS_socketcall)
	long arguments[3] = {AF_INET, SOCK_STREAM, 0};

	return (int)syscall(SYS_socketcall, 1, arguments);
#else
	return socket(AF_INET, SOCK_STREAM, 0);
#endif
}

static void listen_twice(void)
{
	struct sockaddr_in address;
	int first = tcp_socket(), second = tcp_socket();
	socklen_t length = sizeof address;

	memset(&address, 0, sizeof address);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(first, (struct sockaddr *)&address, sizeof address);
	listen(first, 5);
	getsockname(first, (struct sockaddr *)&address, &length);
	bind(second, (struct sockaddr *)&address, sizeof address);
	close(second);
}

static void locked_write(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);

	flock(file, LOCK_EX);
	lseek(file, 0, SEEK_END);
	write(file, "a \"quote\" and a (bracket\n", 25);
	flock(file, LOCK_UN);
	close(file);
}

static void child(const char *path, int ready)
{
	struct sigaction action;
	sigset_t none;
	pid_t grandchild;

	memset(&action, 0, sizeof action);
	action.sa_handler = note;
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGUSR1, &action, NULL);
	grandchild = fork();
	if (grandchild == 0)
		_exit(7);
	waitpid(grandchild, NULL, 0);
	locked_write(path);
	write(ready, "r", 1);
	sigemptyset(&none);
	for (;;)
		sigsuspend(&none);
}

int main(int count, char **arguments)
{
	char byte;
	int ends[2];
	pid_t pid;

	if (count != 2)
		return 2;
	listen_twice();
	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED || pipe(ends) == -1)
		return 1;
	pid = fork();
	if (pid == 0)
		child(arguments[1], ends[1]);
	read(ends[0], &byte, 1);
	kill(pid, SIGUSR1);
	kill(pid, SIGUSR1);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	return 3;
}
