"""Inside GitHub Actions: annotations that nobody can add to, a summary that fits."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from anyunix.cli import main
from anyunix.report.github import CUT, MOST, SUMMARY_LIMIT, annotations, report, write_summary
from anyunix.report.workflow import Workflow
from anyunix.results.cause_model import Cause
from anyunix.results.matrix_file import encode
from anyunix.results.model import CellResult, Identity, Matrix, PlatformResult, Probe

ON = {"GITHUB_ACTIONS": "true"}
HOSTILE = "100%\r\n::error::injected\n::add-mask::x\x1b[2J, a:b \u2028::warning::y"


def matrix(*probes: Probe, **more: object) -> Matrix:
    cells = tuple(CellResult("c", name, "dual", "ran", probes=probes) for name in ("debian", "alpine"))
    return Matrix((), cells, "debian", **more)  # type: ignore[arg-type]


def failing(number: int = 0, **more: str) -> Probe:
    return Probe(
        f"chat/test_x.py::test_{number}",
        "contract",
        "failed",
        "E   assert 1 == 2",
        line=7,
        failure_kind="platform difference",
        **more,
    )


def test_failure_is_one_error_at_its_line_with_all_its_cells() -> None:
    assert annotations(matrix(failing())) == [
        "::error file=suite/chat/test_x.py,line=7,title=platform difference%3A test_0::on debian c dual, alpine c dual"
        "%0Aassert 1 == 2"
    ]


def test_a_broken_promise_is_called_so_and_says_how_it_is_taken_back() -> None:
    """It is no difference between platforms, and the server may never have meant to keep it."""
    (line,) = annotations(matrix(replace(failing(), failure_kind="broken promise", promises=("orphans",))))
    assert "title=broken promise%3A test_0::" in line
    assert line.endswith("%0Anot meant to be kept? Write promises: {orphans: false} in the subject file")


def test_explanation_comes_before_the_words_of_the_failure() -> None:
    assert annotations(matrix(failing(explanation="IPv4 is refused: 100%")))[0].endswith("%0AIPv4 is refused: 100%25")


def test_the_cause_comes_first() -> None:
    cause = Cause(("a",), 4, True, "debian")
    (line,) = annotations(matrix(replace(failing(explanation="IPv4 is refused"), cause=cause)))
    said = "cause, by experiment (4 runs): with a switched on, debian fails too; without it it does not."
    assert line.endswith(f"%0A{said}%0AIPv4 is refused")


def test_expected_failures_passes_and_facts_are_no_errors() -> None:
    assert (
        annotations(
            matrix(
                failing(expected="known"),
                Probe("a/b.py::c", "contract", "passed"),
                Probe("a/b.py::d", "fact", "failed"),
            )
        )
        == []
    )


def test_errors_required_platforms_and_problems_are_warnings() -> None:
    cells = (
        CellResult("c", "broken", "dual", "error", "died\nhere"),
        CellResult("python", "broken", "dual", "error", "died"),
        CellResult("c", "needed", "dual", "not-run", "no engine"),
        CellResult("c", "absent", "dual", "not-run", "no"),
    )
    found = annotations(Matrix((), cells, "debian", required=("needed",), problems=("expectation 1: gone",)))
    assert found == [
        "::warning title=no answer::broken did not answer: died (c dual, python dual)",
        "::warning title=no answer::needed did not answer: no engine (c dual)",
        "::warning title=expectation::expectation 1: gone",
    ]


@pytest.mark.parametrize(
    ("count", "last"), [(MOST, "platform difference%3A test_9"), (MOST + 5, "6 more: see the summary")]
)
def test_at_most_ten_errors_the_last_says_how_many_more(count: int, last: str) -> None:
    found = annotations(matrix(*map(failing, range(count))))
    assert len(found) == MOST
    assert last in found[-1]


def test_data_cannot_inject_commands_or_properties() -> None:
    probe = Probe(f"{HOSTILE}.py::{HOSTILE}", "contract", "failed", HOSTILE, line=1, explanation=HOSTILE)
    probe = replace(probe, cause=Cause((HOSTILE,), 1, True, HOSTILE, note=HOSTILE))
    found = annotations(matrix(probe, problems=(HOSTILE,)))
    assert [line.partition(" ")[0] for line in found] == ["::error", "::warning"]
    for line in found:
        assert line.isprintable()
        properties, _, message = line[2:].partition("::")
        assert properties.count("=") == properties.count(",") + 1
        assert "%0A::error::injected" in message or "100%25" in message


@pytest.mark.parametrize("file", ["../../etc/passwd.py", "/etc/x.py", "build/subject"])
def test_only_files_of_the_suite_are_named(file: str) -> None:
    (line,) = annotations(matrix(Probe(f"{file}::x", "contract", "failed", "no", failure_kind="platform difference")))
    assert line.startswith("::error title=platform difference%3A x::")


def test_nothing_is_said_or_written_outside_of_github(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = tmp_path / "summary"
    assert report(matrix(failing()), {"GITHUB_STEP_SUMMARY": str(summary)}) == []
    with Workflow({}) as workflow:
        workflow.tell([])
    assert not summary.exists()
    assert capsys.readouterr().out == ""


def test_report_writes_and_gives_lines(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_text("what was there\n")
    found = report(matrix(failing()), {**ON, "GITHUB_STEP_SUMMARY": str(summary)})
    assert found == annotations(matrix(failing()))
    assert summary.read_text().startswith("what was there\n## anyunix\n")


def test_summary_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    found = report(matrix(), {**ON, "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "folder")})
    assert found == ["::warning title=anyunix::the summary cannot be written: No such file or directory"]


def test_long_summary_is_cut_closed_and_says_so(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_bytes(b"x" * 100_000)
    probes = [Probe(f"chat/test_x.py::test_{number}", "contract", "failed", "ä\n" * 2000) for number in range(400)]
    write_summary(matrix(*probes), {"GITHUB_STEP_SUMMARY": str(summary)})
    text = summary.read_text()
    assert SUMMARY_LIMIT - 10_000 < len(text.encode()) <= SUMMARY_LIMIT
    assert text.endswith(CUT)
    for name in ("pre", "details"):
        assert text.count(f"<{name}>") == text.count(f"</{name}>")


def test_full_summary_stays_as_it_is(tmp_path: Path) -> None:
    summary = tmp_path / "summary"
    summary.write_bytes(b"x" * SUMMARY_LIMIT)
    write_summary(matrix(failing()), {"GITHUB_STEP_SUMMARY": str(summary)})
    assert summary.stat().st_size == SUMMARY_LIMIT


def test_no_commands_while_platforms_speak_but_our_own(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(RuntimeError), Workflow(ON) as workflow:
        print("::error::from a platform")
        workflow.tell(["::error::ours"])
        print("::error::from a platform")
        raise RuntimeError
    stop, foreign, go, ours, *again = capsys.readouterr().out.splitlines()
    token = stop.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert (foreign, go, ours) == ("::error::from a platform", f"::{token}::", "::error::ours")
    second = again[0].removeprefix("::stop-commands::")
    assert second != token
    assert again[1:] == ["::error::from a platform", f"::{second}::"]


def commands_in(printed: str) -> list[str]:
    """What GitHub's runner takes for commands: lines with :: in front, unless they are stopped until a token comes."""
    token, found = "", []
    for line in map(str.strip, printed.splitlines()):
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(line)
    return found


@pytest.mark.parametrize(
    "command",
    [
        ["report", "{out}"],
        ["facts", "--out", "{out}"],
        ["facts", "--diff", "--out", "{out}"],
        ["diff", "{out}", "{out}"],
        ["accept", "{out}"],
        ["merge", "{out}"],
        ["list", "platforms", "{out}/p.yaml"],
        ["list", "platforms", "{out}/bad.yaml"],
    ],
)
def test_no_command_prints_foreign_text_as_a_workflow_command(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = "x\n::error::foreign\n  ::add-mask::y"
    platforms = tuple(
        PlatformResult(name, foreign, "local", "ran", facts={"a.b": [foreign, name]}) for name in ("debian", "alpine")
    )
    shown = replace(
        matrix(failing(explanation=foreign)), platforms=platforms, problems=(foreign,), identity=Identity("1", "2", {})
    )
    (tmp_path / "matrix.json").write_bytes(encode(shown))
    (tmp_path / "p.yaml").write_text('title: "x\\n::error::foreign"\ndriver: local\n')
    (tmp_path / "bad.yaml").write_text('title: x\ndriver: "\\n::error::foreign"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    main([word.format(out=tmp_path) for word in command])
    printed = capsys.readouterr()
    assert "::stop-commands::" in printed.out
    found = commands_in(printed.out)
    assert all(line.startswith(("::error file=suite/", "::warning title=")) for line in found)
    assert (found != []) == (command[0] == "merge")


def test_what_is_for_another_program_has_no_line_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert main(["plan", "--platform", "local"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"]
