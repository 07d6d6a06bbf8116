"""What a server of unknown protocol is asked: a few harmless openers, each with what proves that it is understood."""

import contextlib
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Opener:
    """The first thing that a client of some protocol says."""

    name: str
    data: bytes
    known: str = ""
    """How an answer begins that proves the protocol, a character a byte; empty where any does."""
    expect: str = ""
    """The pattern for it in a subject file."""
    send: str = ""
    """How it stands there; empty for the data as it is."""
    hexadecimal: bool = False
    """Whether it stands there as hexadecimal digits."""
    again: bool = False
    """Whether it may be said again on the same connection."""
    transport: str = "tcp"
    seconds: float = 1.0
    """For an answer, more on a busy machine."""

    def described(self) -> dict[str, Any]:
        """As suite/watch_once.py reads it."""
        return {
            "name": self.name,
            "data": self.data.decode("latin-1"),
            "known": self.known,
            "again": self.again,
            "transport": self.transport,
            "seconds": self.seconds,
        }


MQTT = bytes.fromhex("10 0c 00 04 4d 51 54 54 04 02 00 3c 00 00")
"""CONNECT of MQTT 3.1.1 (3.1): clean session, no client identifier; CONNACK is 20 02."""
DNS = bytes.fromhex("12 34 01 00 00 01 00 00 00 00 00 00 09") + b"localhost" + bytes.fromhex("00 00 01 00 01")
"""A query for the address of localhost (RFC 1035 4.1); an answer has the same number."""
IRC = "NICK a{n}\r\nUSER a{n} 0 * :a\r\n"
"""RFC 2812 3.1; 001 is the welcome."""


@cache
def openers() -> tuple[Opener, ...]:
    """In the order in which they are tried; the first that is understood is the last."""
    return (
        Opener("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/", "^HTTP/1", again=True),
        Opener("Redis", b"PING\r\n", "+PONG", "^\\+PONG", again=True),
        Opener("an echo", b"hello\n", "hello", "^hello {n} {i}\r?$", "hello {n} {i}\n", again=True),
        Opener("memcached", b"version\r\n", "VERSION ", "^VERSION ", again=True),
        Opener("TLS", _client_hello(), "\x16\x03", "^\x16\x03", hexadecimal=True),
        Opener("MQTT", MQTT, "\x20\x02", "^\x20\x02.\\0", hexadecimal=True),
        Opener(
            "IRC", IRC.replace("{n}", "000001").encode(), ":", "^:\\S+ 001 a{n} ", IRC, seconds=3.0
        ),  # it looks up who comes
        Opener("an echo", b"hello\n", "hello", "^hello {n} {i}\r?$", "hello {n} {i}\n", again=True, transport="udp"),
        Opener("DNS", DNS, "\x124", "^\x124", hexadecimal=True, again=True, transport="udp"),
    )


def _client_hello() -> bytes:
    """As this machine's TLS library begins (RFC 8446 4.1.2)."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()
