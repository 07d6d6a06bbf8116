"""A how-to page that is walked as its reader walks it, step by step, in an empty folder of its own.

    python tools/journey.py [--write] PAGE

A fenced block behind the line `<!-- journey -->` is a step: `console` is a session, whose commands are typed there and
print what the page shows, as in tools/docs_output.py; `diff` is a change of a file. `<!-- journey: FOLDER -->` puts a
copy of that folder of the checkout there first. Exit status 0 all the same, 1 something else is printed (`--write` puts
it in the page).
"""

import argparse
import difflib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs_output import ROOT, Step, run, same, steps

BLOCK = re.compile(r"^<!-- journey(?:: (\S+))? -->\n```(console|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 900.0
"""For a session, on a machine that is busy with something else."""
MAY_DIFFER = re.compile(r"(?:; cause, by experiment |, which may be ).*|(?<=anyunix\[cross\]==)[^']+")
"""How far experiments come, which depends on how much time the machine has for them; the version of anyunix."""


@dataclass(frozen=True)
class Session:
    """A block of commands: as the page has it, and as they went."""

    place: tuple[int, int]
    """Where it stands in the page: its first and last character."""
    shown: tuple[Step, ...]
    printed: tuple[Step, ...]

    def problems(self) -> Iterator[str]:
        """A difference per command that prints something else."""
        for shown, printed in zip(self.shown, self.printed, strict=True):
            if not same_here(shown.output, printed.output):
                lines = [[f"{line}\n" for line in step.output] for step in (shown, printed)]
                yield f"$ {shown.command}\n" + "".join(difflib.unified_diff(*lines, "shown", "printed"))


def same_here(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether that is what the page shows, but for what may differ in a journey besides."""
    return same(*([MAY_DIFFER.sub("", line) for line in lines] for lines in (shown, printed)))


def walk(page: str, folder: Path, programs: Path = Path(sys.executable).parent) -> Iterator[Session]:
    """Every session of the page, one after the other; `programs` come first on the PATH.

    Raises ValueError for a change that does not fit, subprocess.TimeoutExpired.
    """
    for block in BLOCK.finditer(page):
        if block[1]:
            shutil.copytree(ROOT / block[1], folder, dirs_exist_ok=True)
        if block[2] == "diff":
            change(folder, block[3])
        else:
            shown = steps(block[3])
            printed = run([step.command for step in shown], folder, programs, SECONDS)
            yield Session(block.span(3), tuple(shown), tuple(printed))


def change(folder: Path, diff: str) -> None:
    """Change a file as a unified diff says whose hunks have no line numbers. Raises ValueError."""
    header, *hunks = re.split(r"^@@.*\n", diff, flags=re.MULTILINE)
    file = folder / header.splitlines()[0].removeprefix("--- ").strip()
    text = file.read_text()
    for hunk in hunks:
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        if text.count(old) != 1:
            raise ValueError(f"{file.name}: what is to be changed is there {text.count(old)} times:\n{old}")
        text = text.replace(old, new)
    file.write_text(text)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put what is printed now into the page")
    parser.add_argument("page", type=Path, metavar="PAGE")
    options = parser.parse_args(arguments)
    text, status = options.page.read_text(), 0
    with tempfile.TemporaryDirectory(prefix="anyunix-journey-") as folder:
        sessions = list(walk(text, Path(folder)))
    for session in reversed(sessions):
        problems = list(session.problems())
        sys.stdout.writelines(problems)
        if problems:
            status = 1
            both = zip(session.shown, session.printed, strict=True)
            now = [old if same_here(old.output, new.output) else new for old, new in both]
            text = text[: session.place[0]] + "".join(step.text() for step in now) + text[session.place[1] :]
    if options.write:
        options.page.write_text(text)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
