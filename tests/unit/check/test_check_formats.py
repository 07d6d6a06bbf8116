"""What a server sends is printed by no format in a way that a terminal, or another program, could take for more."""

import json
import socket
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from anyunix.check.check_formats import FORMATS
from anyunix.cli import main
from anyunix.text import UNSAFE
from check_servers import V4, V6, make_certificate, over_tls, serving

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\N{RIGHT-TO-LEFT OVERRIDE}|'a'=1\u2028{}\"\\]]>&<x/>".encode()


def hostile(peer: socket.socket) -> None:
    with peer:
        peer.sendall(HOSTILE + b"\r\n" + HOSTILE)


@pytest.mark.parametrize("form", ["text", *FORMATS])
@pytest.mark.parametrize("alone", [True, False])
def test_no_format_hands_on_what_could_steer_its_reader(
    form: str, alone: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = make_certificate(tmp_path / "a.pem", names="DNS:\x1b[31mred\x07.example")
    with serving(V4, V6, answer=hostile) as port, serving(V4, answer=over_tls(hostile, certificate)) as tls:
        targets = [f"smtp://127.0.0.1:{port}", f"tls://127.0.0.1:{tls}"][: 1 if alone else 2]
        main(["check", *targets, "--also", "::1", "--format", form, "--timeout", "60"])
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out
    assert not UNSAFE.search(said.out)
    if form == "json":
        assert len(json.loads(said.out)["targets"]) == len(targets)
    if form == "junit":
        fromstring(said.out)
    if form == "nagios":
        assert [line.count("|") for line in said.out.splitlines()] == [1, *[0] * (said.out.count("\n") - 1)]
