"""Facts from manuals, beside those that the suite measures here."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.results.junit import read_junit
from anyunix.results.model import Probe


@pytest.fixture(scope="module")
def probes(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> tuple[Probe, ...]:
    """All facts, measured once on this machine."""
    folder = tmp_path_factory.mktemp("facts")
    junit = folder / "junit.xml"
    environment = {**os.environ, "PYTHONPATH": str(catalog.suite), "PYTHONDONTWRITEBYTECODE": "1"}
    files = map(str, sorted(catalog.suite.glob("*/test_*_facts.py")))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-c",
            str(catalog.suite / "pytest.ini"),
            f"--rootdir={catalog.suite}",
            f"--junitxml={junit}",
            *files,
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=280,
        check=False,
    )
    return read_junit(junit.read_bytes())


def documented_platforms(catalog: Catalog) -> list[Platform]:
    return [platform for platform in map(catalog.platform, catalog.platform_names()) if platform.documented]


def patterns_of_skipped(probes: tuple[Probe, ...], suite: Path) -> Iterator[re.Pattern[str]]:
    """What probes that were skipped here would have recorded: the names in their sources, f-strings as patterns."""
    for probe in probes:
        if probe.outcome != "passed":
            for node in ast.walk(ast.parse((suite / probe.file).read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fact":
                    yield re.compile(pattern(node.args[0]))


def pattern(name: ast.expr) -> str:
    if isinstance(name, ast.JoinedStr):
        return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in name.values)
    return re.escape(str(ast.literal_eval(name)))


def test_every_documented_fact_is_one_that_the_suite_records(catalog: Catalog, probes: tuple[Probe, ...]) -> None:
    recorded = {name for probe in probes for name in probe.facts}
    assert len(recorded) > 100, "the suite did not run here"
    possible = list(patterns_of_skipped(probes, catalog.suite))
    unknown = {
        f"{platform.name}: {name}"
        for platform in documented_platforms(catalog)
        for name in platform.documented
        if name not in recorded and not any(known.fullmatch(name) for known in possible)
    }
    assert unknown == set()


def test_documented_values_have_the_form_of_measured_ones(catalog: Catalog, probes: tuple[Probe, ...]) -> None:
    measured = {name: value for probe in probes for name, value in probe.facts.items()}
    for platform in documented_platforms(catalog):
        for name, entry in platform.documented.items():
            json.dumps(entry.value)
            if name in measured and entry.value is not None:
                assert form(entry.value) == form(measured[name]), f"{platform.name}: {name}"


def form(value: Any) -> Any:
    return (type(value), sorted(value)) if isinstance(value, dict) else type(value)
