"""index.html: the whole run as one self-contained page that needs no network, no server and no JavaScript."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from anyunix.analysis.compare import contradictions
from anyunix.analysis.history import History
from anyunix.report.cause_lines import cause_lines
from anyunix.report.history_lines import MARKS, turned
from anyunix.report.kinds import HEADLINES, overall, take_back, where
from anyunix.report.kinds import SIGNS as ANSWER_SIGNS
from anyunix.report.likeness_lines import likeness_lines
from anyunix.report.page.data import block
from anyunix.report.page.fact_rows import facts_of
from anyunix.report.page.failures import by_probe, failures_of, left_out_of
from anyunix.report.page.picture import SAID, pictures_of
from anyunix.report.page.prose import prose_of
from anyunix.report.page.sections import SIGNS, Kept, grouped, kept_of, rows_of, sections_of
from anyunix.report.page.served import ANSWERS as SERVED_ANSWERS
from anyunix.report.page.served import served_of
from anyunix.report.page.shown import shown
from anyunix.report.traces import around, findings
from anyunix.report.worker_lines import how_many
from anyunix.results.model import ANSWERS, CellResult, Matrix, Probe
from anyunix.results.trace_model import Trace
from anyunix.text import first_line, safe

SCRIPTS = ("dom.js", "query.js", "tables.js", "filter.js", "grid.js", "details.js", "picture.js", "page.js")
REASONS_SHOWN, ARTICLES_SHOWN, FAILURES_SHOWN, NAMES_SHOWN = 3, 10, 3, 6
"""Of a verdict, probes that failed, cells of a probe, platforms in a sentence; the others are one click away."""
LOG_LIMIT = 3_000
"""Characters of a cell's log that are shown, from its end."""
LOGS_LIMIT = 600_000
"""Characters of all logs together; cells that went wrong come first."""
PIECE = 2_000
"""Of the template's own pieces, a tag or a word each, in one of the page."""
MANY = 8
"""With more platforms than these their names are written upwards."""

SQUARE, LANE = 9, 11
"""Pixels of the picture: the width of a square where there is room, and the height of a platform's lane."""


def templates_of(package: str, folder: str) -> Environment:
    """A package's templates for pages: whatever is put in is escaped, and made safe first."""
    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        finalize=made_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(matrix: Matrix, logs: Mapping[str, str] | None = None, history: History | None = None) -> str:
    """The whole page."""
    return "".join(render_in_pieces(matrix, logs, history))


def render_in_pieces(
    matrix: Matrix, logs: Mapping[str, str] | None = None, history: History | None = None
) -> Iterator[str]:
    """The page, piece by piece. `logs`: `key` of a cell -> its log, of which the end is shown.

    Everything in `matrix` and `logs` is taken for untrusted text.
    """
    environment = templates_of("anyunix.report", "page")
    matrix = replace(matrix, platforms=tuple(sorted(matrix.platforms, key=lambda each: each.is_likeness)))
    rows = rows_of(matrix)
    sections = sections_of(matrix, rows)
    facts = facts_of(matrix, rows)
    served = served_of(matrix, sections)
    pictures = pictures_of(matrix, sections)
    failures, left_out = failures_of(sections), left_out_of(matrix, rows)
    environment.filters["prose"] = prose_of(matrix.texts)
    style, script = source_of("page.css"), source_of(*SCRIPTS)
    there = {word for section in sections for row in section.rows for word in section.words(row)}
    words = [word for word in SIGNS if word in there]
    answers = [verdict.verdict for verdict in matrix.verdicts]
    page = environment.get_template("page.html").stream(
        matrix=matrix,
        sections=sections,
        pictures=pictures,
        verdicts={(verdict.subject, verdict.bind): verdict for verdict in matrix.verdicts},
        looks=SAID,
        looks_there={look for picture in pictures for look in picture.words},
        served=served,
        answers=SERVED_ANSWERS,
        answers_there={word for each in served for client in each.clients for word in client.words},
        square=SQUARE,
        lane_height=LANE,
        failures=failures,
        failures_by_probe=by_probe(failures),
        numbers={(failure.section.key, failure.place, failure.row.number): failure.number for failure in failures},
        left_out=left_out,
        reasons_shown=REASONS_SHOWN,
        articles_shown=ARTICLES_SHOWN,
        failures_shown=FAILURES_SHOWN,
        names_shown=NAMES_SHOWN,
        facts=facts,
        tried=sum(len(cell.tried()) for cell in matrix.cells),
        differing=sum(map(len, facts.differing.values())),
        likeness_lines=likeness_lines(matrix),
        likenesses=sum(platform.is_likeness for platform in matrix.platforms),
        groups=grouped(rows),
        cells=_shown_cells(matrix, logs or {}),
        signs=SIGNS,
        words=words,
        answer_signs=ANSWER_SIGNS,
        first_line=first_line,
        around=around,
        findings=findings(matrix),
        how_many=how_many,
        history=history,
        marks=MARKS,
        turned=turned,
        traced=_traced(matrix),
        rows={row.id: row for row in rows},
        text_numbers={text.id: number for number, text in enumerate(matrix.texts)},
        answer=max(answers, key=ANSWERS.index, default="not answered"),
        take_back=take_back,
        cause_lines=cause_lines,
        where=where,
        headlines=HEADLINES,
        overall=overall(matrix).removeprefix("anyunix: "),
        many=len(matrix.platforms) > MANY,
        contradictions=contradictions(matrix),
        shown=shown,
        style=style,
        script=script,
        policy=policy_for(style, script),
        data=Markup(block(matrix, rows, sections, pictures, failures, left_out)),
    )
    page.enable_buffering(PIECE)
    return page


def _traced(matrix: Matrix) -> list[tuple[CellResult, Probe, Trace]]:
    """Contracts that are kept and were traced all the same."""
    return [
        (cell, probe, probe.trace) for cell in matrix.cells for probe in cell.contracts if probe.trace and not probe.bad
    ]


@dataclass(frozen=True)
class _ShownCell:
    result: CellResult
    place: int
    contracts: Kept
    log: str


def _shown_cells(matrix: Matrix, logs: Mapping[str, str]) -> list[_ShownCell]:
    """The cells in their order, with the ends of their logs as far as those fit."""
    excerpts: dict[str, str] = {}
    left = LOGS_LIMIT
    for cell in sorted(matrix.cells, key=lambda cell: cell.status == "ran" and not cell.failures):
        excerpt = logs.get(cell.key, "").rstrip()[-LOG_LIMIT:][:left]
        excerpts[cell.key] = excerpt
        left -= len(excerpt)
    places = {platform.name: place for place, platform in enumerate(matrix.platforms)}
    return [
        _ShownCell(cell, places.get(cell.platform, -1), kept_of(cell.contracts), excerpts[cell.key])
        for cell in matrix.cells
    ]


def made_safe(value: Any) -> Any:
    """What every value passes before it is escaped; the page's own style, script and data are Markup and stay."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def source_of(*names: str) -> Markup:
    """The page's own files, one after the other."""
    folder = resources.files("anyunix.report") / "page"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in names))


def policy_for(style: str, script: str) -> str:
    """A Content-Security-Policy under which nothing runs, loads or is sent but this style and this script."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
