"""A page of results in a real browser, or else the test is left out."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.analysis.history import History
from anyunix.report.html import render
from anyunix.results.model import Matrix

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1300,900",
)


@pytest.fixture(scope="session")
def selenium() -> Any:
    """The selenium package, where Chromium is there too. With ANYUNIX_REQUIRE_CHROMIUM its absence is a failure."""
    missing = [
        f"package chromium or chromium-driver: no {name} on PATH"
        for name in ("chromium", "chromedriver")
        if not shutil.which(name)
    ]
    if importlib.util.find_spec("selenium") is None:
        missing.append("Python package selenium")
    if missing:
        reason = f"missing: {', '.join(missing)}"
        if os.environ.get("ANYUNIX_REQUIRE_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    import selenium.webdriver.chrome.service

    return selenium


@pytest.fixture(scope="session")
def start_browser(selenium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    started: list[Any] = []

    def start(*flags: str) -> Any:
        options = selenium.webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        for flag in (*FLAGS, *flags, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
            options.add_argument(flag)
        service = selenium.webdriver.chrome.service.Service(shutil.which("chromedriver"))
        started.append(selenium.webdriver.Chrome(options=options, service=service))
        return started[-1]

    yield start
    for driver in started:
        driver.quit()


@pytest.fixture(scope="session")
def browser(start_browser: Callable[..., Any]) -> Any:
    return start_browser()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Callable[..., Any]:
    """Opens the page of a matrix; the browser."""

    def open_page(
        matrix: Matrix,
        logs: dict[str, str] | None = None,
        fragment: str = "",
        driver: Any = browser,
        history: History | None = None,
    ) -> Any:
        file = tmp_path / "index.html"
        file.write_text(render(matrix, logs, history), encoding="utf-8")
        driver.get("about:blank")
        driver.get_log("browser")  # an earlier page's
        driver.get(file.as_uri() + fragment)
        return driver

    return open_page
