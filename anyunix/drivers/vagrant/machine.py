"""One virtual machine: started by Vagrant when the first cell wants it, and kept for the next run."""

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.process import Processes
from anyunix.drivers.ssh.destination import Destination
from anyunix.drivers.vagrant.box import Box, variable
from anyunix.errors import NotRun, PlatformError
from anyunix.text import first_line, safe

UP_SECONDS = 1200.0
"""For a box to be downloaded, a guest to boot on an emulated CPU, and to be provisioned."""
ASK_SECONDS = 60.0
DESTROY_SECONDS = 120.0
NO_BOX = (
    "could not be found",
    "couldn't be found",
    "Could not resolve host",
    "error occurred while downloading",
    "doesn't support the provider",
    "Couldn't open file",
    "could not be resolved",
)
PROVIDER_CHECKS: Mapping[str, Sequence[str]] = {
    "libvirt": ("virsh", "-c", "qemu:///system", "version"),
    "virtualbox": ("VBoxManage", "--version"),
}
PROVIDER_HINTS = {
    "libvirt": "install vagrant-libvirt and libvirt-daemon-system, and start libvirtd (by hand: boxes/libvirtd.sh)",
    "virtualbox": "install VirtualBox",
}


class Machine:
    """Safe to use from the threads of many cells."""

    def __init__(self, name: str, box: Box, vagrantfile: Path, state: Path, *, fresh: bool = False) -> None:
        """`state`: where Vagrant keeps what it knows of the machines; with `fresh` one that is there is made anew."""
        self.name = name
        self._box, self._vagrantfile, self._state, self._fresh = box, vagrantfile, state, fresh
        self._lock = threading.Lock()
        self._processes = Processes()
        self._reason: str | None = None
        self._asked = False
        self._target: Destination | None = None
        self._failure: NotRun | PlatformError | None = None

    def reason(self) -> str | None:
        """None when it can be started, else which of Vagrant, provider and box is missing, and what to type."""
        with self._lock:
            if not self._asked:
                self._asked, self._reason = True, self._missing()
            return self._reason

    def start(self, say: Progress) -> Destination:
        """Start it, unless another cell has; where SSH goes. Raises NotRun without a box, PlatformError."""
        with self._lock:
            if self._failure:
                raise self._failure
            try:
                self._target = self._target or self._started_anew(say)
            except (NotRun, PlatformError) as failure:
                self._failure = failure  # the other cells need not try again
                raise
            return self._target

    def interrupt(self) -> None:
        """End what Vagrant is doing, from another thread; it is not called again."""
        self._processes.end()

    def destroy(self) -> str:
        """End it and remove its disk; what Vagrant said last. Raises PlatformError."""
        done = self._vagrant("destroy", "-f", self.name, seconds=DESTROY_SECONDS)
        if done.status or done.timed_out:
            raise PlatformError(f"{self.name}: vagrant destroy fails: {_last(done)}")
        return _last(done)

    @property
    def exists(self) -> bool:
        """Whether Vagrant has made it, running or halted."""
        return any((self._state / "machines" / self.name).glob("*/id"))

    def provider(self) -> str | None:
        """The first of the box's providers that answers here."""
        return next((name for name in self._box.providers if _answers(PROVIDER_CHECKS[name])), None)

    def _missing(self) -> str | None:
        if not shutil.which("vagrant"):
            return "no vagrant on PATH: install Vagrant (Debian: vagrant, vagrant-libvirt)"
        if self.provider() is None:
            hints = "; or ".join(PROVIDER_HINTS[name] for name in self._box.providers)
            return f"no provider for its virtual machine ({' or '.join(self._box.providers)}) answers here: {hints}"
        if self._box.hint and not self._box.url and not self._box.is_file and not self._known():
            return f"the box {self._box.name} is not here: {self._box.hint}"
        return None

    def _known(self) -> bool:
        listed = self._vagrant("box", "list", seconds=ASK_SECONDS)
        return any(line.split()[:1] == [self._box.name] for line in listed.stdout.splitlines())

    def _not_up(self, done: Completed) -> NotRun | PlatformError:
        said = safe(f"{done.stdout}\n{done.stderr}")
        if any(words in said for words in NO_BOX):
            return NotRun(
                f"the box {self._box.name} is not available here ({_last(done)}): name another, or a box file, "
                f"by --box {self.name}=BOX"
            )
        why = f"not up within {UP_SECONDS:g} s" if done.timed_out else f"vagrant up fails: {_last(done)}"
        return PlatformError(f"{self.name}: {why}; `anyunix down {self.name}` removes what there is of it")

    def _started_anew(self, say: Progress) -> Destination:
        if self._fresh:
            say("destroying the machine of an earlier run")
            self._vagrant("destroy", "-f", self.name, seconds=DESTROY_SECONDS)
        say("starting the virtual machine")
        done = self._vagrant("up", self.name, f"--provider={self.provider()}", seconds=UP_SECONDS, say=say)
        if done.status or done.timed_out:
            raise self._not_up(done)
        told = self._vagrant("ssh-config", self.name, seconds=ASK_SECONDS)
        if told.status:
            raise PlatformError(f"{self.name}: vagrant ssh-config fails: {_last(told)}")
        config, known_hosts = (self._state / f"{self.name}.{what}" for what in ("ssh_config", "known_hosts"))
        config.write_text(told.stdout)
        known_hosts.unlink(missing_ok=True)  # a machine made anew has another key
        return Destination(self.name, config=config, known_hosts=known_hosts)

    def _vagrant(self, *words: str, seconds: float, say: Progress | None = None) -> Completed:
        self._state.mkdir(parents=True, exist_ok=True)
        # Vagrant runs in another folder than the one that a box file's path was written for
        name = str(Path(self._box.name).resolve()) if self._box.is_file else self._box.name
        box = {"BOX": name, "BOX_VERSION": self._box.version, "BOX_URL": self._box.url}
        environment = {
            **os.environ,
            **{variable(key, self.name): value for key, value in box.items()},
            "VAGRANT_CWD": str(self._vagrantfile.parent),
            "VAGRANT_DOTFILE_PATH": str(self._state),
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "VAGRANT_NO_COLOR": "1",
        }
        return self._processes.run(["vagrant", *words], cwd=self._state, env=environment, timeout=seconds, say=say)


def _answers(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=ASK_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _last(done: Completed) -> str:
    """The last line of what Vagrant said, without its prefix, safe to print."""
    lines = [line.strip() for line in safe(f"{done.stdout}\n{done.stderr}").splitlines() if line.strip()]
    return first_line(lines[-1])[:300] if lines else "it said nothing"
