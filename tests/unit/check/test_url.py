"""Targets as they are written."""

import pytest

from anyunix.check.schemes import SCHEMES
from anyunix.check.url import parse_endpoint
from anyunix.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("localhost:80", "localhost", 80, "/"),
        ("https://www.example", "www.example", 443, "/"),
        ("https://www.example:8443/health?deep=1", "www.example", 8443, "/health?deep=1"),
        ("http://[2001:db8::1]", "2001:db8::1", 80, "/"),
        ("http://[fe80::1%eth0]:81/x", "fe80::1%eth0", 81, "/x"),
        ("http://www.example?q", "www.example", 80, "/?q"),
        ("redis://cache.example", "cache.example", 6379, "/"),
        ("udp://192.0.2.1:514", "192.0.2.1", 514, "/"),
        ("unix:/run/x.sock", "/run/x.sock", 0, "/"),
        ("unix:///run/x.sock", "/run/x.sock", 0, "/"),
    ],
)
def test_a_target_is_read(text: str, host: str, port: int, path: str) -> None:
    found = parse_endpoint(text)
    assert (found.host, found.port, found.path, str(found)) == (host, port, path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("htps://www.example", "unknown scheme (did you mean 'https'?); known: tcp, tls"),
        ("tcp://www.example", "expected tcp://HOST:PORT, with a port from 1 to 65535"),
        ("https://www.example:0", "with a port from 1 to 65535"),
        ("https://www.example:99999", "with a port from 1 to 65535"),
        ("https://", "expected https://HOST[:PORT][/PATH]"),
        ("https://2001:db8::1/", "an IPv6 address in brackets"),
        ("https://www.example/straße", "what is not ASCII as %XX"),
        ("https://www.example/a b", "what is not ASCII as %XX"),
        ("https://www.example/#part", "no #part"),
        ("https://me:secret@www.example/", "a user and a password are sent to nobody"),
        ("redis://cache.example/0", "redis:// has no path"),
        ("unix:run/x.sock", "expected the whole path of a socket"),
        ("https://www.example/\r\nX-Injected: 1", "a target has no control characters"),
        (f"https://{'a' * 64}.example", "is no name that DNS could hold"),
        ("https://a..example", "is no name that DNS could hold"),
        ("", "expected HOST:PORT"),
        ("www.example", "expected HOST:PORT, or a URL such as https://www.example"),
    ],
)
def test_a_bad_target_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_endpoint(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_http_asks_for_the_path_by_the_name_of_dns() -> None:
    """RFC 9112, 3.2: the port stands behind the host where it is not the scheme's."""
    request = parse_endpoint("http://bücher.example:8080/a%20b").request
    assert request.startswith(b"GET /a%20b HTTP/1.1\r\nHost: xn--bcher-kva.example:8080\r\n")
    assert b"Host: www.example\r\n" in parse_endpoint("https://www.example").request
    assert b"Host: [::1]\r\n" in parse_endpoint("http://[::1]").request


def test_every_scheme_has_a_port_or_asks_for_one_and_says_what_it_expects() -> None:
    for name, scheme in SCHEMES.items():
        assert scheme.port is not None or name in ("tcp", "tls", "udp", "unix")
        assert bool(scheme.reply) == bool(scheme.proof)
