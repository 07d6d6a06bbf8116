"""anyunix as its users have it: a wheel, in an environment of its own, outside of the checkout."""

import site
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from checkout import ROOT

SECONDS = 280.0


@dataclass(frozen=True)
class Installed:
    """An environment that has it."""

    wheels: Path
    """The folder of the wheel."""
    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "bin"


def install(folder: Path) -> Installed:
    """Build the wheel below the folder, and install it; what else it needs is the tests' own."""
    installed = Installed(folder / "wheels", folder / "venv")
    _run(sys.executable, "-m", "venv", installed.folder)
    lend_packages(installed.folder)
    pip = (installed.programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--wheel-dir", installed.wheels, ROOT)
    (wheel,) = installed.wheels.glob("anyunix-*.whl")
    _run(*pip, "install", "--no-deps", "--no-index", "--force-reinstall", wheel)
    return installed


def lend_packages(environment: Path) -> None:
    """Let a virtual environment see the packages that the tests run with, behind its own."""
    (own,) = environment.glob("lib/python*/site-packages")
    theirs: Sequence[str] = [path for path in (*site.getsitepackages(), *sys.path) if path.endswith("-packages")]
    (own / "theirs.pth").write_text("\n".join(dict.fromkeys(theirs)) + "\n")


def _run(*words: "str | Path") -> None:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
