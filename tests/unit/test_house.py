"""What makes the house one to find one's way in: few loose modules, names that stand once, files of one screenful."""

import ast
import re
from collections import Counter

from checkout import ROOT

PACKAGE = ROOT / "anyunix"


def test_few_modules_lie_loose() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_no_two_files_have_one_name() -> None:
    names = Counter(path.name for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    assert {name for name, count in names.items() if count > 1} == set()


def test_no_two_types_have_one_name() -> None:
    """Of classes and of aliases, which are the names that start with a capital and go on in small letters."""
    names = Counter(
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"^(?:class |(?=\w+ = ))([A-Z]\w*[a-z]\w*)\b", path.read_text(), re.MULTILINE)
        if not name.startswith("_")
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_every_package_says_what_it_is_about() -> None:
    silent = [path for path in PACKAGE.rglob("__init__.py") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []
