"""Driver ssh when it ends: by itself, by somebody else, or because the connection does. Nothing is left there."""

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.drivers.registry import Drivers
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.errors import PlatformError
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from sshd import Sshd, gone, until

Connect = Callable[[Sshd], SshDriver]
StartSshd = Callable[..., Sshd]


def quiet(text: str) -> None:
    """Nobody listens."""


class Background:
    """A command under way in a thread; `said` has what it printed first, `ended` its result or its error."""

    def __init__(self, driver: SshDriver, script: str, seconds: float = 60) -> None:
        self.ended: list[object] = []
        self.said: list[str] = []
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(driver, script, seconds))
        self._thread.start()
        assert self._begun.wait(30), self.ended

    def result(self) -> object:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.ended[0]

    def _run(self, driver: SshDriver, script: str, seconds: float) -> None:
        try:
            self.ended.append(driver.run(["sh", "-c", script], env={}, timeout=seconds, say=self._say))
        except PlatformError as error:
            self.ended.append(error)

    def _say(self, line: str) -> None:
        self.said.append(line)
        self._begun.set()


def test_down_from_another_thread_ends_all_there(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    command = Background(driver, "sleep 600 & echo $! $$; wait")
    driver.down()
    assert all(gone(int(pid)) for pid in command.said[0].split())
    assert sshd.folders() == []
    assert "is down" in str(command.result())


def test_a_lost_connection_is_an_error_and_nothing_is_left_there(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    command = Background(driver, "sleep 600 & echo $! $$; wait")
    sshd.cut()
    error = command.result()
    assert isinstance(error, PlatformError)
    assert re.fullmatch(
        "over-there: the connection was lost while it ran sh -c '[^']*': Connection to 127.0.0.1 "
        "closed by remote host; see that the machine and the network are well, and run again",
        str(error),
    )
    until(lambda: all(gone(int(pid)) for pid in command.said[0].split()), "the command's end there")
    until(lambda: sshd.folders() == [], "the folder's removal there")
    with pytest.raises(PlatformError, match="the connection was lost"):
        driver.run(["true"], env={}, timeout=10)
    driver.down()


def test_a_cell_whose_connection_is_lost_is_an_error(
    sshd: Sshd, subject: Subject, make_suite: Callable[[str], Path]
) -> None:
    suite = make_suite(
        'import time\n\ndef test_first(fact):\n    """First."""\n\n'
        'def test_waits(fact):\n    """Waits."""\n    time.sleep(600)\n'
    )
    cell = Cell(subject, Platform("there", "there", sshd.options), "default")

    def say(text: str) -> None:
        if "of the probes" in text:
            sshd.cut()

    result = CellRun(cell, Drivers().for_platform(cell.platform), SuiteOptions(suite), say).run()
    assert result.status == "error"
    assert "the connection was lost" in result.reason
    assert "\n" not in result.reason
    until(lambda: sshd.folders() == [], "the folder's removal there")


def test_a_client_that_is_killed_leaves_nothing_there(sshd: Sshd) -> None:
    read, write = os.pipe()
    if (pid := os.fork()) == 0:  # a run that never comes to its `down`
        driver = SshDriver(sshd.target)
        driver.up(quiet)
        driver.run(
            ["sh", "-c", "sleep 600 & echo $!; wait"],
            env={},
            timeout=60,
            say=lambda line: os.write(write, line.encode()) and None,
        )
        os._exit(1)
    os.close(write)
    there = int(os.read(read, 100))
    os.close(read)
    assert len(sshd.folders()) == 1
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    until(lambda: gone(there) and sshd.folders() == [], "the end of all there")


def keeper_of(sshd: Sshd) -> int:
    return int((sshd.there / sshd.folders()[0] / "owner").read_text().strip("[").split(",")[0])


def test_a_folder_whose_keeper_was_killed_is_removed_over_a_new_connection(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    os.kill(keeper_of(sshd), signal.SIGKILL)
    driver.down()
    assert sshd.folders() == []


def test_a_command_that_lost_both_its_keeper_and_its_connection_ends(sshd: Sshd, connect: Connect) -> None:
    command = Background(connect(sshd), "sleep 600 & echo $! $$; wait")
    os.kill(keeper_of(sshd), signal.SIGKILL)
    sshd.cut()
    until(lambda: all(gone(int(pid)) for pid in command.said[0].split()), "the command's end there")
    assert "the connection was lost" in str(command.result())


def test_what_a_killed_run_left_is_removed_by_a_later_one_and_a_live_runs_stays(sshd: Sshd, connect: Connect) -> None:
    lost, (left,) = connect(sshd), sshd.folders()
    os.kill(keeper_of(sshd), signal.SIGKILL)
    (sshd.there / "anyunix-ssh-past").mkdir()
    (sshd.there / "anyunix-ssh-past" / "owner").write_text(f'[{os.getpid()}, "{socket.gethostname()}", 1.0]')
    (sshd.there / "anyunix-ssh-young").mkdir()
    (sshd.there / "somebody-elses" / "agents").mkdir(parents=True)
    (sshd.there / "somebody-elses" / "owner").write_text(f'[{os.getpid()}, "{socket.gethostname()}", 1.0]')
    bystander = subprocess.Popen(["sleep", "600"])
    (sshd.there / "somebody-elses" / "agents" / str(bystander.pid)).touch()
    (sshd.there / "anyunix-ssh-link").symlink_to(sshd.there / "somebody-elses")
    connect(sshd)
    (first,) = set(sshd.folders()) - {"anyunix-ssh-young", "anyunix-ssh-link", "somebody-elses"}
    assert first != left
    connect(sshd)
    assert first in sshd.folders()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
    lost.down()


def test_what_a_probe_left_without_permissions_goes_too(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    driver.run(["sh", "-c", "mkdir -p a/b; touch a/b/c; chmod 0 a/b a"], env={}, timeout=10)
    driver.down()
    assert sshd.folders() == []


def test_the_clients_own_folder_goes(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    assert driver._control
    control = driver._control.path
    assert control.stat().st_mode & 0o777 == 0o700
    driver.down()
    assert not control.exists()


def test_down_in_the_middle_of_up(start_sshd: StartSshd, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    sshd = start_sshd(f'ForceCommand cat {tmp_path}/gate; eval "$SSH_ORIGINAL_COMMAND"')
    driver, ended = SshDriver(sshd.target), []

    def up() -> None:
        with pytest.raises(PlatformError, match="is down"):
            driver.up(quiet)
        ended.append(True)

    thread = threading.Thread(target=up)
    thread.start()
    with (tmp_path / "gate").open("w"):  # opens when the login shell there waits at it
        driver.down()
        thread.join(20)
    assert ended
    until(lambda: sshd.folders() == [], "nothing there")


def test_many_at_once(sshd: Sshd) -> None:
    drivers = Drivers()
    many = [drivers.for_platform(Platform("there", "there", sshd.options)) for _ in range(12)]
    said: dict[int, str] = {}

    def use(number: int) -> None:
        many[number].up(quiet)
        said[number] = many[number].run(["echo", str(number)], env={}, timeout=60).stdout
        many[number].down()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(len(many))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert said == {number: f"{number}\n" for number in range(len(many))}
    assert sshd.folders() == []
