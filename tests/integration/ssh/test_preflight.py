"""`anyunix preflight` on a real target."""

import json
from pathlib import Path

import pytest

from anyunix.cli import main
from sshd import ALIAS, Sshd


def test_a_real_target_is_go_and_nothing_stays_there(
    sshd: Sshd, there: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "target.yaml"
    target.write_text(f"title: the target\ndriver: ssh\naddress: {ALIAS}\nssh_config: {sshd.config.name}\n")
    baseline = str(tmp_path / "base")
    subject = ["--subject", "python", "-k", "served_contracts or ipv6_facts"]
    assert main(["run", *subject, "--platform", "local", "--out", baseline]) == 0
    capsys.readouterr()
    out = tmp_path / "out"
    assert main(["preflight", str(target), *subject, "--baseline", baseline, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "0 facts are not those of local-baseline, " in said
    assert "GO: python, bind dual, on the target: " in said
    assert (out / "matrix.json").is_file()
    assert list(there.iterdir()) == []


def test_json_is_all_that_is_on_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What goes on meanwhile is on stderr."""
    one = ["--subject", "python", "-k", "test_ipv4_client_is_served", "--out", str(tmp_path)]
    assert main(["preflight", "local", *one, "--json"]) == 0
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert (answer["schema"], answer["answer"], answer["platform"], answer["failures"]) == (1, "go", "local", [])
    assert "local python dual" in printed.err
