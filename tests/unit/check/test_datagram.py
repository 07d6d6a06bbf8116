"""Datagrams to real sockets: answered, refused, lost, and answered from elsewhere."""

import re
import socket

import pytest

from anyunix.check.datagram import ask
from anyunix.check.exchange import Request
from anyunix.cli import main
from check_servers import datagrams

HELLO = Request(b"hi", re.compile(b"^hello"))
PATIENT = 30.0
"""Seconds where an answer comes; nothing waits for them to pass."""


def echo(data: bytes, listener: socket.socket, source: object) -> None:
    listener.sendto(b"hello " + data, source)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_reply_from_the_asked_address_is_service(host: str) -> None:
    with datagrams(echo, host) as port:
        found = ask(HELLO, host, port, PATIENT)
    assert (found.reach.outcome, found.answer.served, found.answer.said) == ("answered", True, "hello hi")
    assert len(found.answer.round_trip.milliseconds) == 1


def test_a_closed_port_is_refused_at_once() -> None:
    """ICMP's port unreachable, which a connected socket alone hears of (udp(7))."""
    with datagrams(echo) as port:
        pass
    found = ask(HELLO, "127.0.0.1", port, PATIENT)
    assert (found.reach.outcome, found.answer.served) == ("refused", False)
    assert found.reach.failed_ms < PATIENT * 500


def test_silence_is_no_service_and_costs_its_time_once() -> None:
    heard: list[bytes] = []
    with datagrams(lambda data, listener, source: heard.append(data)) as port:
        found = ask(HELLO, "127.0.0.1", port, 0.4)
    assert (found.reach.outcome, found.answer.served) == ("timed out", False)
    assert found.answer.said.startswith("nothing within 0.4 s: no reply: lost, filtered, or")
    assert heard[0] == b"hi"


def test_the_second_question_is_answered_where_the_first_was_lost() -> None:
    heard: list[bytes] = []

    def second(data: bytes, listener: socket.socket, source: object) -> None:
        heard.append(data)
        if len(heard) > 1:
            echo(data, listener, source)

    with datagrams(second) as port:
        found = ask(HELLO, "127.0.0.1", port, PATIENT)
    assert found.answer.served


def test_a_reply_from_another_address_is_told() -> None:
    """What a server on the wildcard address does on a machine with several: clients drop it."""

    def elsewhere(data: bytes, listener: socket.socket, source: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            other.sendto(b"hello", source)  # type: ignore[arg-type]

    with datagrams(elsewhere) as port:
        found = ask(HELLO, "127.0.0.1", port, PATIENT)
    assert not found.answer.served
    assert re.match(r"the reply came from 127\.0\.0\.1:\d+, which clients do not take", found.answer.said)


def test_another_reply_is_quoted_without_its_control_characters() -> None:
    def strange(data: bytes, listener: socket.socket, source: object) -> None:
        listener.sendto(b"\x1b[31mno\x07", source)  # type: ignore[arg-type]

    with datagrams(strange) as port:
        found = ask(HELLO, "127.0.0.1", port, PATIENT)
    assert found.answer.said == "no answer like '^hello', but 'no\N{REPLACEMENT CHARACTER}'"


def test_a_name_server_and_a_clock_are_asked_by_their_schemes(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers as RFC 1035, 4.1.1 (QR set, here REFUSED) and RFC 5905, 7.3 (mode 4) have them."""
    heard: list[bytes] = []

    def dns(data: bytes, listener: socket.socket, source: object) -> None:
        heard.append(data)
        listener.sendto(data[:2] + b"\x80\x05" + data[4:], source)  # type: ignore[arg-type]

    def ntp(data: bytes, listener: socket.socket, source: object) -> None:
        heard.append(data)
        listener.sendto(b"\x24\x02" + data[2:], source)  # type: ignore[arg-type]

    with datagrams(dns) as port:
        assert main(["check", f"dns://127.0.0.1:{port}", "--timeout", "30"]) == 0
        assert main(["check", f"ntp://127.0.0.1:{port}", "--timeout", "30"]) == 1
    assert heard[0] == b"an" + b"\0\0" + b"\0\1\0\0\0\0\0\0" + b"\0\0\2\0\1"
    assert "✗ 127.0.0.1 takes datagrams and does not serve: no NTP answer (mode 4), but" in capsys.readouterr().out
    heard.clear()
    with datagrams(ntp) as port:
        assert main(["check", f"ntp://127.0.0.1:{port}", "--timeout", "30"]) == 0
        assert main(["check", f"dns://127.0.0.1:{port}", "--timeout", "30"]) == 1
    assert (heard[0][0] & 7, len(heard[0])) == (3, 48)


def test_udp_needs_something_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    patient = ("--timeout", "30")
    with datagrams(echo) as port:
        assert main(["check", f"udp://127.0.0.1:{port}"]) == 2
        assert (
            main(["check", f"udp://127.0.0.1:{port}", "--send", "hex:6869", "--expect-reply", "^hello hi$", *patient])
            == 0
        )
        assert main(["check", f"udp://127.0.0.1:{port}", "--send", "hex:xy"]) == 2
        assert main(["check", f"udp://127.0.0.1:{port}", "--send", "x", "--intrusive"]) == 2
    said = capsys.readouterr().err
    assert "no server answers a datagram that nobody sent: add --send TEXT" in said
    assert "--send: non-hexadecimal number" in said
    assert "--intrusive is for connections" in said
