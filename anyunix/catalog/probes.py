"""What the suite holds, read from its sources: each probe's kind, its behaviour in one line, its rule."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from anyunix.catalog.own_groups import own_probes
from anyunix.results.model import ProbeText


def read_probes(suite: Path) -> list[ProbeText]:
    """All probes below the suite's folder, by file and line; behind them a user's own, if there are any."""
    own = own_probes(suite)
    files = [file for file in sorted(suite.glob("*/test_*.py")) if file.parent.name not in own]
    return [
        *(probe for file in files for probe in _probes_in(file, suite)),
        *(probe for kinds in own.values() for probe in _own(kinds, suite)),
    ]


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
    with_gaps = []
    for file in _files_with_facts(suite):
        functions = dict(_functions(file))
        for name_there, probe in functions.items():
            if not probe.name.startswith("test_"):
                continue
            identity = f"{file.relative_to(suite).as_posix()}::{name_there}"
            for name, arguments in _recorded_by(probe, functions):
                parts = name.values if isinstance(name, ast.JoinedStr) else [name]
                texts = [_text(part, arguments) for part in parts]
                if None in texts:
                    with_gaps.append(
                        (re.compile("".join(".*" if t is None else re.escape(t) for t in texts)), identity)
                    )
                else:
                    yield "".join(filter(None, texts)), identity
    yield from with_gaps


def _files_with_facts(suite: Path) -> list[Path]:
    """The suite's say so by their names."""
    own = own_probes(suite)
    usual = [file for file in sorted(suite.glob("*/test_*_facts.py")) if file.parent.name not in own]
    facts = [probe for kinds in own.values() for probe, kind in kinds.items() if kind == "fact"]
    return [*usual, *(suite / name for name in dict.fromkeys(probe.partition("::")[0] for probe in facts))]


def _recorded_by(
    probe: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]
) -> Iterator[tuple[ast.expr, Mapping[str, ast.expr]]]:
    """The names that the probe records, and those that a function of its file records to which it hands `fact`, with
    what that one was called with.
    """
    for node in ast.walk(probe):
        match node:
            case ast.Call(func=ast.Name("fact"), args=[name, *_]):
                yield name, {}
            case ast.Call(func=ast.Name(called), args=[ast.Name("fact"), *_] as given) if called in functions:
                helper = functions[called]
                arguments = dict(zip((argument.arg for argument in helper.args.args), given, strict=False))
                yield from ((name, arguments) for name, _ in _recorded_by(helper, {}))


def _text(part: ast.expr, arguments: Mapping[str, ast.expr]) -> str | None:
    """A part of a fact's name as it stands there; None where it is made up as the probe runs."""
    match part:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Name(name)) if name in arguments:
            return _text(arguments[name], {})
    return None


def _probes_in(file: Path, suite: Path) -> list[ProbeText]:
    module = file.relative_to(suite).as_posix()
    found = []
    for name, node in _functions(file):
        if not node.name.startswith("test_"):
            continue
        behaviour, _, rule = (ast.get_docstring(node) or "").partition("\n")
        kind = "fact" if any(argument.arg == "fact" for argument in node.args.args) else "contract"
        found.append(ProbeText(f"{module}::{name}", kind, behaviour.strip(), rule.strip(), node.lineno))
    return found


def _functions(file: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a file, and those of its classes, `TestPorts::test_one`."""
    waiting: list[tuple[str, ast.stmt]] = [("", node) for node in ast.parse(file.read_bytes(), str(file)).body]
    while waiting:
        where, node = waiting.pop(0)
        if isinstance(node, ast.FunctionDef):
            yield f"{where}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            waiting = [(f"{where}{node.name}::", each) for each in node.body] + waiting


def _own(kinds: Mapping[str, str], suite: Path) -> list[ProbeText]:
    """Those that were collected, which pytest may find in other ways than by their names; with what is in the files."""
    plain = {probe.partition("[")[0]: kind for probe, kind in kinds.items()}
    files = dict.fromkeys(probe.partition("::")[0] for probe in plain)
    texts = {text.id: text for name in files for text in _probes_in(suite / name, suite)}
    return [replace(texts.get(probe, ProbeText(probe, kind, "", "", 0)), kind=kind) for probe, kind in plain.items()]
