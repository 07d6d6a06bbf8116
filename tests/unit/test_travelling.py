"""What travels to a platform needs Python 3.10 and its standard library; `pytest` travels beside the suite alone.

A program of anyunix/ that travels says so by its name: it is in a folder `remote`, or its file ends in `_remote.py`.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout import ROOT

STANDARD = sys.stdlib_module_names - {"tomllib"}
"""Without what Python 3.10 has not."""
TRAVELLING = ("suite/**/*.py", "anyunix/**/remote/**/*.py", "anyunix/**/*_remote.py", "chat/python/**/*.py")
BESIDE = {"suite": {"pytest", "_pytest", "support", "supervise"}, "anyunix": {"support"}, "chat": {"chatlib"}}
"""Top-level packages that are in the same archive."""


def imported(source: str) -> Iterator[str]:
    """The top-level name of each absolute import, wherever it stands; raises SyntaxError for newer syntax than 3.10."""
    for node in ast.walk(ast.parse(source, feature_version=(3, 10))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


def foreign(file: Path) -> set[str]:
    """What a file imports that is not there on a platform."""
    return set(imported(file.read_text())) - STANDARD - BESIDE[file.relative_to(ROOT).parts[0]]


@pytest.mark.parametrize("pattern", TRAVELLING)
def test_what_travels_imports_the_standard_library_only(pattern: str) -> None:
    files = sorted(ROOT.glob(pattern))
    assert files, "nothing travels by that name"
    assert {str(file): names for file in files if (names := foreign(file))} == {}


def test_an_import_anywhere_in_a_file_counts() -> None:
    source = "import os.path, rich.console\nfrom .tree import A\nif os:\n    def f():\n        from yaml import load\n"
    assert list(imported(source)) == ["os", "rich", "yaml"]
    with pytest.raises(SyntaxError):
        list(imported("try:\n    pass\nexcept* OSError:\n    pass\n"))
