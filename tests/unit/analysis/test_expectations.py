"""Failures that are known: what is read of them, what is said of a bad file, and which of them hold."""

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from anyunix.analysis.expectations import (
    Expectation,
    Expectations,
    apply,
    find_expectations,
    load_expectations,
    read_expectations,
)
from anyunix.analysis.verdict import exit_status, judge
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.results.model import BUILDS, STARTS, CellResult, Matrix, Outcome, PlatformResult, Probe, ProbeText, Status

REASON = "so it is there"
A, B, FACT = "g/test_x.py::test_a", "g/test_x.py::test_b", "g/test_f.py::test_f"
TODAY = date(2026, 6, 1)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return path


def entry(keys: str) -> str:
    return f"debian:\n  {A}:\n" + "".join(f"    {line}\n" for line in keys.splitlines())


def test_all_keys_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        entry("reason: it is\n  so there\nlink: https://example.org/1\nuntil: 2027-01-31\nbind: [first, dual]")
        + f"  {B}[1]:\n    reason: 'no'\n",
    )
    assert read_expectations(path, binds=("dual", "first")) == Expectations(
        path,
        (
            Expectation("debian", A, "it is so there", "https://example.org/1", date(2027, 1, 31), ("first", "dual")),
            Expectation("debian", f"{B}[1]", "no"),
        ),
    )


@pytest.mark.parametrize("text", ["", "# nothing is expected any more\n", "debian:\n"])
def test_a_file_or_platform_whose_last_entry_was_removed_expects_nothing(tmp_path: Path, text: str) -> None:
    assert read_expectations(written(tmp_path, text)).entries == ()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("link: https://example.org/1", "key 'reason': missing; write why"),
        ("reason:", "key 'reason': missing; write why"),
        ("reason: ' '", "key 'reason': says nothing"),
        ("reason: '...'", "key 'reason': says nothing"),
        ("reason: TODO", "key 'reason': still TODO; write why"),
        ("reason: 'todo: ask'", "key 'reason': still TODO"),
        ("reason: '# TODO'", "key 'reason': still TODO"),
        ("reason: true", "key 'reason': found true; write why"),
        ("reason: 2027-01-31", "key 'reason': found 2027-01-31; write why"),
        ("reason: [a]", "key 'reason': found a list"),
        ("reason: x\nuntil: soon", "key 'until': expected a date such as 2027-01-31"),
        ("reason: x\nuntil: '2027-01-31'", "without quotes"),
        ("reason: x\nuntil: 2027-01-31 10:00:00", "without quotes or time"),
        (
            "reason: x\nuntil: true",
            "key 'until': expected a date such as 2027-01-31, without quotes or time, found true",
        ),
        ("reason: x\nuntil:", "found nothing"),
        ("reason: x\nbind: first", "key 'bind': expected a list of bind modes such as [first], found 'first'"),
        ("reason: x\nbind: []", "without the key it holds for all"),
        ("reason: x\nbind: [1]", "key 'bind': expected a list"),
        ("reason: x\nbind: [frist]", "no mode 'frist' (did you mean 'first'?); it has dual, first"),
        ("reason: x\nlink: 7", "key 'link': expected an address such as https://example.org/1"),
        ("reason: x\nlink: javascript:alert(1)", "key 'link'"),
        ("reson: x", "key 'reson': unknown (did you mean 'reason'?); known: reason, link, until, bind"),
        ("reason: x\n1: y", "a name like that needs quotes"),
    ],
)
def test_a_bad_entry_says_file_platform_probe_key_and_what_to_write(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_expectations(written(tmp_path, entry(keys)), binds=("dual", "first"))
    assert str(caught.value).startswith(f"{tmp_path}/c.yaml: line 2: debian: {A}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]", "expected platforms, each with its probes, found a list"),
        ("debian: 3\n", "debian: expected probes, each with a reason, found 3"),
        (f"debian:\n  {A}: known\n", f"{A}: expected the keys reason, link, until, bind, found 'known'"),
        ("true: {}\n", "found true; a name like that needs quotes"),
        ("? [a]\n: b\n", "line 1: a list or mapping cannot be a key"),
        ("{", "not YAML"),
        ("a: b: c", "not YAML"),
        ("--- a\n--- b\n", "not YAML"),
        (entry("reason: x\nuntil: 2027-02-30"), "'2027-02-30' is no date (day is out of range for month)"),
        (entry("reason: !!bool x"), "'x' is no true or false"),
        (
            entry("reason: it listens on :: only"),
            "not YAML: line 3, column 28: mapping values are not allowed here; "
            "a text that holds ': ' needs quotes around it",
        ),
        ("[" * 5_000, "not YAML"),
        (entry("reason: x\nreason: y"), "line 4: key 'debian.g/test_x.py::test_a.reason': the second of its name"),
        (entry("reason: x") + "debian:\n", "line 4: key 'debian': the second"),
    ],
)
def test_a_file_that_is_something_else_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_expectations(written(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path}/c.yaml: ")
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"debian: \xff\n")
    for path in (tmp_path / "c.yaml", tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(ConfigurationError, match=f"{path}: cannot be read"):
            read_expectations(path)


def test_a_draft_may_have_its_reason_to_come(tmp_path: Path) -> None:
    assert read_expectations(written(tmp_path, entry("reason: TODO")), drafts=True).entries[0].reason == "TODO"


# which of them hold


def cell(
    platform: str, bind: str = "dual", status: Status = "ran", subject: str = "c", **outcomes: Outcome
) -> CellResult:
    probes = tuple(Probe(f"g/test_x.py::test_{name}", "contract", outcome) for name, outcome in outcomes.items())
    return CellResult(subject, platform, bind, status, probes=probes)


def matrix(*cells: CellResult) -> Matrix:
    texts = tuple(ProbeText(name, "fact" if name == FACT else "contract", "", "", 1) for name in (A, B, FACT))
    platforms = tuple(PlatformResult(name, name, "local", "ran") for name in {cell.platform for cell in cells})
    return Matrix(platforms, cells, "debian", texts=texts)


def applied(matrix: Matrix, *entries: Expectation) -> Matrix:
    return judge(
        apply(
            matrix,
            {"c": Expectations(Path("c.yaml"), entries)},
            today=TODAY,
            known_platforms=("debian", "alpine", "freebsd"),
        )
    )


def expected(probe: str = A, platform: str = "debian", *binds: str, until: date | None = None) -> Expectation:
    return Expectation(platform, probe, REASON, until=until, binds=binds)


@pytest.mark.parametrize("outcome", ["failed", "error", "flaky"])
def test_an_expected_failure_carries_its_reason_and_fails_no_gate(outcome: Outcome) -> None:
    result = applied(matrix(cell("alpine", a="passed", b="passed"), cell("debian", a=outcome, b="passed")), expected())
    assert [[probe.expected for probe in cell.probes] for cell in result.cells] == [["", ""], ["so it is there", ""]]
    assert (result.problems, exit_status(result)) == ((), 0)
    assert result.verdicts[0].verdict == "portable with known differences"


def test_the_link_is_kept_with_the_reason() -> None:
    known = dataclasses.replace(expected(), link="https://example.org/1")
    assert applied(matrix(cell("debian", a="failed")), known).cells[0].probes[0].expected == (
        "so it is there (https://example.org/1)"
    )


@pytest.mark.parametrize(
    "known", [expected(B), expected(platform="alpine"), expected(A, "debian", "first"), expected(f"{A}[1]")]
)
def test_it_covers_its_own_probe_platform_and_bind_mode_only(known: Expectation) -> None:
    result = applied(matrix(cell("debian", a="failed")), known)
    assert result.cells[0].probes[0].expected == ""
    assert exit_status(result) == 1


def test_one_entry_is_for_all_platforms_or_those_of_a_pattern() -> None:
    cells = (cell("debian", a="failed"), cell("alpine", a="failed"))
    for pattern, reasons in (("*", [REASON] * 2), ("deb*", [REASON, ""]), ("*i*", [REASON] * 2)):
        result = applied(matrix(*cells), expected(platform=pattern))
        assert [each.probes[0].expected for each in result.cells] == reasons
        assert result.problems == ()


def test_what_names_a_platform_goes_before_a_pattern() -> None:
    named = dataclasses.replace(expected(), reason="on debian")
    for entries in ((named, expected(platform="*")), (expected(platform="*"), named)):
        result = applied(matrix(cell("debian", a="failed"), cell("alpine", a="failed")), *entries)
        assert [each.probes[0].expected for each in result.cells] == ["on debian", REASON]


def test_a_pattern_holds_as_long_as_it_fails_on_one_of_its_platforms() -> None:
    for alpine, problems in (
        ("failed", ()),
        ("passed", (f"c.yaml: *: {A}: no longer fails on any of these platforms in bind dual: remove it",)),
    ):
        cells = (cell("debian", a="passed"), cell("alpine", a=alpine))  # type: ignore[arg-type]
        assert applied(matrix(*cells), expected(platform="*")).problems == problems
    result = applied(matrix(cell("debian", a="failed")), expected(platform="bsd*"))
    assert result.problems == (f"c.yaml: bsd*: {A}: no platform is called like 'bsd*'; correct or remove it",)


def test_it_covers_its_own_subject_only() -> None:
    cells = [
        cell(name, a=outcome, subject=subject)
        for subject in ("python", "c")
        for name, outcome in (("debian", "failed"), ("alpine", "passed"))
    ]
    result = applied(matrix(*cells), expected())
    assert [(v.subject, v.verdict) for v in result.verdicts] == [
        ("python", "not portable"),
        ("c", "portable with known differences"),
    ]


def test_a_failing_fact_is_no_failure_to_cover() -> None:
    fact = Probe(FACT, "fact", "failed")
    result = applied(matrix(CellResult("c", "debian", "dual", "ran", probes=(fact,))), expected(FACT))
    assert result.cells[0].probes == (fact,)
    assert result.problems == (f"c.yaml: debian: {FACT}: is a fact, and a fact never fails: remove it",)


def test_what_no_longer_fails_is_a_problem() -> None:
    result = applied(matrix(cell("debian", a="passed"), cell("debian", "first", a="passed")), expected())
    assert result.problems == (f"c.yaml: debian: {A}: no longer fails in bind dual, first: remove it",)
    assert (result.verdicts[0].verdict, exit_status(result)) == ("nothing to compare with", 1)


def test_one_bind_mode_that_fails_keeps_it() -> None:
    result = applied(matrix(cell("debian", a="passed"), cell("debian", "first", a="failed")), expected())
    assert (result.problems, exit_status(result)) == ((), 0)


@pytest.mark.parametrize(
    "ran",
    [
        cell("debian", "first", b="passed"),
        cell("debian", "first", a="skipped"),
        cell("debian", "first", status="not-run"),
        cell("debian", "first", status="error"),
        cell("debian", "dual", a="passed"),
        cell("alpine", "first", a="passed"),
        cell("debian", "first", a="passed", subject="python"),
    ],
)
def test_what_was_not_tried_is_not_judged(ran: CellResult) -> None:
    assert applied(matrix(ran), expected(A, "debian", "first"), expected(A, "freebsd")).problems == ()


def test_the_last_day_counts_and_the_next_does_not() -> None:
    failing = matrix(cell("debian", a="failed"))
    assert exit_status(applied(failing, expected(until=TODAY))) == 0
    late = applied(failing, expected(until=date(2026, 5, 31)))
    assert late.problems == (
        f"c.yaml: debian: {A}: was accepted until 2026-05-31 and still fails: mend it, or give it a new date",
    )
    assert (late.cells[0].probes[0].expected, exit_status(late)) == ("", 1)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (expected(platform="debain"), "no platform is called 'debain' (did you mean 'debian'?)"),
        (expected("g/test_x.py::test_aa"), f"no contract has this name (did you mean '{A}'?); `anyunix list probes`"),
        (expected("x"), "no contract has this name; `anyunix list probes`"),
    ],
)
def test_an_unknown_name_is_a_problem_even_where_nothing_ran(known: Expectation, said: str) -> None:
    result = applied(matrix(cell("alpine", a="passed")), known)
    assert said in result.problems[0]
    assert exit_status(result) == 1


@pytest.mark.parametrize(
    ("ran", "wanted", "said"),
    [("a[1]", A, f"its name has these parameters: {A}[1]"), ("a", f"{A}[1]", f"its name has no parameters: {A}")],
)
def test_parameters_belong_to_the_name(ran: str, wanted: str, said: str) -> None:
    result = applied(matrix(cell("debian", **{ran: "failed"})), expected(wanted))
    assert result.problems == (f"c.yaml: debian: {wanted}: {said}",)


def test_a_parameter_that_did_not_run_is_not_judged() -> None:
    assert applied(matrix(cell("debian", **{"a[1]": "passed"})), expected(f"{A}[2]")).problems == ()


@pytest.mark.parametrize("contract", [BUILDS, STARTS])
def test_a_subject_that_does_not_build_or_start_can_be_expected_until_it_does(contract: str) -> None:
    broken = CellResult("c", "debian", "dual", "ran", probes=(Probe(contract, "contract", "failed"),))
    assert exit_status(applied(matrix(broken), expected(contract), expected(A))) == 0
    assert applied(matrix(cell("debian", a="passed")), expected(contract)).problems == (
        f"c.yaml: debian: {contract}: no longer fails in bind dual: remove it",
    )
    assert applied(matrix(cell("debian", status="not-run")), expected(contract)).problems == ()


def test_problems_that_were_there_are_kept() -> None:
    old = dataclasses.replace(matrix(cell("debian", a="passed")), problems=("x",))
    assert applied(old).problems == ("x",)


# where the file is


def test_the_file_is_looked_for_in_the_folder_given_then_here_then_beside_the_subject(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_expectations(subject, None) is None
    places = [subject.folder / "expectations", Path("expectations"), Path("given")]
    for place, given in zip(places, (None, None, Path("given")), strict=True):
        place.mkdir()
        assert find_expectations(subject, given) != place / "tiny.yaml"
        (place / "tiny.yaml").write_text("")
        assert find_expectations(subject, given) == place / "tiny.yaml"


def test_a_folder_that_was_given_has_to_be_there_and_to_hold_a_file(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--expectations none: no such folder; `anyunix accept` writes one"):
        load_expectations([subject], Path("none"))
    with pytest.raises(ConfigurationError, match=r"holds no tiny\.yaml"):
        load_expectations([subject], tmp_path)
    (tmp_path / "tiny.yaml").write_text("")
    other = dataclasses.replace(subject, name="other")
    assert load_expectations([subject, other], tmp_path) == {"tiny": Expectations(tmp_path / "tiny.yaml")}


def test_bind_modes_are_checked_against_the_subjects(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(entry("reason: x\nbind: [first]"))
    with pytest.raises(ConfigurationError, match="no mode 'first'; it has default"):
        load_expectations([subject], tmp_path)
