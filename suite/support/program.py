"""The subject's own client program, run as a user runs it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.address import WILDCARDS
from support.deadline import Deadline
from support.launcher import Launcher
from support.server import Server

PROGRAM_SECONDS = 20.0


def run_client(
    launcher: Launcher, server: Server, *options: str, given: str = "", key_file: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """The client against the server, with `given` piped into it, to its end. Skips when the subject has none."""
    bound = server.addresses[0].host
    return subprocess.run(
        [*client_command(launcher, key_file), *options, WILDCARDS.get(bound, bound), str(server.port)],
        input=given,
        cwd=launcher.subject.root,
        capture_output=True,
        encoding="utf-8",
        timeout=Deadline(PROGRAM_SECONDS).seconds,
    )


def client_command(launcher: Launcher, key_file: Path | None = None) -> list[str]:
    """What starts the client, but for its options and where it is to connect to. Skips when the subject has none."""
    if not launcher.subject.client:
        pytest.skip(f"{launcher.subject.name} has no client program")
    values = {"python": sys.executable, "key_file": str(key_file or launcher.key_file())}
    return [
        re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), word) for word in launcher.subject.client
    ]
