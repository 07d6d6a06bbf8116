"""Runs on the far side of an SSH connection, read from stdin by `python3 -c`; the standard library only.

Reads one line of JSON from stdin, a task, and answers in frames on stdout: one byte for the kind (`o` output, `e` error
output, `x` the result as JSON, always the last), four for the length, then so many bytes. The marker in front of the
first frame tells them from what a login shell prints. A connection that is lost is the end of stdin.

keep  makes the folder that all else happens in, and removes it when the connection or the time is at its end
put   unpacks the tar archive that follows in the folder
run   runs a command there with a limited time; everything it started is ended with it
get   sends a regular file back
end   ends a keeper whose connection is lost
look  says which Python this is

Modules that one task needs are imported there: each task is a process of its own, and they take longer than all else.
"""

import json
import os
import select
import signal
import stat
import struct
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, NamedTuple

PREFIX = "anyunix-ssh-"
WORK, AGENTS, OWNER = "work", "agents", "owner"
NICE = 10
END_SECONDS = 2.0
"""How long a process gets to end what it started."""
REMOVE_SECONDS = 15.0
STALE_SECONDS = 24 * 3600
"""A folder of ours without an owner is not one that is being made any more."""
PIECE = 65536

Task = dict[str, Any]
Result = dict[str, object]


class FolderOwner(NamedTuple):
    """Who made a folder, on which host, and until when (seconds since 1970) it is in use at most."""

    pid: int
    host: str
    deadline: float


def main(marker: str) -> None:
    signal.signal(signal.SIGHUP, lambda number, frame: None)  # the end of stdin says the same, and is waited for
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        line += byte
    task = json.loads(line.decode())
    write_all(marker.encode() + b" ok\n")
    try:
        tasks = {"keep": keep, "put": put, "run": run, "get": get, "end": end, "look": look}
        result = tasks[task["task"]](task)
    except (OSError, EOFError) as error:
        result = {"error": reason_of(error)}
    frame(b"x", json.dumps(result).encode())


def reason_of(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    file = getattr(error, "filename", None)
    return f"{reason}: {file}" if file else reason


def look(task: Task) -> Result:
    return {"python": list(sys.version_info[:2])}


def keep(task: Task) -> Result:
    import tempfile

    top = os.environ.get("TMPDIR") or "/tmp"
    remove_left_behind(top)
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=top)
    try:
        deadline = time.time() + task["seconds"]
        with open(os.path.join(folder, OWNER), "w") as file:
            json.dump(FolderOwner(os.getpid(), os.uname().nodename, deadline), file)
        os.chmod(folder, 0o755)  # some probes start the subject as another user, who has to reach it
        for name in (WORK, AGENTS):
            os.mkdir(os.path.join(folder, name), 0o755)
        frame(b"o", json.dumps({"folder": folder}).encode())
        while time.time() < deadline and not stdin_ended(min(60.0, deadline - time.time())):
            pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_agents(folder)
        remove(folder)
    return {"removed": not os.path.exists(folder)}


def remove_left_behind(top: str) -> None:
    """Remove the folders whose keeper was killed, or is past its time."""
    for name in os.listdir(top):
        folder = os.path.join(top, name)
        try:
            found = os.lstat(folder)
            if (
                name.startswith(PREFIX)
                and stat.S_ISDIR(found.st_mode)
                and found.st_uid == os.geteuid()
                and left_behind(folder, found.st_mtime)
            ):
                end_agents(folder)
                remove(folder)
        except OSError:
            continue


def left_behind(folder: str, modified: float) -> bool:
    owner = owner_of(folder)
    if owner is None:
        return time.time() - modified > STALE_SECONDS
    if time.time() > owner.deadline + 60:
        return True
    return owner.host == os.uname().nodename and not alive(owner.pid)


def owner_of(folder: str) -> FolderOwner | None:
    try:
        with open(os.path.join(folder, OWNER)) as file:
            pid, host, deadline = json.load(file)
        return FolderOwner(int(pid), str(host), float(deadline))
    except (OSError, ValueError, TypeError):
        return None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True


def end_agents(folder: str) -> None:
    """End the runs that are under way: each ends what it started, and takes its file away."""
    agents = os.path.join(folder, AGENTS)
    end_by = time.time() + 2 * END_SECONDS + 1
    told = set()
    while os.path.isdir(agents) and time.time() < end_by:
        running = [int(name) for name in os.listdir(agents) if name.isdigit() and alive(int(name))]
        for pid in running:
            if pid not in told and pid > 1:
                told.add(pid)
                with suppress(OSError):
                    os.kill(pid, signal.SIGTERM)
        if not running:
            return
        time.sleep(0.05)  # there is no event for the end of a process that is nobody's child here


def remove(folder: str) -> None:
    """Remove a folder that something may still be writing to, or that a probe left without permissions."""
    import shutil

    end_by = time.time() + REMOVE_SECONDS
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder) or time.time() > end_by:
            return
        for at, folders, _ in os.walk(folder):
            for name in folders:
                with suppress(OSError):
                    os.chmod(os.path.join(at, name), 0o700)
        time.sleep(0.05)


def put(task: Task) -> Result:
    import tarfile

    try:
        with open(0, "rb", closefd=False) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(os.path.join(task["folder"], WORK), filter="data")
            else:
                tar.extractall(os.path.join(task["folder"], WORK))
    except tarfile.TarError as error:
        return {"error": reason_of(error)}
    return {}


def get(task: Task) -> Result:
    path = os.path.join(task["folder"], WORK, task["path"])
    # a FIFO without a writer must not hang us, and a link that the subject made must not lead elsewhere
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return {"error": "not a regular file"}
        left = task["limit"] + 1
        while left:
            piece = os.read(fd, min(PIECE, left))
            if not piece:
                break
            frame(b"o", piece)
            left -= len(piece)
    finally:
        os.close(fd)
    return {}


def end(task: Task) -> Result:
    folder = task["folder"]
    owner = owner_of(folder)
    if os.path.basename(folder).startswith(PREFIX) and os.path.isdir(folder) and not os.path.islink(folder):
        if owner and owner.host == os.uname().nodename and owner.pid > 1:
            with suppress(OSError):
                os.kill(owner.pid, signal.SIGTERM)
        end_agents(folder)
        remove(folder)
    return {"removed": not os.path.exists(folder)}


def run(task: Task) -> Result:
    agent = os.path.join(task["folder"], AGENTS, str(os.getpid()))
    with open(agent, "w"):
        pass
    try:
        with suppress(OSError):
            os.nice(NICE)
        child_ended = wakeup_at_sigchld()
        process = subprocess.Popen(
            task["argv"],
            cwd=os.path.join(task["folder"], WORK),
            env={**os.environ, **task["env"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        relay = Relay(process, task["limit"])
        timed_out = True
        try:
            timed_out = relay.until_end(child_ended, task["seconds"])
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            end_group(process)
            relay.rest()
    finally:
        with suppress(OSError):
            os.unlink(agent)
    return {"status": process.returncode, "timed_out": timed_out}


def wakeup_at_sigchld() -> int:
    """A descriptor that can be read from when a child has ended."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    return readable


class Relay:
    """Passes on what a command prints, `limit` bytes of each kind; the rest is read and dropped."""

    def __init__(self, process: subprocess.Popen[bytes], limit: int) -> None:
        assert process.stdout and process.stderr
        self._process = process
        self._kinds = {process.stdout.fileno(): b"o", process.stderr.fileno(): b"e"}
        self._left = dict.fromkeys(self._kinds, limit)
        for fd in self._kinds:
            os.set_blocking(fd, False)

    def until_end(self, child_ended: int, seconds: float) -> bool:
        """Whether the command's time, or whoever asked for it, was gone before it ended."""
        end_by = time.monotonic() + seconds
        poller = select.poll()
        for fd in (*self._kinds, 0, child_ended):
            poller.register(fd, select.POLLIN)
        while self._process.poll() is None:
            left = end_by - time.monotonic()
            if left <= 0:
                return True
            for fd, _ in poller.poll(left * 1000):
                if fd in self._kinds:
                    if not self._pass_on(fd):
                        poller.unregister(fd)
                elif not os.read(fd, PIECE):
                    return True
        return False

    def rest(self) -> None:
        """What is still in the pipes of a command that has ended; one that escaped may hold them open."""
        for fd in self._kinds:
            while self._left[fd] > 0 and self._pass_on(fd):
                pass

    def _pass_on(self, fd: int) -> bool:
        try:
            piece = os.read(fd, PIECE)
        except BlockingIOError:
            return False
        if self._left[fd] > 0 and piece:
            frame(self._kinds[fd], piece)
        self._left[fd] -= len(piece)
        return bool(piece)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, on which supervise.py ends what it started in other sessions, then SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)


def stdin_ended(seconds: float) -> bool:
    poller = select.poll()
    poller.register(0, select.POLLIN)
    return bool(poller.poll(seconds * 1000)) and not os.read(0, PIECE)


def frame(kind: bytes, data: bytes) -> None:
    write_all(kind + struct.pack(">I", len(data)) + data)


def write_all(data: bytes) -> None:
    """To stdout. Ignore it if nobody reads it any more: the end of stdin tells."""
    with suppress(OSError):
        while data:
            data = data[os.write(1, data) :]


main(sys.argv[1])
