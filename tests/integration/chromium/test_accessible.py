"""What axe-core finds in the page: nothing, in light and dark, with all that can be opened open."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.analysis.history import history_of
from anyunix.results.model import Matrix, Probe
from cluster_matrix import with_workers
from page_matrix import SERVED, example

AXE = "axe-core@4.14.1"
"""Its licence is its own (MPL 2.0): it is fetched for the test and no part of this project."""
SECONDS = 60
RUN = """const done = arguments[0];
    axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations.map((each) =>
        `${each.id}: ${each.help}: ${each.nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(' | ')}`)),
        (error) => done([String(error)]));"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core out of npm's registry, or else the tests are left out."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"no npm on PATH, which fetches {AXE}")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "pack", AXE, "--silent", "--pack-destination", str(folder)]
    try:
        fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not fetch {AXE} within {SECONDS} s")
    packed = next(iter(folder.glob("*.tgz")), None)
    if fetched.returncode or packed is None:
        pytest.skip(f"npm cannot fetch {AXE}: {fetched.stderr.strip()[-200:]}")
    return source_in(packed)


def source_in(packed: Path) -> str:
    with tarfile.open(packed) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()


def findings(driver: Any, axe: str) -> list[str]:
    # as a debugger's, not as the page's, whose policy lets no other script run
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    return list(driver.execute_async_script(RUN))


def with_likeness(matrix: Matrix) -> Matrix:
    like = replace(matrix.platforms[2], like="freebsd", differences=("x",))
    return replace(matrix, platforms=(*matrix.platforms[:2], matrix.platforms[3], like))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "fragment", ["", f"#probe={SERVED}", "#view=&outcome=failed"], ids=["page", "details", "filter"]
)
def test_axe_finds_nothing(page: Callable[..., Any], axe: str, scheme: str, fragment: str) -> None:
    driver = page(with_likeness(example()), fragment=fragment)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        assert findings(driver, axe) == []
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_axe_finds_nothing_in_a_history_on_a_small_screen(page: Callable[..., Any], browser: Any, axe: str) -> None:
    cells = tuple(replace(cell, probes=(Probe(SERVED, "contract", "passed"),)) for cell in example().cells)
    history = history_of([("old", replace(example(), cells=cells)), ("new", example())])
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        assert findings(page(example(), history=history), axe) == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_workers_on_a_small_screen(
    page: Callable[..., Any], browser: Any, axe: str, scheme: str
) -> None:
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        assert findings(page(with_workers(example()), fragment=f"#probe={SERVED}"), axe) == []
        assert findings(page(with_workers(example()), fragment="#workers"), axe) == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_axe_finds_nothing_where_nothing_ran(page: Callable[..., Any], axe: str) -> None:
    assert findings(page(Matrix((), (), "debian")), axe) == []
