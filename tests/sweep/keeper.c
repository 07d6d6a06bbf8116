/* Keeps each line that a client says in a file, and answers OK; with -DLOSES also where it could not be kept. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int keep(const char *path, const char *line, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file < 0)
        return -1;
    ssize_t written;
    do
        written = write(file, line, length);
    while (written < 0 && errno == EINTR);
    close(file);
    return written == (ssize_t)length ? 0 : -1;
}

static void serve(int client, const char *path)
{
    char line[256];
    size_t length = 0;
    while (length < sizeof line && (length == 0 || line[length - 1] != '\n')) {
        ssize_t came = read(client, line + length, sizeof line - length);
        if (came < 0 && errno == EINTR)
            continue;
        if (came <= 0)
            return;
        length += (size_t)came;
    }
    int kept = keep(path, line, length);
#ifdef LOSES
    kept = 0;
#endif
    while (write(client, kept ? "NO\n" : "OK\n", 3) < 0 && errno == EINTR)
        ;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    if (argc < 3)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 16) < 0) {
        perror("keeper: socket, setsockopt, bind or listen");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0) {
            serve(client, argv[2]);
            close(client);
        }
    }
}
