"""What the subject's servers run under when a probe is run again to find a cause: a tracer, or a memory checker.

Each server's record goes as one line of JSON to records.json beside the suite, for whoever asked for it. What a probe
says under a tool is no result: a tool changes how long things take.
"""

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.deadline import Deadline

TOOL_VARIABLE = "ANYUNIX_TOOL"
RECORD_LIMIT = 2 * 1024 * 1024
"""Bytes of one server's record that are handed on."""
END_SECONDS = 10.0
TRY_SECONDS = 20.0
# -DDD: strace is a detached process in a session of its own, so the server keeps its number and its group
STRACE = ("strace", "-f", "-q", "-DDD", "-s", "96", "-o")
# truss is the server's parent
TRUSS = ("truss", "-f", "-s", "96", "-o")
VALGRIND = ("valgrind", "-q", "--track-origins=yes", "--log-file")
# nothing goes in front of a server that is built with clang's memory sanitizer
SANITIZER = ("env",)
COMMANDS = {"trace": (STRACE, TRUSS), "memcheck": (VALGRIND,), "sanitizer": (SANITIZER,)}


@dataclass(frozen=True)
class Tool:
    """A tool that is at hand, or the reason why there is none."""

    command: tuple[str, ...]
    missing: str = ""

    @property
    def name(self) -> str:
        return self.command[0]

    @property
    def is_parent(self) -> bool:
        """Whether it stays between the probe and the server, which is then its child."""
        return self.command == TRUSS

    def wrapper(self, record: Path) -> tuple[str, ...]:
        """What goes in front of the server's command."""
        if self.command == SANITIZER:
            return (*self.command, f"MSAN_OPTIONS=halt_on_error=0:log_path={record}")
        if self.command == VALGRIND:
            return (*self.command[:-1], f"{self.command[-1]}={record}.%p")
        return (*self.command, str(record))


@dataclass
class Record:
    """What a tool writes about one server."""

    tool: Tool
    path: Path
    ended: int
    """The end of a pipe to read; all that the tool and the server started hold the other end."""
    held: int

    @classmethod
    def begin(cls, tool: Tool, path: Path) -> "Record":
        ended, held = os.pipe()
        return cls(tool, path, ended, held)

    @property
    def wrapper(self) -> tuple[str, ...]:
        return self.tool.wrapper(self.path)

    def started(self) -> None:
        """The server has the pipe now: from here on its EOF says that all of them are gone."""
        os.close(self.held)

    def read(self) -> str:
        """Once everything has ended, or END_SECONDS are over."""
        poller = select.poll()
        poller.register(self.ended, select.POLLIN)
        poller.poll(Deadline(END_SECONDS).left() * 1000)
        os.close(self.ended)
        text = ""
        for path in sorted(self.path.parent.glob(f"{self.path.name}*")):
            text += path.read_text(errors="replace")[: RECORD_LIMIT - len(text)]
        return text


def find_tool(name: str) -> Tool:
    """The first of the commands for it that is here, if it works."""
    for command in COMMANDS[name]:
        if shutil.which(command[0]):
            return Tool(command, _why_not(Tool(command)))
    return Tool(("none",), f"no {' or '.join(command[0] for command in COMMANDS[name])} on PATH")


def _why_not(tool: Tool) -> str:
    """Empty when it runs a command here; hardened containers and emulated CPUs may forbid ptrace(2)."""
    with tempfile.TemporaryDirectory() as folder:
        record = Record.begin(tool, Path(folder) / "record")
        try:
            tried = subprocess.run(
                [*record.wrapper, "true"], capture_output=True, text=True, timeout=TRY_SECONDS, pass_fds=(record.held,)
            )
        except subprocess.TimeoutExpired:
            return f"{tool.name} hangs"
        finally:
            record.started()
            written = record.read()
    of_use = tried.returncode == 0 and (bool(written) or tool.command not in COMMANDS["trace"])
    said = tried.stderr.strip().splitlines() or ["it does not run" if tried.returncode else "it sees no call"]
    return "" if of_use else f"{tool.name} is of no use: {said[-1][:200]}"


def told(probe: str, tool: Tool, *, chat: bool, folder: Path, texts: Sequence[str]) -> dict[str, object]:
    """What the tool wrote about a probe's servers, as anyunix reads it."""
    return {
        "probe": probe,
        "tool": tool.name,
        "missing": tool.missing,
        "chat": chat,
        "folder": str(folder),
        "texts": list(texts),
    }


def keep(path: Path, record: Mapping[str, object]) -> None:
    """Add it to the records."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
