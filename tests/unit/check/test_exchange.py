"""What a client says and hears by each scheme, at real servers."""

import socket
import threading
from contextlib import closing

import pytest

from anyunix.cli import main
from check_servers import V4, V6, Answering, redis, serving


def http(status: bytes) -> Answering:
    """That status, whatever is asked for, in two pieces."""

    def answer(peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(4096):
                if data.endswith(b"\r\n\r\n"):
                    peer.sendall(b"HTTP/1.1 " + status[:3])
                    peer.sendall(status[3:] + b"\r\n\r\n")
                    return

    return answer


def both(capsys: pytest.CaptureFixture[str], url: str, *words: str) -> tuple[int, str]:
    status = main(["check", url, "--also", "::1", "--timeout", "60", *words])
    return status, capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "found", "words"),
    [
        (b"200 OK", 0, "HTTP/1.1 200 OK"),
        (b"301 Moved", 0, "HTTP/1.1 301 Moved"),
        (b"404 Not Found", 0, "! 127.0.0.1 answers 'HTTP/1.1 404 Not Found'"),
        (b"503 Busy", 1, "does not serve: no HTTP status below 500, but 'HTTP/1.1 503 Busy'"),
    ],
)
def test_an_http_status_is_service_doubt_or_none(
    status: bytes, found: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(V4, V6, answer=http(status)) as port:
        assert both(capsys, f"http://127.0.0.1:{port}/")[0] == found
        assert words in both(capsys, f"http://127.0.0.1:{port}/")[1]
        strict = both(capsys, f"http://127.0.0.1:{port}/", "--expect-reply", "^HTTP/1.1 200 OK\r")
    assert (strict[0] == 0) == (status == b"200 OK")
    assert "! " not in strict[1]


def test_a_different_status_is_another_service(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(V4, V6, answer={"127.0.0.1": http(b"200 OK"), "::1": http(b"301 Moved")}) as port:
        status, said = both(capsys, f"http://127.0.0.1:{port}/")
    assert status == 1
    assert "IPv4 and IPv6 do not lead to the same service: '200' by IPv4, '301' by IPv6" in said


def test_a_greeting_with_a_counter_is_the_same_service(capsys: pytest.CaptureFixture[str]) -> None:
    count, lock = [0], threading.Lock()

    def answer(peer: socket.socket) -> None:
        with peer:
            with lock:
                count[0] += 1
            peer.sendall(b"220 mail.example ESMTP id %d\r\n" % count[0])
            while peer.recv(4096):
                pass

    with serving(V4, V6, answer=answer) as port:
        status, said = both(capsys, f"smtp://127.0.0.1:{port}")
    assert status == 0, said


def test_redis_with_a_password_serves_and_one_that_loads_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    def saying(words: bytes) -> Answering:
        def answer(peer: socket.socket) -> None:
            with peer:
                if peer.recv(4096) == b"PING\r\n":
                    peer.sendall(words)

        return answer

    for words, expected in ((b"-NOAUTH Authentication required.\r\n", 0), (b"-LOADING the dataset\r\n", 1)):
        with serving(V4, V6, answer=saying(words)) as port:
            assert both(capsys, f"redis://127.0.0.1:{port}")[0] == expected
    with serving(V4, V6, answer=redis) as port:
        assert both(capsys, f"redis://127.0.0.1:{port}")[0] == 0


def test_a_server_that_floods_is_read_to_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    sent = [0]

    def flood(peer: socket.socket) -> None:
        with closing(peer):
            while True:
                sent[0] += peer.send(b"x" * 65536)

    with serving(V4, answer=flood) as port:
        status = main(["check", f"redis://127.0.0.1:{port}", "--timeout", "60"])
    said = capsys.readouterr().out
    assert status == 1
    assert len(said) < 2000
    assert "does not serve: no PONG of Redis, but 'xxx" in said


def test_a_handshake_that_never_comes_is_not_waited_for_longer(capsys: pytest.CaptureFixture[str]) -> None:
    over = threading.Event()

    def mute(peer: socket.socket) -> None:
        with peer:
            over.wait(120)

    with serving(V4, answer=mute) as port:
        status = main(["check", f"https://127.0.0.1:{port}", "--timeout", "0.5"])
        over.set()
    assert status == 1
    assert "takes connections and does not serve: nothing within 0.5 s" in capsys.readouterr().out
