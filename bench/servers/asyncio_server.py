"""One process, all connections, in one loop of asyncio: asyncio_server.py paper|like"""

import asyncio
import os
import sys


class Sink(asyncio.Protocol):
    """Throws away what comes; through a buffer as in the paper, or each piece in a single write."""

    def __init__(self, paper: bool) -> None:
        self._paper = paper

    def data_received(self, data: bytes) -> None:
        if self._paper:
            sys.stdout.buffer.write(data)
        else:
            os.write(1, data)


async def main(form: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    server = await asyncio.get_running_loop().create_server(lambda: Sink(form == "paper"), "127.0.0.1", 0, backlog=4096)
    print(f"READY 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] not in (["paper"], ["like"]):
        sys.exit("usage: asyncio_server.py paper|like")
    asyncio.run(main(sys.argv[1]))
