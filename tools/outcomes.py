"""The outcomes of many matrices, before and after, probe by probe.

    python tools/outcomes.py OLD NEW

Each is a matrix.json, or a folder with any number of them anywhere below, as tools/many_matrices.py leaves it. What a
contract came to is counted for each cell; what a fact's probe came to, for each platform, however many cells of a
matrix measured it. Where the counts of OLD and NEW differ, both are printed, with the reasons of what was left out or
failed. Of facts, the values are compared too: one that only OLD or only NEW has is a difference. `anyunix diff`
compares two runs and says what that means for verdicts; this counts, to tell what always happens from what seldom does.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from anyunix.errors import ConfigurationError
from anyunix.results.json_values import written
from anyunix.results.matrix_file import FILE, read_matrix
from anyunix.results.model import Matrix, Probe

CELL = "the cell itself"
NOT_THERE = "not there"
REASONS = 3
"""Different ones that are printed for a probe in a place."""
Case = tuple[str, str]
"""Probe, and where: a cell's name, for a fact the platform's."""


@dataclass
class Outcomes:
    """What many matrices came to."""

    matrices: int = 0
    counts: dict[Case, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Case -> outcome -> in how many matrices."""
    reasons: dict[Case, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Case -> `skipped: no strace` -> how often."""
    values: dict[Case, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Fact and platform -> the values that were measured in any of them."""

    def add(self, matrix: Matrix) -> None:
        """Count one more."""
        self.matrices += 1
        for case, probes in _cases(matrix).items():
            outcomes = sorted({outcome for outcome, _ in probes})
            self.counts[case][" and ".join(outcomes)] += 1
            for outcome, message in probes:
                if outcome not in ("passed", "ran"):
                    self.reasons[case][f"{outcome}: {message}"] += 1
        for platform in matrix.platforms:
            for name, value in platform.facts.items():
                self.values[name, platform.name].add(written(value))
            for name, several in platform.unstable.items():
                self.values[name, platform.name].update(map(written, several))

    def tally(self, case: Case) -> Counter[str]:
        """Of all matrices, those too in which it is not there."""
        counted = Counter(self.counts.get(case, {}))
        counted[NOT_THERE] = self.matrices - counted.total()
        return +counted


@dataclass(frozen=True)
class Difference:
    """One that is the same in several places."""

    probe: str
    old: str
    new: str
    places: tuple[str, ...]
    reasons: tuple[str, ...] = ()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0],
        epilog="Exit status: 0 the same outcomes and values, 1 others, 2 nothing to compare.",
    )
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    arguments = parser.parse_args()
    try:
        old, new = (gathered(path) for path in (arguments.old, arguments.new))
    except ConfigurationError as error:
        print(f"outcomes: {error}", file=sys.stderr)
        return 2
    outcomes, values = differing_outcomes(old, new), differing_values(old, new)
    print(f"{old.matrices} matrices before, {new.matrices} after")
    for title, found in (("outcomes", outcomes), ("values of facts", values)):
        print(f"\n{len(found)} differences in {title}")
        for difference in found:
            print("\n".join(lines(difference)))
    return 1 if outcomes or values else 0


def gathered(path: Path) -> Outcomes:
    """Of one file, or of all below a folder. Raises ConfigurationError."""
    files = sorted(path.rglob(FILE)) if path.is_dir() else [path]
    if not files:
        raise ConfigurationError(f"{path}: no {FILE} in this folder or below; tools/many_matrices.py makes some")
    found = Outcomes()
    for file in files:
        found.add(read_matrix(file))
    return found


def differing_outcomes(old: Outcomes, new: Outcomes) -> list[Difference]:
    """By probe; what has other shares in the one than in the other."""
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for case in sorted({*old.counts, *new.counts}):
        was, now = old.tally(case), new.tally(case)
        if _shares(was) != _shares(now):
            grouped[case[0], _counted(was), _counted(now)].append(case[1])
    return [
        Difference(probe, was, now, tuple(places), tuple(_reasons(probe, places, (old, new))))
        for (probe, was, now), places in grouped.items()
    ]


def differing_values(old: Outcomes, new: Outcomes) -> list[Difference]:
    """By fact; what was measured in the one and never in the other."""
    grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for case in sorted({*old.values, *new.values}):
        was, now = (sorted(each.values.get(case, ())) for each in (old, new))
        if was != now:
            grouped[case[0], " or ".join(was) or NOT_THERE, " or ".join(now) or NOT_THERE].append(case[1])
    return [Difference(fact, was, now, tuple(places)) for (fact, was, now), places in grouped.items()]


def lines(difference: Difference) -> Iterator[str]:
    """For people."""
    yield f"{difference.probe}: {difference.old} → {difference.new}"
    yield f"    {', '.join(difference.places)}"
    yield from (f"    {reason}" for reason in difference.reasons)


def _cases(matrix: Matrix) -> dict[Case, set[tuple[str, str]]]:
    """Case -> outcomes and messages: of a contract one, of a fact's probe one for each cell that measured it."""
    found: dict[Case, set[tuple[str, str]]] = defaultdict(set)
    for cell in matrix.cells:
        found[CELL, cell.name].add((cell.status, cell.reason))
        for probe in cell.probes:
            found[probe.id, cell.platform if probe.kind == "fact" else cell.name].add(_came_to(probe))
    for platform in matrix.platforms:
        for probe in getattr(platform, "probes", ()):  # where facts are measured once for all cells of a platform
            found[probe.id, platform.name].add(_came_to(probe))
    return found


def _came_to(probe: Probe) -> tuple[str, str]:
    return probe.outcome, next(iter(probe.message.splitlines()), "")


def _shares(counts: Counter[str]) -> dict[str, Fraction]:
    return {outcome: Fraction(count, counts.total()) for outcome, count in counts.items()}


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))


def _reasons(probe: str, places: Iterable[str], columns: Sequence[Outcomes]) -> Iterator[str]:
    for name, outcomes in zip(("before", "after"), columns, strict=True):
        found: Counter[str] = sum((outcomes.reasons.get((probe, place), Counter()) for place in places), Counter())
        yield from (f"{name}, {count} × {reason}" for reason, count in found.most_common(REASONS))


if __name__ == "__main__":
    sys.exit(main())
