"""Where the CPU time of one cell on this machine goes: by program, and by probe."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anyunix.results.matrix_file import read_matrix
from speeds.exit_records import NoRecords, observed
from speeds.record import ProbeCost
from speeds.sampling import RESULTS, NotMeasured, Sample, sample
from speeds.works import JUDGED, Scene, matrix

HOOK = '''

class _CpuOfProbes:
    """Adds a line for each probe to a file: its id, and what this process and all it waited for used."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        import os

        before = sum(os.times()[:4])
        result = yield
        with open({file!r}, "a") as file:
            file.write(f"{{sum(os.times()[:4]) - before:.2f}} {{item.nodeid}}\\n")
        return result


def pytest_addhooks(pluginmanager):
    pluginmanager.register(_CpuOfProbes())
'''
"""What a copy of the suite's conftest.py gets in addition."""


def by_program(scene: Scene, subject: str) -> tuple[Mapping[str, float], Sample]:
    """Program -> CPU seconds in a cell, and the cell's own sample. Raises NotMeasured."""
    try:
        with observed() as seconds:
            whole = _cell(scene, subject)
    except NoRecords as error:
        raise NotMeasured(str(error)) from None
    return dict(seconds), whole


def by_probe(scene: Scene, subject: str) -> Mapping[str, ProbeCost]:
    """Probe -> wall and CPU seconds in a cell; what a process outlived that should have waited for it is not counted.

    Raises NotMeasured.
    """
    file = scene.folder / "cpu"
    with _counting(scene.version.suite / "conftest.py", file):
        _cell(scene, subject)
    return costs(scene.folder / RESULTS, file)


def costs(results: Path, cpu: Path) -> Mapping[str, ProbeCost]:
    """The probes of a run's matrix.json, with the CPU times beside it."""
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    used = {probe: float(seconds) for seconds, _, probe in (line.partition(" ") for line in lines)}
    found = read_matrix(results)
    probes = [probe for each in (*found.platforms, *found.cells) for probe in getattr(each, "probes", ())]
    return {probe.id: ProbeCost(probe.seconds, used.get(probe.id, 0.0)) for probe in probes}


@contextmanager
def _counting(conftest: Path, file: Path) -> Iterator[None]:
    """The installed suite, changed for a while; it belongs to this tool's own environment."""
    text = conftest.read_text()
    conftest.write_text(text + HOOK.format(file=str(file)))
    try:
        yield
    finally:
        conftest.write_text(text)


def _cell(scene: Scene, subject: str) -> Sample:
    words = matrix(subjects=subject, platforms=["local"])(scene)
    return sample(scene.version.command(*words), scene.folder, JUDGED)
