"""Platforms that are known from manuals only: never run, and what is said of them is about facts that there are."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from anyunix.analysis.verdict import exit_status, judge
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.drivers.registry import Drivers
from anyunix.errors import EXIT_NOT_RUN, EXIT_PORTABLE, ConfigurationError, PlatformError
from anyunix.results.junit import read_junit
from anyunix.results.model import CellResult, Matrix, Probe
from anyunix.run.matrix import choose_reference, platform_result

EXPECTED = ("freebsd", "illumos", "macos", "netbsd", "openbsd")


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


def test_systems_of_the_known_differences_are_there(catalog: Catalog) -> None:
    assert set(EXPECTED) <= {platform.name for platform in documented_platforms(catalog)}


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


def test_every_documented_fact_has_a_source(catalog: Catalog) -> None:
    for platform in documented_platforms(catalog):
        assert all(len(entry.source) > 8 for entry in platform.documented.values())


def test_driver_says_in_one_line_why_nothing_runs(catalog: Catalog) -> None:
    driver = Drivers().for_platform(catalog.platform("macos"))
    reason = driver.available()
    assert reason and "manuals" in reason and "\n" not in reason
    for call in (
        lambda: driver.up(print),
        lambda: driver.put(Path("x")),
        lambda: driver.get(PurePosixPath("x"), limit=1),
        lambda: driver.run(["true"], env={}, timeout=1),
    ):
        with pytest.raises(PlatformError, match="manuals"):
            call()
    driver.down()


def test_platform_without_documented_facts_is_a_configuration_error(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text("title: x\ndriver: documented\n")
    with pytest.raises(ConfigurationError, match="key 'documented': missing"):
        catalog.platform(str(file))


def test_documented_platforms_change_neither_the_answer_nor_the_reference(catalog: Catalog) -> None:
    ran = CellResult("c", "local", "dual", "ran", probes=(Probe("a/b.py::c", "contract", "passed"),))
    absent = CellResult("c", "openbsd", "dual", "not-run", "known from its manuals")
    assert choose_reference(None, [absent, ran]) == "local"
    documented = replace(catalog.platform("openbsd"), driver="documented")  # as in a run that does not name it
    results = tuple(platform_result(each, [absent, ran]) for each in (documented, catalog.platform("local")))
    matrix = judge(Matrix(results, (absent, ran), "local"))
    assert exit_status(matrix) == EXIT_PORTABLE
    assert matrix.verdicts[0].not_run == ("openbsd",)
    assert (results[0].facts, results[0].documented["ipv6.v6only_default"].value) == ({}, 1)


def test_run_of_documented_platforms_alone_answers_nothing() -> None:
    absent = CellResult("c", "openbsd", "dual", "not-run", "known from its manuals")
    assert exit_status(judge(Matrix((), (absent,), "debian"))) == EXIT_NOT_RUN
