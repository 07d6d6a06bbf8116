"""A real sshd on loopback, run by whoever runs the tests, with keys, a port and a temporary folder of its own."""

import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.ssh.ssh_options import SshOptions

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
WAIT_SECONDS = 30.0
ALIAS = "over-there"


def missing() -> str | None:
    """None when an sshd can be started here, else what to install."""
    if SSHD is None or not shutil.which("ssh"):
        return "no sshd and ssh here: install openssh-server and openssh-client"
    return None


class Sshd:
    """`there` is TMPDIR on the far side; `config` the client's configuration, which knows ALIAS and the host key."""

    def __init__(self, folder: Path, there: Path, settings: tuple[str, ...] = ()) -> None:
        assert SSHD
        self.folder, self.there, self.port = folder, there, _free_port()
        self.known_hosts, self.config = folder / "known_hosts", folder / "ssh_config"
        for name in ("host_key", "id"):
            if not (folder / name).exists():
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # root's sshd does not start without it
        # the first of two lines that say the same wins
        (folder / "sshd_config").write_text(
            "\n".join(
                (
                    *settings,
                    f"ListenAddress 127.0.0.1:{self.port}",
                    f"HostKey {folder}/host_key",
                    "StrictModes no",
                    f"AuthorizedKeysFile {folder}/id.pub",
                    "PidFile none",
                    "UsePAM no",
                    "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no",
                    f"SetEnv TMPDIR={there}",
                    "LogLevel VERBOSE",
                )
            )
            + "\n"
        )
        self.knows(folder / "host_key.pub")
        self.config.write_text(
            f"Host {ALIAS}\n  HostName 127.0.0.1\n  Port {self.port}\nHost *\n  IdentityFile {folder}/id\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile none\n"
        )
        self._process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._wait_for_its_line()

    @property
    def target(self) -> Destination:
        return Destination(ALIAS, config=self.config)

    @property
    def options(self) -> SshOptions:
        """The same as a platform's."""
        return SshOptions(ALIAS, str(self.config))

    @property
    def address(self) -> str:
        return f"ssh://127.0.0.1:{self.port}"

    def knows(self, *keys: Path) -> None:
        """Make these, and no other, the host keys that the client knows."""
        self.known_hosts.write_text(
            "".join(f"[127.0.0.1]:{self.port} {' '.join(key.read_text().split()[:2])}\n" for key in keys)
        )

    def cut(self) -> None:
        """Kill the processes of sshd that hold connections: what runs there is not told, it only loses its owner."""
        for pid, parent, name in _processes():
            if name.startswith("sshd") and self._process.pid in (parent, *_ancestors(parent)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def folders(self) -> list[str]:
        """What is in the temporary folder there."""
        return sorted(os.listdir(self.there))

    def stop(self) -> None:
        self.cut()
        self._process.terminate()
        self._process.wait(WAIT_SECONDS)
        assert self._process.stderr
        self._process.stderr.close()

    def _wait_for_its_line(self) -> None:
        assert self._process.stderr
        said, end_by = b"", time.monotonic() + WAIT_SECONDS
        while b"Server listening" not in said:
            ready, _, _ = select.select([self._process.stderr], [], [], max(0.0, end_by - time.monotonic()))
            piece = os.read(self._process.stderr.fileno(), 65536) if ready else b""
            assert piece, f"sshd does not start: {said.decode(errors='replace')}"
            said += piece


@contextmanager
def started(folder: Path, there: Path, *settings: str) -> Iterator[Sshd]:
    """An sshd with more lines for its configuration, stopped at the end."""
    sshd = Sshd(folder, there, settings)
    try:
        yield sshd
    finally:
        sshd.stop()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait, with a deadline, for what no event announces: processes that are not our children, folders not ours."""
    end_by = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end_by, f"waited {WAIT_SECONDS:g} s in vain: {what}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return " Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return True


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and name of every process."""
    for entry in os.listdir("/proc"):
        with suppress(OSError):
            if entry.isdigit():
                name, _, rest = Path("/proc", entry, "stat").read_text().partition("(")[2].rpartition(")")
                yield int(entry), int(rest.split()[1]), name


def _ancestors(pid: int) -> list[int]:
    parents = {number: parent for number, parent, _ in _processes()}
    found: list[int] = []
    while pid := parents.get(pid, 0):
        found.append(pid)
    return found


def _free_port() -> int:
    """A port that nobody has now; sshd cannot choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
