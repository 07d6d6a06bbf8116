"""What was found out is a subject file that reads back as it was found, whatever a server printed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anyunix.catalog.subject_file import read_subject
from anyunix.catalog.subjects import PROMISES, Subject
from anyunix.discover.command import ServerCommand
from anyunix.discover.detect import Detected
from anyunix.discover.detected_file import run_command, subject_text
from anyunix.discover.found_talk import FoundTalk
from anyunix.discover.watched import Seen, SeenPlace, SeenStop

ENDED = SeenStop(0, 0.1, 0.1, False, 15.0, (), True)
SURVIVED = SeenStop(None, None, None, True, 5.0, ("tcp 0.0.0.0:80",), False)
Read = Callable[..., tuple[Subject, str]]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Detected:
    monkeypatch.chdir(tmp_path)
    command = ServerCommand(("cat", "{port}"), Path("my.yaml"))
    place = SeenPlace("tcp", "0.0.0.0", 80)
    seen = Seen("", 80, listened=0.1, sockets=(place,), place=place, answers={"127.0.0.1": True, "::1": False})
    talk = FoundTalk(("It speaks first: 'hello'",), expect="^hello")
    return Detected(command, command.subject(), 0, seen, talk, {"SIGTERM": ENDED})


def read(found: Detected) -> tuple[Subject, str]:
    text = subject_text(found)
    found.command.file.unlink(missing_ok=True)
    found.command.file.write_text(text)
    return read_subject(found.command.file.resolve()), text


def with_seen(found: Detected, **changes: Any) -> Detected:
    return replace(found, seen=msgspec.structs.replace(found.seen, **changes))


def test_all_promises_are_there_each_with_what_it_means(found: Detected) -> None:
    subject, text = read(found)
    assert subject.promises == {"ipv6": False}
    assert all(f"{promise}:" in text for promise in PROMISES)
    assert "  ipv6: false                # nobody answers on ::1\n" in text


@pytest.mark.parametrize("nasty", ["\x1b[31m\r\n", "# {work}: [x\n", "\u2028y\n\n", '"\\\n', "\ud800\n"])
def test_whatever_it_printed_or_said(found: Detected, nasty: str) -> None:
    talk = FoundTalk(("what it said",), send="\x00\xff'\"{n}\r\n", expect=r"^\x00\{", again=True)
    subject, text = read(replace(with_seen(found, stdout=nasty, stderr=f"{nasty}x"), talk=talk))
    assert subject.talk is not None
    (step,) = subject.talk.steps
    assert (step.send, step.expect, step.again) == ("\x00\xff'\"{n}\r\n", r"^\x00\{", True)
    assert text.isprintable() or set(text) <= {"\n", *map(chr, range(32, 127))}


@pytest.mark.parametrize("text", ["a = {port}\n", "\ta\n", "a\n\n  b {x}\n", "x", "\n", "a: |\r\n", "é\n"])
def test_a_configuration_stays_as_it_is(found: Detected, text: str) -> None:
    changed = replace(found.subject, configuration={"a b.conf": text})
    subject, _ = read(replace(found, subject=changed))
    assert dict(subject.configuration) == {"a b.conf": text}


@pytest.mark.parametrize("word", ["true", "1", "-x", "a: b", "#", "{port}", "", "a b", "'", "null", "1e3", "0x1f", "~"])
def test_a_word_stays_as_it_is(found: Detected, word: str) -> None:
    changed = replace(found.subject, start=("cat", word, "{port}"))
    subject, _ = read(replace(found, subject=changed))
    assert subject.start == ("cat", word, "{port}")


def test_a_daemon_a_variable_and_a_port(found: Detected) -> None:
    changed = replace(found.subject, environment={"PORT": "{port}"})
    seen = with_seen(found, command_status=0, pid_files=("run/my.pid",))
    subject, _ = read(replace(seen, subject=changed, port=8080))
    assert subject.starting.daemon
    assert (subject.starting.pid_file, subject.starting.port) == ("{work}/run/my.pid", 8080)
    assert dict(subject.environment) == {"PORT": "{port}"}


def test_bytes_are_digits(found: Detected) -> None:
    subject, text = read(replace(found, talk=FoundTalk(("x",), "\x10\x00", True, "^\x20")))
    assert 'hex: "1000"' in text
    assert subject.talk is not None
    assert subject.talk.steps[0].data == "\x10\x00"


def test_loopback_alone_is_no_interface(found: Detected) -> None:
    place = SeenPlace("tcp", "127.0.0.1", 80)
    subject, _ = read(with_seen(found, sockets=(place, SeenPlace("udp", "0.0.0.0", 53)), place=place))
    assert subject.promises == {"ipv6": False, "interfaces": False}


@pytest.mark.parametrize(
    ("stop", "promise"),
    [
        (ENDED, "quick"),
        (msgspec.structs.replace(ENDED, all=9.0, quick=False), "slow"),
        (msgspec.structs.replace(ENDED, all=None, quick=False), "alone"),
        (msgspec.structs.replace(ENDED, all=None, quick=False, listening=("tcp 0.0.0.0:80",)), "false"),
        (SURVIVED, "survives"),
        (msgspec.structs.replace(ENDED, first=None, all=None, quick=False), "false"),
    ],
)
def test_the_promise_of_an_end(found: Detected, stop: SeenStop, promise: str) -> None:
    assert stop.promise == promise
    subject, _ = read(replace(found, stops={"SIGINT": stop, "SIGTERM": ENDED}))
    assert subject.promises.get("sigint", "quick") == (False if promise == "false" else promise)


def test_the_signal_that_ends_it(found: Detected) -> None:
    subject, _ = read(replace(found, stops={"SIGTERM": SURVIVED, "SIGINT": ENDED, "SIGHUP": SURVIVED}))
    assert subject.stop == "SIGINT"
    assert subject.promises == {"ipv6": False, "sigterm": "survives", "sighup": "survives"}


def test_one_port_alone_needs_a_network_of_its_own() -> None:
    assert run_command(Path("a.yaml")).endswith("--platform local,local-v6only")
    assert run_command(Path("a.yaml"), 80).endswith("--platform local-private")
