"""Addresses for SSH: what is taken, and that nothing in one becomes an option of ssh."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.drivers.ssh.destination import Destination, parse_destination


@pytest.mark.parametrize(
    ("text", "target", "name", "words"),
    [
        ("ssh://host", Destination("host"), "host", ["--", "host"]),
        (
            "ssh://ada@host.example.org:2222/",
            Destination("host.example.org", "ada", 2222),
            "host.example.org",
            ["-p", "2222", "-l", "ada", "--", "host.example.org"],
        ),
        ("ssh://[::1]:22", Destination("::1", port=22), "ipv6---1", ["-p", "22", "--", "::1"]),
        (
            "ssh://ada@[fe80::1%eth0]",
            Destination("fe80::1%eth0", "ada"),
            "ipv6-fe80--1-eth0",
            ["-l", "ada", "--", "fe80::1%eth0"],
        ),
        ("my_alias", Destination("my_alias"), "my_alias", ["--", "my_alias"]),
    ],
)
def test_address(text: str, target: Destination, name: str, words: list[str]) -> None:
    assert parse_destination(text) == target
    assert (target.name, target.words()) == (name, words)
    if text.startswith("ssh://"):
        assert f"ssh://{target}" == text.rstrip("/")


def test_a_configuration_is_named_first() -> None:
    target = parse_destination("there", Path("/x/my config"))
    assert target.words() == ["-F", "/x/my config", "--", "there"]
    assert target.command() == "ssh -F '/x/my config' there"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ssh://-oProxyCommand=x", "host '-oProxyCommand=x'"),
        ("ssh://-l@host", "user '-l'"),
        ("ssh://ada@-host:22", "host '-host'"),
        ("-oProxyCommand=x", "neither an address nor the name of a host"),
        ("ssh://ada:secret@host", "a password has no place"),
        ("ssh://@host", "the user ''"),
        ("ssh://", "the host ''"),
        ("ssh://host:", "no host with a port"),
        ("ssh://host:0", "a port from 1 to 65535"),
        ("ssh://host:65536", "a port from 1 to 65535"),
        ("ssh://host:٣", "no host with a port"),
        ("ssh://::1", "no host with a port"),
        ("ssh://[::1", "no host with a port"),
        ("ssh://[host]", "'host' is no IPv6 address"),
        ("ssh://[::1%-x;y]", "no IPv6 address"),
        ("ssh://host/folder", "host 'host/folder'"),
        ("ssh://ho st", "host 'ho st'"),
        ("ssh://host\n", "host 'host\\n'"),
        ("ssh://a$(id)@host", "user 'a$(id)'"),
    ],
)
def test_what_is_no_address_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        parse_destination(text)
    assert "secret" not in str(caught.value)


def test_slowness_is_that_of_addresses_and_a_file_has_its_own(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "far.yaml").write_text("title: far\ndriver: ssh\naddress: ssh://h\nslowness: 5\n")
    slow = replace(catalog, slowness=3)
    assert [slow.platform(name).slowness for name in ("ssh://ada@h", str(tmp_path / "far.yaml"), "debian")] == [3, 5, 1]
    assert catalog.platform("ssh://ada@h").slowness == 1


@pytest.mark.parametrize("command", [["run", "--platform", "ssh://h"], ["preflight", "ssh://h", "--subject", "python"]])
def test_slowness_is_a_whole_number(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--slowness", "half"])
    assert ended.value.code == 2
    assert "--slowness: expected a whole number from 1 to 100000" in capsys.readouterr().err
