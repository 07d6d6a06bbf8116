"""What is to be checked, as it is written: a URL, `unix:PATH`, or `HOST:PORT`."""

import re
from dataclasses import dataclass

from anyunix.check.reach import parse_host_port, shown
from anyunix.check.schemes import SCHEMES, Scheme
from anyunix.errors import ConfigurationError
from anyunix.text import UNSAFE, nearest, shortened

URL = re.compile(
    r"(?P<scheme>[^:/?#]+)://(?P<host>\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[^\s/?#@:\[\]]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>[/?][!\"$-~]*)?"
)
NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


@dataclass(frozen=True)
class Endpoint:
    """One server, by a name that may have several addresses."""

    text: str
    """As it was written."""
    name: str
    """Of its scheme."""
    host: str
    """A name, a numeric address without brackets, or the path of a socket."""
    port: int = 0
    path: str = "/"
    """With the query: what HTTP asks for."""

    def __str__(self) -> str:
        return self.text

    @property
    def scheme(self) -> Scheme:
        return SCHEMES[self.name]

    @property
    def request(self) -> bytes:
        """What its scheme sends first. The name of a host as in DNS, so that it is ASCII (RFC 3490)."""
        host = self.host if self.host.isascii() else self.host.encode("idna").decode("ascii")
        authority = shown(host, self.port) if self.port != self.scheme.port else shown(host, 0).removesuffix(":0")
        filled = self.scheme.request.replace("{authority}", authority).replace("{path}", self.path)
        return filled.encode("latin-1")


def parse_endpoint(text: str) -> Endpoint:
    """Raises ConfigurationError."""
    if UNSAFE.search(text) or "\n" in text:
        raise ConfigurationError(f"{shortened(text)!r}: a target has no control characters")
    if "://" not in text and text.startswith("unix:"):
        return _socket(text, text.removeprefix("unix:"))
    if text.startswith("unix://"):
        return _socket(text, text.removeprefix("unix://"))
    if "://" in text:
        return _url(text)
    if NAME.fullmatch(text):
        raise ConfigurationError(f"{shortened(text)}: expected HOST:PORT, or a URL such as https://{shortened(text)}")
    place = parse_host_port(text)
    if place.host.startswith("/"):
        raise ConfigurationError(f"{text}: a socket is written unix:{place.host}")
    return Endpoint(text, "tcp", place.host, place.port)


def _socket(text: str, path: str) -> Endpoint:
    if not path.startswith("/"):
        raise ConfigurationError(f"{text}: expected the whole path of a socket, unix:/run/server.sock")
    return Endpoint(text, "unix", path)


def _url(text: str) -> Endpoint:
    name = text.partition("://")[0]
    if name not in SCHEMES:
        known = [*SCHEMES]
        raise ConfigurationError(f"{shortened(text)}: unknown scheme{nearest(name, known)}; known: {', '.join(known)}")
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise ConfigurationError(f"{name}://…: a user and a password are sent to nobody: write the URL without them")
    found = URL.fullmatch(text)
    if not found:
        raise ConfigurationError(
            f"{shortened(text)}: expected {name}://HOST[:PORT][/PATH], an IPv6 address in brackets, and in the path "
            "what is not ASCII as %XX; no #part, which is a browser's own"
        )
    scheme, path = SCHEMES[name], found["path"] or "/"
    port = int(found["port"]) if found["port"] else scheme.port
    if port is None or not 0 < port < 65536:
        raise ConfigurationError(f"{shortened(text)}: expected {name}://HOST:PORT, with a port from 1 to 65535")
    if path != "/" and "{path}" not in scheme.request:
        raise ConfigurationError(f"{shortened(text)}: {name}:// has no path, found {path}")
    host = found["host"].strip("[]")
    try:
        host.encode("idna")
    except UnicodeError:
        if ":" not in host:
            raise ConfigurationError(f"{shortened(text)}: {host} is no name that DNS could hold") from None
    return Endpoint(text, name, host, port, path if path.startswith("/") else f"/{path}")
