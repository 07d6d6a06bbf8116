"""Several runs in the order of their time: what became red when."""

from dataclasses import replace

from anyunix.analysis.history import history_of
from anyunix.results.model import BUILDS, CellResult, Identity, Matrix, Outcome, PlatformResult, Probe

NAME = "binding/test_x.py::test_a"


def run(day: int, *cells: CellResult, suite: str = "s") -> tuple[str, Matrix]:
    platforms = tuple(PlatformResult(cell.platform, "", "local", "ran") for cell in cells)
    started = f"2026-11-{day:02}T10:00:00+00:00"
    return f"run-{day}", Matrix(platforms, cells, "debian", started=started, identity=Identity(suite=suite))


def cell(outcome: Outcome, platform: str = "debian", expected: str = "", probe: str = NAME) -> CellResult:
    return CellResult("c", platform, "dual", "ran", probes=(Probe(probe, "contract", outcome, expected=expected),))


def test_what_became_red_says_since_when() -> None:
    history = history_of([run(3, cell("failed")), run(1, cell("passed")), run(2, cell("failed"))])
    assert [each.name for each in history.runs] == ["run-1", "run-2", "run-3"]
    (track,) = history.tracks
    assert (track.came, track.red, track.since) == (("kept", "failed", "failed"), True, 1)


def test_what_was_not_tried_in_between_is_no_change() -> None:
    history = history_of([run(1, cell("passed")), run(2, cell("skipped")), run(3), run(4, cell("flaky"))])
    (track,) = history.tracks
    assert (track.came, track.since) == (("kept", "not tried", "not tried", "flaky"), 3)
    mended = history_of([run(1, cell("failed")), run(2, cell("passed")), run(3, cell("skipped"))]).tracks[0]
    assert (mended.red, mended.since) == (False, 1)


def test_what_is_always_the_same_is_no_row() -> None:
    history = history_of([run(day, cell("failed"), cell("passed", "alpine")) for day in (1, 2)])
    assert history.tracks == ()
    assert history.always_red == 1
    assert history_of([run(1, cell("failed"))]).always_red == 0  # tried once: nobody knows


def test_platforms_that_fared_alike_are_one_row_and_red_ones_come_first() -> None:
    history = history_of(
        [
            run(1, cell("passed"), cell("passed", "alpine"), cell("failed", "openbsd")),
            run(2, cell("failed"), cell("failed", "alpine"), cell("passed", "openbsd")),
        ]
    )
    assert [(each.platforms, each.red) for each in history.tracks] == [
        (("debian", "alpine"), True),
        (("openbsd",), False),
    ]
    assert history.tracks[0].where == "debian, alpine: c dual"


def test_an_accepted_failure_is_told_apart() -> None:
    (track,) = history_of([run(1, cell("passed")), run(2, cell("failed", expected="known"))]).tracks
    assert track.came == ("kept", "accepted")


def test_a_subject_that_builds_again_is_mended() -> None:
    (track,) = history_of([run(1, cell("failed", probe=BUILDS)), run(2, cell("passed"))]).tracks
    assert (track.probe, track.came) == (BUILDS, ("failed", "kept"))


def test_other_probes_are_told() -> None:
    runs = [run(1, cell("passed"), suite="a"), run(2, cell("passed"), suite="a"), run(3, cell("failed"), suite="b")]
    assert [each.other_suite for each in history_of(runs).runs] == [False, False, True]
    foreign = (runs[1][0], replace(runs[1][1], identity=None))
    assert [each.other_suite for each in history_of([runs[0], foreign, runs[2]]).runs] == [False, False, True]
