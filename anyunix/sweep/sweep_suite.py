"""The part of the suite that a sweep sends to a platform: its fixtures, and one file of probes."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from anyunix.sweep.injecting import Injection

SESSION, INJECTIONS = "session.py", "injections.py"
INSIDE_PROBE, INSIDE_RECORD = "sweep/test_session_contracts.py::test_session_seen_from_inside", "inside"
SESSION_PROBE, INJECTION_PROBE = "sweep/test_session_contracts.py::test_session", "sweep/test_injections_contracts.py"
INJECTION_TEST = "test_injection"
UNUSED = shutil.ignore_patterns("__pycache__", "test_*.py", "session.py", "injections.py", "conftest.py")


def write_suite(suite: Path, folder: Path, module: str, injections: Sequence[Injection] = ()) -> Path:
    """A copy of the suite with no probes but those of `module`, in `folder`, which is made."""
    shutil.copytree(suite, folder, ignore=UNUSED)
    shutil.copy(suite / "conftest.py", folder)
    shutil.copy(suite / "sweep" / module, folder / "sweep" / f"test_{Path(module).stem}_contracts.py")
    (folder / "sweep" / "injections.json").write_text(json.dumps([each.described() for each in injections]))
    return folder
