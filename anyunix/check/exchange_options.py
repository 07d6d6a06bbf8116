"""The exchange that a command line asks for."""

import re
from pathlib import Path

from anyunix.check.exchange import Banner, Chat, Exchange, Request
from anyunix.check.url import Endpoint
from anyunix.errors import ConfigurationError
from anyunix.host.regular import read_text

HEX = "hex:"


def exchange_of(
    endpoint: Endpoint, protocol: str | None, key_file: Path | None, send: str | None, expected: str | None
) -> Exchange:
    """What its scheme has, where nothing else is said. Raises ConfigurationError."""
    scheme = endpoint.scheme
    if protocol == "chat":
        if send is not None or expected is not None:
            raise ConfigurationError("--send and --expect-reply are for servers without --protocol")
        if endpoint.name not in ("tcp", "unix"):
            raise ConfigurationError(f"{endpoint}: --protocol chat is spoken by HOST:PORT, and without TLS")
        return Chat(_key(key_file)) if key_file else Request(b"HELLO\n", re.compile(rb"^ERR bad-hello$", re.MULTILINE))
    if key_file is not None:
        raise ConfigurationError("--key-file is for --protocol chat")
    if send is None and expected is None and not scheme.reply:
        if scheme.transport == "udp":
            raise ConfigurationError(f"{endpoint}: no server answers a datagram that nobody sent: add --send TEXT")
        return Banner()
    request = endpoint.request if send is None else _bytes(send)
    if expected is None:
        own = scheme.reply if send is None else ""
        expecting = re.compile((own or "(?s).").encode("latin-1"))
        return Request(request, expecting, scheme.proof, doubt=scheme.doubt) if own else Request(request, expecting)
    try:
        return Request(request, re.compile(expected.encode(), re.MULTILINE))
    except (re.error, UnicodeError) as error:
        raise ConfigurationError(f"--expect-reply: {error}") from None


def _bytes(send: str) -> bytes:
    r"""`hex:0d0a`, or text with \r, \n, \0 and \x41."""
    try:
        if send.startswith(HEX):
            return bytes.fromhex(send.removeprefix(HEX))
        return send.encode("latin-1").decode("unicode_escape").encode("latin-1")
    except (ValueError, UnicodeError) as error:
        raise ConfigurationError(f"--send: {error}") from None


def _key(path: Path) -> str:
    try:
        key = read_text(path).strip()
    except ConfigurationError as error:
        raise ConfigurationError(f"--key-file {error}") from None
    if not re.fullmatch(r"[0-9A-Fa-f]{128}", key):
        raise ConfigurationError(f"--key-file {path}: expected 128 hexadecimal characters")
    return key
