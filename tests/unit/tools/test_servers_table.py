"""examples/servers: each server is on docs/servers.md, gives reasons, and is in one quarter of them."""

import re
import sys

import pytest

from anyunix.errors import ConfigurationError
from checkout import ROOT

SERVERS = ROOT / "examples" / "servers"
sys.path.insert(0, str(SERVERS))

from table import EXPECTATIONS, HEAD, PAGE, QUARTERS, WHERE, compared, names, quarter, rows_on, settle, with_rows  # noqa: E402

ROW = "| nginx | IPv4 alone | IPv4 alone | 8 of 9 | nothing | portable |"


def test_each_server_has_a_row() -> None:
    assert sorted(rows_on(PAGE.read_text())) == names()


def test_there_are_25_servers() -> None:
    assert len({name.removesuffix("-tcp") for name in names()}) >= 25


def test_each_server_is_in_one_quarter() -> None:
    assert sorted(name for number in range(QUARTERS) for name in quarter(number)) == names()


@pytest.mark.parametrize("name", names())
def test_what_is_taken_back_has_a_reason(name: str) -> None:
    promises = (SERVERS / f"{name}.yaml").read_text().partition("\npromises:")[2]
    taken_back = re.findall(r"^ +(\w+): false(.*)$", promises, re.MULTILINE)
    assert [word for word, reason in taken_back if word not in WHERE and "  # " not in reason] == []


def test_expectations_are_of_servers() -> None:
    assert {file.stem for file in EXPECTATIONS.glob("*.yaml")} <= set(names())


def test_how_much_was_tried_is_no_difference() -> None:
    assert compared(ROW) == compared(ROW.replace("8 of 9", "10 of 11"))
    assert compared(ROW) != compared(ROW.replace("8 of 9", "9 of 9"))


def test_rows_are_put_into_the_page() -> None:
    page = f"before\n\n{HEAD}{ROW}\n\nafter\n"
    redis = ROW.replace("nginx", "redis")
    written = with_rows(page, {"redis": redis, "nginx": ROW})
    assert written == f"before\n\n{HEAD}{ROW}\n{redis}\n\nafter\n"
    assert rows_on(written) == {"nginx": ROW, "redis": redis}


def test_a_row_that_differs_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    there = rows_on(PAGE.read_text())
    name = names()[0]
    assert settle({name: there[name]}, everything=False, write=False) == []
    assert settle({name: there[name].replace("portable", "flaky")}, everything=False, write=False) == [name]
    assert f"holds other rows of {name}:" in capsys.readouterr().err


def test_the_page_is_checked_as_a_whole_when_all_ran(capsys: pytest.CaptureFixture[str]) -> None:
    rows = rows_on(PAGE.read_text())
    gone = rows.popitem()[0]
    assert settle(rows, everything=True, write=False) == [gone]
    assert gone in capsys.readouterr().err


def test_a_page_without_a_table_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no table with this head"):
        with_rows("a page", {})
