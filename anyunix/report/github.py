"""A run inside GitHub Actions: annotations beside the code, and the step's summary."""

from collections.abc import Mapping
from pathlib import Path

from anyunix.report.markdown import render
from anyunix.report.notes import Note, Subjects, notes
from anyunix.report.workflow import active
from anyunix.results.model import Matrix
from anyunix.text import first_line, safe

MOST = 10
"""GitHub shows that many errors, and that many warnings, of one step."""
MESSAGE_LIMIT = 1_000
"""Characters of one annotation."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops a larger one as a whole."""
CUT = "\n\n*The rest does not fit into a summary: see matrix.json and junit.xml.*\n"


def report(matrix: Matrix, environment: Mapping[str, str], subjects: Subjects | None = None) -> list[str]:
    """Write the summary and give the lines to print; nothing outside of GitHub Actions.

    Failures are shown beside the files of these subjects, where the repository that is checked out has them.
    """
    if not active(environment):
        return []
    repository = Path(environment.get("GITHUB_WORKSPACE") or ".")
    try:
        write_summary(matrix, environment)
    except OSError as error:  # the run has its result all the same
        return [
            *annotations(matrix, subjects, repository),
            _command("warning", {"title": "anyunix"}, f"the summary cannot be written: {error.strerror}"),
        ]
    return annotations(matrix, subjects, repository)


def annotations(matrix: Matrix, subjects: Subjects | None = None, repository: Path = Path()) -> list[str]:
    """Workflow commands: an error for each contract that was not kept, a warning for what gave no answer."""
    failures = [(_properties(note), note.text) for note in notes(matrix, subjects or {}, repository)]
    return [*_limited("error", failures), *_limited("warning", _warnings(matrix))]


def write_summary(matrix: Matrix, environment: Mapping[str, str]) -> None:
    """Append the Markdown page to $GITHUB_STEP_SUMMARY, if that is set, cut to what fits. Raises OSError."""
    if not environment.get("GITHUB_STEP_SUMMARY"):
        return
    path = Path(environment["GITHUB_STEP_SUMMARY"])
    room = SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0)
    page = _cut(render(matrix), room).encode()
    if len(page) <= room:
        with path.open("ab") as file:
            file.write(page)


def _cut(page: str, room: int) -> str:
    """At most `room` bytes, whole lines, with everything closed that was open: all tags in a page are our own."""
    if len(page.encode()) <= room:
        return page
    closing = "\n</pre>\n\n</details>"
    kept = page.encode()[: max(0, room - len(CUT.encode()) - len(closing))].decode(errors="ignore").rpartition("\n")[0]
    ends = ("</pre>", "</details>")
    open_tags = [end for end in ends if kept.count(end.replace("/", "")) > kept.count(end)]
    return kept + "".join(f"\n{end}\n" for end in open_tags) + CUT


def _properties(note: Note) -> dict[str, str]:
    place = {"file": note.place[0], "line": str(note.place[1])} if note.place else {}
    return {**place, "title": note.title}


def _warnings(matrix: Matrix) -> list[tuple[dict[str, str], str]]:
    unanswered: dict[str, list[str]] = {}
    for cell in matrix.cells:
        if cell.status == "error" or (cell.status == "not-run" and cell.platform in matrix.required):
            unanswered.setdefault(f"{cell.platform} did not answer: {first_line(cell.reason)}", []).append(
                f"{cell.subject} {cell.bind}"
            )
    found = [({"title": "no answer"}, f"{what} ({', '.join(names)})") for what, names in unanswered.items()]
    return found + [({"title": "expectation"}, first_line(problem)) for problem in matrix.problems]


def _limited(kind: str, found: list[tuple[dict[str, str], str]]) -> list[str]:
    if len(found) <= MOST:
        return [_command(kind, properties, message) for properties, message in found]
    more = f"{len(found) - MOST + 1} more: see the summary of this step, or matrix.json"
    return [*(_command(kind, *one) for one in found[: MOST - 1]), _command(kind, {"title": "anyunix"}, more)]


def _command(kind: str, properties: Mapping[str, str], message: str) -> str:
    """One line, whatever the data is: percent signs and line ends are escaped, in properties also , and :."""
    told = ",".join(
        f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}" for key, value in properties.items()
    )
    return f"::{kind} {told}::{_data(message[:MESSAGE_LIMIT])}"


def _data(value: str) -> str:
    return safe(value).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
