"""The picture in a real browser: looks that differ, and a click that opens the probe."""

from collections.abc import Callable
from typing import Any

from page_matrix import example

SECONDS = 30.0
FIRST = "figure[data-key='c/first/plain'] .grid"


def click_square(driver: Any, column: int, lane: int) -> None:
    """A click with the mouse into the middle of a square."""
    from selenium.webdriver import ActionChains

    grid = driver.find_element("css selector", FIRST)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", grid)
    size, (columns, lanes) = grid.rect, map(int, grid.get_dom_attribute("viewBox").split()[2:])
    x, y = size["width"] * ((column + 0.5) / columns - 0.5), size["height"] * ((lane + 0.5) / lanes - 0.5)
    ActionChains(driver).move_to_element_with_offset(grid, round(x), round(y)).click().perform()


def test_the_picture_comes_first(page: Callable[..., Any]) -> None:
    driver = page(example())
    assert driver.execute_script("return document.querySelector('main > section').id") == "picture"
    assert driver.execute_script("return document.querySelectorAll('figure .grid').length") == 2


def test_measured_and_kept_and_failed_differ_in_form_too(page: Callable[..., Any]) -> None:
    driver = page(example())
    looks = driver.execute_script(
        """return ['kept', 'measured', 'differs', 'bad', 'none'].map((look) => {
            const style = getComputedStyle(document.querySelector('figure .' + look));
            return [style.stroke, style.strokeWidth];
        })"""
    )
    assert len({height for _, height in looks}) == 5
    assert len({colour for colour, _ in looks}) >= 4


def test_a_click_opens_the_probe_there(page: Callable[..., Any]) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    driver = page(example(), fragment="#view=c%2Fdual%2Fplain")
    click_square(driver, 0, 1)
    said = driver.execute_script("return document.querySelector('dialog[open]').textContent")
    assert "refused: plain words" in said
    assert driver.execute_script("return document.querySelector('#pointed').textContent").startswith("alpine: failed:")
    driver.execute_script("document.querySelector('dialog').close()")
    # the browser says later that it is closed, and then the cell has the focus
    focused = "return document.activeElement.title === 'failed'"
    WebDriverWait(driver, SECONDS, 0.02).until(lambda driver: driver.execute_script(focused))


def test_a_click_near_a_failure_opens_it(page: Callable[..., Any]) -> None:
    driver = page(example())
    click_square(driver, 1, 1)  # a gap
    assert "refused: plain words" in driver.execute_script("return document.querySelector('dialog[open]').textContent")


def test_it_is_said_to_those_who_cannot_see_it(page: Callable[..., Any]) -> None:
    driver = page(example())
    grid = driver.find_element("css selector", FIRST)
    assert grid.aria_role in ("img", "image")
    assert grid.accessible_name.startswith("4 probes on 4 platforms: 1 failed")
