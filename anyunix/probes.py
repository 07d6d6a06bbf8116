"""What the suite holds, read from its sources: each probe's kind, its behaviour in one line, its rule."""

import ast
from pathlib import Path

from anyunix.results import ProbeText


def read_probes(suite: Path) -> list[ProbeText]:
    """All probes below the suite's folder, by file and line."""
    return [probe for file in sorted(suite.glob("*/test_*.py")) for probe in _probes_in(file, suite)]


def measured_by(suite: Path) -> dict[str, str]:
    """Fact -> the ID of the probe that measures it; those whose name is made up as the probe runs are not seen."""
    found = {}
    for file in sorted(suite.glob("*/test_*_facts.py")):
        for probe in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
            if not isinstance(probe, ast.FunctionDef):
                continue
            for node in ast.walk(probe):
                match node:
                    case ast.Call(func=ast.Name("fact"), args=[ast.Constant(str(name)), *_]):
                        found[name] = f"{file.relative_to(suite).as_posix()}::{probe.name}"
    return found


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
