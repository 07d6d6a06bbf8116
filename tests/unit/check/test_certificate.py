"""Certificates as openssl makes them, read; and what is no certificate."""

import random
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from anyunix.check.certificate import Certificate, read_certificate
from anyunix.check.der import DerError, elements
from check_servers import make_certificate

NOW = datetime.now(timezone.utc)


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def test_dates_and_names_are_those_that_openssl_wrote(tmp_path: Path) -> None:
    path = make_certificate(tmp_path / "a.pem", names="DNS:www.example,DNS:*.api.example,IP:192.0.2.1,IP:2001:db8::1")
    found = read_certificate(der(path))
    assert found.names == ("www.example", "*.api.example", "192.0.2.1", "2001:db8::1")
    now = datetime.now(timezone.utc)
    assert timedelta(days=89) < found.not_after - now <= timedelta(days=90, minutes=5)
    assert found.not_before <= now + timedelta(minutes=5)


def test_a_date_after_2049_is_read(tmp_path: Path) -> None:
    """From 2050 on it is a GeneralizedTime (RFC 5280, 4.1.2.5)."""
    found = read_certificate(der(make_certificate(tmp_path / "a.pem", days=15_000)))
    assert found.not_after.year > 2060


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        ("www.example", "www.example", True),
        ("www.example", "WWW.Example.", True),
        ("www.example", "example", False),
        ("*.example", "www.example", True),
        ("*.example", "a.www.example", False),
        ("*.example", "example", False),
        ("w*.example", "www.example", False),
        ("*", "localhost", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:DB8:0::1", True),
        ("*.0.2.1", "192.0.2.1", False),
        ("", "www.example", False),
    ],
)
def test_a_name_is_compared_as_rfc_9525_says(names: str, host: str, covered: bool) -> None:
    assert Certificate(NOW, NOW, (names,), "").covers(host) is covered


def test_nothing_else_is_raised_for_what_is_no_certificate(tmp_path: Path) -> None:
    """Cut anywhere, and with any byte changed: it is read, or DerError."""
    whole = der(make_certificate(tmp_path / "a.pem"))
    for length in range(len(whole)):
        with pytest.raises(DerError):
            read_certificate(whole[:length])
    dice = random.Random(18)
    for _ in range(3000):
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] = dice.randrange(256)
        try:
            read_certificate(bytes(changed))
        except DerError:
            continue


@pytest.mark.parametrize(
    "data", [b"\x30", b"\x30\x80", b"\x30\x85\1\1\1\1\1", b"\x1f\x81\1\0", b"\x30\x05\0", b"\x30\x82\1"]
)
def test_an_impossible_element_is_refused(data: bytes) -> None:
    with pytest.raises(DerError):
        list(elements(data))
