"""The history on a terminal: a column for each run that fits, a summary last, nothing that steers the terminal."""

import io
import re

from rich.console import Console

from anyunix.analysis.history import History, history_of
from anyunix.report.history_lines import print_history
from anyunix.results.model import CellResult, Matrix, Outcome, PlatformResult, Probe


def history(*outcomes: Outcome, platform: str = "debian") -> History:
    return history_of(
        (
            f"run-{day}",
            Matrix(
                (PlatformResult(platform, "", "local", "ran"),),
                (
                    CellResult(
                        "c", platform, "dual", "ran", probes=(Probe("binding/test_x.py::test_a", "contract", outcome),)
                    ),
                ),
                platform,
                started=f"2026-11-{day:02}T10:00:00+00:00",
            ),
        )
        for day, outcome in enumerate(outcomes, 1)
    )


def printed(found: History, width: int = 100) -> str:
    buffer = io.StringIO()
    print_history(Console(file=buffer, width=width, highlight=False), found)
    return buffer.getvalue()


def test_a_row_a_contract_and_a_column_a_run() -> None:
    text = printed(history("passed", "failed", "failed"))
    assert re.search(r"11-01 +11-02 +11-03", text)
    assert re.search(r"binding/test_a +✓ +✗ +✗", text)
    assert "debian: c dual" in text
    assert "red since 2026-11-02 10:00" in text
    assert text.rstrip().endswith(
        "history of 3 runs, 2026-11-01 to 2026-11-03: 1 red now that were kept, 0 mended, 0 always red"
    )


def test_what_the_newest_run_did_not_try_is_told() -> None:
    assert "red since 2026-11-02 10:00, not tried after 2026-11-02 10:00" in printed(
        history("passed", "failed", "skipped"), 110
    ).replace("\n", " ")


def test_runs_for_which_there_is_no_room_are_named() -> None:
    text = printed(history(*["passed"] * 19, "failed"), width=80)
    assert max(map(len, text.splitlines())) <= 100
    assert "2026-11-01 10:00: no room for its column; index.html has it" in text
    assert "11-20" in text


def test_nothing_changed_is_one_line() -> None:
    assert printed(history("passed", "passed")).count("\n") == 1


def test_a_name_cannot_steer_the_terminal() -> None:
    text = printed(history("passed", "failed", platform="x\x1b[2J\u202e"))
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text) == []
