"""A name with several addresses of this machine, for a program that looks it up."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.net import can_bind

NAME = "localhost"
PRIVATE = "several.invalid"
"""RFC 6761 6.4: a name that nobody has."""
HOSTS = f"127.0.0.1 localhost {PRIVATE}\n127.0.0.2 {PRIVATE}\n"
IN_PRIVATE = ("unshare", "-rm", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"')
"""unshare(1): a mount namespace in which /etc/hosts is another file."""
LOOK_UP = "import json, socket, sys; print(json.dumps([i[4][0] for i in socket.getaddrinfo(sys.argv[1], 1, type=1)]))"
SECONDS = 20.0


@dataclass(frozen=True)
class Named:
    """A name, its addresses in the order of getaddrinfo(3), and the command in front of who is to know it."""

    name: str
    addresses: tuple[str, ...]
    front: tuple[str, ...] = ()


def name_with_several_addresses(work: Path) -> Named:
    """`localhost` where it has several, else one of a private /etc/hosts. Skips where there is neither."""
    hosts = work / "hosts"
    hosts.write_text(HOSTS)
    found = _look_up(NAME, ())
    if len(found) > 1:
        return Named(NAME, found)
    front = (*IN_PRIVATE, str(hosts))
    found = _look_up(PRIVATE, front) if shutil.which("unshare") else ()
    if len(found) > 1:
        return Named(PRIVATE, found, front)
    pytest.skip("no name has several addresses here: localhost has one, and /etc/hosts cannot be another file")


def _look_up(name: str, front: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses that it has and this machine too, each once."""
    command = [*front, sys.executable, "-I", "-S", "-c", LOOK_UP, name]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    found = dict.fromkeys(json.loads(asked.stdout)) if asked.returncode == 0 else {}
    return tuple(address for address in found if can_bind(address) is None)
