"""Causes by experiment, in real runs: planted faults, and the differences that are known to bring them out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.drivers.netns.netns_driver import NetnsDriver
from anyunix.results.cause_model import Cause
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Matrix, Probe
from checkout import ROOT

PLANTED = ROOT / "tests" / "differences"
"""A folder for each difference: the server that it breaks, and how."""
V6ONLY, ORDER, NONBLOCK = "v6only-default", "passive-order", "accept-nonblock"
DECOYS = (V6ONLY, ORDER, NONBLOCK)
"""They are on as well where a fault is planted, and have nothing to do with it."""
LOOPBACK = "binding/test_any_server_contracts.py::test_a_client_on_ipv4_loopback_is_served"
SOME = 1
SECONDS = 840
"""For a run with its experiments; an idle machine takes a few."""
STARTS = "start/subject::starts"
MARK = "/proc/sys/net/ipv4/ip_default_ttl"
"""What a platform may set for itself, and no difference does."""
SERVE = """\
while True:
    peer, _ = listener.accept()
    with peer, contextlib.suppress(ConnectionError):
        while data := peer.recv(4096):
            peer.sendall(data)
"""
HEAD = "import contextlib, ctypes, os, select, socket, sys, time\nport = int(sys.argv[1])\n"
WILDCARD = f"""{HEAD}
listener = socket.socket(socket.AF_INET6)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("::", port))
listener.listen()
"""
IPV4 = f'{HEAD}\nlistener = socket.create_server(("127.0.0.1", port))\n'
MEANS_TO_BLOCK = f"""{HEAD}
made = socket.create_server(("127.0.0.1", 0))
made.setblocking(False)
own = socket.create_connection(made.getsockname())
select.select([made], [], [])
peer = ctypes.CDLL(None).accept(made.fileno(), None, None)
first = os.getpid()
if os.fork() == 0:
    while ") S " not in open(f"/proc/{{first}}/stat").read():  # it waits in read(2)
        time.sleep(0.001)
    own.sendall(b"x")
    os._exit(0)
os.read(peer, 1)
os.wait()
listener = socket.create_server(("127.0.0.1", port))
{SERVE}"""
COUNTS_ON_IPV4_FIRST = f"""{HEAD}
first = socket.getaddrinfo(None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
listener = socket.create_server((".".join(map(str, map(int, first[4][0].split(".")))), port))
{SERVE}"""
MARKED = f"""{IPV4}
if open("{MARK}").read().strip() == "99":
    sys.exit("not here")
{SERVE}"""

pytestmark = pytest.mark.timeout(SECONDS + 60)


@dataclass(frozen=True)
class Planted:
    """A server, and what brings its fault out."""

    name: str
    server: str
    contract: str
    differences: tuple[str, ...]


TABLE = (
    Planted("wildcard", WILDCARD + SERVE, LOOPBACK, (V6ONLY,)),
    Planted("means-to-block", MEANS_TO_BLOCK, STARTS, (NONBLOCK,)),
    Planted("ipv4-first", COUNTS_ON_IPV4_FIRST, STARTS, (ORDER,)),
)
SUBJECT = """\
title: a server with a fault
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: {port: true}
talk: {send: "hello\\n", expect: "^hello\\n"}
promises: {orphans: false}
"""


@pytest.fixture(autouse=True)
def _namespaces(catalog: Catalog) -> None:
    if reason := NetnsDriver(catalog.platform("local-v6only").options).available():
        pytest.skip(reason)


def run(folder: Path, subject: str, contract: str, here: str, *more: str) -> tuple[Matrix, str]:
    """A run on this machine and on `here`, a platform file's lines, with time for experiments on a busy one."""
    (folder / "here.yaml").write_text(f"title: here\nextends: local\n{here}\n")
    name = (LOOPBACK if contract == STARTS else contract).partition("::")[2].rstrip("]").replace("[", " and ")
    command = (sys.executable, "-m", "anyunix", "run", "--platform", "local,./here.yaml", "--reference", "local")
    options = ("--subject", subject, "-k", name, "--trace", "never", "--experiment-seconds", "600", *more)
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1, done.stdout + done.stderr
    return read_matrix(folder / "anyunix-out"), done.stdout


def failure(matrix: Matrix, contract: str) -> Probe:
    (found,) = (probe for probe in matrix.cells[1].probes if probe.id.partition("[")[0] == contract.partition("[")[0])
    return found


def cause(matrix: Matrix, contract: str) -> Cause:
    found = failure(matrix, contract).cause
    assert found is not None
    return found


def plant(folder: Path, server: str) -> str:
    (folder / "server.py").write_text(server)
    (folder / "planted.yaml").write_text(SUBJECT)
    return "./planted.yaml"


def switched(names: Sequence[str]) -> str:
    return f"differences: [{', '.join(sorted(set(names)))}]"


def test_the_papers_first_bug_needs_both(tmp_path: Path) -> None:
    if not (shutil.which("cc") and shutil.which("make")):
        pytest.skip("no C compiler")
    served = "binding/test_served_contracts.py::test_ipv4_client_is_served"
    matrix, said = run(tmp_path, "c", served, switched(DECOYS), "--bind", "first")
    found = cause(matrix, served)
    assert (found.differences, found.minimal, found.reference) == ((ORDER, V6ONLY), True, "local")
    assert [cell.key for cell in matrix.cells] == ["local-c-first", "here-c-first"]
    assert [cell.platform for cell in matrix.cells if cell.facts] == ["local", "here"]
    line = (
        f"cause, by experiment ({found.runs} runs): with passive-order and v6only-default switched on, local fails "
        "too; with either alone it does not. Fix: bind both families, or set IPV6_V6ONLY explicitly."
    )
    assert f"  IPv4 clients are refused on here, not on local; {line}" in said.splitlines()
    lines = said.splitlines()
    assert lines[lines.index("  on here c first") + 1] == f"  {line}"


@pytest.mark.parametrize("planted", TABLE, ids=lambda planted: planted.name)
def test_a_planted_fault_has_the_cause_that_is_known(tmp_path: Path, planted: Planted) -> None:
    matrix, _ = run(tmp_path, plant(tmp_path, planted.server), planted.contract, switched(DECOYS))
    assert cause(matrix, planted.contract).differences == planted.differences
    assert cause(matrix, planted.contract).found


def some_planted() -> list[Path]:
    """All of them take minutes: ANYUNIX_FULL=1 has all, otherwise SOME that ANYUNIX_SAMPLE chooses."""
    found = sorted(file.parent for file in PLANTED.glob("*/subject.yaml"))
    if os.environ.get("ANYUNIX_FULL") or len(found) <= SOME:
        return found
    start = int(os.environ.get("ANYUNIX_SAMPLE") or 0) * SOME % len(found)
    return [*found[start:], *found[:start]][:SOME]


@pytest.mark.parametrize("folder", some_planted(), ids=lambda folder: folder.name)
def test_so_has_the_server_of_each_difference(tmp_path: Path, folder: Path) -> None:
    """`with` are those that have to be on as well. A server that serves nobody at all is one that does not start."""
    together = folder / "with"
    needed = {folder.name, *(together.read_text().split() if together.is_file() else ())}
    contract = (folder / "contract").read_text().splitlines()[0]
    shutil.copytree(folder, tmp_path / "planted")
    matrix, _ = run(tmp_path, "./planted/subject.yaml", contract, switched([*needed, NONBLOCK]))
    (failed,) = matrix.cells[1].failures
    assert failed.id in (contract, STARTS)
    assert failed.cause is not None
    assert failed.cause.found, failed.cause
    assert set(failed.cause.differences) == needed


def test_a_fault_that_no_difference_brings_out_has_no_cause(tmp_path: Path) -> None:
    """It is the platform's own setting."""
    here = f"{switched(DECOYS)}\ndriver: netns\nsysctls: {{net.ipv4.ip_default_ttl: 99}}"
    matrix, said = run(tmp_path, plant(tmp_path, MARKED), STARTS, here)
    found = cause(matrix, STARTS)
    assert not found.found
    assert found.differences == ()
    assert found.note == "local keeps it with accept-nonblock, passive-order and v6only-default switched on"
    assert "no cause by experiment (1 run): local keeps it with" in said


def test_what_fails_now_and_then_is_said_to_and_not_claimed(tmp_path: Path) -> None:
    """Each time here, and at every other start on this machine once the differences are on."""
    server = f"""{WILDCARD}
if open("{MARK}").read().strip() != "99" and listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
    with open("{tmp_path}/starts", "a+") as starts:
        starts.write("x")
        starts.seek(0)
        if len(starts.read()) % 2 == 0:
            listener.close()
            listener = socket.create_server(("127.0.0.1", port))
{SERVE}"""
    here = f"{switched([V6ONLY])}\ndriver: netns\nsysctls: {{net.ipv4.ip_default_ttl: 99}}"
    matrix, said = run(tmp_path, plant(tmp_path, server), LOOPBACK, here)
    found = cause(matrix, LOOPBACK)
    assert not found.found
    assert found.note == "flaky: with v6only-default switched on it failed 2 of 3 times"
    assert "flaky: with v6only-default switched on it failed 2 of 3 times" in said
    assert ", which may be because IPV6_V6ONLY is 1 by default here" in failure(matrix, LOOPBACK).explanation


def test_without_experiments_nothing_more_is_run(tmp_path: Path) -> None:
    matrix, said = run(tmp_path, plant(tmp_path, WILDCARD + SERVE), LOOPBACK, switched([V6ONLY]), "--no-experiments")
    assert failure(matrix, LOOPBACK).cause is None
    assert "experiment" not in said
    assert (
        "IPv4 clients are refused on here, which may be because IPV6_V6ONLY is 1 by default here, 0 on local." in said
    )
    why = (sys.executable, "-m", "anyunix", "why", "here-planted-default", "ipv4", "--subject", "./planted.yaml")
    done = subprocess.run(why, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "with v6only-default switched on, local fails too; without it it does not. Fix: bind both" in lines[-2]
    assert lines[-1] == "IPv4 clients are refused on here: IPV6_V6ONLY is 1 by default here, 0 on local."
