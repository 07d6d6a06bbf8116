"""The chat service in one process, in one loop of asyncio, for comparison: asyncio_chat.py LOG KEY-FILE

It speaks what the clients of the benchmark speak of the protocol: HELLO from `end`, lines, records. No process but this
one has the log, so nothing is locked and nobody is signalled.
"""

import asyncio
import os
import sys


class Client(asyncio.Protocol):
    """One connection: HELLO, then lines into the log and to everybody."""

    def __init__(self, log: int, key: bytes, everybody: "set[Client]") -> None:
        self._log, self._key, self._everybody = log, key, everybody
        self._name, self._rest = b"", b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: "Exception | None") -> None:
        self._everybody.discard(self)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if lines and not self._name:
            self._hello(lines.pop(0))
        if lines:
            records = b"".join(b"<%s> %s\n" % (self._name, line) for line in lines)
            os.write(self._log, records)
            for client in self._everybody:
                client.transport.write(records)

    def _hello(self, line: bytes) -> None:
        words = line.split(b" ")
        if len(words) != 4 or words[:2] != [b"HELLO", self._key]:
            self.transport.write(b"ERR bad-hello\n")
            self.transport.close()
            return
        self._name = words[2]
        self._everybody.add(self)
        self.transport.write(b"OK %d\n" % os.fstat(self._log).st_size)


async def main(log: str, key_file: str) -> None:
    with open(key_file, "rb") as file:
        key = file.read().strip()
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    everybody: set[Client] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Client(opened, key, everybody), "127.0.0.1", 0, backlog=4096
    )
    print(f"READY 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: asyncio_chat.py LOG KEY-FILE")
    asyncio.run(main(*sys.argv[1:]))
