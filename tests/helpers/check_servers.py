"""Real servers on this machine for `anyunix check` to look at."""

import os
import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

V4, V6 = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")
Answering = Callable[[socket.socket], None]


def greet(peer: socket.socket) -> None:
    """`hello` to whatever comes, as long as it comes."""
    with peer:
        while data := peer.recv(4096):
            peer.sendall(b"hello\n" * data.count(b"\n"))


@contextmanager
def serving(
    *where: tuple[socket.AddressFamily, str], answer: dict[str, Answering] | Answering = greet
) -> Iterator[int]:
    """A server with a thread a connection on one port of some addresses; the port."""
    with ExitStack() as stack:
        listeners = _listeners(stack, where)
        port: int = listeners[0].getsockname()[1]
        stop, stopped = os.pipe()

        def accept() -> None:
            while True:
                ready = select.select([*listeners, stop], [], [])[0]
                if stop in ready:
                    return
                for listener in ready:
                    peer = listener.accept()[0]
                    chosen = answer[listener.getsockname()[0]] if isinstance(answer, dict) else answer
                    threading.Thread(target=_quietly, args=(chosen, peer), daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield port
        finally:
            os.close(stopped)  # which the thread hears
            thread.join(10)
            os.close(stop)
            assert not thread.is_alive()


def _quietly(answer: Answering, peer: socket.socket) -> None:
    try:
        answer(peer)
    except OSError:
        peer.close()


def _listeners(stack: ExitStack, where: tuple[tuple[socket.AddressFamily, str], ...]) -> list[socket.socket]:
    """One port for all of them."""
    for _ in range(20):
        opened: list[socket.socket] = []
        try:
            for family, host in where:
                port = opened[0].getsockname()[1] if opened else 0
                opened.append(socket.create_server((host, port), family=family))
        except OSError:
            for listener in opened:
                listener.close()
            continue
        for listener in opened:
            stack.enter_context(listener)
        return opened
    raise OSError("no port was free in both families")


def http(peer: socket.socket) -> None:
    """`200 OK` to one request."""
    with peer:
        asked = b""
        while not asked.endswith(b"\r\n\r\n") and (data := peer.recv(4096)):
            asked += data
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def redis(peer: socket.socket) -> None:
    """PONG to PING, an error to anything else (RESP)."""
    with peer:
        while data := peer.recv(4096):
            peer.sendall(b"+PONG\r\n" if data == b"PING\r\n" else b"-ERR unknown command\r\n")


def over_tls(answer: Answering, certificate: Path) -> Answering:
    """With the certificate and the key of `make_certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    def answering(peer: socket.socket) -> None:
        answer(context.wrap_socket(peer, server_side=True))

    return answering


def make_certificate(
    path: Path, *, names: str = "DNS:localhost,IP:127.0.0.1,IP:::1", days: int = 90, expired: bool = False
) -> Path:
    """Signed by itself, with the key beside it; an expired one was good for a day in 2020."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl on the PATH")
    key, request, about = path.with_suffix(".key"), path.with_suffix(".csr"), path.with_suffix(".cnf")
    about.write_text(f"[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=check\n[san]\nsubjectAltName={names}\n")
    make = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-config", about]
    if not expired:
        _openssl("req", "-x509", *make, "-out", path, "-days", str(days), "-extensions", "san")
        return path
    _openssl("req", "-new", *make, "-out", request)
    with about.open("a") as file:  # x509 takes a number of days alone; ca takes dates
        file.write(f"[ca]\ndatabase={path}.index\nserial={path}.serial\nnew_certs_dir={path.parent}\n")
        file.write("default_md=sha256\npolicy=any\n[any]\nCN=supplied\n")
    Path(f"{path}.index").touch()
    Path(f"{path}.serial").write_text("01\n")
    dates = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]
    files = ["-keyfile", key, "-in", request, "-out", path]
    _openssl(
        "ca", "-batch", "-notext", "-selfsign", "-name", "ca", "-config", about, "-extensions", "san", *dates, *files
    )
    return path


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def datagrams(answer: Callable[[bytes, socket.socket, object], None], host: str = "127.0.0.1") -> Iterator[int]:
    """A server that hears datagrams on one port; the port. `answer` gets each, the socket, and whose it is."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    stop, stopped = os.pipe()
    with socket.socket(family, socket.SOCK_DGRAM) as listener:
        listener.bind((host, 0))

        def serve() -> None:
            while listener in select.select([listener, stop], [], [])[0]:
                data, source = listener.recvfrom(65536)
                answer(data, listener, source)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            os.close(stopped)
            thread.join(10)
            os.close(stop)
            assert not thread.is_alive()
