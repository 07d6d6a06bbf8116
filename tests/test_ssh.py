"""Driver ssh against a real sshd on loopback: what goes there and back, as if it were this machine."""

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.cli import main
from anyunix.drivers import SSH_CONFIG, Drivers
from anyunix.drivers import ssh as ssh_module
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.errors import PlatformError
from anyunix.run.cell import Cell, CellRun, SuiteOptions
from sshd import ALIAS, Sshd, gone

Connect = Callable[[Sshd], SshDriver]
StartSshd = Callable[..., Sshd]
ODD = "a!b'c\"d\\e$HOME`id`\n% {f} * ~ é"
"""What shells would like to make something of."""


def quiet(text: str) -> None:
    """Nobody listens."""


@pytest.mark.parametrize(
    "login",
    [
        'sh -c "$SSH_ORIGINAL_COMMAND"',
        'tcsh -c "$SSH_ORIGINAL_COMMAND"',
        'echo Hi; printf "no newline"; echo "on stderr" >&2; head -c 300000 /dev/zero; eval "$SSH_ORIGINAL_COMMAND"',
    ],
    ids=["sh", "csh", "banner"],
)
def test_any_login_shell(start_sshd: StartSshd, connect: Connect, login: str) -> None:
    if shlex.split(login)[0] == "tcsh" and not ssh_module.shutil.which("tcsh"):
        assert not os.environ.get("ANYUNIX_REQUIRE_SSHD"), "no tcsh here"
        pytest.skip("no tcsh here")
    driver = connect(start_sshd(f"ForceCommand {login}"))
    done = driver.run(
        ["sh", "-c", 'printf %s "$1"; printf %s "$ODD" >&2; exit 7', "sh", ODD], env={"ODD": ODD}, timeout=20
    )
    assert (done.status, done.stdout, done.stderr) == (7, ODD, ODD)


def test_a_folder_of_its_own_for_a_nice_command_that_nobody_else_can_write_to(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    done = driver.run(["sh", "-c", "umask 022; pwd; nice; stat -c %a . .."], env={}, timeout=20)
    folder, nice, *modes = done.stdout.split()
    assert (Path(folder).parent.parent, nice, modes) == (sshd.there, str(min(19, os.nice(0) + 10)), ["755", "755"])


def test_bytes_come_back_as_they_are(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    data = bytes(range(256)) * 2000
    script = f"import sys; sys.stdout.buffer.write(bytes(range(256)) * 2000); open('file', 'wb').write({data[:256]!r})"
    assert driver.run(["python3", "-c", script], env={}, timeout=20).stdout == data.decode(errors="replace")
    assert driver.get(PurePosixPath("file"), limit=256) == data[:256]


def test_what_is_read_back_is_a_regular_file_within_its_limit(sshd: Sshd, connect: Connect) -> None:
    driver = connect(sshd)
    driver.run(
        ["sh", "-c", "mkfifo pipe; ln -s /etc/passwd link; head -c 300001 /dev/zero > large"], env={}, timeout=20
    )
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


def test_facts_are_those_of_this_machine(sshd: Sshd, catalog: Catalog) -> None:
    order = SuiteOptions(catalog.suite, "facts")
    facts = []
    for platform in (catalog.platform("local"), Platform("there", "there", sshd.options)):
        driver = Drivers().for_platform(platform)
        result = CellRun(Cell(catalog.subject("python"), platform, "dual"), driver, order, quiet).run()
        assert result.status == "ran", result.reason
        facts.append({name: value for probe in result.probes for name, value in probe.facts.items()})
    assert len(facts[0]) > 200
    assert facts[0] == facts[1]


def test_command_line(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SSH_CONFIG, str(sshd.config))
    out = ["--out", str(tmp_path / "out")]
    one = ["--subject", "c", "--subject", "python", "-k", "test_ipv4_client_is_served"]
    assert main(["run", "--platform", sshd.address, "--require", sshd.address, "--slowness", "3", *one, *out]) == 0
    assert capsys.readouterr().out.count("  kept all 1 contracts on 127.0.0.1; nothing to compare with\n") == 2
    logs = [file.read_text() for file in (tmp_path / "out").rglob("log.txt")]
    assert ["--timeout 180 " in log for log in logs] == [True, True]
    monkeypatch.delenv(SSH_CONFIG)
    (tmp_path / "beyond.yaml").write_text(f"title: beyond\ndriver: ssh\naddress: {ALIAS}\nssh_config: ssh_config\n")
    assert main(["list", "platforms", str(tmp_path / "beyond.yaml")]) == 0
    assert "not available" not in capsys.readouterr().out
    assert main(["run", "--platform", "ssh://a@h", "--platform", "ssh://b@h", *one, *out]) == 2
    assert "2 platforms are called 'h'" in capsys.readouterr().err
