"""What a monitoring system reads: the first line, performance data, the exit status."""

import re
import socket
from pathlib import Path

import pytest

from anyunix.cli import main
from check_servers import V4, V6, http, make_certificate, over_tls, redis, serving

DATUM = re.compile(r"'[^'=|]+'=-?\d+(?:\.\d+)?s?(?:;[\d.:]*;[\d.:]*(?:;0)?)")
"""'label'=value[UOM];warn;crit;min of the guidelines' 2.6, without what Icinga does not take in a label."""


def nagios(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    status = main(["check", "--format", "nagios", *words])
    printed = capsys.readouterr()
    assert printed.err == ""
    return status, printed.out.splitlines()


def test_ok_is_0_with_performance_data_of_each_address(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(V4, V6, answer=redis) as port:
        status, lines = nagios(capsys, f"redis://127.0.0.1:{port}", "--also", "::1", "--timeout", "60")
    head, _, data = lines[0].partition(" | ")
    assert (status, head, len(lines)) == (0, "CHECK OK - 1 of 1 as expected", 1)
    found = re.findall(r"'[^']*'\S*", data)
    assert all(DATUM.fullmatch(datum) for datum in found), found
    assert [datum.partition("'=")[0] for datum in found] == [
        f"'redis://127.0.0.1:{port} {address} {what}"
        for address in ("127.0.0.1", "::1")
        for what in ("connect", "round trip")
    ]


def test_a_certificate_is_a_warning_1_and_then_critical_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = make_certificate(tmp_path / "a.pem", days=15)
    words = ["--ca", str(certificate), "--timeout", "60"]
    with serving(V4, answer=over_tls(http, certificate)) as port:
        url = f"https://127.0.0.1:{port}"
        warning, said = nagios(capsys, url, *words)
        critical, worse = nagios(capsys, url, *words, "--critical-days", "20")
    assert (warning, critical) == (1, 2)
    assert said[0].startswith(f"CHECK WARNING - WARNING: {url}: the certificate of 127.0.0.1 expires in 14 days")
    assert f"'{url} 127.0.0.1 days left'=14;21:;7:" in said[0]
    assert worse[0].startswith("CHECK CRITICAL - CRITICAL: ")


def test_unknown_is_3_and_so_is_a_bad_order(capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = nagios(capsys, "nowhere.invalid:80")
    assert status == 3
    assert lines[0].startswith("CHECK UNKNOWN - UNKNOWN: nowhere.invalid:80: the name 'nowhere.invalid' has no address")
    status, lines = nagios(capsys, "htps://x")
    assert (status, len(lines)) == (3, 1)
    assert lines[0].startswith("CHECK UNKNOWN - htps://x: unknown scheme (did you mean 'https'?)")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--format", "nagios", "--timeuot", "3", "x:1"],
            "unrecognized arguments: --timeuot (did you mean '--timeout'?)",
        ),
        (["--timeout", "3x", "x:1", "--format=nagios"], "argument --timeout: expected seconds, above 0 and up to 600"),
        (
            ["x:1", "--expect", "both", "--form", "nagios"],
            "argument --expect: expected one of dual, ipv4, ipv6, closed",
        ),
        (["x:1", "--format", "nagios", "--send"], "argument --send: expected one argument"),
    ],
)
def test_a_mistyped_command_is_unknown_and_not_critical(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """argparse ends with 2, which the guidelines' 2.5 has for CRITICAL; for command lines that are wrong it has 3."""
    with pytest.raises(SystemExit) as ended:
        main(["check", *words])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.err) == (3, "")
    assert printed.out.startswith(f"CHECK UNKNOWN - {said}")
    assert printed.out.count("\n") == 1


def test_a_mistyped_command_of_other_formats_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", "--format", "json", "--timeuot", "3", "x:1"])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert "did you mean '--timeout'?" in printed.err


def test_what_cannot_be_written_is_unknown_and_not_critical(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with serving(V4, answer=redis) as port:
        words = ["--timeout", "60", "--out", str(tmp_path / "file" / "below")]
        status, lines = nagios(capsys, f"redis://127.0.0.1:{port}", *words)
    assert status == 3
    assert lines[0].startswith("CHECK UNKNOWN - --out ")


def test_what_a_server_says_begins_no_performance_data_and_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    def hostile(peer: socket.socket) -> None:
        with peer:
            peer.recv(4096)
            peer.sendall(b"no | 'fake'=1;;;\x1b[2J\x07\x85x\n")

    with serving(V4, answer=hostile) as port:
        status, lines = nagios(capsys, f"redis://127.0.0.1:{port}", "tcp://127.0.0.1:1", "--timeout", "60")
    assert status == 2
    assert lines[0].count("|") == 1
    assert "0 of 2 as expected" in lines[0]
    assert all("|" not in line and "\x1b" not in line and "\x07" not in line for line in lines[1:])
    assert any("does not serve: no PONG of Redis, but" in line for line in lines)
