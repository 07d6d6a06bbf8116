"""The page in a real browser: nothing that a platform says is run, filters and details work, by keyboard too."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from anyunix.report.html import LOG_LIMIT, render
from anyunix.results.model import Matrix, Verdict
from cluster_matrix import LEFT, with_workers
from page_matrix import HARMLESS, HOSTILE, SERVED, example

FIRST = "c/first/plain"
SIGHT = [f"{FIRST} A client is served: plain words", f"{FIRST} Order. [ipv4]"]
"""What is open at first: the group with the failure."""


def rows(driver: Any) -> list[str]:
    """The names of the probes in sight, by table."""
    return list(
        driver.execute_script("""
        return [...document.querySelectorAll('.matrix tr[data-n]')].filter((row) => row.offsetParent)
            .map((row) => row.closest('.view').dataset.key + ' ' + row.cells[0].textContent.trim())""")
    )


def keys(driver: Any, *pressed: str) -> None:
    driver.switch_to.active_element.send_keys(*pressed)


def pressed(name: str) -> str:
    from selenium.webdriver.common.keys import Keys

    return str(getattr(Keys, name))


def click(driver: Any, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
    driver.find_element("css selector", selector).click()


def text_of(driver: Any, selector: str) -> str:
    return str(driver.execute_script("return document.querySelector(arguments[0]).textContent", selector))


def wait_for(driver: Any, script: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 10, 0.02).until(lambda driver: driver.execute_script(f"return {script}"), script)


def test_nothing_untrusted_runs_and_all_of_it_is_shown(page: Callable[..., Any]) -> None:
    matrix = example(HOSTILE)
    driver = page(matrix, {cell.key: HOSTILE for cell in matrix.cells})
    shown = driver.execute_script("return document.querySelector('main').textContent")
    for place in (
        "expectation ",
        "because ",
        "refused: ",
        "more ",
        "known: ",
        "left out: ",
        "not run: ",
        "RFC: ",
        "A client is served: ",
        "source: ",
        "same.",
    ):
        assert place.replace("source: ", ":: ") + HARMLESS in shown, place
    for cell in driver.find_elements("css selector", ".view:not([hidden]) tr[data-n] > *"):
        if cell.is_displayed():
            driver.execute_script("arguments[0].click()", cell)
            driver.execute_script("document.querySelector('dialog').close()")
    assert driver.execute_script("return window.pwned") is None
    tags = driver.execute_script("""return [...document.querySelectorAll('img, iframe, svg:not(#picture svg),'
        + 'object, embed, base, [onerror], [onmouseover], a:not([href^=\"#\"])')].map((each) => each.outerHTML)""")
    assert tags == []
    assert driver.execute_script("return document.scripts.length") == 2
    assert [entry for entry in driver.get_log("browser") if "Content Security" in entry["message"]] == []


def test_it_asks_the_network_for_nothing(page: Callable[..., Any]) -> None:
    html = render(example())
    assert re.findall(r"https?://|@import|url\(", html) == []
    driver = page(example())
    driver.get_log("performance")
    driver.refresh()
    asked = [
        entry["message"] for entry in driver.get_log("performance") if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert [message for message in asked if "file:///" not in message] == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_policy_stops_what_is_not_the_pages_own(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.execute_script("""
        const script = document.createElement('script');
        try { script.textContent = 'window.pwned = 1'; } catch { window.refused = true; }
        document.body.append(script);""")
    assert driver.execute_script("return [window.pwned ?? null, window.refused]") == [None, True]


def test_first_the_verdicts_then_what_failed_then_what_did_not_run(page: Callable[..., Any]) -> None:
    driver = page(example())
    order = driver.execute_script("return [...document.querySelectorAll('main > section')].map((each) => each.id)")
    assert order[:7] == ["picture", "verdicts", "served", "problems", "failures", "not-run", "matrix"]
    assert "cause, by experiment (7 runs): with plain words switched on" in text_of(driver, "#verdicts")
    assert "freebsd" in text_of(driver, "#not-run")


def test_workers_and_what_each_brought_are_there(page: Callable[..., Any]) -> None:
    driver = page(with_workers(example()))
    click(driver, "header a[href='#workers']")
    assert driver.find_element("id", "workers").is_displayed()
    rows = driver.execute_script("""return [...document.querySelectorAll('.workers tbody tr')]
        .map((row) => [...row.cells].map((cell) => cell.textContent.trim()))""")
    assert rows == [["w1 on amber", "5", "–"], ["w2 on birch", "1", LEFT], ["w3 on birch", "0", "–"]]
    assert text_of(driver, "header a[href='#workers']") == "3 workers, 1 lost"
    places = driver.execute_script("""return [...document.querySelectorAll('.cells tbody tr')]
        .map((row) => row.cells[6].textContent)""")
    assert places == ["w1 on amber"] * 5 + ["–"]


def test_without_a_cluster_there_are_no_workers(page: Callable[..., Any]) -> None:
    driver = page(example())
    assert driver.find_elements("css selector", "#workers, [href='#workers']") == []
    headings = driver.execute_script("return document.querySelector('.cells thead tr').cells.length")
    assert headings == 7


def test_what_workers_say_does_not_run(page: Callable[..., Any]) -> None:
    driver = page(with_workers(example(), HOSTILE, HOSTILE), fragment=f"#probe={SERVED}")
    assert f"Ran on {HARMLESS}" in driver.execute_script("return document.querySelector('dialog[open]').textContent")
    assert text_of(driver, "#workers").count(HARMLESS) == 2
    assert driver.execute_script("return window.pwned") is None
    assert driver.execute_script("return document.scripts.length") == 2


def test_a_matrix_of_nothing_is_a_page(page: Callable[..., Any]) -> None:
    driver = page(Matrix((), (), "debian"))
    assert "there is no verdict" in text_of(driver, "#verdicts")
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def test_cells_say_their_outcome_as_sign_and_in_words(page: Callable[..., Any]) -> None:
    driver = page(example())
    cells = driver.execute_script("""
        const row = [...document.querySelectorAll('[data-key="c/first/plain"] tr[data-n]')]
            .find((row) => row.textContent.includes('client'));
        return [...row.cells].slice(1).map((cell) => [cell.textContent.trim(), cell.title]);""")
    assert cells == [["✓", "passed"], ["✗", "failed"], ["(✗)", "fails as expected"], ["…", "no answer"]]


def test_facts_show_only_what_differs_and_documented_is_no_result(page: Callable[..., Any]) -> None:
    driver = page(example())
    found = driver.execute_script("""
        const said = (cell) => [cell.className, cell.textContent.trim()];
        return Object.fromEntries([...document.querySelectorAll('#facts tbody tr:not(.group)')].map((row) =>
            [row.cells[0].textContent.trim(), [...row.cells].slice(1).map(said)]));""")
    assert list(found) == ["flock.table: SH+EX", "ipv6.order"]
    assert found["ipv6.order"] == [
        ["same", "0.0.0.0, ::"],
        ["differs", "≠ plain words"],
        ["same", "0.0.0.0, ::"],
        ["documented", "documented, not measured :: plain words"],
    ]
    said = driver.execute_script("return document.querySelector('#facts .notes').textContent")
    assert said == "ipv6.order on wobbly: measured 0.0.0.0, ::, documented :: manual plain words"
    assert found["flock.table: SH+EX"][2] == ["unstable", "~ varied: EAGAIN or plain words"]


def test_filters_narrow_the_rows_and_the_link_keeps_them(page: Callable[..., Any]) -> None:
    driver = page(example())
    assert rows(driver) == SIGHT
    click(driver, "[name=differs]")
    assert rows(driver) == [*SIGHT, f"{FIRST} Flock table."]
    click(driver, "[name=outcome][value=differs]")
    click(driver, "[name=view][value='']")
    expected = [f"{FIRST} Order. [ipv4]"]
    assert rows(driver) == expected
    wait_for(driver, "location.hash.includes('view=')")
    link = driver.current_url
    driver.refresh()
    assert rows(driver) == expected
    driver.get("about:blank")
    driver.get(link)
    assert rows(driver) == expected
    assert driver.execute_script("return document.querySelector('[name=differs]').checked") is True
    click(driver, "#show-all")
    wait_for(driver, "location.hash === ''")
    assert len(rows(driver)) == 2


def test_platforms_and_groups_are_filtered(page: Callable[..., Any]) -> None:
    driver = page(example(), fragment="#platform=alpine&group=chat&view=c%2Ffirst%2Fplain")
    assert rows(driver) == [f"{FIRST} Log is kept."]
    heads = driver.execute_script("""return [...document.querySelectorAll('.view:not([hidden]) thead th')]
        .filter((head) => head.offsetParent).map((head) => head.innerText.split('\\n')[0])""")
    assert heads == ["Probe", "alpine"]
    assert driver.execute_script("return document.querySelector('#failures article').hidden") is True


def test_likenesses_have_columns_of_their_own(page: Callable[..., Any]) -> None:
    matrix = example()
    alpine = next(each for each in matrix.platforms if each.name == "alpine")
    like = replace(alpine, like="freebsd", differences=("x",))
    matrix = replace(matrix, platforms=tuple(like if each is alpine else each for each in matrix.platforms))
    heads = """return [...document.querySelectorAll('.view:not([hidden]) .kinds th')]
        .filter((head) => head.offsetParent).map((head) => [head.innerText, head.colSpan])"""
    assert page(matrix).execute_script(heads) == [["platforms", 3], ["likenesses", 1]]
    driver = page(matrix, fragment="#platform=alpine")
    assert driver.execute_script(heads) == [["likenesses", 1]]


def test_groups_close_and_open(page: Callable[..., Any]) -> None:
    driver = page(example())
    click(driver, ".view:not([hidden]) [data-group=binding] button")
    assert rows(driver) == []
    click(driver, ".view:not([hidden]) [data-group=chat] button")
    assert rows(driver) == [f"{FIRST} Log is kept."]
    wait_for(driver, "location.hash.includes('open=chat')")
    driver.refresh()
    assert rows(driver) == [f"{FIRST} Log is kept."]


def test_a_cell_opens_by_mouse(page: Callable[..., Any]) -> None:
    matrix = example()
    driver = page(matrix, {matrix.cells[3].key: "x" * 9999 + "the end"})
    click(driver, "[data-key='c/first/plain'] td[title=failed]")
    said = text_of(driver, "dialog")
    for part in (
        "refused: plain words",
        "cause, by experiment (7 runs): with plain words switched on, debian fails too; without it",
        "because plain words",
        "more plain words",
        "RFC: plain words",
        "failed 2×",
        "plain words; on debian: 0.0.0.0, ::",
        "x" * (LOG_LIMIT - 7) + "the end",
        SERVED,
    ):
        assert part in said
    keys(driver, pressed("ESCAPE"))
    assert driver.execute_script("return document.querySelector('dialog').open") is False
    click(driver, "[data-key='c/first/plain'] td[title=differs]")
    assert "ipv6.orderplain words" in text_of(driver, "dialog")
    assert "0.250 s" in text_of(driver, "dialog")


def test_everything_by_keyboard(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.find_element("css selector", "body").send_keys("/")
    assert driver.switch_to.active_element.get_attribute("name") == "q"
    keys(driver, "order")
    assert rows(driver) == [f"{FIRST} Order. [ipv4]"]
    keys(driver, pressed("ESCAPE"))
    assert len(rows(driver)) == 2
    for _ in range(60):
        if driver.switch_to.active_element.tag_name == "td":
            break
        keys(driver, pressed("TAB"))
    assert driver.switch_to.active_element.get_attribute("aria-label") == "failed: alpine"
    keys(driver, pressed("ARROW_RIGHT"))
    assert driver.switch_to.active_element.get_attribute("aria-label") == "fails as expected: wobbly"
    keys(driver, pressed("ENTER"))
    assert "Accepted: known: plain words" in text_of(driver, "dialog")
    wait_for(driver, "location.hash.includes('probe=')")
    driver.refresh()
    assert driver.execute_script("return document.querySelector('dialog').open") is True
    keys(driver, pressed("ESCAPE"))
    wait_for(driver, "!location.hash.includes('probe=')")
    assert driver.switch_to.active_element.tag_name == "td"


def test_without_javascript_all_is_there(page: Callable[..., Any], start_browser: Callable[..., Any]) -> None:
    driver = page(example(), driver=start_browser("--blink-settings=scriptEnabled=false"))
    for summary in driver.find_elements("css selector", "main > section > details > summary"):
        summary.click()
    body = driver.find_element("css selector", "body").text
    for part in (
        "refused: plain words",
        "Accepted: known: plain words",
        "left out: plain words",
        "documented, not measured",
        "c · dual",
        "c · first",
        "Log is kept.",
        "expectation plain words",
    ):
        assert part in body
    assert not driver.find_element("id", "filters").is_displayed()
    driver.find_element("css selector", "td[title=failed] a").click()
    assert driver.current_url.endswith("#f0")


def test_many_reasons_and_wide_texts_do_not_widen_the_page(page: Callable[..., Any]) -> None:
    verdict = Verdict("c", "first", "not portable", tuple(f"{n} " + "x" * 500 for n in range(40)), ("debian",))
    matrix = example("y" * 3000)
    driver = page(Matrix(matrix.platforms, matrix.cells, "debian", verdicts=(verdict,)))
    assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth") is True
