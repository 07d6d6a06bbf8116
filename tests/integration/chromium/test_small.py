"""A telephone and a sheet of paper: what there is room for."""

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cluster_matrix import with_workers
from large_page import large_matrix
from page_matrix import example

PAGES = 6
PAGE = re.compile(rb"/Type\s*/Page\b")


@contextmanager
def screen(driver: Any, width: int, height: int) -> Iterator[None]:
    """A window cannot be as small as a telephone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_at_400_pixels_the_controls_are_less_than_a_screen(browser: Any, page: Callable[..., Any]) -> None:
    with screen(browser, 400, 800):
        driver = page(large_matrix())
        height = driver.execute_script("return document.querySelector('#filters').getBoundingClientRect().height")
        assert 0 < height < 250
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        driver.find_element("css selector", ".choices > summary").click()
        assert driver.find_element("css selector", "label:has([name=outcome])").is_displayed()


def test_at_400_pixels_the_picture_fits_and_answers(browser: Any, page: Callable[..., Any]) -> None:
    with screen(browser, 400, 800):
        driver = page(example())
        box = driver.execute_script("return document.querySelector('#picture .grid').getBoundingClientRect().toJSON()")
        assert box["right"] <= 400
        assert box["top"] < 400


def test_at_400_pixels_workers_are_in_sight_whatever_they_are_called(browser: Any, page: Callable[..., Any]) -> None:
    with screen(browser, 400, 800):
        driver = page(with_workers(example(), "w1-on-" + "amber" * 30, "gone " * 30), fragment="#workers")
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert driver.find_element("css selector", "#workers .workers").is_displayed()
        lost = driver.find_element("css selector", "#workers td.some")
        assert "gone gone" in lost.text


@pytest.mark.parametrize("matrix", [example(), large_matrix()], ids=["small", "16000 results"])
def test_it_is_printed_on_less_than_six_pages(page: Callable[..., Any], matrix: Any) -> None:
    printed = base64.b64decode(page(matrix).print_page())
    assert 1 <= len(PAGE.findall(printed)) < PAGES


def test_paper_has_what_failed_and_nothing_that_is_closed(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for hidden in ("#filters", "nav", "#probes", "#left-out", "#matrix", "[data-copy]"):
            assert not driver.find_element("css selector", hidden).is_displayed(), hidden
        for shown in ("#picture .grid", "#served", ".failure", "#verdicts"):
            assert driver.find_element("css selector", shown).is_displayed(), shown
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
