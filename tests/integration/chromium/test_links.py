"""Links into the page in a real browser: by a probe's ID, and a button that copies them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from cluster_matrix import with_workers
from page_matrix import KEPT, ORDER, SERVED, example

DIALOG = "return document.querySelector('dialog[open]')?.textContent ?? ''"
BUTTON = "#failures [data-copy]"


def test_a_probes_id_opens_where_it_went_wrong(page: Callable[..., Any]) -> None:
    said = page(example(), fragment=f"#probe={quote(SERVED)}").execute_script(DIALOG)
    assert "failed alpine" in said
    assert "refused: plain words" in said


def test_a_platform_and_a_bind_may_be_named(page: Callable[..., Any]) -> None:
    where = f"&in={quote('c/dual/plain')}&on=debian"
    said = page(example(), fragment=f"#probe={quote(ORDER)}{where}").execute_script(DIALOG)
    assert "measured debian" in said
    assert "c · dual" in said
    assert ORDER in said


def test_a_probe_that_went_wrong_nowhere_opens_with_all_platforms(page: Callable[..., Any]) -> None:
    said = page(example(), fragment=f"#probe={quote(KEPT)}").execute_script(DIALOG)
    assert "debianleft out" in said


def test_details_say_which_worker_ran_the_cell(page: Callable[..., Any]) -> None:
    where = f"#probe={quote(SERVED)}&in={quote('c/first/plain')}&on=alpine"
    assert "Ran on w1 on amber." in page(with_workers(example()), fragment=where).execute_script(DIALOG)
    said = page(example(), fragment=where).execute_script(DIALOG)
    assert "failed alpine" in said
    assert "Ran on" not in said


def test_of_an_unknown_probe_it_is_said(page: Callable[..., Any]) -> None:
    driver = page(example(), fragment="#probe=gone&on=nowhere")
    assert driver.execute_script(DIALOG) == ""
    assert driver.find_element("id", "pointed").text == "This run has no such probe: gone"
    assert [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_who_is_served_leads_to_the_contract(page: Callable[..., Any]) -> None:
    driver = page(example())
    link = driver.find_element("css selector", "#served [data-key='c/first/plain'] td[data-word=failed] a")
    assert link.accessible_name == "not served: IPv4, alpine"
    link.click()
    assert "refused: plain words" in driver.execute_script(DIALOG)


def test_the_button_copies_a_link_that_opens_it(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    button = driver.find_element("css selector", BUTTON)
    button.click()
    copied = driver.execute_async_script("""
        const done = arguments[0];
        const look = () => (document.querySelector('#failures [data-copy]').textContent === 'Copied'
            ? navigator.clipboard.readText().then(done) : setTimeout(look, 20));
        look();""")
    driver.get("about:blank")
    driver.get(copied)
    assert "refused: plain words" in driver.execute_script(DIALOG)


def test_without_a_clipboard_the_link_is_there_to_be_copied(page: Callable[..., Any]) -> None:
    driver = page(example())
    driver.execute_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    driver.find_element("css selector", BUTTON).click()
    link = driver.find_element("css selector", "#failures input[readonly]").get_property("value")
    assert link.endswith(f"#probe={quote(SERVED)}")
