"""The output shown in README.md and docs/, made again and compared.

    python tools/docs_output.py [--write] [PAGE ...]

A fenced block `console` behind the line `<!-- output -->` is a session. The commands behind its `$ ` are typed into one
shell, in a copy of examples/first that all pages share, page by page; what they print has to stand in the page. A line
that is `…` alone stands for any number of lines. Times, dates, ports, the numbers of source lines and those of
contracts may be others. A session that an earlier page had is not run again. Those of a journey are tools/journey.py's.
Exit status 0 all the same, 1 something else is printed (`--write` puts it in the page), 2 a console block has no mark.
"""

import argparse
import difflib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ORDER = ("README.md", "docs/tutorial.md")
"""What later pages go on with is made here."""
JOURNEY = "<!-- journey"
"""How the mark of a block begins that is a step of a journey, where others go on with what it makes."""
BLOCK = re.compile(rf"^(<!-- output -->\n|{JOURNEY}[^\n]* -->\n)?```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 300
PROGRESS = re.compile(r"^\[ *\d+\.\d s\] ")
MAY_DIFFER = (
    (re.compile(r"(?<=\.py:)\d+"), "N"),
    (re.compile(r"(?<=[\]\d:]:)\d{4,5}\b"), "N"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b\d+\.\d+\b|\b\d+(?= m?s\b)"), "N"),
    (re.compile(r"─+"), "─"),
    (re.compile(r" +"), " "),
    (re.compile(r"\b\d+/\d+\b"), "N/N"),
    (re.compile(r" \(\d+ of \d+ contracts tried\)"), ""),
    (re.compile(r"\b\d+ \d+ N s$"), "N N N s"),
)
"""Times, dates, ports, lines; and how many contracts can be tried, which depends on the machine's interfaces."""


@dataclass(frozen=True)
class Step:
    """One command of a session, and what is printed."""

    command: str
    output: tuple[str, ...]

    def text(self) -> str:
        return "".join(f"{line}\n" for line in (f"$ {self.command}", *self.output))


def steps(session: str) -> list[Step]:
    """The session of a console block, command by command."""
    found: list[tuple[str, list[str]]] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return [Step(command, tuple(output)) for command, output in found]


def normal(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, instead in MAY_DIFFER:
        line = pattern.sub(instead, line)
    return line.strip()


def same(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether a page shows what was printed, apart from lines it leaves out by `…`."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(normal(line)) + "\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{normal(line)}\n" for line in printed)) is not None


def _script(commands: Sequence[str], outputs: Path) -> str:
    """Each command with a file of its own for its output; one in the background is waited for until it prints."""
    lines = []
    for number, command in enumerate(commands):
        file = shlex.quote(f"{outputs}/{number}")
        output = f">{file} 2>&1"
        if command.endswith("&"):
            wait = f"for _ in $(seq 100); do [ -s {file} ] && break; sleep 0.1; done"
            lines.append(f"{command[:-1]} {output} &\n{wait}\n")
        else:
            lines.append(f"{{\n{command}\n}} {output}\n")
    return "".join([*lines, "kill $(jobs -p) 2>/dev/null\nwait\n"])


def run(
    commands: Sequence[str], folder: Path, programs: Path = Path(sys.executable).parent, seconds: float = SECONDS
) -> list[Step]:
    """Type the commands into a shell in the folder, `programs` first on its PATH; what they started has ended then.

    Raises subprocess.TimeoutExpired.
    """
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "ANYUNIX_"))}
    environment = {**kept, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    with tempfile.TemporaryDirectory(prefix="anyunix-outputs-") as outputs:
        shell = subprocess.Popen(
            ["bash", "-c", _script(commands, Path(outputs))],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            shell.wait(seconds)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
        printed = [(Path(outputs) / str(number)).read_text().splitlines() for number in range(len(commands))]
    return [
        Step(command, tuple(_without_end([line.rstrip() for line in lines if not PROGRESS.match(line)])))
        for command, lines in zip(commands, printed, strict=True)
    ]


def _without_end(lines: list[str]) -> list[str]:
    """Without the empty lines at the end."""
    while lines and not lines[-1]:
        lines.pop()
    return lines


class Sessions:
    """Those that ran already, in the folder that all share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ran: dict[tuple[str, ...], list[Step]] = {}

    def again(self, shown: Sequence[Step]) -> list[Step]:
        """Each command with what it prints; as it is shown where that is the same."""
        commands = tuple(step.command for step in shown)
        if commands not in self._ran:
            self._ran[commands] = run(commands, self._folder)
        printed = self._ran[commands]
        return [old if same(old.output, new.output) else new for old, new in zip(shown, printed, strict=True)]


def check(page: Path, sessions: Sessions) -> str:
    """The page's text with what its commands print now. Raises ValueError for a block without its mark."""

    def made(block: re.Match[str]) -> str:
        if (block[1] or "").startswith(JOURNEY):
            return block[0]
        if not block[1]:
            line = page.read_text()[: block.start()].count("\n") + 1
            raise ValueError(f"{page}:{line}: a console block without `<!-- output -->` in the line above")
        return f"{block[1]}```console\n{''.join(step.text() for step in sessions.again(steps(block[2])))}```"

    return BLOCK.sub(made, page.read_text())


def pages() -> list[Path]:
    """README.md and the site, without what is generated from the sources; those that others build on come first."""
    site = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "reference" not in page.parts]
    first = [ROOT / name for name in ORDER]
    return [*first, *(page for page in site if page not in first)]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put what is printed now into the pages")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE")
    options = parser.parse_args(arguments)
    status = 0
    with tempfile.TemporaryDirectory(prefix="anyunix-docs-") as temporary:
        folder = Path(temporary) / "first"
        shutil.copytree(
            ROOT / "examples" / "first", folder, ignore=shutil.ignore_patterns("anyunix-out", "__pycache__")
        )
        (folder / "chat").symlink_to(ROOT / "chat")
        for name in ("probes", "junit"):
            (folder / name).symlink_to(ROOT / "examples" / name)
        sessions = Sessions(folder)
        for page in options.pages or pages():
            old = page.read_text()
            try:
                new = check(page, sessions)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2
            if new != old:
                status = 1
                name = str(page)
                sys.stdout.writelines(
                    difflib.unified_diff(old.splitlines(True), new.splitlines(True), name, f"{name}, run now", n=1)
                )
                if options.write:
                    page.write_text(new)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
