"""docs/how-to/check.md: twenty endpoints, from the page's own files into Prometheus' text format."""

import configparser
import os
import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from anyunix.catalog.yaml_text import parse_yaml
from anyunix.check.target_lines import target_lines
from anyunix.check.url import parse_endpoint
from check_servers import V4, V6, Answering, datagrams, http, make_certificate, over_tls, redis, serving
from checkout import ROOT
from wheel import Installed

EXAMPLES = ROOT / "examples" / "check"
PAGE = ROOT / "docs" / "how-to" / "check.md"
SAMPLE = re.compile(r'anyunix_check_(\w+)\{target="([^"]*)"(?:,address="([^"]*)")?[^}]*\} (\S+)')


def saying(*words: bytes) -> Answering:
    """A server that greets, hears what a client has to say, and ends."""

    def answer(peer: socket.socket) -> None:
        with peer:
            for word in words[:1]:
                peer.sendall(word)
            while (data := peer.recv(4096)) and words[1:]:
                peer.sendall(words[1])
                if data:
                    return

    return answer


def answering(reply: Callable[[bytes], bytes]) -> Callable[[bytes, socket.socket, object], None]:
    def answer(data: bytes, listener: socket.socket, source: object) -> None:
        listener.sendto(reply(data), source)  # type: ignore[arg-type]

    return answer


STREAMS: dict[str, Answering] = {
    "http": saying(b"", b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://www.example/\r\n\r\n"),
    "https": http,
    "imaps": saying(b"* OK ready\r\n"),
    "smtp": saying(b"220 mail.example ESMTP\r\n"),
    "smtps": saying(b"220 mail.example ESMTP\r\n"),
    "ssh": saying(b"SSH-2.0-OpenSSH_10.0\r\n"),
    "redis": redis,
    "rediss": redis,
    "tcp": saying(b"", b"N"),
    "tls": saying(b""),
}
DATAGRAMS = {
    "dns": answering(lambda data: data[:2] + b"\x81\x80" + data[4:]),
    "ntp": answering(lambda data: b"\x24" + data[1:]),
    "udp": answering(lambda data: b"\xff\xff\xff\xffI"),
}


@pytest.fixture
def endpoints(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """The page's targets, each a real server on this machine, in the folder that the service works in.

    Calling it ends the server of that label.
    """
    certificate = make_certificate(tmp_path / "ca.pem")
    stacks: dict[str, ExitStack] = {}
    lines = []
    for _, words in target_lines(EXAMPLES / "targets"):
        target = parse_endpoint(words[0])
        label = words[words.index("--label") + 1] if "--label" in words else words[0]
        stacks[label] = stack = ExitStack()
        if target.scheme.transport == "udp":
            port, also = stack.enter_context(datagrams(DATAGRAMS[target.name])), []
        else:
            answer = STREAMS[target.name]
            served = over_tls(answer, certificate) if target.scheme.tls else answer
            port, also = stack.enter_context(serving(V4, V6, answer=served)), ["--also", "::1"]
        options = [word.replace("dual", "ipv4" if target.scheme.transport == "udp" else "dual") for word in words[1:]]
        path = target.path if target.name in ("http", "https") else ""
        named = [] if "--label" in words else ["--label", label]
        lines.append(shlex.join([f"{target.name}://127.0.0.1:{port}{path}", *options, *also, *named]))
    (tmp_path / "targets").write_text("\n".join(lines))
    yield lambda label: stacks[label].close()
    for stack in stacks.values():
        stack.close()


def samples(file: Path) -> dict[str, dict[tuple[str, str], float]]:
    found: dict[str, dict[tuple[str, str], float]] = {}
    for name, target, address, value in SAMPLE.findall(file.read_text()):
        found.setdefault(name, {})[target, address] = float(value)
    return found


def test_the_page_shows_the_files_that_it_is_about() -> None:
    page = PAGE.read_text()
    for name in ("targets", "anyunix-check.service", "anyunix-check.timer", "alerts.yml"):
        assert f"\n{(EXAMPLES / name).read_text()}```" in page, name


@pytest.mark.timeout(900)  # a wheel is built
def test_twenty_endpoints_come_to_prometheus_by_the_units_of_the_page(
    endpoints: Callable[[str], None], tmp_path: Path, installed: Installed
) -> None:
    """From a wheel, in the folder of the service."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string((EXAMPLES / "anyunix-check.service").read_text())
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program == "/usr/local/bin/anyunix"
    file = tmp_path / Path(words[-1]).name
    anyunix = str(installed.programs / Path(program).name)
    command = [anyunix, *words[:-1], str(file), "--timeout", "60", "--ca", "ca.pem"]

    def run() -> int:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("", "")
        return done.returncode

    assert run() == 0, file.read_text()
    found = samples(file)
    assert len(found["state"]) == 20
    assert set(found["state"].values()) == {0}
    assert set(found["address_served"].values()) == {1}
    assert len(found["address_served"]) == 3 + 2 * 17
    assert set(found["certificate_valid"].values()) == {1}

    endpoints("redis://cache2.example")
    assert run() == 1
    found = samples(file)
    assert {target for (target, _), state in found["state"].items() if state} == {"redis://cache2.example"}
    assert set(unit["Service"]["SuccessExitStatus"].split()) == {"1", "3"}


def test_the_alerts_are_about_metrics_that_there_are() -> None:
    alerts = parse_yaml(EXAMPLES / "alerts.yml", (EXAMPLES / "alerts.yml").read_text())
    words = " ".join(rule["expr"] for rule in alerts["groups"][0]["rules"])
    source = (ROOT / "anyunix" / "check" / "exposition.py").read_text()
    for name in re.findall(r"anyunix_check_(\w+)", words):
        assert f'Metric("{name}"' in source
