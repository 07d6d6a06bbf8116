"""A server that is not ready: what is known of it is in the failure."""

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("support")


@pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="no /proc/net here")
def test_one_that_listens_elsewhere_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import ready
    from support.launcher import Launcher
    from support.subject import Ready, Subject

    monkeypatch.setattr(ready, "READY_SECONDS", 2.0)
    program = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1]); time.sleep(99)"
    )
    start = (sys.executable, "-u", "-c", program, "{port}")
    subject = Subject(
        "mine", tmp_path, start, {"default": ()}, Ready("port"), None, "SIGTERM", promises={"default": {}}
    )
    launcher = Launcher(subject, "default", tmp_path)
    try:
        with pytest.raises(ready.NotReady, match=r"nothing is served on port \d+; it listens on tcp 127\.0\.0\.1:\d+;"):
            launcher()
    finally:
        launcher.end()
