"""An echo server that listens on the first address that it is offered, and on no other."""

import asyncio
import socket
import sys


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send every line back."""
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def main(port: str) -> None:
    """Listen, say so, and serve for ever."""
    offered = socket.getaddrinfo(None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = offered[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    print("listening", flush=True)
    await (await asyncio.start_server(echo, sock=listener)).serve_forever()


asyncio.run(main(sys.argv[1]))
