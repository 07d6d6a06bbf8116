"""A second Docker engine on this machine, with images of its own: none at first."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS, END_SECONDS = 120.0, 60.0


def missing() -> str:
    """Why there can be none; empty where there can."""
    for program in ("dockerd", "docker", "unshare"):
        if not shutil.which(program):
            return f"no {program} on PATH"
    return "" if os.geteuid() == 0 else "dockerd has to be started by root"


@contextmanager
def second_engine() -> Iterator[str]:
    """Its address. It shares nothing with an engine that is here, and has a network of its own, without a way out: with
    --bridge=none a dockerd removes the bridge of whichever other engine there is.
    """
    with tempfile.TemporaryDirectory(prefix="engine-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        spaces = f"anyunix-{os.getpid()}"
        address = f"unix://{folder}/docker.sock"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *("unshare", "--net", "--mount", "dockerd"),
                    *("--data-root", str(folder / "root"), "--exec-root", str(folder / "exec")),
                    *("--pidfile", str(folder / "pid"), "-H", address),
                    *("--containerd-namespace", spaces, "--containerd-plugins-namespace", f"{spaces}-plugins"),
                    *("--iptables=false", "--ip6tables=false", "--bridge=none"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            until = time.monotonic() + START_SECONDS
            while not _answers(address):
                said = (folder / "log").read_text(errors="replace")[-2000:]
                assert process.poll() is None, said
                assert time.monotonic() < until, said
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(address: str) -> bool:
    command = ["docker", "-H", address, "version"]
    return subprocess.run(command, capture_output=True, check=False, timeout=START_SECONDS).returncode == 0
