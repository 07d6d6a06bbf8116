"""Contracts of any server: its pid file, and what becomes of the files that it writes."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from support.child import Channel, Child
from support.deadline import wait_until
from support.devices import KINDS, kind_of, make_device
from support.ending import promised_end, stop
from support.launcher import Launcher
from support.marks import promises
from support.own_files import held_files, make_old, written_since
from support.place import Place, place_beside
from support.ready import NotReady
from support.server import Server
from support.tracer import Tracer

CLIENTS, SOON, FILES = 3, 12, 3
WRITE_SECONDS = 0.3
"""For a server that writes after it has answered."""
WRITES = "?write,?writev,?pwrite64,?pwritev,?pwritev2,?fsync,?fdatasync"
PRECIOUS = "nobody may lose this\n"


@promises("own_pid_file", "port_in_use")
def test_a_second_one_leaves_the_pid_file_to_the_first(start_server, work):
    """A second server with the same port and pid file ends with an error, and the file still names the first one.

    daemon(7), "SysV Daemons": a daemon is not started twice. One that names itself before it has its port makes a file
    that is empty, or names a process that has ended: the first one is never told to stop any more.
    """
    where, file = place_with_pid_file(start_server, work)
    first = start_server(where=where)
    with pytest.raises(NotReady) as ended:
        start_server(where=where, port=first.port)
    assert ended.value.returncode not in (0, None), f"it neither serves nor ends with an error: {ended.value}"
    named = file.read_text() if file.exists() else "nobody: it is not there"
    assert named.split()[:1] == [str(first.pid)], f"the first one is {first.pid}, and the pid file names {named!r}"
    first.serve()


@promises("own_pid_file")
@pytest.mark.parametrize("content", ["nothing", "text", "another"])
def test_a_pid_file_of_another_time_harms_nobody(start_server, work, content):
    """With a pid file that holds nothing, other text, or another process's number, a server starts, or says why not.

    open(2): what stands in a file after a loss of power may be anything. getpid(2): numbers come again, and kill(2)
    asks nobody whether it is still the same process.
    """
    where, file = place_with_pid_file(start_server, work)
    with Child(wait_for_the_end, seconds=120.0) as other:
        file.write_text({"nothing": "", "text": "not a number\n", "another": f"{other.pid}\n"}[content])
        with suppress(NotReady):
            server = refused_or_started(start_server, where)
            for _ in range(CLIENTS):
                server.serve()
            assert server.alive()
        with suppress(BrokenPipeError):
            other.tell("the end")
        other.result()  # or it was killed


@promises("link_as_pid_file")
def test_a_link_in_place_of_its_pid_file_harms_no_file(start_server, work):
    """Where its pid file is a symbolic link, a server leaves the file alone to which that leads.

    open(2): O_CREAT follows a link, and O_TRUNC empties what it finds, but for O_NOFOLLOW or O_EXCL. Where others may
    write to the folder, such as /tmp, they choose the file.
    """
    where, file = place_with_pid_file(start_server, work)
    precious = work / "precious"
    precious.write_text(PRECIOUS)
    precious.chmod(0o666)
    file.symlink_to(precious)
    with suppress(NotReady):  # whether it starts is its own business
        start_server(where=where).serve()
    assert precious.read_text() == PRECIOUS


@promises("device_as_pid_file")
@pytest.mark.parametrize("kind", KINDS)
def test_a_device_in_place_of_its_pid_file_stays_one(start_server, work, kind):
    """Where its pid file is a FIFO or a device, a server starts, or says why not; what has the name stays what it is.

    rename(2) and unlink(2) ask for nothing but the name: `pid /dev/null`, and the next program that writes there fills
    the disk, or finds nothing. POSIX open: a FIFO is opened for writing when somebody reads it, and no sooner.
    """
    where, file = place_with_pid_file(start_server, work)
    make_device(file, kind)
    with suppress(NotReady):
        server = refused_or_started(by_its_port(start_server), where)
        for _ in range(CLIENTS):
            server.serve()
        assert server.alive()
        if promised_end(server):
            stop(server)
    found = kind_of(file)
    assert found == kind, f"in place of the {kind} there is {found}"


@promises("relative_paths")
def test_a_relative_path_is_enough_for_a_daemon(start_server, work):
    """A daemon that is given the relative path of its folder serves, and finds its files there.

    daemon(3), daemon(7): the working directory becomes `/`, so that a path that is used only then leads elsewhere.
    """
    subject = start_server.subject
    if not subject.starting.daemon or not any("{work}" in word for word in subject.start):
        pytest.skip("it is no daemon, or its start names no {work}")
    server = start_server(where=place_beside(subject.root, work))
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


@promises("moved_files")
@pytest.mark.parametrize("done", ["renamed", "removed"])
def test_a_file_that_goes_away_under_it_ends_nobody(start_server, work, done):
    """When the files that it has open for writing are renamed, or removed, the server goes on serving.

    rename(2), unlink(2): descriptors stay what they are. logrotate(8) does so, and so do people who need room.
    """
    where = new_place(start_server, work)
    server = start_server(where=where)
    server.serve()
    held = held_files(server.forks(), where.work)
    if not held:
        pytest.skip("it was not seen to hold a file in its own folder open for writing")
    for file in held:
        file.rename(f"{file}.1") if done == "renamed" else file.unlink()
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


@promises("file_errors")
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_write_to_its_files_that_fails_ends_nobody(start_server, work, error):
    """When a write to a file of its own fails once, the server goes on, and serves the next client.

    write(2), fsync(2): ENOSPC on a full disk, EIO when it is broken, for a log or for data that a client has sent. That
    client may hear of it.
    """
    where = new_place(start_server, work)
    names = sorted(path.relative_to(where.work) for path in written_while_it_serves(start_server, where))
    if not names:
        pytest.skip("it was not seen to write to a file in its own folder while it serves")
    seen = [survives_a_failing_write(start_server, work, name, error) for name in names[:FILES]]
    if not any(seen):
        pytest.skip("no write to its files was seen to fail")


def refused_or_started(start_server, where: Place) -> Server:
    """Raises NotReady where it has ended with an error, AssertionError where it neither serves nor ends so."""
    try:
        return start_server(where=where)
    except NotReady as error:
        if error.returncode in (0, None):
            raise AssertionError(f"it neither serves nor ends with an error: {error}") from None
        raise


def by_its_port(start_server) -> Launcher:
    """Of a daemon whose pid file can say nothing: who has its port is it."""
    start_server.subject = replace(start_server.subject, starting=replace(start_server.subject.starting, pid_file=""))
    return start_server


def wait_for_the_end(channel: Channel) -> None:
    """As a process that nobody but its parent may end."""
    channel.wait("the end")


def survives_a_failing_write(start_server, work: Path, name: Path, error: str) -> bool:
    """Whether a write to that file has failed; the writes of the start, counted in one before, do not."""
    where, counted = (new_place(start_server, work) for _ in range(2))
    calls = Tracer(work / f"{counted.work.name}.writes", WRITES, follow=True, on=[counted.work / name])
    start_server(where=counted, wrapper=calls.wrapper).end()
    number = calls.most_by_one() + 1
    failing = f"error={error}:when={number}"
    tracer = Tracer(work / f"{where.work.name}.writes", WRITES, failing, follow=True, on=[where.work / name])
    server = start_server(where=where, wrapper=tracer.wrapper)
    for _ in range(number + SOON):
        if "(INJECTED)" in tracer.text():
            break
        server.serves()
    server.serve()
    assert server.alive()
    return "(INJECTED)" in tracer.text()


def new_place(start_server, work: Path) -> Place:
    """An empty one."""
    number = len([*work.glob("place-*")])
    folder = work / f"place-{number}"
    folder.mkdir()
    return Place(folder, start_server.subject.root)


def place_with_pid_file(start_server, work: Path) -> tuple[Place, Path]:
    """A place, and where a server has its pid file there; skips for one that names none."""
    named = start_server.subject.starting.pid_file
    if not named.startswith("{work}/"):
        pytest.skip(f"{start_server.subject.name} names no pid_file in its own folder")
    where = new_place(start_server, work)
    file = where.work / named.removeprefix("{work}/")
    file.parent.mkdir(parents=True, exist_ok=True)
    return where, file


def written_while_it_serves(start_server, where: Place) -> set[Path]:
    """Its files that a few clients have it write to."""
    server = start_server(where=where)
    make_old(where.work)
    for _ in range(CLIENTS):
        server.serve()
    with suppress(TimeoutError):
        wait_until(lambda: written_since(where.work), "a file to be written", WRITE_SECONDS)
    server.end()
    return written_since(where.work)
