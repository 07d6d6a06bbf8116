"""A cell that is as short as one can be, on the engine that the environment names, with options for it to honour."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUICK = "ipv4_client_is_served or ipv6_wildcard_and_ipv4"
SECONDS = 300
NAMES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


@dataclass(frozen=True)
class Cell:
    """What `anyunix run` did with one: its exit status, what it printed, its matrix."""

    status: int
    said: str
    matrix: dict[str, Any]

    @property
    def ran(self) -> bool:
        """Whether the contract was kept, and the fact is what the platform file asks for."""
        kept = [probe["outcome"] for cell in self.matrix["cells"] for probe in cell["probes"]]
        return kept == ["passed"] and self.matrix["platforms"][0]["facts"].get("ipv6.v6only_default") == 1


Run = Callable[..., Cell]


def write_platform(folder: Path, image: str) -> Path:
    """A platform file."""
    (folder / "short.Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    file = folder / "short.yaml"
    file.write_text(
        f"title: a short cell\ndriver: docker\ndockerfile: short.Dockerfile\nbase: {image}\n"
        "sysctls: {net.ipv6.bindv6only: 1}\nfiles: {/etc/mark: here}\ncapabilities: [NET_ADMIN]\n"
    )
    return file


def run_cell(platform: Path, environment: dict[str, str]) -> Cell:
    """Run it with these variables, and none of Docker's but them."""
    out = platform.parent / "out"
    arguments = ["run", "--subject", "python", "--platform", str(platform), "-k", QUICK, "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "anyunix", *arguments, "--no-experiments", "--trace", "never"],
        cwd=platform.parent,
        env={name: value for name, value in os.environ.items() if name not in NAMES} | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return Cell(done.returncode, said, json.loads((out / "matrix.json").read_text()))
