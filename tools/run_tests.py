"""Run the tests, side by side; what fails in that crowd is tried once more, alone.

    python tools/run_tests.py [PYTEST-ARGUMENT…]

They measure real processes while others take the machine from them, so that one of thousands can be late. A test that
passes alone is named as one that depends on the load, which is a defect to be mended, and the tests pass. More than
FEW failures are none of the load's doing, and are not tried again. The exit status is pytest's.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SIDE_BY_SIDE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
"""They mostly wait, so more of them run than there are cores; those of one file share what they start. The files run in
the order of tests/conftest.py, not by the number of their tests: the longest have few.
"""
FEW = 3
FAILED = 1
"""pytest.ExitCode.TESTS_FAILED; the others say that tests could not be run."""


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as cache:
        pytest = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments]
        status = subprocess.run([*pytest, *SIDE_BY_SIDE], check=False).returncode
        failed = failures(Path(cache)) if status == FAILED else []
        if not 0 < len(failed) <= FEW:
            return status
        print(f"\ntried again, alone: {', '.join(failed)}", flush=True)
        status = subprocess.run([*pytest, "--last-failed", "--last-failed-no-failures", "none"], check=False).returncode
    if status == 0:
        print("\n".join(["", *(f"passes alone, failed beside others: {test}" for test in failed)]), flush=True)
    return status


def failures(cache: Path) -> list[str]:
    """The IDs of the tests that failed last, as pytest's cache has them."""
    found = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(found.read_text())) if found.exists() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
