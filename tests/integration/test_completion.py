"""`anyunix completion`: its scripts in real shells."""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from anyunix.cli import main

ASKED = {
    "anyunix sch": {"schema"},
    "anyunix run --plat": {"--platform"},
    "anyunix run --platform debian-v": {"debian-v6only", "debian-vm-i386"},
    "anyunix list pla": {"platforms"},
    "anyunix schema exp": {"expectations"},
    "anyunix report mi": {"mine"},
}
"""What is typed -> what is offered."""
SECONDS = 120.0


@pytest.fixture
def script(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script for a shell, in a folder with one file; skipped where there is no such shell."""
    shell = request.param
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    assert main(["completion", shell]) == 0
    path = tmp_path / "script"
    path.write_text(capsys.readouterr().out)
    (tmp_path / "mine").mkdir()
    return path


def output(script: Path, *command: str) -> list[str]:
    done = subprocess.run(command, cwd=script.parent, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("script", ["bash"], indirect=True)
def test_bash(script: Path) -> None:
    asking = 'COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _shtab_anyunix; echo "${COMPREPLY[*]}"'
    for typed, offered in ASKED.items():
        (line,) = output(script, "bash", "--norc", "-c", f"source ./script; {asking}", "bash", typed)
        assert set(line.split()) == offered, typed


@pytest.mark.parametrize("script", ["fish"], indirect=True)
def test_fish(script: Path) -> None:
    for typed, offered in ASKED.items():
        lines = output(script, "fish", "--no-config", "-c", f"source ./script; complete -C '{typed}'")
        assert {line.partition("\t")[0].rstrip("/") for line in lines} == offered, typed


@pytest.mark.parametrize("script", ["zsh"], indirect=True)
def test_zsh(script: Path) -> None:
    """On a terminal: elsewhere zsh completes nothing. What is offered is unique, so that it stands in the line."""
    script.rename(script.parent / "_anyunix")
    (script.parent / ".zshrc").write_text(
        f"PS1='ready>'; fpath=({script.parent} $fpath); autoload -U compinit; compinit -u -d {script.parent}/dump\n"
        'print-line() { print -r -- "[$BUFFER]" >>printed; BUFFER=; zle redisplay }\n'
        "zle -N print-line; bindkey '^P' print-line; unsetopt list_beep\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(script.parent)
        os.execvpe("zsh", ["zsh", "-i"], {**os.environ, "ZDOTDIR": str(script.parent), "TERM": "dumb"})
    try:
        until(terminal, b"ready>")
        printed = script.parent / "printed"
        for number, (typed, offered) in enumerate(ASKED.items(), 1):
            if len(offered) == 1:
                os.write(terminal, typed.encode() + b"\t\x10")
                lines = lines_of(terminal, printed, sum(len(each) == 1 for each in list(ASKED.values())[:number]))
                assert lines[-1].rstrip(" ]/") == f"[{typed.rpartition(' ')[0]} {next(iter(offered))}"
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def until(terminal: int, wanted: bytes) -> None:
    """Read until that is there."""
    said, end_by = b"", time.monotonic() + SECONDS
    while wanted not in said:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end_by - time.monotonic()))
        assert ready, said
        said += os.read(terminal, 65536)


def lines_of(terminal: int, file: Path, count: int) -> list[str]:
    """The lines of a file, once it has so many; what the terminal says meanwhile is read, so that it goes on."""
    end_by = time.monotonic() + SECONDS
    while True:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= count:
            return lines
        assert time.monotonic() < end_by, lines
        if select.select([terminal], [], [], 0.05)[0]:
            os.read(terminal, 65536)
