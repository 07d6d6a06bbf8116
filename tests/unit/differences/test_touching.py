"""Which contracts a difference could touch."""

from pathlib import Path

import pytest

from anyunix.catalog.difference import Difference, Mechanism
from anyunix.catalog.lookup import find_catalog
from anyunix.differences.touching import CONSTRUCTOR, called_in, calls_of, functions_in, touched
from anyunix.trace.records import Record

CONTRACTS = ("binding/t.py::test_a", "locking/t.py::test_b", "signals/t.py::test_c")


def made(folder: Path, source: str = "", **keys: object) -> Difference:
    if source:
        (folder / "x.c").write_text(source)
    mechanism = Mechanism(preload="x.c" if source else "", **keys)  # type: ignore[arg-type]
    return Difference("x", "t", {}, "r", {}, "b", mechanism, mechanism, folder)


def test_the_functions_of_the_projects_own_sources_are_found() -> None:
    known = {each.name: each for each in find_catalog().differences}
    assert functions_in(known["accept-nonblock"].preloaded[0]) == {"accept"}
    assert functions_in(known["passive-order"].preloaded[0]) == {"getaddrinfo"}


def test_every_preloaded_source_has_a_function_or_acts_before_all_of_them() -> None:
    for difference in find_catalog().differences:
        for source in difference.preloaded:
            assert functions_in(source) or (CONSTRUCTOR in source.read_text() and calls_of(difference) is None), source


def test_static_functions_and_prototypes_are_none(tmp_path: Path) -> None:
    source = "static int\nhelper(int a)\n{\n}\n\nint\tdeclared(int);\n\nstruct hostent *\nflock(int fd)\n{\n}\n"
    difference = made(tmp_path, source)
    assert functions_in(difference.preloaded[0]) == {"flock"}
    assert calls_of(difference) == {"flock"}


def test_functions_of_a_header_beside_the_source_count(tmp_path: Path) -> None:
    (tmp_path / "y.h").write_text('#include "y.h"\nssize_t\nsend(int fd)\n{\n}\n')
    assert calls_of(made(tmp_path, '#include "y.h"\n#include "gone.h"\n')) == {"send", "sendto"}


def test_it_touches_the_contracts_in_which_the_server_makes_its_calls(tmp_path: Path) -> None:
    difference = made(tmp_path, "int\nflock(int fd, int how)\n{\n}\n")
    called = {CONTRACTS[0]: {"accept", "read"}, CONTRACTS[1]: {"accept", "flock"}}
    assert touched(difference, called, CONTRACTS) == [CONTRACTS[1], CONTRACTS[2]]  # the third was not traced


def test_without_a_trace_or_with_a_function_that_nobody_knows_it_touches_all(tmp_path: Path) -> None:
    assert touched(made(tmp_path, "int\nflock(int fd)\n{\n}\n"), {}, CONTRACTS) == [*CONTRACTS]
    strange = made(tmp_path, "int\nfrobnicate(int fd)\n{\n}\n")
    assert touched(strange, {name: {"read"} for name in CONTRACTS}, CONTRACTS) == [*CONTRACTS]


def test_limits_touch_all_and_sysctls_what_is_about_binding(tmp_path: Path) -> None:
    called = {name: {"bind", "listen"} for name in CONTRACTS}
    assert touched(made(tmp_path, limits={"nofile": 9}), called, CONTRACTS) == [*CONTRACTS]
    assert touched(made(tmp_path, sysctls={"a": "1"}), called, CONTRACTS) == [CONTRACTS[0]]


@pytest.mark.parametrize("tool", ["strace", "truss"])
def test_the_calls_of_a_record(tool: str) -> None:
    text = "7 accept4(3, NULL, NULL, 0) = 4\n" if tool == "strace" else "7: accept4(3,0,0,0) = 4\n"
    assert "accept4" in called_in(Record("p", tool, "", False, "/x", (text,)))
