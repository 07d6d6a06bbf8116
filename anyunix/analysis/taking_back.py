"""What a subject file says of the contracts that its server does not mean to keep."""

from anyunix.catalog.subjects import PROMISES, RELOADS, as_yaml
from anyunix.results.model import Matrix, Probe, Verdict


def taken_back(probe: Probe) -> str:
    """What to write into the subject file where the server does not mean to keep a contract; empty if nothing is."""
    word = _word(probe)
    if not word:
        return ""
    first, *others = _values(word)
    return f"promises: {{{word}: {first}}}" + (f" (or {', '.join(others)})" if others else "")


def promises_to_paste(matrix: Matrix, verdict: Verdict) -> list[str]:
    """The lines of a subject file that take back all that the server has kept on no platform; none where no word does.

    Each says what it takes back, and what else could stand there.
    """
    broken = (
        probe
        for cell in matrix.cells
        if (cell.subject, cell.bind) == (verdict.subject, verdict.bind)
        for probe in cell.failures
        if probe.id in verdict.broken_promises
    )
    words = dict.fromkeys(word for probe in broken if (word := _word(probe)))
    return ["promises:", *map(_line, words)] if words else []


def _word(probe: Probe) -> str:
    """The narrowest of its words: `ipv4` would take back more than `without_ipv6`."""
    return next((name for name in reversed(probe.promises) if name in PROMISES), "")


def _values(word: str) -> list[str]:
    """Those that promise less than the usual one; of a signal the most frequent one first."""
    values = sorted(PROMISES[word], key=lambda value: value != "alone")
    return [as_yaml(value) for value in values if value not in (True, "quick", *RELOADS)]


def _line(word: str) -> str:
    first, *others = _values(word)
    usual = PROMISES[word].get(True, PROMISES[word].get("quick"))
    return f"  {f'{word}: {first}':<26} # not: {usual}" + (f"; or: {', '.join(others)}" if others else "")
