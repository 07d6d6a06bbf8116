"""JUnit XML from a platform: what is read, and what hostile or broken XML gives."""

from xml.sax.saxutils import escape

import pytest

from anyunix.results import junit
from anyunix.results.junit import BadResults, read_junit

GOOD = b"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">
<testcase classname="binding.test_x" name="test_a" file="binding/test_x.py" line="7" time="0.25"><properties>
<property name="kind" value="fact" /><property name="fact:ipv6.v6only_default" value="1" />
<property name="fact:order" value="[&quot;::&quot;]" /></properties></testcase>
<testcase classname="binding.test_x" name="test_b" file="binding/test_x.py" line="20" time="1"><properties>
<property name="kind" value="contract" /><property name="explained_by" value="a.b c.d" />
<property name="failed_by" value="NotReady" /></properties>
<failure message="AssertionError: no">E   assert 0</failure></testcase>
<testcase classname="chat.test_y" name="test_c" file="chat/test_y.py" time="0"><properties>
<property name="kind" value="contract" /></properties><skipped message="left out: no chat" /></testcase>
</testsuite></testsuites>"""


def with_case(inside: bytes, attributes: bytes = b'name="t" file="f.py" time="0"') -> bytes:
    return b"<testsuites><testsuite><testcase " + attributes + b">" + inside + b"</testcase></testsuite></testsuites>"


def test_facts_contracts_and_their_outcomes_are_read() -> None:
    fact, failed, skipped = read_junit(GOOD)
    assert (fact.id, fact.kind, fact.outcome, fact.line) == ("binding/test_x.py::test_a", "fact", "passed", 8)
    assert fact.facts == {"ipv6.v6only_default": 1, "order": ["::"]}
    assert (failed.outcome, failed.explained_by, failed.bad) == ("failed", ("a.b", "c.d"), True)
    assert "assert 0" in failed.message
    assert (failed.error, fact.error) == ("NotReady", "")
    assert (skipped.outcome, skipped.message, skipped.group) == ("skipped", "left out: no chat", "chat")


def test_who_ended_it_and_which_addresses_answered() -> None:
    (probe,) = read_junit(
        with_case(
            b'<properties><property name="failed_by" value="NotReady"/>'
            b'<property name="answered" value="127.0.0.1 ::1 ::1"/></properties><failure/>'
        )
    )
    assert (probe.error, probe.answered, probe.bound) == ("NotReady", ("127.0.0.1", "::1"), ())


def test_a_file_that_cannot_be_imported_counts_as_a_contract_that_failed() -> None:
    (probe,) = read_junit(
        with_case(
            b'<error message="collection failure">ImportError</error>', b'classname="" name="binding.test_x" time="0"'
        )
    )
    assert (probe.kind, probe.outcome) == ("contract", "error")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not well-formed"),
        (GOOD[:-30], "not well-formed"),
        (b"<html></html>", "expected <testsuites>"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuites>&b;</testsuites>', "document type"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuites/>', "document type"),
        (b'<?xml version="1.0" encoding="no-such"?><testsuites/>', "not well-formed"),
        (b"\xff\xfe<testsuites/>", "not well-formed"),
        (with_case(b"", b'name="t" time="soon"'), "not a number"),
        (with_case(b"", b'name="t" time="-5"'), "not a duration"),
        (with_case(b"", b'name="t" time="nan"'), "not a duration"),
        (with_case(b'<properties><property name="fact:a" value="{" /></properties>'), "is not JSON"),
        (with_case(b'<properties><property name="fact:a" value="' + b"[" * 1500 + b'" /></properties>'), "is not JSON"),
        (
            with_case(b'<properties><property name="fact:a" value="' + b"1" * 9000 + b'" /></properties>'),
            "9000 characters",
        ),
    ],
)
def test_bad_xml_is_an_error_that_says_what(data: bytes, said: str) -> None:
    with pytest.raises(BadResults, match=said):
        read_junit(data)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[" * 480 + "]" * 480, "nested deeper than 20"),
        ("[" * 21 + "]" * 21, "nested deeper than 20"),
        ('{"a": ' * 30 + "1" + "}" * 30, "nested deeper than 20"),
        ("[NaN]", "nan, which JSON does not have"),
        ("-Infinity", "-inf, which"),
        ("1e999", "inf, which"),
        (str(2**64), "a whole number of more than 64 bits"),
        ('{"\\ud800": 1}', "half a character"),
        ('["\\udfff"]', "half a character"),
    ],
)
def test_a_fact_that_no_reader_of_results_could_take_is_an_error(value: str, said: str) -> None:
    with pytest.raises(BadResults, match=f"^fact:a: .* is .*{said}"):
        read_junit(
            with_case(
                f'<properties><property name="fact:a" value="{escape(value, {chr(34): "&quot;"})}" />'
                "</properties>".encode()
            )
        )


def test_deep_nesting_is_no_crash() -> None:
    depth = 100_000
    assert read_junit(b"<testsuites>" + b"<a>" * depth + b"</a>" * depth + b"</testsuites>") == ()


def test_xml_over_the_limit_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(junit, "XML_LIMIT", 100)
    with pytest.raises(BadResults, match="at most 100"):
        read_junit(GOOD)


def test_long_messages_are_cut() -> None:
    (probe,) = read_junit(with_case(b'<failure message="m">' + b"x" * 100_000 + b"</failure>"))
    assert len(probe.message) == junit.TEXT_LIMIT
