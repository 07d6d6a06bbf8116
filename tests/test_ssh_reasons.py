"""Why driver ssh cannot: one line, with what to type; and a far side that answers nonsense."""

import dataclasses
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anyunix.drivers.ssh import ssh_driver
from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.ssh.ssh_driver import SshDriver
from anyunix.errors import PlatformError
from sshd import ALIAS, Sshd

Connect = Callable[[Sshd], SshDriver]
StartSshd = Callable[..., Sshd]
LOGIN = "case $SSH_ORIGINAL_COMMAND in *) marker=${{SSH_ORIGINAL_COMMAND##* }}; marker=${{marker%?}};; esac; {}"
"""A login shell that knows the marker and answers as it likes."""


def reason(target: Destination) -> str:
    """Why it is not available; it has to be one line, and soon."""
    begun = time.monotonic()
    found = SshDriver(target).available()
    assert found
    assert "\n" not in found
    assert time.monotonic() - begun < 20
    return found


def test_no_ssh_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install OpenSSH's client" in reason(Destination("host"))


def test_unknown_host(sshd: Sshd) -> None:
    assert re.search(
        "^nowhere.invalid: no address is known", reason(Destination("nowhere.invalid", config=sshd.config))
    )


def test_refused(sshd: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused: start sshd there, or name its port" in reason(
        Destination("127.0.0.1", port=port, config=sshd.config)
    )


def test_no_answer(sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_driver, "OPTIONS", ("ConnectTimeout=1", *ssh_driver.OPTIONS))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Destination("127.0.0.1", port=silent.getsockname()[1], config=sshd.config)
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
        dataclasses.replace(sshd.target, host="127.0.0.1", port=sshd.port)
    )


def test_first_key_of_a_machine_made_here_is_kept_and_holds(sshd: Sshd, tmp_path: Path) -> None:
    sshd.known_hosts.write_text("")
    target = dataclasses.replace(sshd.target, known_hosts=tmp_path / "its own keys")
    assert SshDriver(target).available() is None
    assert (tmp_path / "its own keys").read_text().startswith(f"[127.0.0.1]:{sshd.port} ")
    other = " ".join((sshd.folder / "id.pub").read_text().split()[:2])
    (tmp_path / "its own keys").write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    assert "not the one that is known" in reason(target)


def test_a_password_is_not_asked_for(start_sshd: StartSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "askpass").write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho secret\n")
    (tmp_path / "askpass").chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(tmp_path / "askpass"))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    sshd = start_sshd("PubkeyAuthentication no", "PasswordAuthentication yes")
    found = reason(sshd.target)
    assert not (tmp_path / "asked").exists()
    assert "permission denied, and no password is asked for: put a key into the agent (`ssh-add`)" in found
    assert f"`ssh -o BatchMode=yes -F {sshd.config} {ALIAS} true`" in found


def test_a_python_that_is_too_old(start_sshd: StartSshd, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "python3").write_text('#!/bin/sh\necho "$5 3 9"\n')
    (tmp_path / "old" / "python3").chmod(0o755)
    sshd = start_sshd(f'ForceCommand PATH={tmp_path}/old:/usr/bin:/bin; eval "$SSH_ORIGINAL_COMMAND"')
    assert "python3 there is 3.9; the suite needs 3.10 or newer" in reason(sshd.target)


def test_an_account_without_a_shell(start_sshd: StartSshd) -> None:
    sshd = start_sshd("ForceCommand printf 'This account is \\033[31mclosed\\n'; exit 1")
    assert "no shell answers there; what came is 'This account is closed'" in reason(sshd.target)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("yes 12345678901234567890123456789012345678901234567890", "more than 1048576 bytes of something else"),
        (r"echo $marker ok; printf 'q\000\000\000\001x'", "is no frame"),
        (r"echo $marker ok; printf 'o\377\377\377\377x'", "is no frame"),
        (r"echo $marker ok; printf 'x\000\000\000\002[]'", "no JSON object"),
        (r"echo $marker ok; printf 'x\000\000\000\002{{{{'", "not JSON"),
        (r"echo $marker ok; printf 'x\000\000\000\377{{'", "what came is 'nothing'"),
    ],
)
def test_an_answer_that_is_none(start_sshd: StartSshd, answer: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "login").write_text(LOGIN.format(answer.replace("{{", "{")))
    assert said in reason(start_sshd(f"ForceCommand sh {tmp_path}/login").target)


def test_too_few_sessions_a_connection(start_sshd: StartSshd, connect: Connect) -> None:
    driver = connect(start_sshd("MaxSessions 1"))
    with pytest.raises(PlatformError, match="raise MaxSessions in its sshd_config"):
        driver.run(["true"], env={}, timeout=10)
