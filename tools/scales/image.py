"""The image of workers that are containers, made from this checkout."""

import subprocess
import sys
from pathlib import Path

from speeds.versions import ROOT, said

NAME = "anyunix-scale"
PYTHON = "3.13"
"""Of Debian 13, which the image is made from."""
DOCKERFILE = Path(__file__).with_name("worker.Dockerfile")


def built_image(folder: Path) -> str:
    """Its ID. Raises CannotInstall."""
    wheels = folder / "wheels"
    pip = (sys.executable, "-m", "pip", "--quiet")
    said(*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    anyunix = next(wheels.glob("anyunix-*.whl"))
    kind = ("--python-version", PYTHON, "--only-binary=:all:")
    said(*pip, "download", "--dest", str(wheels), *kind, f"{anyunix}[cluster]")
    (folder / "Dockerfile").write_bytes(DOCKERFILE.read_bytes())
    said("docker", "build", "--quiet", "--network", "host", "--tag", NAME, str(folder))
    return NAME


def remove_image(name: str) -> None:
    """What stays of it in Docker's cache is not much."""
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)
