"""Where SSH goes: `ssh://user@host:port`, or the name of a host in the user's SSH configuration."""

import ipaddress
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

SCHEME = "ssh://"
# neither may begin with `-`: ssh would take it for an option
HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}")
ZONE = re.compile(r"[A-Za-z0-9._-]{1,32}")
EXPECTED = "expected ssh://user@host:port (user and port may be left out, an IPv6 address is [in brackets])"


@dataclass(frozen=True)
class Destination:
    """A machine that OpenSSH's client reaches; what is left out comes from the user's SSH configuration."""

    host: str
    """A name, an address, or a `Host` of the SSH configuration."""
    user: str = ""
    port: int | None = None
    config: Path | None = None
    """Read instead of the user's own configuration and the system's."""
    known_hosts: Path | None = None
    """For a machine that was made here a moment ago, so that nobody can know its key: the first key that it shows is
    written into this file and holds from then on. None: the key has to be known already."""

    def __str__(self) -> str:
        """As the user types it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}"[not self.user :] + (f":{self.port}" if self.port else "")

    @property
    def name(self) -> str:
        """The host as a platform's name: letters, digits and . _ - only."""
        if ":" in self.host:
            return "ipv6-" + re.sub(r"[^A-Za-z0-9._-]", "-", self.host)
        return self.host.lstrip("_")[:64] or "host"

    def words(self) -> list[str]:
        """What comes behind `ssh` to get there."""
        return [
            *(["-F", str(self.config)] if self.config else []),
            *(["-p", str(self.port)] if self.port else []),
            *(["-l", self.user] if self.user else []),
            "--",
            self.host,
        ]

    def command(self) -> str:
        """The command for a user to type."""
        return shlex.join(["ssh", *(word for word in self.words() if word != "--")])


def parse_destination(text: str, config: Path | None = None) -> Destination:
    """A target from an address, or from the bare name of a host. Raises ValueError with what is wrong with it."""
    if not text.startswith(SCHEME):
        if not HOST.fullmatch(text):
            raise ValueError(f"{text!r} is neither an address nor the name of a host: {EXPECTED}")
        return Destination(text, config=config)
    user, at, place = text[len(SCHEME) :].removesuffix("/").rpartition("@")
    if ":" in user:
        raise ValueError("a password has no place in an address: use a key, and an agent for it (ssh-add)")
    if at and not USER.fullmatch(user):
        raise ValueError(f"the user {user!r} is not made of letters, digits and . _ + - only: {EXPECTED}")
    split = re.fullmatch(r"(?:\[(?P<address>[^\]]*)\]|(?P<host>[^:]*))(?::(?P<port>[0-9]{1,5}))?", place)
    if not split or (split["port"] and not 1 <= int(split["port"]) <= 65535):
        raise ValueError(f"{place!r} is no host with a port from 1 to 65535: {EXPECTED}")
    if split["address"] is not None and not _is_ipv6(split["address"]):
        raise ValueError(f"{split['address']!r} is no IPv6 address: {EXPECTED}")
    if split["address"] is None and not HOST.fullmatch(split["host"]):
        raise ValueError(f"the host {split['host']!r} is not made of letters, digits and . _ - only: {EXPECTED}")
    return Destination(split["address"] or split["host"], user, int(split["port"]) if split["port"] else None, config)


def _is_ipv6(text: str) -> bool:
    address, percent, zone = text.partition("%")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return not percent or ZONE.fullmatch(zone) is not None
