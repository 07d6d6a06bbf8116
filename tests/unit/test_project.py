"""What the project promises in more than one place has to be the same in all of them."""

import re
import subprocess
import sys
from pathlib import Path

from anyunix.catalog.lookup import Catalog
from checkout import ROOT


def tox(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "tox", "--workdir", str(folder), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def test_every_platform_that_can_run_has_a_tox_env_which_ends_its_machine(catalog: Catalog, tmp_path: Path) -> None:
    """A platform is one file: tox finds it there."""
    platforms = [catalog.platform(name) for name in catalog.platform_names()]
    listed = set(tox(tmp_path, "list", "--no-desc").split())
    assert {platform.name for platform in platforms if platform.options.runs} <= listed
    assert not {platform.name for platform in platforms if not platform.options.runs} & listed
    ending = tox(tmp_path, "config", "-e", ",".join(sorted(listed)), "-k", "commands_post")
    machines = {platform.name for platform in platforms if platform.options.starts}
    assert set(re.findall(r"^commands_post = anyunix down (.+)$", ending, re.MULTILINE)) == machines


def test_the_wheel_carries_what_is_read_beside_the_code() -> None:
    """find_catalog() looks in anyunix/data where there is no checkout."""
    text = (ROOT / "pyproject.toml").read_text()
    carried = dict(re.findall(r'^"?([\w/]+)"? = "anyunix/data/([\w/]+)"$', text, re.MULTILINE))
    folders = {"platforms", "Dockerfiles", "suite", "differences", "chat", "boxes", "Vagrantfile"}
    assert folders <= carried.keys()
    assert all((ROOT / source).exists() and source == place for source, place in carried.items())


def test_ci_calls_the_test_line_of_the_readme() -> None:
    lines = re.findall(r"^python3 -m venv .*tox run -e tests$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(lines) == 1
    assert lines[0] in (ROOT / ".ci" / "run").read_text()


def test_files_are_short_enough_to_read(catalog: Catalog) -> None:
    """About 300 lines where that is natural; over 400 a file has more than one responsibility."""
    folders = ("anyunix", "suite", "chat", "tests", "tools")
    long = {
        str(path): lines
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".c", ".h") and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_what_the_command_line_parsed_stays_in_the_commands() -> None:
    """Features take typed options, so that a notebook or a scheduler can call them."""
    package = ROOT / "anyunix"
    parsing = {
        path.relative_to(package).parts[0] for path in package.rglob("*.py") if "import argparse" in path.read_text()
    }
    assert parsing == {"cli.py", "commands"}


def test_unit_tests_mirror_the_source() -> None:
    """tests/unit/FOLDER/test_MODULE.py, or test_MODULE_MORE.py, is about anyunix/FOLDER/MODULE.py; suite/ as it is."""
    unit = ROOT / "tests" / "unit"
    astray = []
    for test in sorted(unit.glob("*/**/test_*.py")):
        folder = test.parent.relative_to(unit)
        if folder.parts in (("docs",), ("tools",), ("suite",)):
            continue
        source = ROOT / folder if folder.parts[0] == "suite" else ROOT / "anyunix" / folder
        about = f"{test.stem.removeprefix('test_')}_"
        if not any(about.startswith(f"{module.stem}_") for module in source.iterdir()):
            astray.append(str(test.relative_to(ROOT)))
    assert astray == []
