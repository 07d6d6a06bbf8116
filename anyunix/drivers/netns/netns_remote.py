"""Sets namespaces up and holds them until stdin ends. Runs inside them, with nothing but the standard library.

unshare -nm python3 netns_remote.py '{"sysctls": {"net.ipv6.bindv6only": "1"}, "files": {"/etc/x": "…"},
                                       "scratch": "DIR"}'
"""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SYSCTL = re.compile(r"net(\.[A-Za-z0-9_-]+)+")
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # netdevice(7)


def main() -> None:
    setup = json.loads(sys.argv[1])
    try:
        mount("--make-rprivate", "/")  # root's mounts would reach the whole machine otherwise (mount_namespaces(7))
        for name, value in setup["sysctls"].items():
            set_sysctl(name, value)
        loopback_up()
        for path, content in setup["files"].items():
            put_over(Path(path), content, setup["scratch"])
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{error}")
    print("ready", flush=True)
    os.read(0, 1)  # until whoever started this closes the pipe, or is gone


def set_sysctl(name: str, value: str) -> None:
    """Write a sysctl of this network namespace, and no other: root could. Raises OSError naming it."""
    if not SYSCTL.fullmatch(name):
        raise OSError(f"sysctl {name}: not one of a network namespace, net.…")
    path = Path("/proc/sys", *name.split("."))
    try:
        path.write_text(value)
    except OSError as error:
        raise OSError(f"sysctl {name}={value}: {error.strerror}") from error


def loopback_up() -> None:
    """A new network namespace has its loopback down, which is the same as having no addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def put_over(path: Path, content: str, scratch: str) -> None:
    """Mount a file with this content over `path`, in this mount namespace only."""
    if not path.exists():
        overlay(path.parent, scratch)
        path.unlink(missing_ok=True)  # here only: a link that leads nowhere would be written through
        path.write_text(content)
        return
    with tempfile.NamedTemporaryFile("w", dir=scratch) as file:  # the mount keeps it when its name is gone
        file.write(content)
        file.flush()
        os.chmod(file.name, 0o644)
        mount("--bind", file.name, str(path))


def overlay(folder: Path, scratch: str) -> None:
    """Make a folder of the system writable here, above what it holds: there is no file to mount over."""
    above = tempfile.mkdtemp(dir=scratch)
    mount("-t", "tmpfs", "tmpfs", above)
    for name in ("upper", "work"):
        Path(above, name).mkdir()
    mount(
        "-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={above}/upper,workdir={above}/work", str(folder)
    )


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"mount {' '.join(arguments)}: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
