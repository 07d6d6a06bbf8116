"""JUnit XML of a check: a case for each server and each of its addresses."""

import socket

import pytest
from defusedxml.ElementTree import fromstring

from anyunix.cli import main
from check_servers import V4, redis, serving


def test_a_case_for_each_target_and_address(capsys: pytest.CaptureFixture[str]) -> None:
    def hostile(peer: socket.socket) -> None:
        with peer:
            peer.recv(4096)
            peer.sendall(b"]]>&<failure>\x00\x1b[31m\xff\n")

    with serving(V4, answer=redis) as port, serving(V4, answer=hostile) as other:
        good, bad = f"redis://127.0.0.1:{port}", f"redis://127.0.0.1:{other}"
        words = ["--also", "::1", "--timeout", "60", "--format", "junit"]
        assert main(["check", good, bad, "nowhere.invalid:80", *words]) == 1
    suite = fromstring(capsys.readouterr().out)
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    found = {(case.get("classname"), case.get("name")): [each.tag for each in case] for case in suite}
    assert found == {
        (good, "as a whole"): [],
        (good, "127.0.0.1"): [],
        (good, "::1"): ["skipped"],
        (bad, "as a whole"): [],
        (bad, "127.0.0.1"): ["failure"],
        (bad, "::1"): ["skipped"],
        ("nowhere.invalid:80", "as a whole"): ["error"],
    }
    messages = [failure.get("message") for failure in suite.iter("failure")]
    assert "no PONG of Redis, but ']]>&<failure>" in messages[0]
