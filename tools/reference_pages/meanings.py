"""What each fact says, in one line: of meanings.yaml, or of the probe's docstring where that measures nothing else."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import yaml

from anyunix.results.model import ProbeText

FILE = Path(__file__).with_name("meanings.yaml")


def read_meanings(facts: Mapping[str, ProbeText]) -> dict[str, str]:
    """Fact -> its line. Raises SystemExit naming facts that lack one, and lines that no fact has."""
    lines: dict[str, str] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    facts_of_probe = Counter(probe.id for probe in facts.values())
    found, used, lacking = {}, set(), []
    for fact, probe in facts.items():
        key = fact if fact in lines else next((key for key in lines if _gap(key, fact) is not None), None)
        if key is not None:
            used.add(key)
            found[fact] = lines[key].replace("{}", _gap(key, fact) or "")
        elif facts_of_probe[probe.id] == 1:
            found[fact] = probe.behaviour
        else:
            lacking.append(fact)
    if lacking:
        raise SystemExit(f"{FILE}: a line is missing for {', '.join(lacking)}: their probe measures several facts")
    if unused := lines.keys() - used:
        raise SystemExit(f"{FILE}: no fact is called {', '.join(sorted(unused))}")
    return found


def _gap(key: str, fact: str) -> str | None:
    """What `*` in the key stands for in the fact's name; None where the two do not match."""
    start, star, end = key.partition("*")
    fits = star and fact.startswith(start) and fact.endswith(end) and len(fact) > len(start) + len(end)
    return fact[len(start) : len(fact) - len(end)] if fits else None
