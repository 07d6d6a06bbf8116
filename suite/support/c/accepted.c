/* What accept(2) of the listener on standard input gives: "blocking" or "non-blocking". */
#include <sys/types.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	int fd = accept(STDIN_FILENO, NULL, NULL), flags = fd == -1 ? -1 : fcntl(fd, F_GETFL);

	if (flags == -1) {
		perror("accept");
		return 1;
	}
	puts(flags & O_NONBLOCK ? "non-blocking" : "blocking");
	return 0;
}
