"""A real tcp:// endpoint of an engine, with TLS or without, on loopback; and one that vanishes while it is used."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PIECE = 65536
SECONDS = 30.0


class TcpRelay:
    """Hands on all that comes to the engine's socket, and back. `port` is where it listens."""

    def __init__(self, engine: str, tls: ssl.SSLContext | None = None, *, vanishes_at: bytes = b"") -> None:
        """`vanishes_at`: what the engine says last; then no connection is left, and none is taken."""
        self._engine, self._tls, self._last = engine, tls, vanishes_at
        self._writers: list[asyncio.StreamWriter] = []
        self.vanished, ready = threading.Event(), threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(SECONDS)

    def close(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(SECONDS)

    def _run(self, ready: threading.Event) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._end.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_engine, to_engine = await asyncio.open_unix_connection(self._engine)
        self._writers += [writer, to_engine]
        asking = asyncio.create_task(self._pump(reader, to_engine, b""))
        await self._pump(from_engine, writer, self._last)
        asking.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: bytes) -> None:
        """Until the end of what comes; that is handed on, too."""
        seen = b""
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                seen = seen[-len(last) :] + piece if last else b""
                if last and last in seen:
                    self.vanished.set()
                    self._end.set()
                    return
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()


@contextmanager
def tcp_relay(engine: str, tls: ssl.SSLContext | None = None, *, vanishes_at: bytes = b"") -> Iterator[TcpRelay]:
    """A relay for a while."""
    opened = TcpRelay(engine, tls, vanishes_at=vanishes_at)
    try:
        yield opened
    finally:
        opened.close()


def make_certificates(folder: Path) -> ssl.SSLContext:
    """An authority, a server's certificate for 127.0.0.1 and a client's, made by openssl: ca.pem, cert.pem and key.pem
    of the client in `folder`. The server's side of TLS, which asks for the client's certificate.
    """
    folder.mkdir()

    def openssl(command: str) -> None:
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)

    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca-key.pem -out ca.pem")
    (folder / "server.ext").write_text("subjectAltName = IP:127.0.0.1\n")
    (folder / "client.ext").write_text("extendedKeyUsage = clientAuth\n")
    for name, key, certificate in (("server", "server-key.pem", "server.pem"), ("client", "key.pem", "cert.pem")):
        openssl(f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {key} -out {name}.csr")
        signed_by = "-CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2"
        openssl(f"x509 -req -in {name}.csr {signed_by} -extfile {name}.ext -out {certificate}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context
