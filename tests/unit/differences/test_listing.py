"""`anyunix differences` without a subject."""

import json

import pytest

from anyunix.catalog.lookup import find_catalog
from anyunix.cli import main

KNOWN = find_catalog().differences


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["differences"]) == 0
    printed = capsys.readouterr().out
    assert all(each.name in printed for each in KNOWN)
    assert f"{len(KNOWN)} differences" in printed


def test_those_of_one_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["differences", "--system", "openbsd", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in found] == [each.name for each in KNOWN if "openbsd" in each.systems]


def test_one_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["differences", "v6only-default"]) == 0
    printed = capsys.readouterr().out
    wanted = ("OpenBSD: ip6(4)", "rule: RFC 3493 5.3", "breaks: a server", "ipv6.v6only_default is 1", "bindv6only=1")
    assert [words for words in wanted if words not in printed] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["v6only-defautl"], "did you mean 'v6only-default'"),
        (["--system", "plan9"], "no system is called 'plan9'"),
        (["--quick"], "only with --subject"),
        (["--bind", "dual"], "only with --subject"),
        (["--subject", "nobody"], "no subject is called 'nobody'"),
        (["--subject", "c", "--bind", "dul"], "has no such mode"),
        (["--subject", "c", "--platform", "debain"], "no platform is called 'debain'"),
        (["passive-order", "--system", "macos"], "no difference of those named is known that macOS has"),
    ],
)
def test_bad_input_is_a_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["differences", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
