"""What `--json` prints is what its schema says."""

import json
import socket
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from anyunix.cli import main
from check_servers import V4, http, make_certificate, over_tls, redis, serving
from checkout import ROOT


def test_every_answer_fits_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "check.json").read_text())
    certificate = make_certificate(tmp_path / "a.pem")
    with serving(V4, answer=redis) as port, serving(V4, answer=over_tls(http, certificate)) as web:
        targets = [f"redis://localhost:{port}", f"https://127.0.0.1:{web}", "nowhere.invalid:80"]
        assert main(["check", *targets, "--json", "--also", "::1", "--timeout", "60"]) == 1
        report = json.loads(capsys.readouterr().out)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(report)] == []
    found = {each["target"]: each for each in report["targets"]}
    assert list(found) == targets
    assert [each["family"] for each in found[targets[0]]["lookups"]] == ["IPv4", "IPv6"]
    assert found[targets[0]]["happy_eyeballs"]["address"] == "127.0.0.1"
    assert found[targets[1]]["addresses"][0]["tls"]["names"] == ["localhost", "127.0.0.1", "::1"]
    assert (found[targets[2]]["found"], found[targets[2]]["severity"]) == (None, "unknown")


def test_bad_clients_fit_the_schema_too(capsys: pytest.CaptureFixture[str]) -> None:
    def once(peer: socket.socket) -> None:
        with peer:
            if peer.recv(4096):
                peer.sendall(b"+PONG\r\n")

    schema = json.loads((ROOT / "docs" / "schema" / "check.json").read_text())
    with serving(V4, answer=once) as port:
        main(["check", f"redis://127.0.0.1:{port}", "--json", "--intrusive", "--timeout", "60"])
    report = json.loads(capsys.readouterr().out)
    assert len(report["targets"][0]["bad_clients"]) == 3
    assert Draft202012Validator(schema).is_valid(report)


def test_json_is_one_of_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--json"], ["--format", "json"]):
        assert main(["check", "tcp://127.0.0.1:1", *words]) == 1
        assert json.loads(capsys.readouterr().out)["schema"] == 1
