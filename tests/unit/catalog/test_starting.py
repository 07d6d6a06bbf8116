"""Ways to start a server: what cannot go together is refused with the key and what to write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subject_file import read_subject
from anyunix.drivers.local import LocalOptions
from anyunix.drivers.netns.netns_driver import NetnsOptions
from anyunix.errors import ConfigurationError
from anyunix.run.fitting import why_not_there

Read = Callable[..., Any]
HERE = Platform("local", "this machine", LocalOptions())
APART = Platform("local-v6only+like-freebsd", "this machine", NetnsOptions())


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str, start: str = "[a, '{port}']", ready: str = "{port: true}") -> Any:
        path = tmp_path / "mine.yaml"
        path.write_text(f"title: x\nstart: {start}\nready: {ready}\n{text}\n")
        return read_subject(path)

    return read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pid_file: x", "key 'pid_file': expected daemon: true beside it"),
        ("daemon: 3", "key 'daemon': expected true or false, found 3"),
        ("activation: inetd", "key 'activation': unknown 'inetd'"),
        ("activation: systemd\ndaemon: true", "key 'activation': expected no daemon: true beside it"),
        (
            "activation: inetd-nowait\ntransport: udp\ntalk: {expect: x}",
            "key 'activation': inetd-nowait accepts connections, and UDP has none; expected inetd-wait",
        ),
        ("port: 70000", "key 'port': expected a port up to 65535, found 70000"),
        ("port: -1", "key 'port': expected a port up to 65535, found -1"),
        ("port: 7\ntransport: unix", "key 'port': expected none with transport: unix"),
        ("also: [{start: []}]", "key 'also': entry 1: start: expected a command"),
        ("also: [[a]]", "key 'also': expected a list of commands, each with start and file"),
        ("build: [a, [b]]", "key 'build': expected a command, or a list of commands, and not both"),
        ("configuration: {/etc/x: y}", "key 'configuration./etc/x': expected a path such as a.conf or sub/a.conf"),
        ("configuration: {a/../x: y}", "key 'configuration.a/../x': expected a path such as a.conf or sub/a.conf"),
        ("plattforms: [a]", "key 'plattforms': unknown key (did you mean 'platforms'?)"),
    ],
)
def test_what_cannot_be_is_refused(read: Read, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(text)
    assert said in str(error.value)


def test_an_activated_server_says_nothing_when_it_is_ready(read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r"key 'ready': expected \{port: true\} with activation: inetd-wait"):
        read("activation: inetd-wait", ready="'^ready$'")


def test_one_that_is_given_its_port_need_not_be_told(read: Read) -> None:
    assert read("activation: systemd", start="[a]").described()["starting"]["activation"] == "systemd"
    assert read("port: 7", start="[a]").described()["starting"]["port"] == 7
    with pytest.raises(ConfigurationError, match=r"nowhere is \{port\}"):
        read("", start="[a]")


def test_several_commands_are_one_that_stops_at_an_error(read: Read) -> None:
    assert read("build: [make, -s]").build == ("make", "-s")
    assert read("build: [[make, -C, a b], [x]]").build == ("sh", "-e", "-c", "make -C 'a b'\nx")


def test_where_a_subject_can_be_run(read: Read) -> None:
    assert why_not_there(read("platforms: [debian*]"), HERE) == "mine runs on debian* alone (platforms: in its file)"
    for patterns in ("local", "debian, lo*", "local-v6only"):
        assert why_not_there(read(f"platforms: [{patterns}]"), APART if "v6" in patterns else HERE) == ""
    assert "local has no network of its own" in why_not_there(read("port: 7"), HERE)
    assert why_not_there(read("port: 7"), APART) == ""
