"""Which failure is meant: known names in every error, and no experiment where there is nothing to find out."""

from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results.cause_model import Cause
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellResult, Identity, Matrix, PlatformResult, Probe
from anyunix.run.one_cause import Question, asked_of, with_cause

FIRST, SECOND = (f"binding/test_x.py::test_{name}" for name in ("ipv4_is_served", "ipv4_is_refused"))
CAUSE = Cause(("a", "b"), 9, True, "debian")


def matrix(cause: Cause | None = CAUSE, platform: str = "debian") -> Matrix:
    failed = tuple(Probe(probe, "contract", "failed", cause=cause, fix="mend it") for probe in (FIRST, SECOND))
    kept = tuple(Probe(probe, "contract", "passed") for probe in (FIRST, SECOND))
    return Matrix(
        tuple(PlatformResult(name, "", "docker", "ran") for name in (platform, "bsd")),
        (
            CellResult("c", platform, "first", "ran", probes=kept),
            CellResult(
                "c", "bsd", "first", "ran", probes=(*failed, Probe("g/test_x.py::test_b", "contract", "passed"))
            ),
            CellResult("c", "away", "first", "not-run", "no engine"),
        ),
        platform,
        identity=Identity("1", "2", {}),
    )


def ask(cell: str, probe: str) -> Question:
    return Question(Path("out"), cell, probe)


@pytest.mark.parametrize("probe", [FIRST, "test_ipv4_is_served", "served"])
def test_a_failure_is_known_by_its_id_its_name_or_a_part_of_it(probe: str) -> None:
    assert asked_of(matrix(), ask("bsd-c-first", probe))[1].id == FIRST


@pytest.mark.parametrize(
    ("cell", "probe", "said"),
    [
        ("bsd-c-frist", "x", r"out: no cell is called 'bsd-c-frist' \(did you mean 'bsd-c-first'\?\); .*: bsd-c-first"),
        (
            "bsd-c-first",
            "ipv4",
            "'ipv4' is part of 2 failures of bsd-c-first: test_ipv4_is_served, test_ipv4_is_refused",
        ),
        (
            "bsd-c-first",
            "ipv4_is_severed",
            r"no failure is called 'ipv4_is_severed' \(did you mean 'test_ipv4_is_served'",
        ),
        ("bsd-c-first", "test_b", "test_b does not fail there; what does: test_ipv4_is_served"),
        ("debian-c-first", "served", "debian-c-first: every contract that was tried is kept"),
        ("away-c-first", "served", "away-c-first did not run: no engine"),
    ],
)
def test_errors_name_what_there_is(cell: str, probe: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        asked_of(matrix(), ask(cell, probe))


def test_what_the_run_found_is_printed_and_nothing_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "matrix.json").write_bytes(encode(matrix()))
    assert main(["why", "bsd-c-first", "served", "--from", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "test_ipv4_is_served fails on bsd (bsd c first, suite/binding/test_x.py:0 test_ipv4_is_served)",
        "cause, by experiment (9 runs): with a and b switched on, debian fails too; with either alone it does not. "
        "Fix: mend it.",
    ]


@pytest.mark.parametrize(
    ("found", "question", "said"),
    [
        (matrix(None), ask("bsd-c-first", FIRST), "another version of anyunix .*make no experiment; run again"),
        (matrix(None, "nowhere"), ask("bsd-c-first", FIRST), "no platform is called 'nowhere'"),
        (
            matrix(None),
            Question(Path("out"), "bsd-c-first", FIRST, subject="python"),
            "out is of subject c and has debian as its reference; found subject python and platform debian",
        ),
    ],
)
def test_an_experiment_is_of_what_was_in_the_run(
    catalog: Catalog, found: Matrix, question: Question, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        with_cause(found, question, catalog)
