"""A process a connection: fork_server.py paper|like"""

import os
import signal
import socket
import sys

READ = 4096


def take(peer: int, paper: bool) -> None:
    """Read until the end; through a buffer as in the paper, or each read in a single write."""
    while data := os.read(peer, READ):
        if paper:
            sys.stdout.buffer.write(data)
        else:
            os.write(1, data)


def reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main(form: str) -> None:
    signal.signal(signal.SIGCHLD, reap)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        print(f"READY 127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        while True:
            peer, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                take(peer.fileno(), form == "paper")
                os._exit(0)
            peer.close()


if __name__ == "__main__":
    if sys.argv[1:] not in (["paper"], ["like"]):
        sys.exit("usage: fork_server.py paper|like")
    main(sys.argv[1])
