"""What the suite holds, read from its sources: each probe's kind, its behaviour in one line, its rule."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from anyunix.results.model import ProbeText


def read_probes(suite: Path) -> list[ProbeText]:
    """All probes below the suite's folder, by file and line."""
    return [probe for file in sorted(suite.glob("*/test_*.py")) for probe in _probes_in(file, suite)]


def measured_by(suite: Path) -> dict[str, str]:
    """Fact -> the ID of the probe that measures it; those whose name is made up as the probe runs are not seen."""
    return {names: probe for names, probe in _facts_in(suite) if isinstance(names, str)}


def who_measures(suite: Path, facts: Iterable[str]) -> dict[str, str]:
    """As measured_by for these facts, also for those whose name is made up as the probe runs: `limits.{name}`."""
    probes = list(_facts_in(suite))
    found: dict[str, str] = {}
    for fact in facts:
        for names, probe in probes:
            if names == fact or (isinstance(names, re.Pattern) and names.fullmatch(fact)):
                found.setdefault(fact, probe)
    return found


def _facts_in(suite: Path) -> Iterator[tuple[str | re.Pattern[str], str]]:
    """What fact() is called with, and the ID of the probe that calls it; whole names before those with gaps."""
    made_up = []
    for file in sorted(suite.glob("*/test_*_facts.py")):
        for probe in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
            if not isinstance(probe, ast.FunctionDef):
                continue
            identity = f"{file.relative_to(suite).as_posix()}::{probe.name}"
            for node in ast.walk(probe):
                match node:
                    case ast.Call(func=ast.Name("fact"), args=[ast.Constant(str(name)), *_]):
                        yield name, identity
                    case ast.Call(func=ast.Name("fact"), args=[ast.JoinedStr(values=parts), *_]):
                        made_up.append((re.compile("".join(map(_pattern, parts))), identity))
    yield from made_up


def _pattern(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"


def _probes_in(file: Path, suite: Path) -> list[ProbeText]:
    module = file.relative_to(suite).as_posix()
    found = []
    for node in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        behaviour, _, rule = (ast.get_docstring(node) or "").partition("\n")
        kind = "fact" if any(argument.arg == "fact" for argument in node.args.args) else "contract"
        found.append(ProbeText(f"{module}::{node.name}", kind, behaviour.strip(), rule.strip(), node.lineno))
    return found
