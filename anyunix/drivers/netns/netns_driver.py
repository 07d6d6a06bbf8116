"""This machine inside a private network and mount namespace: other network defaults, no root, no Docker.

Root needs no user namespace for that, and has all users and groups as ever. Others need one; with the range of IDs
that /etc/subuid and /etc/subgid give them (newuidmap(1)) there are other users in it, else they are the only one, and a
server that wants to become another user or group cannot (user_namespaces(7)).
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import ClassVar

from anyunix.drivers.base import Completed, Progress
from anyunix.drivers.local import LocalDriver
from anyunix.drivers.options import AlteringOptions, Place, Shared
from anyunix.drivers.process import Processes, end_group
from anyunix.errors import PlatformError
from anyunix.host.environment import local_environment

WAYS = {
    "root": ("unshare", "-nm"),
    "range": ("unshare", "-Unm", "--map-root-user", "--map-auto"),
    "one": ("unshare", "-Urnm"),
}
"""Whose IDs there are inside -> how the namespaces are made; the best first."""
HOLDER = Path(__file__).with_name("netns_remote.py")
SETUP_SECONDS = 20.0


class NetnsOptions(AlteringOptions, frozen=True, tag="netns"):
    """What is changed inside of the namespaces, and nowhere else."""

    is_this_machine: ClassVar[bool] = True
    own_network: ClassVar[bool] = True

    def driver(self, place: Place, shared: Shared) -> "NetnsDriver":
        return NetnsDriver(self)


class NetnsDriver:
    """A process that holds the namespaces open; commands enter them through nsenter(1)."""

    def __init__(self, options: NetnsOptions) -> None:
        self._options = options
        self._files = LocalDriver()
        self._way = ""
        self._holder: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._processes = Processes()

    def available(self) -> str | None:
        for program in ("unshare", "nsenter"):
            if not shutil.which(program):
                return f"no {program} on PATH: it is part of util-linux, and namespaces exist on Linux only"
        said = ""
        for way in WAYS if os.geteuid() == 0 else ("range", "one"):
            tried = subprocess.run(
                [*WAYS[way], "true"],
                capture_output=True,
                text=True,
                timeout=SETUP_SECONDS,
                env=local_environment(),
                check=False,
            )
            if tried.returncode == 0:
                self._way = way
                return self._files.available()
            said = tried.stderr.strip()
        return (
            f"user namespaces are forbidden here ({said or 'no reason given'}): allow them "
            "with sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0 "
            "or user.max_user_namespaces, or run in a container that may"
        )

    def up(self, say: Progress) -> None:
        if not self._way and (reason := self.available()):
            raise PlatformError(reason)
        self._files.up(say)
        setup = json.dumps(
            {
                "sysctls": dict(self._options.sysctls),
                "files": dict(self._options.files),
                "scratch": str(self._files.folder()),
            }
        )
        with self._lock:  # down() from another thread sees a holder, or none is started any more
            if self._ended:
                raise PlatformError("the platform is down")
            holder = self._holder = subprocess.Popen(
                [*WAYS[self._way], sys.executable, "-I", "-S", str(HOLDER), setup],
                env=local_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        assert holder.stdout and holder.stderr
        try:
            if holder.stdout.readline() == b"ready\n":
                return
            reason = holder.stderr.read().decode(errors="replace").strip()
        except ValueError:  # down() has closed them
            raise PlatformError("the platform is down") from None
        self.down()
        raise PlatformError(f"the namespace could not be set up: {reason or 'no reason given'}")

    def put(self, archive: Path) -> None:
        self._files.put(archive)

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Progress | None = None
    ) -> Completed:
        return self._processes.run(
            [*self._enter(self._holder), *argv],
            cwd=self._files.folder(),
            env={**local_environment(), **env},
            timeout=timeout,
            say=say,
        )

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        return self._files.get(path, limit=limit)

    def down(self) -> None:
        self._processes.end()
        with self._lock:
            self._ended = True
            holder, self._holder = self._holder, None
        if holder and self._way == "range":
            self._remove_files(holder)
        if holder:
            end_group(holder)
            for pipe in (holder.stdin, holder.stdout, holder.stderr):
                if pipe:
                    pipe.close()
        self._files.down()

    def _enter(self, holder: "subprocess.Popen[bytes] | None") -> list[str]:
        """The command in front of one that is to run inside. Raises PlatformError when the platform is down."""
        if holder is None:
            raise PlatformError("the platform is down")
        users = [] if self._way == "root" else ["-U", "--preserve-credentials"]
        return ["nsenter", "-t", str(holder.pid), *users, "-n", "-m", f"--wd={self._files.folder()}", "--"]

    def _remove_files(self, holder: "subprocess.Popen[bytes]") -> None:
        """From inside: outside, what other users of the range left behind is nobody's of ours."""
        with suppress(OSError, PlatformError, subprocess.TimeoutExpired):
            subprocess.run(
                [*self._enter(holder), "find", ".", "-xdev", "-mindepth", "1", "-delete"],
                capture_output=True,
                env=local_environment(),
                timeout=SETUP_SECONDS,
                check=False,
            )
