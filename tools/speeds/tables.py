"""The tables of docs/speed.md, between their markers, from what was measured."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from speeds.ci_log import TOTAL
from speeds.record import Figure, ProbeCost, Profile, Record
from speeds.works import ROWS

NONE = "–"
MOST = 10
"""Probes that a table shows."""
LITTLE = 0.05
"""Seconds of CPU: programs below this before and now are put together."""
COLUMNS = ("before", "now")


class NoMarkers(Exception):
    """The page has no place for a table."""


def tables(record: Record) -> dict[str, str]:
    """Marker -> Markdown; without those of what was not measured."""
    found = {"machine": machine(record), "targets": targets(record), "ci": ci(record.ci)}
    for subject, profile in record.profiles.items():
        found[f"programs {subject}"] = programs(profile)
        found[f"probes {subject}"] = probes(profile)
    return {name: text for name, text in found.items() if text}


def insert(page: str, name: str, text: str) -> str:
    """The page with this between `<!-- NAME -->` and `<!-- end of NAME -->`. Raises NoMarkers."""
    between = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end of {re.escape(name)} -->)", re.DOTALL)
    if not between.search(page):
        raise NoMarkers(f"no `<!-- {name} -->` and `<!-- end of {name} -->`")
    return between.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)


def write_into(page: Path, record: Record) -> None:
    """Raises OSError, NoMarkers."""
    text = page.read_text()
    for name, table in tables(record).items():
        text = insert(text, name, table)
    page.write_text(text)


def machine(record: Record) -> str:
    """What the numbers are of."""
    counted = f" CPU is counted by {record.cpu_by}." if record.cpu_by else ""
    text = (
        f"Before: `{record.before}`. Now: `{record.now}`. {record.machine}; {', '.join(record.dates)}. Others used "
        f"{100 * record.busy:.0f} % of the CPU time at most when a row began.{counted}"
    )
    return "\n\n".join([text, *(["\n".join(f"- {note}" for note in record.notes)] if record.notes else [])])


def targets(record: Record) -> str:
    """The table of figures, with what each ought to be."""
    figures = [figure for row in ROWS for figure in record.rows.get(row, ())]
    rows = [
        (figure.work, column(figure, figure.before), column(figure, figure.now), ratio(figure), judged(figure))
        for figure in figures
    ]
    return markdown(("work", "before", "now", "now / before", "target"), rows)


def column(figure: Figure, values: Sequence[float]) -> str:
    """The median, and from where to where of several; or why there is none."""
    if not values:
        return f"*not run*: {figure.reason}" if figure.reason else NONE
    spread = f" ({number(min(values))} – {number(max(values))})" if len(values) > 1 else ""
    return f"{number(median(values))} {figure.unit}{spread}"


def ratio(figure: Figure) -> str:
    """Of the medians; a ratio has none to show."""
    if not figure.before or not figure.now or figure.unit == "×":
        return NONE
    return f"{median(figure.now) / median(figure.before):.2f}" if median(figure.before) else NONE


def judged(figure: Figure) -> str:
    """Each target with what the median says of it."""
    if figure.target is None:
        return NONE
    named = [("", figure.target), *([("stretch ", figure.stretch)] if figure.stretch is not None else [])]
    return "; ".join(f"{what}≤ {limit:g} {figure.unit}{_verdict(figure.now, limit)}" for what, limit in named)


def number(value: float) -> str:
    """As many digits as mean something."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ci(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Part by part, in the order of now; those that are gone after them, all of it last."""
    if not columns:
        return ""
    before, now = (columns.get(name, {}) for name in COLUMNS)
    names = [name for name in dict.fromkeys((*now, *before)) if name != TOTAL]
    rows = [(name, _seconds(before, name), _seconds(now, name)) for name in (*names, TOTAL)]
    return markdown(("part", "before", "now"), rows)


def programs(profile: Profile) -> str:
    """By what each costs now; little ones together."""
    if profile.reason:
        return f"*not run*: {profile.reason}"
    if not profile.programs:
        return ""
    before, now = (profile.programs.get(name, {}) for name in COLUMNS)
    names = sorted({*before, *now}, key=lambda name: (-now.get(name, 0.0), -before.get(name, 0.0), name))
    large = [name for name in names if max(before.get(name, 0.0), now.get(name, 0.0)) >= LITTLE]
    rows = [(f"`{_plain(name)}`", _cpu(before, name), _cpu(now, name)) for name in large]
    rest = [sum(seconds for name, seconds in of.items() if name not in large) for of in (before, now)]
    sums = [sum(of.values()) for of in (before, now)]
    return markdown(
        ("program", "before", "now"),
        [
            *rows,
            (f"others ({len(names) - len(large)})", *(f"{each:.2f} s" for each in rest)),
            ("**all of them**", *(f"{each:.2f} s" for each in sums)),
            ("the control group's own count", *(_cpu(profile.whole, name) for name in COLUMNS)),
        ],
    )


def probes(profile: Profile) -> str:
    """The ten with the most wall time now, and the ten with the most CPU time."""
    if not profile.probes:
        return ""
    before, now = (profile.probes.get(name, {}) for name in COLUMNS)
    most = dict.fromkeys((*_most(now, lambda cost: cost.wall), *_most(now, lambda cost: cost.cpu)))
    rows = [
        (f"`{_plain(name.rpartition('::')[2])}`", *(text for of in (before, now) for text in _cost(of.get(name))))
        for name in most
    ]
    return markdown(("probe", "wall before", "CPU before", "wall now", "CPU now"), rows)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing without rows."""
    body = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *body]) if body else ""


def _verdict(values: Sequence[float], limit: float) -> str:
    return f": {'met' if median(values) <= limit else 'missed'}" if values else ""


def _most(costs: Mapping[str, ProbeCost], key: Callable[[ProbeCost], float]) -> list[str]:
    return sorted(costs, key=lambda name: -key(costs[name]))[:MOST]


def _cost(cost: ProbeCost | None) -> tuple[str, str]:
    return (f"{cost.wall:.2f} s", f"{cost.cpu:.2f} s") if cost else (NONE, NONE)


def _cpu(seconds: Mapping[str, float], name: str) -> str:
    return f"{seconds[name]:.2f} s" if name in seconds else NONE


def _seconds(parts: Mapping[str, int], name: str) -> str:
    return f"{parts[name]} s" if name in parts else NONE


def _plain(text: str) -> str:
    """What may stand in code within a table."""
    return text.replace("`", "'")
