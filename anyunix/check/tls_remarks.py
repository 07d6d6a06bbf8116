"""What an address's certificate amounts to: its dates, its names, its chain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from anyunix.check.certificate import Certificate
from anyunix.check.remark import Remark
from anyunix.check.tls import EXPIRED, NOT_YET, UNTRUSTED, Handshake
from anyunix.text import listed, safe

NAMES_SHOWN = 4


@dataclass(frozen=True)
class DaysLeft:
    """How many days a certificate has to be good for."""

    warning: float = 21.0
    """With fewer there is a warning."""
    problem: float = 7.0
    """With fewer there is a problem."""


DAYS_LEFT = DaysLeft()


def tls_remarks(address: str, host: str, handshake: Handshake, limits: DaysLeft) -> Iterator[Remark]:
    """Of a handshake that succeeded."""
    certificate, now = handshake.certificate, datetime.now(timezone.utc)
    if certificate is None:
        yield Remark("problem", f"{address} shows no certificate", address)
        return
    dates = _dates(address, certificate, limits, now)
    yield from dates
    if not certificate.covers(host):
        yield Remark("problem", f"{address} has a certificate for {_shown(certificate)}, not for {host}", address)
    said_already = certificate.not_after < now or certificate.not_before > now
    if handshake.untrusted and not (said_already and handshake.untrusted in (UNTRUSTED[EXPIRED], UNTRUSTED[NOT_YET])):
        yield Remark("problem", f"the certificate of {address} is not trusted: {handshake.untrusted}", address)


def _dates(address: str, certificate: Certificate, limits: DaysLeft, now: datetime) -> list[Remark]:
    left = certificate.days_left(now)
    if certificate.not_before > now:
        return [
            Remark("problem", f"the certificate of {address} is valid from {certificate.not_before.date()} on", address)
        ]
    if left < 0:
        return [Remark("problem", f"the certificate of {address} expired on {certificate.not_after.date()}", address)]
    if left >= max(limits.warning, limits.problem):
        return []
    text = f"the certificate of {address} expires in {days(left)}, on {certificate.not_after.date()}"
    return [Remark("problem" if left < limits.problem else "warning", text, address)]


def days(left: float) -> str:
    """Whole days: `1 day`, `20 days`."""
    return f"{int(left)} day{'' if int(left) == 1 else 's'}"


def _shown(certificate: Certificate) -> str:
    """Its names, safe to print, some of them where there are many."""
    names = [safe(name)[:100] for name in certificate.names[:NAMES_SHOWN]]
    more = len(certificate.names) - len(names)
    return listed([*names, *([f"{more} more"] if more > 0 else [])]) or "nobody (no subjectAltName)"
