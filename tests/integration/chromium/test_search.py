"""The language of the search field in a real browser, as the page's own help and docs/how-to/page.md have it."""

from collections.abc import Callable
from typing import Any

import pytest

from page_matrix import example

FIRST, DUAL = "c/first/plain", "c/dual/plain"
SERVED, KEPT, ORDER, TABLE = "A client is served: plain words", "Log is kept.", "Order. [ipv4]", "Flock table."
ROWS = """return [...document.querySelectorAll('.matrix tr[data-n]')].filter((row) => row.offsetParent)
    .map((row) => row.closest('.view').dataset.key + ' ' + row.cells[0].textContent.trim())"""
HEADS = """return [...document.querySelectorAll('.view:not([hidden]) .names th')].filter((head) => head.offsetParent)
    .map((head) => head.innerText.split('\\n')[0])"""


@pytest.fixture
def search(page: Callable[..., Any]) -> Callable[[str], Any]:
    """Types a text into the field of a new page; the browser."""

    def type_it(text: str) -> Any:
        driver = page(example())
        driver.find_element("name", "q").send_keys(text)
        return driver

    return type_it


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("client served", [f"{FIRST} {SERVED}"]),
        ('"client is served"', [f"{FIRST} {SERVED}"]),
        ('"served client"', []),
        ("test_served_contracts.py::test_ipv4", [f"{FIRST} {SERVED}"]),  # a colon that is no term
        ("platform:alpine outcome:failed", [f"{FIRST} {SERVED}"]),
        ("platform:debian outcome:failed", []),
        ("outcome:differs,varies", [f"{FIRST} {ORDER}", f"{FIRST} {TABLE}"]),
        ('outcome:"left out"', [f"{FIRST} {KEPT}"]),
        ("group:chat", [f"{FIRST} {KEPT}"]),
        ("kind:fact", [f"{FIRST} {ORDER}", f"{FIRST} {TABLE}"]),
        ("kind:fact order", [f"{FIRST} {ORDER}"]),
        ("bind:dual kind:contract outcome:passed", [f"{DUAL} {SERVED}"]),
        ("subject:c outcome:passed", [f"{DUAL} {SERVED}", f"{FIRST} {SERVED}"]),
        ("OUTCOME:FAILED", []),
    ],
)
def test_words_and_terms(search: Callable[[str], Any], typed: str, found: list[str]) -> None:
    expected = [f"{FIRST} {SERVED}"] if typed.isupper() else found
    assert sorted(search(typed).execute_script(ROWS)) == sorted(expected)


def test_a_platform_is_a_column(search: Callable[[str], Any]) -> None:
    assert search("platform:alp* ").execute_script(HEADS) == ["Probe", "alpine"]


def test_the_failures_follow(search: Callable[[str], Any]) -> None:
    driver = search("bind:dual")
    assert driver.execute_script("return document.querySelector('#failures article').hidden") is True


def test_facts_are_open_while_a_word_is_searched_in_them(search: Callable[[str], Any]) -> None:
    part = "return document.querySelector('#facts > .part').open"
    driver = search("ipv6.order")
    assert driver.execute_script(part) is True
    driver.find_element("name", "q").send_keys("\ue00c")  # the key Escape
    assert driver.execute_script(part) is False


def test_what_is_not_there_is_said(search: Callable[[str], Any]) -> None:
    driver = search("platform:alpin")
    said = driver.execute_script("return document.querySelector('#nothing').textContent")
    assert "For platform: there is debian, alpine, wobbly, freebsd." in said


def test_the_help_opens(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.find_element("css selector", ".help > summary").click()
    assert "outcome:failed" in driver.find_element("css selector", ".help").text
