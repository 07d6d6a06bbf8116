"""The action that starts virtual machines: which other action does it, and that anyunix reaches what it started."""

import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from anyunix.cli import main
from checkout import ROOT
from composite_action import ActionRun
from sshd import Sshd

ACTION = ROOT / ".github" / "actions" / "vm"
FIRST = "cross-platform-actions/action@v1"


USER = pwd.getpwuid(os.geteuid()).pw_name


def runner_with(sshd: Sshd, folder: Path, host: str) -> Mapping[str, str]:
    """An ssh that has in its configuration what the other actions write into the user's; OpenSSH looks for that in the
    passwd file's home, not in $HOME.
    """
    (folder / "bin").mkdir()
    config = folder / "runners_ssh_config"
    config.write_text(
        f"Host {host}\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {USER}\n"
        f"  IdentityFile {sshd.folder}/id\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n"
    )
    ssh = folder / "bin" / "ssh"
    real = shutil.which("ssh")
    ssh.write_text(f'#!/bin/sh\ncase $1 in -F) exec {real} "$@" ;; esac\nexec {real} -F {config} "$@"\n')
    ssh.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def test_where_the_first_action_fails_the_other_one_starts_the_machine(
    sshd: Sshd, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def uses(name: str, given: Mapping[str, str]) -> Mapping[str, str]:
        if name == FIRST:
            raise RuntimeError
        return {}

    run = ActionRun(ACTION, tmp_path / "job", runner_with(sshd, tmp_path, "netbsd"), uses=uses)
    assert run.run("first", "freebsd", "openbsd", "netbsd", "omnios", "reach", system="netbsd", version="10.1")
    assert [name for name, _ in run.used] == [FIRST, "vmactions/netbsd-vm@v1"]
    assert run.used[1][1] == {"release": "10.1", "sync": "no"}
    platform = run.context["outputs.platform"]
    assert Path(platform).name == "netbsd-10.1.yaml"
    assert main(["list", "platforms", platform]) == 0
    listed = capsys.readouterr().out
    assert "netbsd 10.1, in a virtual machine" in listed
    assert "not available" not in listed


def test_where_it_starts_the_machine_no_other_one_is_asked(sshd: Sshd, tmp_path: Path) -> None:
    """No package is asked for on OmniOS, which has Python: so this machine can stand for it."""
    run = ActionRun(ACTION, tmp_path / "job", runner_with(sshd, tmp_path, "cross_platform_actions_host"))
    assert run.run("first", "omnios", system="omnios", version="r151056")
    assert run.used == [(FIRST, {"operating_system": "omnios", "version": "r151056", "sync_files": "false"})]
    run.run("reach", system="omnios", version="r151056")
    config = run.folder / "temp" / "anyunix-vm" / "ssh_config"
    assert "  User runner\n" in config.read_text()
    config.write_text(config.read_text().replace("User runner", f"User {USER}"))
    assert run.run("python", system="omnios", version="r151056"), run.printed
    assert run.printed["python"].startswith("Python 3.")
