"""What a C program gets when it asks for no feature: sizes, layouts, constants."""

import subprocess
from pathlib import Path

from support.compiler import helper


def abi(folder: Path) -> dict[str, int]:
    """The lines of support/c/abi.c; -1 for a constant that is not defined. Skips where no C program is available."""
    lines = subprocess.run([helper(folder, "abi")], capture_output=True, text=True, check=True, timeout=10).stdout
    return {name: int(value) for name, value in (line.split() for line in lines.splitlines())}
