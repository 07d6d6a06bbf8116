"""templates/anyunix/template.yml, its script really run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from checkout import ROOT

SUBJECT = """\
title: mine
files: [mine.py]
start: ["{python}", mine.py, "{port}"]
ready: {port: true}
talk: {send: "", expect: "^hello$"}
"""
SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client = listener.accept()[0]
    client.sendall(b"hello\\n")
    client.close()
"""


def render(**inputs: str) -> subprocess.CompletedProcess[str]:
    tool = [sys.executable, str(ROOT / "tools" / "gitlab_component.py"), str(ROOT / "templates/anyunix/template.yml")]
    words = [f"{name}={value}" for name, value in inputs.items()]
    return subprocess.run([*tool, *words], capture_output=True, text=True, timeout=60)


def test_its_job_runs_and_leaves_what_it_promises_to_keep(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SUBJECT)
    (tmp_path / "mine.py").write_text(SERVER)
    (tmp_path / "one.yaml").write_text("title: one\ndriver: local\n")
    done = render(
        subject="./mine.yaml",
        platforms="./one.yaml",
        experiments="false",
        arguments="-k test_a_client_on_ipv6_loopback --trace never",
        install="",
    )
    job = yaml.safe_load(done.stdout)["portability"]
    variables = {key: str(value) for key, value in job["variables"].items() if key.startswith("INPUT_")}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text("#!/bin/sh\nexit 1\n")  # no engine
    (tmp_path / "bin" / "docker").chmod(0o755)
    path = f"{tmp_path}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **variables, "PATH": path, "GITLAB_CI": "true", "CI_PROJECT_DIR": str(tmp_path)}
    ran = [
        subprocess.run(
            ["sh", "-ec", "\n".join(job[part])],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=250,
        )
        for part in ("before_script", "script", "after_script")
    ]
    # IPv6 is promised and not kept
    assert [each.returncode for each in ran] == [0, 1, 0], [each.stdout + each.stderr for each in ran]
    for report in job["artifacts"]["reports"].values():
        assert (tmp_path / report).is_file()
    (entry, *_) = json.loads((tmp_path / "anyunix-out" / "gl-code-quality.json").read_text())
    assert entry["location"] == {"path": "mine.yaml", "lines": {"begin": 3}}


@pytest.mark.parametrize("inputs", [{}, {"subject": "./mine.yaml", "platform": "local"}])
def test_inputs_are_checked(inputs: dict[str, str]) -> None:
    done = render(**inputs)
    assert done.returncode != 0
    assert "inputs that are missing" in done.stderr
