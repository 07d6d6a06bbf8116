"""What a URL's scheme stands for: a transport, a port, and what proves that clients are served."""

from dataclasses import dataclass
from typing import Literal

TransportName = Literal["tcp", "udp", "unix"]

HTTP = (
    "GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: anyunix-check\r\nAccept: */*\r\nConnection: close\r\n\r\n"
)
ROOT_SERVERS = "an\0\0\0\1\0\0\0\0\0\0\0\0\2\0\1"
"""A DNS query for the name servers of the root (RFC 1035, 4.1): any answer, a refusal too, is a server's."""
NTP_CLIENT = "\x23" + "\0" * 47
"""NTP version 4, mode 3 (RFC 5905, 7.3)."""
SERVER_MODE = "".join(rf"\x{leap << 6 | version << 3 | 4:02x}" for leap in range(4) for version in range(1, 5))
"""First octets of a server's answers, with any leap indicator and version: mode 4."""


@dataclass(frozen=True)
class Scheme:
    """One of SCHEMES."""

    transport: TransportName
    port: int | None = None
    """Where nothing else is said; None: it has to be said."""
    tls: bool = False
    request: str = ""
    """Bytes as Latin-1; `{path}` and `{authority}` are the URL's."""
    reply: str = ""
    """Regular expression for the bytes that prove service; empty: whatever comes is shown."""
    """Its first group has to be the same by all addresses."""
    proof: str = ""
    """The same in words."""
    doubt: str = ""
    """How that group begins when the answer is a mistake of the client's."""


STATUS = (r"\AHTTP/1\.[01] ([1-4][0-9][0-9])\b[^\n]*\n", "HTTP status below 500", "4")
PONG = (r"\A(\+PONG|-NOAUTH) ?[^\n]*\n", "PONG of Redis")
"""With a password set, PING is answered by NOAUTH: it serves those who have it."""
SMTP = (r"\A(220)[ -][^\n]*\n", "greeting of SMTP (220)")

SCHEMES: dict[str, Scheme] = {
    "tcp": Scheme("tcp"),
    "tls": Scheme("tcp", tls=True),
    "udp": Scheme("udp"),
    "unix": Scheme("unix"),
    "http": Scheme("tcp", 80, False, HTTP, *STATUS),
    "https": Scheme("tcp", 443, True, HTTP, *STATUS),
    "redis": Scheme("tcp", 6379, False, "PING\r\n", *PONG),
    "rediss": Scheme("tcp", 6379, True, "PING\r\n", *PONG),
    "smtp": Scheme("tcp", 25, False, "", *SMTP),
    "smtps": Scheme("tcp", 465, True, "", *SMTP),
    "imaps": Scheme("tcp", 993, True, "", r"\A\* (OK|PREAUTH)\b[^\n]*\n", "greeting of IMAP (* OK)"),
    "ssh": Scheme("tcp", 22, False, "", r"\ASSH-(2\.0|1\.99)-[^\n]*\n", "greeting of SSH 2"),
    "dns": Scheme("udp", 53, False, ROOT_SERVERS, r"\Aan[\x80-\xff]", "DNS answer"),
    "ntp": Scheme("udp", 123, False, NTP_CLIENT, rf"\A[{SERVER_MODE}]", "NTP answer (mode 4)"),
}
