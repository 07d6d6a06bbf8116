"""Names in both families, asked of a real name server in a namespace of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from anyunix.check.name_lookups import look_up
from anyunix.errors import PlatformError

IN_NAMESPACE = r"""
import dataclasses, fcntl, json, socket, struct, subprocess, sys, threading
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:  # netdevice(7): SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    flags = struct.unpack("16sH14x", fcntl.ioctl(control, 0x8913, struct.pack("16sH14x", b"lo", 0)))[1]
    fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))
for name in ("hosts", "resolv.conf", "nsswitch.conf"):
    subprocess.run(["mount", "--bind", f"{sys.argv[1]}/{name}", f"/etc/{name}"], check=True)

def serve(listener):
    while True:
        query, source = listener.recvfrom(4096)
        name = query[13 : 13 + query[12]].decode()
        question = query[12:query.index(b"\0", 12) + 5]
        kind = question[-3]
        code, data = 0, b""
        if kind == 1:
            data = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton("127.0.0.1")
        elif name == "both":
            data = b"\xc0\x0c\0\x1c\0\1\0\0\0\0\0\x10" + socket.inet_pton(socket.AF_INET6, "::1")
        elif name == "broken":
            code = 2
        header = query[:2] + bytes([0x81, 0x80 | code]) + b"\0\1" + bytes([0, 1 if data else 0]) + b"\0\0\0\0"
        listener.sendto(header + question + data, source)

listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", 53))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
from anyunix.check.name_lookups import look_up
print(json.dumps({name: dataclasses.asdict(look_up(f"{name}.test")) for name in ("both", "four", "broken")}))
"""


def test_one_family_that_is_missing_or_fails_stands_beside_the_other(tmp_path: Path) -> None:
    """A name with both, one without AAAA, and one whose AAAA is answered by SERVFAIL (RFC 1035, 4.1.1)."""
    (tmp_path / "hosts").touch()
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:20\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
    command = ["unshare", "-Urnm", sys.executable, "-c", IN_NAMESPACE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode and ("unshare" in done.stderr or "mount" in done.stderr):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    seen = {
        name: [(each["family"], each["addresses"], each["failed"]) for each in named["lookups"]]
        for name, named in found.items()
    }
    assert seen == {
        "both": [("IPv4", ["127.0.0.1"], False), ("IPv6", ["::1"], False)],
        "four": [("IPv4", ["127.0.0.1"], False), ("IPv6", [], False)],
        "broken": [("IPv4", ["127.0.0.1"], False), ("IPv6", [], True)],
    }
    assert set(found["both"]["addresses"]) == {"127.0.0.1", "::1"}
    assert found["broken"]["addresses"] == ["127.0.0.1"]
    assert found["four"]["lookups"][1]["error"]


def test_a_number_is_asked_of_nobody() -> None:
    assert look_up("192.0.2.1").lookups == look_up("::1").lookups == look_up("/run/x.sock").lookups == ()
    assert look_up("/run/x.sock").addresses == ("/run/x.sock",)


def test_a_name_that_no_zone_holds_has_no_address() -> None:
    """RFC 6761, 6.4: invalid."""
    with pytest.raises(PlatformError, match=r"the name 'nowhere.invalid' has no address here"):
        look_up("nowhere.invalid")
