"""Real TLS servers with certificates of openssl's: who is trusted, for which name, until when."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.text import UNSAFE
from check_servers import V4, V6, http, make_certificate, over_tls, serving

Check = Callable[..., tuple[int, str]]
PATIENT = ("--timeout", "60")


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    def run(*options: str) -> tuple[int, str]:
        status = main(["check", *options, *PATIENT])
        said = capsys.readouterr()
        assert not UNSAFE.search(said.out + said.err)
        return status, said.out + said.err

    return run


def test_a_pinned_certificate_is_trusted_and_http_answers_over_it(tmp_path: Path, check: Check) -> None:
    certificate = make_certificate(tmp_path / "a.pem")
    with serving(V4, answer=over_tls(http, certificate)) as port:
        status, said = check(f"https://127.0.0.1:{port}/", "--ca", str(certificate))
    assert status == 0, said
    assert "HTTP/1.1 200 OK" in said
    assert "127.0.0.1: TLSv1.3, handshake" in said
    assert "(89 days left)" in said


def test_one_signed_by_itself_is_not_trusted(tmp_path: Path, check: Check) -> None:
    certificate = make_certificate(tmp_path / "a.pem")
    with serving(V4, answer=over_tls(http, certificate)) as port:
        status, said = check(f"https://127.0.0.1:{port}/")
    assert status == 1
    assert "✗ the certificate of 127.0.0.1 is not trusted: it is signed by itself" in said


def test_a_chain_without_its_intermediate_is_not_trusted(tmp_path: Path, check: Check) -> None:
    """Trusted is another root than the one it comes from."""
    certificate, other = make_certificate(tmp_path / "a.pem"), make_certificate(tmp_path / "b.pem")
    with serving(V4, answer=over_tls(http, certificate)) as port:
        status, said = check(f"https://127.0.0.1:{port}/", "--ca", str(other))
    assert status == 1
    assert "✗ the certificate of 127.0.0.1 is not trusted: " in said


def test_each_address_has_its_own_certificate(tmp_path: Path, check: Check) -> None:
    """Behind ::1 stands one that is for another name."""
    good = make_certificate(tmp_path / "good.pem")
    other = make_certificate(tmp_path / "other.pem", names="DNS:old.example,DNS:older.example")
    (tmp_path / "both.pem").write_text(good.read_text() + other.read_text())
    answer = {"127.0.0.1": over_tls(http, good), "::1": over_tls(http, other)}
    with serving(V4, V6, answer=answer) as port:
        status, said = check(f"https://127.0.0.1:{port}/", "--also", "::1", "--ca", str(tmp_path / "both.pem"))
    assert status == 1
    assert "✗ ::1 has a certificate for old.example and older.example, not for 127.0.0.1" in said
    assert said.count("✗") == 1
    assert "The addresses have 2 different certificates." in said


@pytest.mark.parametrize(
    ("days", "status", "sign", "words"),
    [(90, 0, "", "days left"), (15, 0, "!", "expires in 14 days, on 20"), (2, 1, "✗", "expires in 1 day, on 20")],
)
def test_days_left_are_a_warning_and_then_a_problem(
    days: int, status: int, sign: str, words: str, tmp_path: Path, check: Check
) -> None:
    certificate = make_certificate(tmp_path / "a.pem", days=days)
    with serving(V4, answer=over_tls(http, certificate)) as port:
        found, said = check(f"https://127.0.0.1:{port}/", "--ca", str(certificate))
        assert (found, words in said) == (status, True), said
        assert all((each in said) == (each == sign) for each in "!✗")
        assert check(f"https://127.0.0.1:{port}/", "--ca", str(certificate), "--critical-days", "1")[0] == 0
        assert check(f"https://127.0.0.1:{port}/", "--ca", str(certificate), "--critical-days", "99")[0] == 1


def test_an_expired_one_is_said_once(tmp_path: Path, check: Check) -> None:
    certificate = make_certificate(tmp_path / "a.pem", expired=True)
    with serving(V4, answer=over_tls(http, certificate)) as port:
        status, said = check(f"https://127.0.0.1:{port}/", "--ca", str(certificate))
    assert status == 1
    assert "✗ the certificate of 127.0.0.1 expired on 2020-01-02" in said
    assert said.count("✗") == 1


def test_a_server_without_tls_says_so(check: Check) -> None:
    def plain(peer: socket.socket) -> None:
        with peer:
            peer.sendall(b"220 no TLS here\r\n" * 20)
            while peer.recv(4096):
                pass

    with serving(V4, answer=plain) as port:
        status, said = check(f"tls://127.0.0.1:{port}")
    assert status == 1
    assert "takes connections and does not serve: it answers, but not with TLS" in said


def test_tls_alone_proves_no_service_above_it(tmp_path: Path, check: Check) -> None:
    def hello(peer: socket.socket) -> None:
        with peer:
            peer.recv(4096)
            peer.sendall(b"hello\n")

    certificate = make_certificate(tmp_path / "a.pem")
    with serving(V4, answer=over_tls(hello, certificate)) as port:
        status, said = check(
            f"tls://127.0.0.1:{port}", "--ca", str(certificate), "--send", r"x\n", "--expect-reply", "^hello$", "--json"
        )
        assert check(f"https://127.0.0.1:{port}", "--ca", str(certificate))[0] == 1
    (found,) = json.loads(said)["targets"]
    assert (status, found["addresses"][0]["said"], found["addresses"][0]["tls"]["version"]) == (0, "hello", "TLSv1.3")


def test_a_certificate_full_of_escapes_prints_none(tmp_path: Path, check: Check) -> None:
    certificate = make_certificate(tmp_path / "a.pem", names="DNS:\x1b[31mred\x07.example")
    with serving(V4, answer=over_tls(http, certificate)) as port:
        status, said = check(f"https://127.0.0.1:{port}/", "--ca", str(certificate))
    assert status == 1
    assert "red\N{REPLACEMENT CHARACTER}.example, not for 127.0.0.1" in said


@pytest.mark.parametrize(
    "content", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bad_ca_file_is_usage(content: str, tmp_path: Path, check: Check) -> None:
    (tmp_path / "ca.pem").write_text(content)
    status, said = check("https://127.0.0.1:1/", "--ca", str(tmp_path / "ca.pem"))
    assert status == 2
    assert said.startswith(f"anyunix: --ca {tmp_path}/ca.pem: expected certificates in PEM")
    assert said.count("\n") == 1
    status, said = check("https://127.0.0.1:1/", "--ca", str(tmp_path / "none"))
    assert (status, "cannot be read: No such file" in said) == (2, True)
