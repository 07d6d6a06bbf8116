"""The page in a real browser: nothing that a platform says is run, filters and details work, by keyboard too."""

import importlib.util
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyunix.analysis.verdict import judge
from anyunix.report.html import LOG_LIMIT, render
from anyunix.results.model import CellResult, Documented, Matrix, PlatformResult, Probe, ProbeText, Verdict
from checkout import ROOT

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
SIZE_LIMIT = 3_000_000
ATTACKS = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=2>",
    "javascript:window.pwned=3",
    "{{ 7 * 7 }} {% raw %} ${window.pwned=4} &lt;b&gt;",
    "\"' onmouseover=window.pwned=5 x='",
    "<!--<script>",
    "</style></title></textarea></template>",
    "\x1b[31mred\x00\u202egnp.exe\u2028",
    "\ud800",
)
HOSTILE = " ".join(ATTACKS)
HARMLESS = HOSTILE.replace("\x1b[31m", "").translate(dict.fromkeys(map(ord, "\x00\u202e\u2028\ud800"), "\ufffd"))
SERVED, KEPT, ORDER = (
    "binding/test_served_contracts.py::test_ipv4_client_is_served",
    "chat/test_log_contracts.py::test_log_is_kept",
    "binding/test_a_facts.py::test_order[ipv4]",
)
SIGHT = ["c/first/plain ipv4 client is served", "c/first/plain order [ipv4]"]
"""What is open at first: the group with the failure."""
FACTS = "locking/test_b_facts.py::test_flock_table"


def example(text: str = "plain words") -> Matrix:
    """Three platforms that ran, one that did not; `text` wherever a platform, a subject or a file may write."""

    def cell(platform: str, served: Probe, value: Any, bind: str = "first", table: str = "EAGAIN") -> CellResult:
        return CellResult(
            "c",
            platform,
            bind,
            "ran",
            compiler=text,
            probes=(
                served,
                Probe(KEPT, "contract", "skipped", f"left out: {text}"),
                Probe(ORDER, "fact", "passed", seconds=0.25, facts={"ipv6.order": value, f"same.{text}": text}),
                Probe(FACTS, "fact", "passed", facts={"flock.table": {"SH+EX": table, "SH+SH": "ok"}}),
            ),
        )

    passed = Probe(SERVED, "contract", "passed", seconds=0.125)
    failed = Probe(
        SERVED,
        "contract",
        "failed",
        f"E   refused: {text}\nmore {text}",
        line=24,
        explained_by=("ipv6.order",),
        explanation=f"because {text}",
        counts={"failed": 2, "passed": 1},
    )
    accepted = Probe(SERVED, "contract", "failed", "again", expected=f"known: {text}")
    facts = {"ipv6.order": ["0.0.0.0", "::"], "flock.table": {"SH+EX": "EAGAIN", "SH+SH": "ok"}, f"same.{text}": text}
    platforms = (
        PlatformResult("debian", text, "docker", "ran", facts=facts, emulates=text),
        PlatformResult("alpine", "musl", "docker", "ran", facts={**facts, "ipv6.order": [text]}),
        PlatformResult(
            "wobbly",
            "varies",
            "docker",
            "ran",
            facts={"ipv6.order": ["0.0.0.0", "::"]},
            unstable={"flock.table": ({"SH+EX": "EAGAIN"}, {"SH+EX": text})},
            documented={"ipv6.order": Documented("::", f"manual {text}")},
        ),
        PlatformResult("freebsd", text, "vagrant", "not-run", text, documented={"ipv6.order": Documented("::", text)}),
    )
    cells = (
        cell("debian", passed, ["0.0.0.0", "::"], "dual"),
        cell("alpine", passed, ["0.0.0.0", "::"], "dual"),
        cell("debian", passed, ["0.0.0.0", "::"]),
        cell("alpine", failed, [text]),
        cell("wobbly", accepted, ["0.0.0.0", "::"]),
        CellResult("c", "freebsd", "first", "not-run", text),
    )
    texts = (ProbeText(SERVED, "contract", f"A client is served: {text}", f"RFC: {text}", 24),)
    return judge(Matrix(platforms, cells, "debian", ("freebsd",), texts, problems=(f"expectation {text}",)))


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

    def open_page(matrix: Matrix, logs: dict[str, str] | None = None, fragment: str = "", driver: Any = browser) -> Any:
        file = tmp_path / "index.html"
        file.write_text(render(matrix, logs), encoding="utf-8")
        driver.get("about:blank")
        driver.get_log("browser")  # an earlier page's
        driver.get(file.as_uri() + fragment)
        return driver

    return open_page


def rows(driver: Any) -> list[str]:
    """The names of the probes in sight, by table."""
    return list(
        driver.execute_script("""
        return [...document.querySelectorAll('.matrix tr[data-n]')].filter((row) => row.offsetParent)
            .map((row) => row.closest('.view').dataset.key + ' ' + row.cells[0].firstChild.textContent.trim())""")
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
    tags = driver.execute_script("""return [...document.querySelectorAll('img, iframe, svg, object, embed, base,'
        + '[onerror], [onmouseover], a:not([href^=\"#\"])')].map((each) => each.outerHTML)""")
    assert tags == []
    assert driver.execute_script("return document.scripts.length") == 2
    assert [entry for entry in driver.get_log("browser") if "Content Security" in entry["message"]] == []


def test_control_characters_reach_neither_page_nor_data() -> None:
    html = render(example(HOSTILE))
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", html) == []
    assert re.findall(r"\\u00[01]|\\u202e|\\ud800", html) == []
    html.encode()


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


def test_first_the_verdicts_then_problems_then_what_did_not_run(page: Callable[..., Any]) -> None:
    driver = page(example())
    order = driver.execute_script("return [...document.querySelectorAll('main > section')].map((each) => each.id)")
    assert order[:5] == ["verdicts", "problems", "not-run", "matrix", "failures"]
    assert "because plain words" in text_of(driver, "#verdicts")
    assert "freebsd" in text_of(driver, "#not-run")


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
    assert rows(driver) == [*SIGHT, "c/first/plain flock table"]
    click(driver, "[name=outcome][value=differs]")
    click(driver, "[name=view][value='']")
    expected = ["c/first/plain order [ipv4]"]
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
    assert rows(driver) == ["c/first/plain log is kept"]
    heads = driver.execute_script("""return [...document.querySelectorAll('.view:not([hidden]) thead th')]
        .filter((head) => head.offsetParent).map((head) => head.innerText.split('\\n')[0])""")
    assert heads == ["Probe", "alpine"]
    assert driver.execute_script("return document.querySelector('#failures article').hidden") is True


def test_groups_close_and_open(page: Callable[..., Any]) -> None:
    driver = page(example())
    click(driver, ".view:not([hidden]) [data-group=binding] button")
    assert rows(driver) == []
    click(driver, ".view:not([hidden]) [data-group=chat] button")
    assert rows(driver) == ["c/first/plain log is kept"]
    wait_for(driver, "location.hash.includes('open=chat')")
    driver.refresh()
    assert rows(driver) == ["c/first/plain log is kept"]


def test_a_cell_opens_by_mouse(page: Callable[..., Any]) -> None:
    matrix = example()
    driver = page(matrix, {matrix.cells[3].key: "x" * 9999 + "the end"})
    click(driver, "[data-key='c/first/plain'] td[title=failed]")
    said = text_of(driver, "dialog")
    for part in (
        "refused: plain words",
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
    assert rows(driver) == ["c/first/plain order [ipv4]"]
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
    wait_for(driver, "location.hash.includes('cell=')")
    driver.refresh()
    assert driver.execute_script("return document.querySelector('dialog').open") is True
    keys(driver, pressed("ESCAPE"))
    wait_for(driver, "!location.hash.includes('cell=')")
    assert driver.switch_to.active_element.tag_name == "td"


def test_without_javascript_all_is_there(page: Callable[..., Any], start_browser: Callable[..., Any]) -> None:
    driver = page(example(), driver=start_browser("--blink-settings=scriptEnabled=false"))
    body = driver.find_element("css selector", "body").text
    for part in (
        "refused: plain words",
        "Accepted: known: plain words",
        "left out: plain words",
        "documented, not measured",
        "c · dual",
        "c · first",
        "log is kept",
        "expectation plain words",
    ):
        assert part in body
    assert not driver.find_element("id", "filters").is_displayed()
    driver.find_element("css selector", "td[title=failed] a").click()
    assert driver.current_url.endswith("#f0")


def test_paper_has_all_groups_and_no_filters(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert len(rows(driver)) == 4
        assert not driver.find_element("id", "filters").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_many_reasons_and_wide_texts_do_not_widen_the_page(page: Callable[..., Any]) -> None:
    verdict = Verdict("c", "first", "not portable", tuple(f"{n} " + "x" * 500 for n in range(40)), ("debian",))
    matrix = example("y" * 3000)
    driver = page(Matrix(matrix.platforms, matrix.cells, "debian", verdicts=(verdict,)))
    assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth") is True


def test_16000_results_stay_under_3_megabytes() -> None:
    spec = importlib.util.spec_from_file_location("bench_page", ROOT / "bench" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    matrix = bench.large_matrix()
    assert sum(len(cell.probes) for cell in matrix.cells) == 16_000
    assert len(render(matrix, bench.logs_of(matrix)).encode()) < SIZE_LIMIT
