"""Facts side by side: what differs, what varied, what is only documented, what a manual has wrong."""

import argparse
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from anyunix.analysis.compare import by_value, compare, contradictions, differences, documented
from anyunix.analysis.fact_selection import select
from anyunix.catalog.lookup import Catalog
from anyunix.commands import facts
from anyunix.errors import ConfigurationError
from anyunix.report.fact_table import WIDTH, print_differences, print_facts
from anyunix.results.json_values import same
from anyunix.results.matrix_file import FILE, encode
from anyunix.results.model import CellResult, Documented, Matrix, PlatformResult, Probe, ProbeText, Status

HOSTILE = "\x1b[2Jgone \x9b31m \u202e txt"
TEXTS = (
    ProbeText("binding/test_ipv6_facts.py::test_wildcard", "fact", "Does :: serve IPv4?", "RFC 3493 5.3: yes.", line=9),
)
PROBE = Probe(
    "binding/test_ipv6_facts.py::test_wildcard[tcp]",
    "fact",
    "passed",
    facts={"ipv6.v6only_default": 0, "ipv6.shared": True},
)


def platform(name: str, measured: Mapping[str, Any], status: Status = "ran", **more: Any) -> PlatformResult:
    return PlatformResult(name, f"the {name}", "local", status, facts=measured, **more)


def example(*platforms: PlatformResult) -> Matrix:
    cells = (CellResult("c", "debian", "dual", "ran", probes=(PROBE,)),)
    return Matrix(platforms, cells, "debian", texts=TEXTS)


def printed(matrix: Matrix, *, diff: bool = False, width: int = WIDTH) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, highlight=False)
    (print_differences if diff else print_facts)(console, matrix)
    return buffer.getvalue()


DEBIAN = platform("debian", {"ipv6.v6only_default": 0, "ipv6.shared": True, "a.only_here": "x"})
V6ONLY = platform("debian-v6only", {"ipv6.v6only_default": 1, "ipv6.shared": True})
FREEBSD = platform(
    "freebsd",
    {},
    "not-run",
    documented={
        "ipv6.v6only_default": Documented(1, "inet6(4)"),
        "ipv6.shared": Documented(True, "inet6(4)"),
        "never.measured": Documented(5, "intro(2)"),
    },
)


def test_difference_says_who_has_what_and_by_which_rule() -> None:
    (found,) = differences(example(V6ONLY, DEBIAN))
    assert (found.name, found.area, found.base) == ("ipv6.v6only_default", "ipv6", "debian")
    assert list(found.values.items()) == [("debian", 0), ("debian-v6only", 1)]
    assert found.differing == ("debian-v6only",)
    assert (found.probe, found.behaviour, found.rule) == (
        "binding/test_ipv6_facts.py::test_wildcard",
        "Does :: serve IPv4?",
        "RFC 3493 5.3: yes.",
    )


def test_not_measured_is_missing_and_no_difference() -> None:
    found = {fact.name: fact for fact in compare(example(DEBIAN, V6ONLY))}
    assert found["a.only_here"].missing == ("debian-v6only",)
    assert found["a.only_here"].differing == ()


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([], [], True),
        ({"a": 1}, {"a": True}, False),
    ],
)
def test_values_are_compared_as_json(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


def test_unstable_is_never_a_difference_or_a_contradiction() -> None:
    shaky = platform(
        "shaky",
        {},
        unstable={"ipv6.v6only_default": (0, 1)},
        documented={"ipv6.v6only_default": Documented(7, "inet6(4)")},
    )
    (found,) = differences(example(DEBIAN, shaky))
    assert found.unstable == {"shaky": (0, 1)}
    assert found.differing == ()
    assert found.missing == ()
    assert contradictions(example(DEBIAN, shaky)) == ()


def test_documented_is_told_apart_from_measured() -> None:
    matrix = example(DEBIAN, FREEBSD)
    assert differences(matrix) == ()
    (found,) = documented(matrix)
    assert (found.name, found.documented_to_differ) == ("ipv6.v6only_default", ("freebsd",))
    assert "freebsd" not in found.values


def test_what_a_platform_that_ran_documents_is_only_checked() -> None:
    ran = platform("freebsd", {"ipv6.v6only_default": 0, "ipv6.shared": True}, documented=FREEBSD.documented)
    matrix = example(DEBIAN, ran)
    (found,) = contradictions(matrix)
    assert (found.name, found.platform, found.measured, found.documented.value) == (
        "ipv6.v6only_default",
        "freebsd",
        0,
        1,
    )
    assert documented(matrix) == ()


def test_without_a_reference_that_ran_the_first_that_measured_it_is_the_base() -> None:
    matrix = example(V6ONLY, platform("alpine", {"ipv6.v6only_default": 0}), platform("debian", {}, "error"))
    (found,) = differences(matrix)
    assert (found.base, found.differing) == ("debian-v6only", ("alpine",))


def test_by_value_keeps_the_order_of_platforms() -> None:
    assert by_value({"debian": 1, "alpine": True, "local": 1}) == [("1", ["debian", "local"]), ("true", ["alpine"])]


def test_all_facts_fit_100_columns_with_many_platforms() -> None:
    many = [
        platform(f"platform-{number}", {"ipv6.v6only_default": number, "a.long": {"key": "value " * 40}})
        for number in range(9)
    ]
    text = printed(example(DEBIAN, *many))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert all(f"platform-{number}" in text for number in range(9))
    assert len(re.findall(r"\bdebian\b", text)) > 2  # the reference is in every table


def test_diff_has_rule_values_and_sources() -> None:
    text = printed(example(DEBIAN, V6ONLY, FREEBSD), diff=True)
    assert max(map(len, text.splitlines())) <= WIDTH
    for part in (
        "Facts that differ from debian or are unstable: 1",
        "Does :: serve IPv4?",
        "RFC 3493 5.3: yes.",
        "differ from debian: 1",
        "freebsd, not measured: inet6(4)",
        "suite/binding/test_ipv6_facts.py::test_wildcard",
    ):
        assert part in text
    assert "never.measured" not in text  # nothing here to differ from


def test_unstable_documented_and_contradictions_are_shown_as_such() -> None:
    shaky = platform("shaky", {}, unstable={"ipv6.shared": (True, False)})
    wrong = platform("wrong", {"ipv6.shared": True}, documented={"ipv6.shared": Documented(False, "intro(2)")})
    for diff in (False, True):
        text = printed(example(DEBIAN, shaky, wrong, FREEBSD), diff=diff)
        assert "unstable: true or false" in re.sub(r"\s+", " ", text)
        assert text.rstrip().endswith("by intro(2)")
    assert "(1)" in printed(example(DEBIAN, FREEBSD))


def test_what_a_platform_says_cannot_steer_the_terminal() -> None:
    hostile = platform(
        HOSTILE,
        {f"{HOSTILE}.{HOSTILE}": HOSTILE, "ipv6.shared": HOSTILE},
        unstable={"ipv6.v6only_default": (HOSTILE, 1)},
        documented={"ipv6.shared": Documented(1, HOSTILE)},
    )
    for diff in (False, True):
        text = printed(example(DEBIAN, hostile), diff=diff)
        assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text) == []


def test_markup_in_a_value_is_text() -> None:
    assert "[red]x[/red]" in printed(example(DEBIAN, platform("odd", {"ipv6.shared": "[red]x[/red]"})))


def test_names_choose_platforms_and_the_reference_stays_in_a_comparison(catalog: Catalog) -> None:
    matrix = example(DEBIAN, V6ONLY, FREEBSD)
    assert [p.name for p in select(matrix, [], catalog, diff=False).platforms] == ["debian", "debian-v6only"]
    assert [p.name for p in select(matrix, [], catalog, diff=True).platforms] == ["debian", "debian-v6only", "freebsd"]
    assert [p.name for p in select(matrix, ["debian-v6only"], catalog, diff=False).platforms] == ["debian-v6only"]
    assert [p.name for p in select(matrix, ["debian-v6only"], catalog, diff=True).platforms] == [
        "debian-v6only",
        "debian",
    ]


def test_platform_that_was_not_in_the_run_is_shown_by_its_manuals(catalog: Catalog) -> None:
    (chosen,) = select(example(DEBIAN), ["openbsd"], catalog, diff=False).platforms
    assert (chosen.status, chosen.facts) == ("not-run", {})
    assert chosen.documented["ipv6.v6only_default"].value == 1


def test_unknown_platform_says_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(ConfigurationError, match=r"'debain' \(did you mean 'debian'\?\); this run has debian"):
        select(example(DEBIAN), ["debain"], catalog, diff=False)
    with pytest.raises(ConfigurationError, match="no facts of a platform 'alpine'; this run has debian"):
        select(example(DEBIAN), ["alpine"], catalog, diff=False)


def test_command_reads_the_run_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_bytes(encode(example(DEBIAN, V6ONLY)))
    parser = argparse.ArgumentParser()
    facts.add_arguments(parser)
    arguments = parser.parse_args(["--diff", "--out", str(tmp_path)])
    assert arguments.command(arguments) == 0
    assert "ipv6.v6only_default" in capsys.readouterr().out
