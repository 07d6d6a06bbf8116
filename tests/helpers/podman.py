"""Podman's service, with everything that it keeps in a folder of the test's: with root, or as an ordinary user.

As root, what it would change of this machine it changes for itself: it has namespaces of its own for mounts, processes
and the network, in which /run is its own folder and, without root, the files of users know one more, with subordinate
IDs. All that it started ends with it: what watches a command (conmon) would stay for five minutes.
"""

import getpass
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

START_SECONDS = 60.0
NAME, NUMBER, SUBORDINATE = "anyunix-test", 61234, 612_340_000
PLACES = f"{os.environ.get('PATH', '')}:/usr/lib/podman:/usr/libexec/podman"
NEEDED = {
    "podman": "podman",
    "conmon": "conmon",
    "catatonit": "catatonit",
    "unshare": "util-linux",
    "netavark": "netavark",
}
WITHOUT_ROOT = {"slirp4netns": "slirp4netns", "newuidmap": "uidmap", "setpriv": "util-linux"}
SETTINGS = """\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
{runtime}
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
# As root: for /run and the files of users, each is its own. /dev/net/tun is often for root alone, where no udev runs.
INSIDE = """\
set -e
cd "$1"
shift
mount --bind run /run
for file in etc/*; do [ ! -e "$file" ] || mount --bind "$file" "/$file"; done
[ ! -e tun ] || mount --bind tun /dev/net/tun
exec "$@"
"""


def missing(*, rootless: bool) -> str | None:
    """None when the service can be started here, else what lacks."""
    wanted = NEEDED | (WITHOUT_ROOT if rootless else {})
    lacks = sorted({package for program, package in wanted.items() if not shutil.which(program, path=PLACES)})
    if lacks:
        return f"no Podman here: install {' '.join(lacks)}"
    if os.geteuid() == 0:
        return (
            None if not rootless or Path("/dev/net/tun").exists() else "no /dev/net/tun here, which slirp4netns needs"
        )
    if not rootless:
        return "Podman with root needs root"
    user, file = getpass.getuser(), Path("/etc/subuid")
    has = file.exists() and any(line.startswith(f"{user}:") for line in file.read_text().splitlines())
    return None if has else f"no subordinate IDs here: usermod --add-subuids 100000-165535 {user} (and --add-subgids)"


@contextmanager
def service(*, rootless: bool) -> Iterator[str]:
    """A service; its address."""
    with tempfile.TemporaryDirectory(prefix="podman-", dir="/tmp") as name, _ended_with(Path(name)) as folder:
        process = subprocess.Popen(
            [*_begin(folder, rootless=rootless), *_podman(folder)],
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=(log := (folder / "log").open("wb")),
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait(process, folder)
            yield f"unix://{folder}/run/podman.sock"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(START_SECONDS)
            log.close()


@contextmanager
def _ended_with(folder: Path) -> Iterator[Path]:
    """The folder, readable to the user without root; what subordinate IDs own in it is removed at the end."""
    folder.chmod(0o755)
    for below in ("home", "run", "storage", "networks", "etc"):
        (folder / below).mkdir()
    try:
        yield folder
    finally:
        if os.geteuid() != 0:
            subprocess.run(["podman", "unshare", "rm", "-rf", str(folder / "storage")], check=False)


def _begin(folder: Path, *, rootless: bool) -> list[str]:
    """The command that goes into the namespaces, and to the user without root."""
    if os.geteuid() != 0:
        return []
    own = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "slave"]
    inside = ["unshare", *own, "sh", "-c", INSIDE, "sh", str(folder)]
    if not rootless:
        return inside
    for file, line in (
        ("passwd", f"{NAME}:x:{NUMBER}:{NUMBER}::{folder}/home:/bin/sh"),
        ("group", f"{NAME}:x:{NUMBER}:"),
        ("subuid", f"{NAME}:{SUBORDINATE}:65536"),
        ("subgid", f"{NAME}:{SUBORDINATE}:65536"),
    ):
        (folder / "etc" / file).write_text(f"{Path('/etc', file).read_text()}{line}\n")
    os.mknod(folder / "tun", 0o666 | 0o020000, os.makedev(10, 200))
    (folder / "tun").chmod(0o666)
    for below in ("home", "run", "storage", "networks"):
        os.chown(folder / below, NUMBER, NUMBER)
    ids = [f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups"]
    return [*inside, "setpriv", *ids]


def _podman(folder: Path) -> list[str]:
    runtime = 'runtime = "runc"' if shutil.which("runc") else ""  # crun refuses where cgroups v1 and v2 are mixed
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # more may not be had without CAP_SYS_RESOURCE
    settings = folder / "containers.conf"
    settings.write_text(SETTINGS.format(folder=folder, files=min(files, 2**20), runtime=runtime))
    places = [
        "--root",
        f"{folder}/storage",
        "--runroot",
        f"{folder}/run/containers",
        "--tmpdir",
        f"{folder}/run/libpod",
    ]
    return [
        "podman",
        *places,
        "--storage-driver",
        "overlay",
        "system",
        "service",
        "--time=0",
        f"unix://{folder}/run/podman.sock",
    ]


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": f"{folder}/home",
        "XDG_RUNTIME_DIR": f"{folder}/run",
        "CONTAINERS_CONF": f"{folder}/containers.conf",
    }


def _wait(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Until it takes connections."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with closing(socket.socket(socket.AF_UNIX)) as tried, suppress(OSError):
            tried.connect(f"{folder}/run/podman.sock")
            return
        time.sleep(0.05)
    raise AssertionError(f"Podman's service does not start: {(folder / 'log').read_text()}")
