"""pytest runs with the lexers that travel, coloured source included; the others stay here."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.subjects import Subject
from anyunix.drivers.local import unpack
from anyunix.payload.archive import write_payload
from anyunix.payload.lexers import without_unused_lexers

FILES = {
    "_pytest/writer.py": "from pygments.lexers.diff import DiffLexer\n",
    "_pytest/other.py": "import pygments\n",
    "pygments/lexers/__init__.py": "from pygments.lexers._mapping import LEXERS\n",
    "pygments/lexers/_mapping.py": "{'A': ('pygments.lexers.ada',)}\n",
    "pygments/lexers/diff.py": "import pygments.lexers.base\n",
    "pygments/lexers/__pycache__/diff.cpython-311.pyc": "",
    "pygments/lexers/base.py": "from pygments.lexers._words import WORDS\n",
    "pygments/lexers/_words.py": "",
    "pygments/lexers/_ada_words.py": "",
    "pygments/lexers/ada.py": "from pygments.lexers.base import Base\n",
    "pygments/lexers/__pycache__/ada.cpython-311.pyc": "",
    "pygments/styles/ada.py": "",
}


def travelling(folder: Path, files: dict[str, str]) -> set[str]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {name for _, name in without_unused_lexers([(folder / name, name) for name in files])}


def test_those_that_pytest_imports_travel_with_what_they_import(tmp_path: Path) -> None:
    assert FILES.keys() - travelling(tmp_path, FILES) == {
        "pygments/lexers/ada.py",
        "pygments/lexers/_ada_words.py",
        "pygments/lexers/__pycache__/ada.cpython-311.pyc",
    }


@pytest.mark.parametrize("name", ["_pytest/other.py", "pygments/lexers/base.py"])
def test_all_travel_where_any_may_be_meant(name: str, tmp_path: Path) -> None:
    files = {**FILES, name: "from pygments.lexers import get_lexer_by_name\n"}
    assert travelling(tmp_path, files) == files.keys()


def test_a_failure_is_shown_in_colours_from_the_payload_alone(
    tmp_path: Path, catalog: Catalog, subject: Subject
) -> None:
    write_payload(tmp_path / "payload.tar", catalog.suite, subject, {})
    with tarfile.open(tmp_path / "payload.tar") as tar:
        assert not [name for name in tar.getnames() if "lexers" in name and "ada" in name]
    unpack(tmp_path / "payload.tar", tmp_path / "there")
    (tmp_path / "there" / "test_fails.py").write_text("def test_fails():\n    assert {1: 2, 3: 4} == {1: 2, 3: 5}\n")
    done = subprocess.run(
        [sys.executable, "-S", "-m", "pytest", "-vv", "--color=yes", "--code-highlight=yes", "test_fails.py"],
        cwd=tmp_path / "there",
        env={"PYTHONPATH": "site", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "1 failed" in done.stdout
    assert "\x1b[94mdef" in done.stdout, "the source is highlighted"
