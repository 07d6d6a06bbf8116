"""A tryout on the terminal and as JSON."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from anyunix.catalog.lookup import find_catalog
from anyunix.differences.differences_report import as_json, print_tryout
from anyunix.differences.outcomes import Because, SwitchedOn, Tryout
from anyunix.differences.selecting import QUICK_SECONDS
from anyunix.results.model import Probe

A, B = "binding/t.py::test_a", "signals/t.py::test_b"
REFUSED = Probe(A, "contract", "failed", "E   Connection \x1b[31m refused", failing="IPv4 clients are refused")
KNOWN = tuple(each for each in find_catalog().differences if each.name in ("accept-nonblock", "v6only-default"))


@pytest.fixture
def tryout() -> Tryout:
    """One is broken, one escaped in this server; a contract wobbles under both together."""
    broken = SwitchedOn(("v6only-default",), {A: "broken", B: "kept"}, (REFUSED,), complete=False)
    escaped = SwitchedOn(("accept-nonblock",), {A: "not tried"}, problem="it is linked statically")
    whole = SwitchedOn(("accept-nonblock", "v6only-default"), {A: "broken", B: "flaky"}, (REFUSED,))
    return Tryout(
        "echo",
        "local",
        "default",
        KNOWN,
        ("freebsd", "illumos"),
        (A, B),
        ("chat/t.py::test_c",),
        {"accept-nonblock": escaped, "v6only-default": broken},
        {"freebsd": whole},
        {"freebsd": (Because(REFUSED, ("v6only-default",), True),)},
        1.0,
    )


def printed(tryout: Tryout) -> str:
    console = Console(file=io.StringIO(), width=100)
    print_tryout(console, tryout)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_table_and_what_must_not_be_overlooked(tryout: Tryout) -> None:
    rows = [" ".join(line.split()) for line in printed(tryout).splitlines()]
    assert "v6only-default 0/1 ✗ 1/1 broken" in rows
    assert "accept-nonblock – – not tried" in rows
    assert "all 2 of FreeBSD 0/1 ✗ 0/1 ✗ broken" in rows
    assert "not tried: accept-nonblock: it is linked statically" in rows
    assert "not kept on local without any difference, so not tried: test_c" in rows
    assert "all of FreeBSD: does not fail each time: test_b" in rows
    assert "tried with no more contracts once something broke: v6only-default" in rows
    assert rows[-2:] == [
        "FreeBSD: would break (IPv4 clients are refused: v6only-default)",
        "illumos: no difference of it is known",
    ]


def test_what_was_tried_in_part_or_not_at_all_is_said(tryout: Tryout) -> None:
    kept = SwitchedOn(("v6only-default",), {A: "kept"}, complete=False)
    untouched = SwitchedOn(("accept-nonblock",))
    alone = {"accept-nonblock": untouched, "v6only-default": kept}
    quick = replace(tryout, alone=alone, too_long=("signals/t.py::test_flood",), quick=True)
    text = " ".join(printed(quick).split())
    assert "--quick: with each difference alone were tried only the contracts that name its facts" in text
    assert "untouched, for the server makes none of the calls that they are about: accept-nonblock" in text
    assert "there was no time for all contracts with v6only-default; --seconds gives more" in text
    assert f"takes more than {QUICK_SECONDS} s, so not tried with --quick: test_flood" in text


def test_no_control_character_of_a_server_reaches_the_terminal(tryout: Tryout) -> None:
    assert "\x1b" not in printed(tryout) + as_json(tryout)
    assert "\\u001b" not in as_json(tryout)


def test_kept_with_a_contract_that_wobbles_is_not_plainly_kept(tryout: Tryout) -> None:
    wobbly = SwitchedOn(("accept-nonblock",), {A: "flaky", B: "kept"})
    text = printed(replace(tryout, alone={**tryout.alone, "accept-nonblock": wobbly}))
    assert "kept, or flaky" in text


def test_json_has_every_contract(tryout: Tryout) -> None:
    data = json.loads(as_json(tryout))
    assert data["differences"]["v6only-default"]["contracts"] == {A: "broken", B: "kept"}
    assert data["differences"]["accept-nonblock"]["state"] == "not tried"
    assert data["systems"]["freebsd"]["causes"] == [{"contract": A, "differences": ["v6only-default"], "minimal": True}]
    assert data["systems"]["freebsd"]["tried"] == 1
    assert data["systems"]["illumos"]["together"] is None
    assert data["too_long"] == []
