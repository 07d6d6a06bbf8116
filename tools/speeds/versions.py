"""The two versions that are compared, each installed from a wheel into a virtual environment of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ("anyunix", "suite", "chat", "platforms", "Dockerfiles", "pyproject.toml")
"""What a wheel is made from, as far as a matrix needs it; documentation may change between two pieces of one table."""
Column = Literal["before", "now"]


class CannotInstall(Exception):
    """Why a version is not there."""


@dataclass(frozen=True)
class Version:
    """An installed anyunix."""

    column: Column
    commit: str
    """Abbreviated; with a + where files of the checkout were changed since."""
    source: Path
    """Its checkout."""
    environment: Path
    """Its virtual environment."""

    def command(self, *words: str) -> list[str]:
        return [str(self.environment / "bin" / "anyunix"), *words]

    @property
    def suite(self) -> Path:
        """The suite that travels, as it is installed. Raises CannotInstall."""
        found = sorted(self.environment.glob("lib/python3*/site-packages/anyunix/data/suite"))
        if not found:
            raise CannotInstall(f"{self.environment}: no anyunix/data/suite in its site-packages")
        return found[0]


def present(place: Path) -> Version:
    """The files of this checkout as they are now: what is changed later on changes no measurement."""
    return _installed("now", present_commit(), ROOT, place)


def present_commit() -> str:
    """The last one that changed what is measured, with a + where files were changed since. Raises CannotInstall."""
    changed = said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no", "--", *MEASURED)
    return said("git", "-C", str(ROOT), "log", "-1", "--format=%h", "--", *MEASURED) + ("+" if changed else "")


@contextmanager
def earlier(commit: str, place: Path) -> Iterator[Version]:
    """Another commit of this repository, in a worktree that is gone afterwards."""
    tree = place / "source-before"
    name = abbreviated(commit)
    said("git", "-C", str(ROOT), "worktree", "add", "--quiet", "--detach", str(tree), name)
    try:
        yield _installed("before", name, tree, place)
    finally:
        said("git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree))


def abbreviated(commit: str) -> str:
    """A commit of this repository as it is named in tables. Raises CannotInstall."""
    return said("git", "-C", str(ROOT), "rev-parse", "--short", "--verify", f"{commit}^{{commit}}")


def clean_environment() -> dict[str, str]:
    """Nothing of another Python's, of pytest's or of a terminal's reaches what is measured."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST_", "VIRTUAL_ENV", "COLUMNS", "GITHUB_"))
    }


def said(*command: str, folder: Path | None = None) -> str:
    """What a command prints; its temporary files go to the folder. Raises CannotInstall with its own words."""
    environment = {**clean_environment(), **({"TMPDIR": str(folder)} if folder else {})}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotInstall(f"{command[0]}: {error.strerror}") from None
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise CannotInstall(f"{_shortened(command)} ended with {done.returncode}: {''.join(last)}")
    return done.stdout.strip()


def _installed(column: Column, commit: str, source: Path, place: Path) -> Version:
    environment = place / f"venv-{column}"
    said(sys.executable, "-m", "venv", str(environment))
    said(str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", f"{source}[cross]", folder=place)
    return Version(column, commit, source, environment)


def _shortened(command: Sequence[str]) -> str:
    return " ".join((Path(command[0]).name, *command[1:]))[:200]
