"""Driver ssh against a real sshd on loopback: what it says when it cannot, and that it leaves nothing behind there."""

import contextlib
import dataclasses
import os
import re
import shlex
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog import Catalog, Platform, Subject
from anyunix.cell import Cell, CellRun, Order
from anyunix.cli import main
from anyunix.drivers import SSH_CONFIG, Drivers
from anyunix.drivers import ssh as ssh_module
from anyunix.drivers.ssh import SshDriver
from anyunix.errors import PlatformError
from anyunix.target import Target
from sshd import ALIAS, Sshd, gone, started, until

Connect = Callable[[Sshd], SshDriver]
ODD = "a!b'c\"d\\e$HOME`id`\n% {f} * ~ é"
"""What shells would like to make something of."""
LOGIN = 'case $SSH_ORIGINAL_COMMAND in *) marker=${{SSH_ORIGINAL_COMMAND##* }}; marker=${{marker%?}};; esac; {}'
"""A login shell that knows the marker and answers as it likes."""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Drivers that are up, and taken down at the end."""
    drivers: list[SshDriver] = []

    def connect(sshd: Sshd) -> SshDriver:
        drivers.append(SshDriver(sshd.target))
        drivers[-1].up(quiet)
        return drivers[-1]

    yield connect
    for driver in drivers:
        driver.down()


@pytest.fixture
def start(sshd_here: None, tmp_path: Path, there: Path) -> Iterator[Callable[..., Sshd]]:
    """Start an sshd with more settings."""
    with contextlib.ExitStack() as stack:
        yield lambda *settings: stack.enter_context(started(tmp_path, there, *settings))


def reason(target: Target) -> str:
    """Why it is not available; it has to be one line, and soon."""
    begun = time.monotonic()
    found = SshDriver(target).available()
    assert found
    assert "\n" not in found
    assert time.monotonic() - begun < 20
    return found


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


# --- why not


def test_no_ssh_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install OpenSSH's client" in reason(Target("host"))


def test_unknown_host(sshd: Sshd) -> None:
    assert re.search("^nowhere.invalid: no address is known", reason(Target("nowhere.invalid", config=sshd.config)))


def test_refused(sshd: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused: start sshd there, or name its port" in reason(Target("127.0.0.1", port=port, config=sshd.config))


def test_no_answer(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_module, "OPTIONS", ("ConnectTimeout=1", *ssh_module.OPTIONS))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Target("127.0.0.1", port=silent.getsockname()[1], config=sshd.config)
        assert "no answer within" in reason(target)


def test_unknown_host_key(sshd: Sshd) -> None:
    sshd.known_hosts.write_text("")
    found = reason(sshd.target)
    assert f"not known yet: connect once with `ssh -F {sshd.config} {ALIAS}` and compare the fingerprint" in found
    assert sshd.known_hosts.read_text() == ""


def test_a_users_own_no_to_checking_is_not_followed(sshd: Sshd) -> None:
    sshd.known_hosts.write_text("")
    sshd.config.write_text(f"StrictHostKeyChecking no\nNoHostAuthenticationForLocalhost yes\n{sshd.config.read_text()}")
    assert "not known yet" in reason(sshd.target)


def test_changed_host_key(sshd: Sshd) -> None:
    sshd.knows(sshd.folder / "id.pub")
    assert "not the one that is known: find out why before anything else" in reason(sshd.target)
    assert f"`ssh-keygen -R '[127.0.0.1]:{sshd.port}'`" in reason(
        dataclasses.replace(sshd.target, host="127.0.0.1", port=sshd.port))


def test_first_key_of_a_machine_made_here_is_kept_and_holds(sshd: Sshd, tmp_path: Path) -> None:
    sshd.known_hosts.write_text("")
    target = dataclasses.replace(sshd.target, known_hosts=tmp_path / "its own keys")
    assert SshDriver(target).available() is None
    assert (tmp_path / "its own keys").read_text().startswith(f"[127.0.0.1]:{sshd.port} ")
    other = " ".join((sshd.folder / "id.pub").read_text().split()[:2])
    (tmp_path / "its own keys").write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    assert "not the one that is known" in reason(target)


def test_a_password_is_not_asked_for(start: Callable[..., Sshd]) -> None:
    sshd = start("PubkeyAuthentication no", "PasswordAuthentication yes")
    found = reason(sshd.target)
    assert "permission denied, and no password is asked for: put a key into the agent (`ssh-add`)" in found
    assert f"`ssh -o BatchMode=yes -F {sshd.config} {ALIAS} true`" in found


def test_a_python_that_is_too_old(start: Callable[..., Sshd], tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "python3").write_text('#!/bin/sh\necho "$5 3 9"\n')
    (tmp_path / "old" / "python3").chmod(0o755)
    sshd = start(f'ForceCommand PATH={tmp_path}/old:/usr/bin:/bin; eval "$SSH_ORIGINAL_COMMAND"')
    assert "python3 there is 3.9; the suite needs 3.10 or newer" in reason(sshd.target)


def test_an_account_without_a_shell(start: Callable[..., Sshd]) -> None:
    sshd = start("ForceCommand printf 'This account is \\033[31mclosed\\n'; exit 1")
    assert "no shell answers there; what came is 'This account is closed'" in reason(sshd.target)


@pytest.mark.parametrize(("answer", "said"), [
    ("yes 12345678901234567890123456789012345678901234567890", "more than 1048576 bytes of something else"),
    (r"echo $marker ok; printf 'q\000\000\000\001x'", "is no frame"),
    (r"echo $marker ok; printf 'o\377\377\377\377x'", "is no frame"),
    (r"echo $marker ok; printf 'x\000\000\000\002[]'", "no JSON object"),
    (r"echo $marker ok; printf 'x\000\000\000\002{{{{'", "not JSON"),
    (r"echo $marker ok; printf 'x\000\000\000\377{{'", "what came is 'nothing'"),
])
def test_an_answer_that_is_none(start: Callable[..., Sshd], answer: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "login").write_text(LOGIN.format(answer.replace("{{", "{")))
    assert said in reason(start(f"ForceCommand sh {tmp_path}/login").target)


def test_too_few_sessions_a_connection(start: Callable[..., Sshd], connect: Connect) -> None:
    driver = connect(start("MaxSessions 1"))
    with pytest.raises(PlatformError, match="raise MaxSessions in its sshd_config"):
        driver.run(["true"], env={}, timeout=10)


# --- what goes there and back


@pytest.mark.parametrize("login", [
    'sh -c "$SSH_ORIGINAL_COMMAND"',
    'tcsh -c "$SSH_ORIGINAL_COMMAND"',
    'echo Welcome; printf "no newline"; echo "on stderr" >&2; head -c 300000 /dev/zero; eval "$SSH_ORIGINAL_COMMAND"',
], ids=["sh", "csh", "banner"])
def test_any_login_shell(start: Callable[..., Sshd], connect: Connect, login: str) -> None:
    if shlex.split(login)[0] == "tcsh" and not ssh_module.shutil.which("tcsh"):
        assert not os.environ.get("ANYUNIX_REQUIRE_SSHD"), "no tcsh here"
        pytest.skip("no tcsh here")
    driver = connect(start(f"ForceCommand {login}"))
    done = driver.run(["sh", "-c", 'printf %s "$1"; printf %s "$ODD" >&2; exit 7', "sh", ODD], env={"ODD": ODD},
                      timeout=20)
    assert (done.status, done.stdout, done.stderr) == (7, ODD, ODD)


def test_a_folder_of_its_own_for_a_nice_command_that_nobody_else_can_write_to(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    done = driver.run(["sh", "-c", "umask 022; pwd; nice; stat -c %a . .."], env={}, timeout=20)
    folder, nice, *modes = done.stdout.split()
    assert (Path(folder).parent.parent, nice, modes) == (sshd.there, "10", ["755", "755"])


def test_bytes_come_back_as_they_are(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    data = bytes(range(256)) * 2000
    script = f"import sys; sys.stdout.buffer.write(bytes(range(256)) * 2000); open('file', 'wb').write({data[:256]!r})"
    assert driver.run(["python3", "-c", script], env={}, timeout=20).stdout == data.decode(errors="replace")
    assert driver.get(PurePosixPath("file"), limit=256) == data[:256]


def test_what_is_read_back_is_a_regular_file_within_its_limit(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    driver.run(["sh", "-c", "mkfifo pipe; ln -s /etc/passwd link; head -c 300001 /dev/zero > large"], env={},
               timeout=20)
    for name in ("pipe", ".", "link"):
        with pytest.raises(PlatformError, match=f"{name}: not there after the run"):
            driver.get(PurePosixPath(name), limit=10_000)
    with pytest.raises(PlatformError, match="large: larger than the 300000 bytes"):
        driver.get(PurePosixPath("large"), limit=300_000)
    assert len(driver.get(PurePosixPath("large"), limit=300_001)) == 300_001


def test_a_command_over_its_time_is_killed_there_with_its_children(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    done = driver.run(["sh", "-c", "trap '' TERM; sleep 600 & echo $! $$; sleep 600"], env={}, timeout=2)
    assert (done.timed_out, done.status) == (True, -signal.SIGKILL)
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)
    assert driver.run(["echo", "well"], env={}, timeout=10).stdout == "well\n"


def test_a_command_that_is_not_there(sshd: Sshd, connect: Connect) -> None:
    with pytest.raises(PlatformError, match="cannot start no-such-command on over-there: No such file"):
        connect(sshd).run(["no-such-command"], env={}, timeout=10)


# --- the end


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
    assert re.search(r"over-there: the connection was lost while it ran sh -c .*; see that the machine", str(error))
    until(lambda: all(gone(int(pid)) for pid in command.said[0].split()), "the command's end there")
    until(lambda: sshd.folders() == [], "the folder's removal there")
    with pytest.raises(PlatformError, match="the connection was lost"):
        driver.run(["true"], env={}, timeout=10)
    driver.down()


def test_a_cell_whose_connection_is_lost_is_an_error(sshd: Sshd, subject: Subject,
                                                     make_suite: Callable[[str], Path]) -> None:
    suite = make_suite('import time\n\ndef test_first(fact):\n    """First."""\n\n'
                       'def test_waits(fact):\n    """Waits."""\n    time.sleep(600)\n')
    cell = Cell(subject, Platform("there", "there", "ssh", target=sshd.target), "default")

    def say(text: str) -> None:
        if "of the probes" in text:
            sshd.cut()

    result = CellRun(cell, Drivers().for_platform(cell.platform), Order(suite), say).run()
    assert result.status == "error"
    assert "the connection was lost" in result.reason
    assert "\n" not in result.reason
    until(lambda: sshd.folders() == [], "the folder's removal there")


def test_a_client_that_is_killed_leaves_nothing_there(sshd: Sshd) -> None:
    read, write = os.pipe()
    if (pid := os.fork()) == 0:  # a run that never comes to its `down`
        driver = SshDriver(sshd.target)
        driver.up(quiet)
        driver.run(["sh", "-c", "sleep 600 & echo $!; wait"], env={}, timeout=60,
                   say=lambda line: os.write(write, line.encode()) and None)
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


def test_what_a_killed_run_left_is_removed_by_a_later_one_and_a_live_runs_stays(sshd: Sshd, connect: Connect) -> None:
    lost, (left,) = connect(sshd), sshd.folders()
    os.kill(keeper_of(sshd), signal.SIGKILL)
    (sshd.there / "anyunix-ssh-past").mkdir()
    (sshd.there / "anyunix-ssh-past" / "owner").write_text(f'[{os.getpid()}, "{socket.gethostname()}", 1.0]')
    (sshd.there / "anyunix-ssh-young").mkdir()
    (sshd.there / "somebody-elses").mkdir()
    (sshd.there / "anyunix-ssh-link").symlink_to(sshd.there / "somebody-elses")
    connect(sshd)
    (first,) = set(sshd.folders()) - {"anyunix-ssh-young", "anyunix-ssh-link", "somebody-elses"}
    assert first != left
    connect(sshd)
    assert first in sshd.folders()
    lost.down()


def test_what_a_probe_left_without_permissions_goes_too(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    driver.run(["sh", "-c", "mkdir -p a/b; touch a/b/c; chmod 0 a/b a"], env={}, timeout=10)
    driver.down()
    assert sshd.folders() == []


def test_the_clients_own_folder_goes(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    assert driver._control
    control = driver._control
    assert control.stat().st_mode & 0o777 == 0o700
    driver.down()
    assert not control.exists()


def test_down_in_the_middle_of_up(start: Callable[..., Sshd], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    sshd = start(f"ForceCommand cat {tmp_path}/gate; eval \"$SSH_ORIGINAL_COMMAND\"")
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
    many = [drivers.for_platform(Platform("there", "there", "ssh", target=sshd.target)) for _ in range(12)]
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


# --- all of it


def test_facts_are_those_of_this_machine(sshd: Sshd, catalog: Catalog) -> None:
    order = Order(catalog.suite, "facts")
    facts = []
    for platform in (catalog.platform("local"), Platform("there", "there", "ssh", target=sshd.target)):
        driver = Drivers().for_platform(platform)
        result = CellRun(Cell(catalog.subject("python"), platform, "dual"), driver, order, quiet).run()
        assert result.status == "ran", result.reason
        facts.append({name: value for probe in result.probes for name, value in probe.facts.items()})
    assert len(facts[0]) > 200
    assert facts[0] == facts[1]


def test_command_line(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(SSH_CONFIG, str(sshd.config))
    out = ["--out", str(tmp_path / "out")]
    one = ["--subject", "c", "--subject", "python", "-k", "test_ipv4_client_is_served"]
    assert main(["run", "--platform", sshd.address, "--require", sshd.address, *one, *out]) == 0
    assert "portable on 127.0.0.1" in capsys.readouterr().out
    monkeypatch.delenv(SSH_CONFIG)
    (tmp_path / "beyond.yaml").write_text(f"title: beyond\ndriver: ssh\naddress: {ALIAS}\nssh_config: ssh_config\n")
    assert main(["list", "platforms", str(tmp_path / "beyond.yaml")]) == 0
    assert "not available" not in capsys.readouterr().out
    assert main(["run", "--platform", "ssh://a@h", "--platform", "ssh://b@h", *one, *out]) == 2
    assert "2 platforms are called 'h'" in capsys.readouterr().err
