/*
 * SO_REUSEPORT of the BSDs: several sockets listen on one port, and one of them gets all clients.
 *
 * A program that chooses the socket (SO_ATTACH_REUSEPORT_CBPF, socket(7)) takes Linux' balancing away.
 */

#include "next.h"
#include "socket_options.h"

#include <errno.h>
#include <stdint.h>

#define RETURN_CONSTANT 0x06	/* BPF_RET | BPF_K */

/* As linux/filter.h has them, which is no part of libc. */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t constant;
};

struct program {
	uint16_t length;
	struct instruction *instructions;
};

int
listen(int fd, int backlog)
{
	struct instruction first = {RETURN_CONSTANT, 0, 0, 0};
	struct program program = {1, &first};
	int status = NEXT(listen)(fd, backlog), saved = errno;

	if (status == 0 && socket_option(fd, SOL_SOCKET, SO_REUSEPORT) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
	errno = saved;
	return status;
}
