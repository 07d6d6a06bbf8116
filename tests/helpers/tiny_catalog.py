"""A catalog of its own for mutation testing: one subject, one platform, one fault that is caught."""

from pathlib import Path
from typing import Any

import yaml

from anyunix.catalog.lookup import Catalog

SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    with listener.accept()[0] as peer:
        peer.sendall(b"hi")
"""
SUBJECT = """\
title: a tiny server
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
"""
PROBES = '''\
def test_platform(fact):
    """A fact."""
    fact("colour", "blue")
    fact("c.sizes", {"int": 4, "long": 8})


def test_greets(server):
    """A client is greeted."""
    with server.connect() as peer:
        assert peer.recv(2) == b"hi"


def test_listens(server):
    """A client can connect."""
    server.connect().close()


def test_skips(server):
    """Never tried."""
    import pytest
    pytest.skip("no tracer here")
'''
PROBE = "group/test_probes_contracts.py"
GREETS, LISTENS, SKIPS = (f"{PROBE}::test_{name}" for name in ("greets", "listens", "skips"))
RUDE = {
    "title": "a rude greeting",
    "lesson": "manners",
    "caught_by": [GREETS],
    "tiny": [{"file": "server.py", "healthy": 'b"hi"', "faulty": 'b"ho"'}],
}


def make_tiny(root: Path, suite: Path) -> Catalog:
    """The catalog below `root`, where `suite`, a copy of the real one, is already."""
    (suite / "group" / "test_probes.py").unlink()
    facts, _, contracts = PROBES.partition("\n\n\n")
    (suite / "group" / "test_probes_facts.py").write_text(facts + "\n")
    (suite / PROBE).write_text(contracts)
    for folder in ("platforms", "chat/faults"):
        (root / folder).mkdir(parents=True)
    (root / "platforms" / "local.yaml").write_text("title: this machine\ndriver: local\n")
    (root / "chat" / "server.py").write_text(SERVER)
    (root / "chat" / "tiny.yaml").write_text(SUBJECT)
    write_fault(root, "rude")
    return Catalog(root)


def write_fault(root: Path, name: str, **changes: Any) -> None:
    (root / "chat" / "faults" / f"{name}.yaml").write_text(yaml.safe_dump({**RUDE, **changes}))
