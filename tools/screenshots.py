"""The pictures of the page in the documentation, made of a run.

    python tools/screenshots.py RUN [--history DIR ...] [--to docs]

RUN is a run's folder with at least one failure; the picture of the history is of the runs DIR. Needs chromium,
chromedriver and selenium. What is on the pictures is the run's: they are made anew when the page looks otherwise, and
never compared.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyunix.analysis.history import history_of
from anyunix.report.html import render
from anyunix.results.matrix_file import read_matrix
from anyunix.results.model import Matrix
from headless_browser import headless_browser

SECONDS = 10.0


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    width: int
    height: int
    """Pixels; of the screen, when `element` is empty."""
    element: str = ""
    """What is on it, alone."""
    ready: str = "true"
    """JavaScript: whether it is there."""
    prepare: Callable[[Any], object] = lambda driver: None


def _search(driver: Any) -> None:
    driver.find_element("css selector", ".help > summary").click()
    driver.find_element("name", "q").send_keys("outcome:failed,differs kind:contract")


SHOTS = (
    Shot("page.png", 1180, 1180),
    Shot("page-served.png", 1180, 900, "#served"),
    Shot("page-failure.png", 1180, 422, "#failures article"),
    Shot(
        "page-details.png",
        1180,
        760,
        ready="document.querySelector('dialog[open]') !== null",
        prepare=lambda driver: driver.find_element("css selector", "#failures .link a").click(),
    ),
    Shot("page-search.png", 1180, 900, "#matrix", prepare=_search),
    Shot("page-small.png", 400, 800),
)
HISTORY = Shot("page-history.png", 1180, 900, "#history")


def take(matrix: Matrix, runs: Sequence[tuple[str, Matrix]], folder: Path) -> list[Path]:
    """The pictures, that of `runs` among them if there are any; none at all without a browser."""
    with tempfile.TemporaryDirectory() as work, headless_browser() as driver:
        if driver is None:
            return []
        page = Path(work, "index.html")
        page.write_text(render(matrix), encoding="utf-8")
        taken = [_taken(driver, page, shot, folder) for shot in SHOTS]
        if runs:
            page.write_text(render(runs[-1][1], history=history_of(runs)), encoding="utf-8")
            taken.append(_taken(driver, page, HISTORY, folder))
        return taken


def _taken(driver: Any, page: Path, shot: Shot, folder: Path) -> Path:
    size = {"width": shot.width, "height": shot.height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get("about:blank")
    driver.get(page.as_uri())
    shot.prepare(driver)
    deadline = time.monotonic() + SECONDS
    while not driver.execute_script(f"return {shot.ready}"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{shot.name}: not there within {SECONDS} s: {shot.ready}")
    file = folder / shot.name
    if not shot.element:
        file.write_bytes(driver.get_screenshot_as_png())
        return file
    target = driver.find_element("css selector", shot.element)
    driver.execute_script("arguments[0].scrollIntoView()", target)
    file.write_bytes(target.screenshot_as_png)
    return file


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--history", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--to", type=Path, default=Path(__file__).resolve().parents[1] / "docs", metavar="FOLDER")
    options = parser.parse_args(arguments)
    runs = [(str(path), read_matrix(path)) for path in options.history]
    taken = take(read_matrix(options.run), runs, options.to)
    print("\n".join(map(str, taken)) or "chromium, chromedriver or selenium is missing: no picture")
    return 0 if taken else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
