"""This machine inside private user, network and mount namespaces: other network defaults, no root, no Docker."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from anyunix.catalog import Platform
from anyunix.drivers.base import Completed, Say
from anyunix.drivers.local import LocalDriver
from anyunix.drivers.process import Processes, end_group
from anyunix.errors import PlatformError

UNSHARE = ("unshare", "-Urnm")
HOLDER = Path(__file__).with_name("netns_holder.py")
SETUP_SECONDS = 20.0


class NetnsDriver:
    """A process that holds the namespaces open; commands enter them through nsenter(1)."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._files = LocalDriver()
        self._holder: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._processes = Processes()

    def available(self) -> str | None:
        for program in (UNSHARE[0], "nsenter"):
            if not shutil.which(program):
                return f"no {program} on PATH: it is part of util-linux, and namespaces exist on Linux only"
        tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, timeout=SETUP_SECONDS, check=False)
        if tried.returncode:
            return (f"user namespaces are forbidden here ({tried.stderr.strip() or 'no reason given'}): allow them "
                    "with sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0 "
                    "or user.max_user_namespaces, or run in a container that may")
        return self._files.available()

    def up(self, say: Say) -> None:
        self._files.up(say)
        setup = json.dumps({"sysctls": dict(self._platform.sysctls), "files": dict(self._platform.files),
                            "scratch": str(self._files.folder())})
        with self._lock:  # down() from another thread sees a holder, or none is started any more
            if self._ended:
                raise PlatformError("the platform is down")
            holder = self._holder = subprocess.Popen(
                [*UNSHARE, sys.executable, "-I", "-S", str(HOLDER), setup], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
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

    def run(self, argv: Sequence[str], *, env: Mapping[str, str], timeout: float, say: Say | None = None) -> Completed:
        holder = self._holder
        if holder is None:
            raise PlatformError("the platform is down")
        folder = self._files.folder()
        enter = ["nsenter", "-t", str(holder.pid), "-U", "-n", "-m", "--preserve-credentials",
                 f"--wd={folder}", "--"]
        return self._processes.run([*enter, *argv], cwd=folder, env={**os.environ, **env}, timeout=timeout, say=say)

    def get(self, path: PurePosixPath, *, limit: int) -> bytes:
        return self._files.get(path, limit=limit)

    def down(self) -> None:
        self._processes.end()
        with self._lock:
            self._ended = True
            holder, self._holder = self._holder, None
        if holder:
            end_group(holder)
            for pipe in (holder.stdin, holder.stdout, holder.stderr):
                if pipe:
                    pipe.close()
        self._files.down()
