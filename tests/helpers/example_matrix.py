"""Two platforms that ran, one that is absent and one that broke; a platform's text is hostile."""

from anyunix.analysis.verdict import judge
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe, Status

HOSTILE = "E   \x1b[2Jgone \x9b31m <script>alert(1)</script> ]]> & \x00 \u202e txt"


def example() -> Matrix:
    passed = Probe("binding/test_x.py::test_a", "contract", "passed", line=3)
    failed = Probe("chat/test_y.py::test_b", "contract", "failed", HOSTILE, line=9)
    fact = Probe("binding/test_f.py::test_c", "fact", "passed", facts={"a.b": [1, "x"]})
    whole = Probe("chat/test_y.py::test_b", "contract", "passed", line=9)
    names: dict[str, Status] = {"debian": "ran", "alpine-v6only": "ran", "absent": "not-run", "broken": "error"}
    platforms = tuple(
        PlatformResult(name, f"the {name}", "local", status, facts={"a.b": [1, "x"]}) for name, status in names.items()
    )
    cells = (
        CellResult("c", "debian", "dual", "ran", probes=(passed, whole, fact), compiler="cc 1", seconds=1.5),
        CellResult("c", "alpine-v6only", "dual", "ran", probes=(passed, failed, fact), seconds=2),
        CellResult("c", "absent", "dual", "not-run", "no engine\x1b[1m"),
        CellResult("c", "broken", "dual", "error", "died"),
    )
    return judge(Matrix(platforms, cells, "debian", started="2026-01-01T00:00:00+00:00"))
