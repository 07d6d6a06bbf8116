"""What the project promises in more than one place has to be the same in all of them."""

import configparser
import re

import pytest

from anyunix.catalog.lookup import Catalog
from checkout import ROOT


@pytest.fixture(scope="module")
def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "tox.ini")
    return parser


def test_every_platform_that_can_run_has_a_tox_env(catalog: Catalog, tox: configparser.ConfigParser) -> None:
    listed = " ".join(name.removeprefix("testenv:") for name in tox.sections() if name.startswith("testenv:{"))
    runnable = [name for name in catalog.platform_names() if catalog.platform(name).driver != "documented"]
    assert sorted(re.findall(r"[\w-]+", listed)) == runnable


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
