"""The end of a run on a terminal: the matrix, what failed and where, the verdicts. Fits 100 columns."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from anyunix.analysis.compare import contradictions, differences, shown
from anyunix.analysis.taking_back import promises_to_paste
from anyunix.report.cause_lines import cause_lines
from anyunix.report.kinds import HEADLINES, STYLES, TO_PASTE, overall, take_back, where
from anyunix.report.likeness_lines import likeness_lines
from anyunix.report.matrix_table import matrix_table
from anyunix.report.traces import culprits, excerpt, findings, second_tries
from anyunix.report.worker_lines import worker_lines
from anyunix.results.consequences import by_cause
from anyunix.results.model import CellResult, Matrix, Probe, Verdict
from anyunix.run.emulator_limits import passes_all_the_same
from anyunix.text import first_line, safe, said_by

WIDTH = 100
FACTS_SHOWN = 12


def print_report(console: Console, matrix: Matrix, out: str) -> None:
    """Everything that a reader of the run wants but the last line, which is `overall`."""
    width = min(WIDTH, console.width)
    console.print(matrix_table(console, matrix, width), width=width)
    _print_lines(console, _notes(matrix))
    _print_failures(console, matrix)
    _say(console, Text(f"Details: {out}/index.html, report.md, matrix.json, junit.xml, cells/"))
    for verdict in matrix.verdicts:
        _print_verdict(console, verdict, promises_to_paste(matrix, verdict))
    _print_lines(console, (Text(f"expectation: {first_line(problem)}", "bold red") for problem in matrix.problems))
    _print_lines(console, (Text(line, "bold yellow") for line in findings(matrix)))


def print_left_out(console: Console, names: Sequence[str]) -> None:
    """Which platforms were not in the run because nobody asked for them."""
    _say(console, Text(f"not run: {', '.join(names)}: only when asked for: --platform {names[-1]}", "yellow"))


def print_overall(console: Console, matrix: Matrix) -> None:
    """The one line that comes last on stdout in every mode."""
    _say(console, Text(overall(matrix), style="bold"))


def _notes(matrix: Matrix) -> Iterable[Text]:
    """Why cells have no answer, who compiled, which facts could not be measured."""
    for reason, names in _grouped(
        (cell.reason, _whole_platform(matrix, cell)) for cell in matrix.cells if cell.status == "not-run"
    ):
        yield Text(f"not run: {names}: {first_line(reason)}", "yellow")
    for cell in matrix.cells:
        if cell.status == "error":
            yield Text(f"ERROR: {cell.name}: {first_line(cell.reason)}", "bold yellow")
    for emulator, names in _grouped((p.emulator, p.name) for p in matrix.platforms if p.emulator and p.status == "ran"):
        yield Text(f"CPU emulated by {emulator}: {names}: times are the emulator's", "yellow")
    for line in likeness_lines(matrix):
        yield Text(line, "yellow")
    for line in worker_lines(matrix):
        yield Text(line, "yellow" if line.startswith("lost: ") else "")
    for words, names in _grouped(
        (f"{probe.name}: {first_line(probe.message)}", cell.platform)
        for cell in matrix.cells
        for probe in cell.probes
        if passes_all_the_same(probe)
    ):
        yield Text(f"take it out of emulator_limits of {names}: {words}", "bold yellow")
    for process, names in _grouped((process, cell.name) for cell in matrix.cells for process in cell.left_behind):
        yield Text(f"left behind on {names}, and ended: {first_line(process)}", "yellow")
    for compiler, names in _grouped(
        (cell.compiler, f"{cell.platform} {cell.subject}") for cell in matrix.cells if cell.compiler
    ):
        yield Text(f"compiled by {first_line(compiler)}: {names}", "dim")
    unmeasured = _grouped(
        (f"{p.id.rpartition('::')[2]}: {first_line(p.message)}", cell.platform)
        for cell in matrix.cells
        for p in cell.probes
        if p.kind == "fact" and p.bad
    )
    for what, names in list(unmeasured)[:FACTS_SHOWN]:
        yield Text(f"not measured on {names}: {what}", "yellow")
    for wrong in contradictions(matrix):
        yield Text(
            f"{wrong.platform}: {wrong.name} is {first_line(shown(wrong.measured))}, but documented to be "
            f"{first_line(shown(wrong.documented.value))} ({first_line(wrong.documented.source)})",
            "yellow",
        )
    if differing := differences(matrix):
        yield Text(f"{len(differing)} facts differ between these platforms: anyunix facts --diff shows them")


def _whole_platform(matrix: Matrix, cell: CellResult) -> str:
    """The platform alone where none of its cells ran, with the subject where others did."""
    platform = matrix.platform(cell.platform)
    return cell.platform if platform and platform.status == "not-run" else f"{cell.platform} {cell.subject}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """`(reason, "debian c, alpine c")`: each reason once, with all it holds for."""
    found: dict[str, dict[str, None]] = {}
    for reason, name in pairs:
        found.setdefault(reason, {})[name] = None
    return [(reason, ", ".join(names)) for reason, names in found.items()]


def _print_failures(console: Console, matrix: Matrix) -> None:
    """Each contract that was not kept, once, with the cells, the words of the first, and what follows from it."""
    shown: set[tuple[str, ...]] = set()
    headline = ""
    for cases, following in by_cause(matrix):
        probe, trace = cases[0][1], tuple(_trace(cases))
        if HEADLINES[probe.failure_kind] != headline:
            headline = HEADLINES[probe.failure_kind]
            _say(console, Text(headline, "bold"))
        place = f"{probe.file}:{probe.line}" if probe.line else probe.file
        _say(console, Text(f"FAILED {place} {safe(probe.id.rpartition('::')[2])}", "bold red"))
        _say(console, Text(f"  on {', '.join(cell.name for cell, _ in cases)}"))
        for line in cause_lines(matrix, cases):
            _say(console, Text(f"  {line}", "bold"))
        for line in said_by(probe.message):
            _say(console, Text(f"  {line[:300]}"))
        if words := take_back(probe):
            _say(console, Text(f"  {words}"))
        if trace and trace in shown:
            trace = ("system calls part as they do above",)
        shown.add(trace)
        for line in [*second_tries(cases), *trace, *(f"used before it is set: {each}" for each in culprits(cases))]:
            _say(console, Text(f"  {line}", "yellow" if line.startswith("≠") else ""))
        for others in following:
            _say(
                console,
                Text(f"  from this follows {safe(others[0][1].name)}, on {', '.join(cell.name for cell, _ in others)}"),
            )


def _trace(cases: list[tuple[CellResult, Probe]]) -> list[str]:
    """The system calls of the first cell that has some; where none has, why."""
    return max((excerpt(cell, probe) for cell, probe in cases), key=len, default=[])


def _print_verdict(console: Console, verdict: Verdict, promises: Sequence[str]) -> None:
    text = Text(f"{verdict.subject}, bind {verdict.bind}: ")
    text.append(verdict.verdict, STYLES[verdict.verdict])
    text.append(where(verdict))
    _say(console, text)
    for reason in verdict.because:
        _say(console, Text(f"  {first_line(reason)}"))
    if promises:
        _say(console, Text(f"{TO_PASTE}:"))
    for line in promises:
        console.print(Text(line), soft_wrap=True)  # whole, to be pasted


def _say(console: Console, line: Text) -> None:
    """On a terminal lines break between words; in a log they stay whole, for grep."""
    console.print(line, soft_wrap=not console.is_terminal)


def _print_lines(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        _say(console, line)
