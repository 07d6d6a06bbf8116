"""A user's own probes, in folders beside the suite's (`anyunix run --probes`). own_probes.json names each folder, and
for each of its probes the kind: `{"mine": {"mine/test_bugs.py::test_bug": "contract"}}`.

What lies beside the probes is imported by its plain name. A file that needs a module which this platform has not is not
tried here, while all others are.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

SUITE = Path(__file__).resolve().parents[1]
FILE = "own_probes.json"


def own_probes(suite: Path = SUITE) -> dict[str, dict[str, str]]:
    """Folder -> ID -> kind."""
    file = suite / FILE
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def folders() -> list[str]:
    """For sys.path, behind all else: whatever is called as one of Python's own modules, these are found first."""
    return [str(SUITE / name) for name in own_probes()]


def own_module(path: Path, parent: pytest.Collector) -> "OwnModule | None":
    """How to collect a file in one of these folders; None for one of the suite's."""
    group = path.relative_to(parent.config.rootpath).parts[0]
    return OwnModule.from_parent(parent, path=path) if group in own_probes() else None


def lacking(error: BaseException) -> str:
    """Why a probe was not tried, from the error of an import."""
    return f"not tried: {error}: here are Python's own modules, pytest, and what lies beside the probes"


class OwnModule(pytest.Module):
    """A file with probes."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        known = {probe: kind for probe, kind in self._probes().items() if probe.partition("::")[0] == self.nodeid}
        try:
            return list(super().collect())
        except pytest.skip.Exception as error:  # importorskip and others, for the whole file
            if not known:
                raise
            reason = f"not tried: {error}"
        except self.CollectError as error:
            if not known or not isinstance(error.__cause__, ImportError):
                raise
            reason = lacking(error.__cause__)
        return [
            NotTried.from_parent(self, name=probe.partition("::")[2], reason=reason, kind=kind)
            for probe, kind in known.items()
        ]

    def _probes(self) -> dict[str, str]:
        return own_probes().get(self.nodeid.partition("/")[0], {})


class NotTried(pytest.Item):
    """A probe whose file cannot be loaded here: it comes back, with the reason."""

    def __init__(self, *, reason: str, kind: str, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self._reason = reason
        self.fixturenames = ("fact",) if kind == "fact" else ()

    def runtest(self) -> None:
        pytest.skip(self._reason)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name
