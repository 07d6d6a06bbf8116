"""A server that is not ready: what is known of it is in the failure."""

import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("support")
PROGRAM = """\
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
print("listens", flush=True)
time.sleep(300)
"""


@pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="no /proc/net here")
def test_one_that_listens_elsewhere_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import ready
    from support.address import Address
    from support.clients import Clients
    from support.deadline import wait_until
    from support.output import Output
    from support.ports import free_port
    from support.starting import Command, InFront
    from support.subject import Ready, Subject

    output = Output(tmp_path / "said")
    command = Command((sys.executable, "-c", PROGRAM), tmp_path, dict(os.environ), output.stdout, output.stderr)
    process = InFront(command)
    output.handed_over()
    subject = Subject("mine", tmp_path, (), {"default": ()}, Ready("port"), None, "SIGTERM")
    try:
        wait_until(lambda: output.read("stdout"), "it to listen", 60.0)
        monkeypatch.setattr(ready, "READY_SECONDS", 0.2)
        with pytest.raises(ready.NotReady, match=r"nothing is served on port \d+; it listens on tcp 127\.0\.0\.1:\d+;"):
            ready.Awaited(process, output).measured(subject.ready, Clients(subject, {}), {}, Address("", free_port()))
    finally:
        process.end()
        output.end()
