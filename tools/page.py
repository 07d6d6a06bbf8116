"""How large index.html gets and how fast it opens: 16,000 results in a real browser.

    python tools/page.py [--keep FILE]

20 platforms, 2 subjects, 4 bind modes, 100 probes, of which 2 in 100 fail with 500 characters each, and 200 facts a
platform. Prints megabytes, and milliseconds from the start of the navigation to the first paint and to the load event.
Needs chromium, chromedriver and selenium; without them it prints the size alone.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from anyunix.analysis.verdict import judge
from anyunix.report.html import render
from anyunix.results.model import CellResult, Matrix, PlatformResult, Probe, ProbeText

PLATFORMS, BINDS, SUBJECTS, PROBES, FACTS_A_PROBE = 20, ("dual", "ipv4", "ipv6", "first"), ("c", "python"), 100, 4
GROUPS = ("binding", "locking", "signals", "processes", "chat")
OPENED = 5


def large_matrix() -> Matrix:
    """A run as large as they get; no two failures and no two facts' texts are the same."""
    platforms = tuple(
        PlatformResult(
            f"platform-{n:02}",
            f"System {n}, libc, amd64",
            "docker",
            "ran",
            facts={name: value for k in range(PROBES) for name, value in _facts(n, k).items()},
        )
        for n in range(PLATFORMS)
    )
    cells = tuple(
        CellResult(
            subject,
            platform.name,
            bind,
            "ran",
            compiler="cc 12.2.0",
            seconds=30.5,
            probes=tuple(_probe(number, k, hash_of(f"{subject}{bind}{number}{k}")) for k in range(PROBES)),
        )
        for subject in SUBJECTS
        for bind in BINDS
        for number, platform in enumerate(platforms)
    )
    texts = tuple(
        ProbeText(
            _id(k),
            "fact" if k % 2 else "contract",
            f"A client of kind {k} gets its message back.",
            f"POSIX says {k} of this, RFC 3493 that, and three systems differ from both. " * 4,
            k + 1,
        )
        for k in range(PROBES)
    )
    return judge(Matrix(platforms, cells, "platform-00", texts=texts, started="2026-01-01T00:00:00+00:00", seconds=900))


def logs_of(matrix: Matrix) -> dict[str, str]:
    """A long log for each cell."""
    return {cell.key: f"{cell.platform} says a line of its log\n" * 1000 for cell in matrix.cells}


def hash_of(text: str) -> int:
    """Small, and the same in every run, which Python's hash is not."""
    return sum(ord(character) * 31 ** (place % 7) for place, character in enumerate(text)) % 100


def _id(k: int) -> str:
    return f"{GROUPS[k % 5]}/test_topic_{k // 10}.py::test_probe_{k}_does_what_it_should_do_here"


def _facts(number: int, k: int) -> dict[str, str]:
    """Of half the probes; one platform in ten has a value of its own."""
    if not k % 2:
        return {}
    return {
        f"family{k // 10}.fact_{k}_{j}": f"VALUE{k}" if (number + k + j) % 10 else f"OTHER{number}"
        for j in range(FACTS_A_PROBE)
    }


def _probe(number: int, k: int, chance: int) -> Probe:
    if k % 2:
        return Probe(_id(k), "fact", "passed", seconds=chance / 1000, facts=_facts(number, k))
    if chance < 4:  # half the probes are contracts
        return Probe(
            _id(k),
            "contract",
            "failed",
            f"E   AssertionError: {number} {k} " + "what came was another " * 22,
            seconds=chance / 100,
            explained_by=("family0.fact_1_0",),
        )
    return Probe(_id(k), "contract", "passed", seconds=chance / 1000)


def opened(page: Path) -> tuple[float, float] | None:
    """Milliseconds to the load event and to the first paint, medians; None without a browser."""
    from headless_browser import headless_browser  # beside this file, which tests read for its matrix alone

    with headless_browser() as driver:
        times = [_open(driver, page) for _ in range(OPENED)] if driver else []
    if not times:
        return None
    return statistics.median(time for time, _ in times), statistics.median(time for _, time in times)


def _open(driver: Any, page: Path) -> tuple[float, float]:
    driver.get("about:blank")
    driver.get(page.as_uri())
    load, paint = driver.execute_async_script("""
        const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(() => {
            const paints = performance.getEntriesByType('paint').map((paint) => paint.startTime);
            done([performance.getEntriesByType('navigation')[0].loadEventEnd, Math.max(0, ...paints)]);
        }));
    """)
    return load, paint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="FILE", help="leave the page there")
    arguments = parser.parse_args()
    matrix = large_matrix()
    begun = time.perf_counter()
    page = render(matrix, logs_of(matrix))
    seconds = time.perf_counter() - begun
    results = sum(len(cell.probes) for cell in matrix.cells)
    failures = sum(len(cell.failures) for cell in matrix.cells)
    print(f"{results} results, {failures} failures: {len(page.encode()) / 1e6:.2f} MB, rendered in {seconds:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        file = (arguments.keep or Path(folder) / "index.html").resolve()
        file.write_text(page, encoding="utf-8")
        found = opened(file)
    if found is None:
        print("chromium, chromedriver or selenium is missing: not opened")
    else:
        print(f"load event after {found[0]:.0f} ms, first paint after {found[1]:.0f} ms (median of {OPENED})")


if __name__ == "__main__":
    main()
