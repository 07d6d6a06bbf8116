"""What anyunix costs on top of pytest: the same probes by hand, and through `anyunix run`, on one platform.

    python3 tools/overhead.py [local|debian|…] [SUBJECT] [RUNS]

By hand is: the payload unpacked, the subject built, pytest started; for a container platform with `docker run`, with
the same image and the same limits, the payload coming in through stdin. Prints the seconds of each run and medians.
"""

import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anyunix.catalog.lookup import find_catalog
from anyunix.catalog.subjects import Subject
from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.docker.engine import Engine
from anyunix.drivers.docker.image_context import Image
from anyunix.drivers.local import unpack
from anyunix.payload.archive import write_payload

PYTEST = (
    "PYTHONPATH=$PWD/site ANYUNIX_SUBJECT=$PWD/subject/subject.json TMPDIR=$PWD HOME=$PWD "
    "python3 -m pytest -q --rootdir=suite -c suite/pytest.ini --junitxml=junit.xml suite >log 2>&1"
)


def main(platform_name: str = "local", subject_name: str = "python", runs: str = "3") -> None:
    catalog = find_catalog()
    platform, subject = catalog.platform(platform_name), catalog.subject(subject_name)
    with tempfile.TemporaryDirectory() as name:
        payload = Path(name) / "payload.tar"
        write_payload(payload, catalog.suite, subject, {})
        in_docker = isinstance(platform.options, DockerOptions)
        hand = by_hand_in_docker(platform.options.image, subject, payload) if in_docker else by_hand(subject, payload)
        command = [
            sys.executable,
            "-m",
            "anyunix",
            "run",
            "--platform",
            platform_name,
            "--subject",
            subject_name,
            "--out",
            f"{name}/out",
        ]
        pairs = [
            (seconds(hand), seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)))
            for _ in range(int(runs))
        ]
    for by, through in pairs:
        print(f"by hand {by:6.2f} s   anyunix run {through:6.2f} s")
    by, through = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"median: by hand {by:.2f} s, anyunix run {through:.2f} s: {through - by:+.2f} s, {through / by:.2f} times")


def build_of(subject: Subject) -> str:
    return f"(cd subject && {shlex.join(subject.build)}) && " if subject.build else ""


def by_hand(subject: Subject, payload: Path) -> Callable[[], object]:
    def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            unpack(payload, Path(folder))
            subprocess.run(["sh", "-c", build_of(subject) + PYTEST], cwd=folder, check=True)

    return run


def by_hand_in_docker(made_from: Image, subject: Subject, payload: Path) -> Callable[[], object]:
    engine = Engine()
    if reason := engine.available():
        sys.exit(reason)
    image = engine.image(made_from, lambda text: None)
    script = f"cd /work && tar -xf - && {build_of(subject)}{PYTEST}"
    command = [
        "docker",
        "run",
        "--rm",
        "-i",
        "--init",
        "--read-only",
        "--cap-drop=ALL",
        "--user=1000:1000",
        "--security-opt=no-new-privileges",
        "--tmpfs=/work:exec,mode=1777",
        "--tmpfs=/tmp:exec,mode=1777",
        "--sysctl=net.ipv6.conf.all.disable_ipv6=0",
        image,
        "sh",
        "-c",
        script,
    ]

    def run() -> None:
        with payload.open("rb") as archive:
            subprocess.run(command, stdin=archive, check=True)

    return run


def seconds(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


if __name__ == "__main__":
    main(*sys.argv[1:])
