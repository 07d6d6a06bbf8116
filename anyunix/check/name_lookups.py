"""The answers of getaddrinfo(3) for each family, side by side: where one has no address, or the resolver fails."""

import ipaddress
import socket
import time
from dataclasses import dataclass

from anyunix.check.reach import FAMILIES, Family, addresses_of, side_by_side
from anyunix.errors import PlatformError

MISSING = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)}
"""The name, or its addresses of this family, are known not to exist; anything else is a failure."""


@dataclass(frozen=True)
class Lookup:
    """Of one name, in one family."""

    family: Family
    addresses: tuple[str, ...]
    milliseconds: float
    error: str = ""
    """The resolver's own words, where there is no address."""
    failed: bool = False
    """Whether that is no answer: it may have addresses."""


@dataclass(frozen=True)
class Named:
    """A name, looked up."""

    addresses: tuple[str, ...]
    """In the order in which a client tries them (RFC 6724), then those that only one answer of several had."""
    lookups: tuple[Lookup, ...]
    """One a family; none for a numeric address, which nobody is asked about."""


def look_up(host: str) -> Named:
    """Raises PlatformError when it has no address at all."""
    if host.startswith("/"):
        return Named((host,), ())
    if _numeric(host):
        return Named(tuple(addresses_of(host)), ())
    lookups = side_by_side(lambda family: _lookup(host, family), FAMILIES)
    each = [address for lookup in reversed(lookups) for address in lookup.addresses]
    try:
        ordered = addresses_of(host)
    except PlatformError:
        if not each:
            raise
        ordered = []
    return Named(tuple(dict.fromkeys([*ordered, *each])), tuple(lookups))


def _lookup(host: str, family: Family) -> Lookup:
    begun = time.monotonic()
    addresses: tuple[str, ...] = ()
    error, failed = "", False
    try:
        kind = socket.AF_INET if family == "IPv4" else socket.AF_INET6
        found = socket.getaddrinfo(host, None, family=kind, type=socket.SOCK_STREAM)
        addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    except (OSError, UnicodeError) as wrong:
        error = getattr(wrong, "strerror", "") or str(wrong)
        failed = getattr(wrong, "errno", None) not in MISSING
    return Lookup(family, addresses, (time.monotonic() - begun) * 1000, error, failed)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
