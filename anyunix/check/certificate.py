"""What a server's certificate says about itself: for how long, and for whom (RFC 5280, RFC 9525)."""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from anyunix.check.der import OCTET_STRING, SEQUENCE, DerError, Element, elements

UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
VERSION, EXTENSIONS = 0xA0, 0xA3
"""Of TBSCertificate (RFC 5280, 4.1): both may be missing."""
DNS_NAME, IP_ADDRESS = 0x82, 0x87
"""Of GeneralName (RFC 5280, 4.2.1.6)."""
SUBJECT_ALT_NAME = bytes([0x55, 0x1D, 0x11])
"""2.5.29.17"""


@dataclass(frozen=True)
class Certificate:
    """The part that a check is about."""

    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    """DNS names and numeric addresses of its subjectAltName; the common name means nothing (RFC 9525, 2)."""
    sha256: str

    def covers(self, host: str) -> bool:
        """Whether it is for this name, or this numeric address."""
        try:
            return str(ipaddress.ip_address(host.partition("%")[0])) in self.names
        except ValueError:
            name = host if host.isascii() else host.encode("idna").decode("ascii")
        return any(_matches(pattern.lower(), name.lower().rstrip(".")) for pattern in self.names)

    def days_left(self, now: datetime | None = None) -> float:
        """Below 0 once it is expired."""
        return (self.not_after - (now or datetime.now(timezone.utc))).total_seconds() / 86400

    def valid_for(self, host: str) -> bool:
        """Its names and its dates; its chain is another question."""
        return self.covers(host) and self.not_before <= datetime.now(timezone.utc) <= self.not_after


def read_certificate(der: bytes) -> Certificate:
    """Raises DerError."""
    outer = next(iter(elements(der)), Element(0, b"")).inside()
    fields = [field for field in _first(outer).inside() if field.tag != VERSION]
    if len(fields) < 4:
        raise DerError("a certificate without validity")
    serial_algorithm_issuer, validity = fields[:3], fields[3].inside()
    if len(serial_algorithm_issuer) != 3 or len(validity) != 2:
        raise DerError("a validity that is not two times")
    extensions = [extension for field in fields if field.tag == EXTENSIONS for extension in field.inside(EXTENSIONS)]
    return Certificate(
        _time(validity[0]), _time(validity[1]), tuple(_names(extensions)), hashlib.sha256(der).hexdigest()
    )


def _first(found: list[Element]) -> Element:
    if not found:
        raise DerError("an empty element")
    return found[0]


def _time(element: Element) -> datetime:
    """RFC 5280, 4.1.2.5: UTCTime with years from 1950 on, and GeneralizedTime, both in UTC with seconds."""
    text = element.content.decode("latin-1")
    if element.tag == UTC_TIME:
        text = ("20" if text[:2] < "50" else "19") + text
    if element.tag not in (UTC_TIME, GENERALIZED_TIME) or not re.fullmatch("[0-9]{14}Z", text):
        raise DerError("a date that is no UTCTime and no GeneralizedTime")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise DerError("a date that no calendar has") from None


def _names(extensions: list[Element]) -> Iterable[str]:
    for extension in [each for sequence in extensions for each in sequence.inside()]:
        identifier, *others = extension.inside()
        if identifier.content != SUBJECT_ALT_NAME or not others or others[-1].tag != OCTET_STRING:
            continue
        for name in next(iter(elements(others[-1].content)), Element(SEQUENCE, b"")).inside():
            if name.tag == DNS_NAME:
                yield name.content.decode("ascii", errors="replace")
            elif name.tag == IP_ADDRESS and len(name.content) in (4, 16):
                yield str(ipaddress.ip_address(name.content))


def _matches(pattern: str, name: str) -> bool:
    """RFC 9525, 6.3: `*` is the whole first label, and stands for one label."""
    first, dot, rest = pattern.partition(".")
    return pattern == name or (first == "*" and bool(dot) and rest == name.partition(".")[2])
