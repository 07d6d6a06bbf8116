"""Contracts seen failing: the faults that the suite is for, sown into copies of the two servers, and found.

Each fault is a replacement in the source that must match exactly once. When one of these tests says that the source
has moved, the fault is to be sown elsewhere, not dropped.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from anyunix.catalog import Catalog
from anyunix.payload import subject_json

LOCK = "locking/test_log_lock_contracts.py"
WRITERS = "locking/test_concurrent_writers_contracts.py"
TORN = "locking/test_torn_records_contracts.py"
LARGE = "locking/test_large_log_contracts.py"
WAKEUPS = "signals/test_wakeups_contracts.py"
SHUTDOWN = "signals/test_shutdown_contracts.py"
CHILDREN = "signals/test_children_contracts.py"

RUN_SECONDS = 50


@dataclass(frozen=True)
class Edit:
    """In `file` of the server's folder, `healthy` becomes `faulty`."""

    file: str
    healthy: str
    faulty: str


@dataclass(frozen=True)
class Fault:
    """What is wrong, how it is sown, and the contracts that have to fail for it."""

    what: str
    edits: tuple[Edit, ...]
    contracts: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.what.replace(" ", "-")


C_FAULTS = (
    Fault("SA_RESETHAND in the sender", (
        Edit("signals.c", "number == SIGCHLD ? SA_NOCLDSTOP : 0", "number == SIGUSR1 ? SA_RESETHAND : SA_NOCLDSTOP"),
    ), (f"{WAKEUPS}::test_the_second_signal_does_not_kill",)),
    Fault("no O_APPEND", (
        Edit("log.c", "flags | O_APPEND |", "flags |"),
    ), (f"{WRITERS}::test_another_programs_record_is_not_overwritten",)),
    Fault("the end is looked for and then written to, without O_APPEND", (
        Edit("log.c", "flags | O_APPEND |", "flags |"),
        Edit("log.c", "if (io_write_all(log, bytes, length) == 0)",
             "if (lseek(log, size, SEEK_SET) != -1 && io_write_all(log, bytes, length) == 0)"),
    ), (f"{WRITERS}::test_a_rude_writer_is_not_overwritten",)),
    Fault("the log is opened once, before the fork", (
        Edit("log.c", "\tstruct stat status;\n\tint log;\n",
             "\tstruct stat status;\n\tstatic int log = -1;\n\n\tif (log != -1)\n\t\treturn dup(log);\n"),
        Edit("log.c", "S_ISREG(status.st_mode))\n\t\treturn log;", "S_ISREG(status.st_mode))\n\t\treturn dup(log);"),
    ), (f"{LOCK}::test_two_receivers_exclude_each_other",)),
    Fault("no lock at all", (
        Edit("log.c", "while (flock(log, operation) == -1)", "while (log < 0 && flock(log, operation) == -1)"),
    ), (f"{LOCK}::test_a_writer_waits_for_the_lock", f"{LOCK}::test_readers_wait_for_the_lock")),
    Fault("the lock is held while sending", (
        Edit("send.c", "if (send_all(sender, sender->chunk, (size_t)count) == -1)",
             "if (flock(sender->log, LOCK_SH) == -1 || send_all(sender, sender->chunk, (size_t)count) == -1 || "
             "flock(sender->log, LOCK_UN) == -1)"),
        Edit("send.c", "#include <sys/socket.h>\n", "#include <sys/socket.h>\n#include <sys/file.h>\n"),
    ), (f"{WRITERS}::test_a_reader_that_does_not_read_holds_no_lock",)),
    Fault("the sender keeps the receiver's descriptor", (
        Edit("recv.c", "\tio_close(&r->log);\n\tio_close(&parent);", "\tio_close(&parent);"),
    ), (f"{TORN}::test_a_receiver_killed_with_the_lock_blocks_nobody",)),
    Fault("half a record is sent", (
        Edit("log.c", "if (find_end(log, from, &end) == 0) {", "if (size_of(log, &end) == 0) {"),
    ), (f"{LOCK}::test_half_a_record_is_not_sent",)),
    Fault("a failed write is not cut off", (
        Edit("log.c", "if (ftruncate(log, size) == -1)", "if (0)"),
    ), (f"{TORN}::test_a_message_that_the_log_cannot_take_is_not_stored",)),
    Fault("offsets of 32 bits", (
        Edit("log.c", "*offset = (off_t)since;", "*offset = (int)since;"),
    ), (f"{LARGE}::test_a_log_grows_past_the_boundary[4GiB]",)),
    Fault("SIGUSR1 is not blocked between looking and sleeping", (
        Edit("signals.c", "if (mask(SIG_BLOCK, handled, 1, sleeping) == -1 ||",
             "if (mask(SIG_UNBLOCK, handled, 1, sleeping) == -1 ||"),
    ), (f"{WAKEUPS}::test_a_signal_between_looking_and_sleeping_is_not_lost",)),
    Fault("no session of its own", (
        Edit("front.c", "return setsid() == -1 ? -1 : 0;\n\treturn fork_session", "return 0;\n\treturn fork_session"),
    ), (f"{WAKEUPS}::test_the_multicast_stays_in_the_family",)),
    Fault("one child is reaped a signal", (
        Edit("children.c", "while ((child = waitpid", "if ((child = waitpid"),
    ), (f"{CHILDREN}::test_no_zombie_is_left_after_200_clients",)),
    Fault("SIGPIPE kills", (
        Edit("signals.c", "{SIGUSR1, SIGPIPE, SIGXFSZ}", "{SIGUSR1, SIGXFSZ}"),
    ), (f"{CHILDREN}::test_a_broken_pipe_kills_nobody",)),
    Fault("stopped children are waited for without end", (
        Edit("children.c", "|| kill(0, SIGCONT) == -1", ""),
        Edit("children.c", "kill(children->list[i], SIGKILL)", "kill(children->list[i], SIGTERM)"),
    ), (f"{SHUTDOWN}::test_stopped_processes_do_not_hold_up_the_end",)),
    Fault("the mask of whoever started it is kept", (
        Edit("signals.c",
             "\tfor (i = 0; i < count; i++)\n\t\tif (sigdelset(sleeping, numbers[i]) == -1)\n\t\t\treturn -1;", ""),
    ), (f"{SHUTDOWN}::test_it_serves_and_ends_whatever_its_starter_blocked",)),
    Fault("EOF of the client ends its sender at once", (
        Edit("recv.c", "if (filled == RESET)\n\t\t\treturn;\n\t\tif (filled == ENDED ||",
             "if (filled == RESET || filled == ENDED)\n\t\t\treturn;\n\t\tif ("),
    ), (f"{CHILDREN}::test_a_half_close_gets_everything_and_leaves_no_process",)),
    Fault("the parent dies of SIGTERM", (
        Edit("signals.c", "\treturn dispose_all(handled, count, note);",
             "\treturn dispose(SIGTERM, SIG_DFL) == -1 ? -1 : dispose_all(handled + 1, count - 1, note);"),
    ), (f"{SHUTDOWN}::test_it_ends_with_all_its_processes[SIGTERM]",)),
)

PYTHON_FAULTS = (
    Fault("the signals that came are forgotten after the look", (
        Edit("chatlib/server/send.py",
             "            self._wakeup.drain()\n            if self._next_records():\n                continue\n",
             "            if self._next_records():\n                continue\n            self._wakeup.drain()\n"),
    ), (f"{WAKEUPS}::test_a_signal_between_looking_and_sleeping_is_not_lost",)),
    Fault("no O_APPEND", (
        Edit("chatlib/server/record_log.py", "os.O_RDWR | os.O_APPEND if append", "os.O_RDWR if append"),
    ), (f"{WRITERS}::test_another_programs_record_is_not_overwritten",)),
    Fault("the log is opened once, before the fork", (
        Edit("chatlib/server/record_log.py",
             "self._descriptor = os.open(path, flags | _COMMON | (os.O_CREAT if create else 0), 0o600)",
             "shared = globals().setdefault('SHARED', {})\n"
             "        if path not in shared:\n"
             "            shared[path] = os.open(path, flags | _COMMON | os.O_CREAT, 0o600)\n"
             "        self._descriptor = os.dup(shared[path])"),
    ), (f"{LOCK}::test_two_receivers_exclude_each_other",)),
    Fault("no lock at all", (
        Edit("chatlib/server/record_log.py", "        fcntl.flock(self._descriptor, kind)\n", ""),
    ), (f"{LOCK}::test_a_writer_waits_for_the_lock", f"{LOCK}::test_readers_wait_for_the_lock")),
    Fault("half a record is sent", (
        Edit("chatlib/server/record_log.py", "self._boundary_before(size if limit is None else min(limit, size))",
             "size if limit is None else min(limit, size)"),
    ), (f"{LOCK}::test_half_a_record_is_not_sent",)),
    Fault("no session of its own", (
        Edit("chatlib/server/detach.py", "        os.setsid()\n        return serve(Front())",
             "        return serve(Front())"),
    ), (f"{WAKEUPS}::test_the_multicast_stays_in_the_family",)),
    Fault("one child is reaped a signal", (
        Edit("chatlib/server/parent.py", "            self._receivers.discard(pid)\n",
             "            self._receivers.discard(pid)\n            return\n"),
    ), (f"{CHILDREN}::test_no_zombie_is_left_after_200_clients",)),
)


@pytest.fixture(scope="module")
def c_server(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a healthy copy of the C server, built; its objects make each faulty build short."""
    if not (shutil.which("cc") and shutil.which("make")):
        pytest.skip("no cc and make here")
    folder = tmp_path_factory.mktemp("healthy")
    copy_sources(catalog.subject("c").folder / "c", folder / "c")
    build(folder / "c")
    return folder


@pytest.fixture(scope="module")
def python_server(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a healthy copy of the Python server."""
    folder = tmp_path_factory.mktemp("healthy")
    copy_sources(catalog.subject("python").folder / "python", folder / "python")
    return folder


@pytest.mark.parametrize("fault", C_FAULTS, ids=lambda fault: fault.id)
def test_fault_in_the_c_server_is_found(catalog: Catalog, c_server: Path, tmp_path: Path, fault: Fault) -> None:
    """Every contract that is named fails."""
    shutil.copytree(c_server / "c", tmp_path / "c")
    sow(tmp_path / "c", fault)
    build(tmp_path / "c")
    assert outcomes(catalog, "c", tmp_path, fault.contracts) == dict.fromkeys(fault.contracts, "failed")


@pytest.mark.parametrize("fault", PYTHON_FAULTS, ids=lambda fault: fault.id)
def test_fault_in_the_python_server_is_found(catalog: Catalog, python_server: Path, tmp_path: Path,
                                             fault: Fault) -> None:
    """Every contract that is named fails."""
    shutil.copytree(python_server / "python", tmp_path / "python")
    sow(tmp_path / "python", fault)
    assert outcomes(catalog, "python", tmp_path, fault.contracts) == dict.fromkeys(fault.contracts, "failed")


def test_healthy_c_server_keeps_these_contracts(catalog: Catalog, c_server: Path) -> None:
    contracts = named_in(C_FAULTS)
    assert outcomes(catalog, "c", c_server, contracts) == dict.fromkeys(contracts, "passed")


def test_healthy_python_server_keeps_these_contracts(catalog: Catalog, python_server: Path) -> None:
    contracts = named_in(PYTHON_FAULTS)
    assert outcomes(catalog, "python", python_server, contracts) == dict.fromkeys(contracts, "passed")


def copy_sources(source: Path, target: Path) -> None:
    """Without what a build or a run left there: `server` is the C program, chatlib/server a package."""
    leftovers = shutil.ignore_patterns("*.o", "__pycache__", ".*_cache")
    shutil.copytree(source, target, ignore=leftovers)
    for program in ("server", "client"):
        (target / program).unlink(missing_ok=True)


def named_in(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(contract for fault in faults for contract in fault.contracts))


def sow(folder: Path, fault: Fault) -> None:
    for edit in fault.edits:
        path = folder / edit.file
        source = path.read_text()
        found = source.count(edit.healthy)
        assert found == 1, f"the source moved: {edit.file} has {found} times {edit.healthy!r}, for {fault.what!r}"
        path.write_text(source.replace(edit.healthy, edit.faulty))


def build(folder: Path) -> None:
    made = subprocess.run(["make", "-s", "-C", str(folder), "server"], capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr


def outcomes(catalog: Catalog, name: str, root: Path, contracts: tuple[str, ...]) -> dict[str, str]:
    """Run the contracts against the server below `root`: node ID -> passed, failed or skipped."""
    subject = catalog.subject(name)
    (root / "subject.json").write_text(json.dumps({**json.loads(subject_json(subject)), "root": str(root)}))
    results = root / "results.xml"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--junitxml={results}", *contracts],
        cwd=catalog.suite, capture_output=True, text=True, timeout=RUN_SECONDS,
        env={**os.environ, "ANYUNIX_SUBJECT": str(root / "subject.json"), "ANYUNIX_BIND": next(iter(subject.binds))})
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return {node_of(case): outcome_of(case) for case in ElementTree.parse(results).iter("testcase")}


def node_of(case: ElementTree.Element) -> str:
    return f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"


def outcome_of(case: ElementTree.Element) -> str:
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if case.find(tag) is not None:
            return outcome
    return "passed"
