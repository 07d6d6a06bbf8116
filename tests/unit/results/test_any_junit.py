"""JUnit files as real test suites write them. googletest's, CTest's, jest's, node's and pytest's were made by these;
Surefire's and go-junit-report's are written as their schema and their sources say.
"""

import json
from pathlib import Path

import pytest

from anyunix.results.any_junit import one_each, read_any_junit
from anyunix.results.junit import BadResults

SAMPLES = Path(__file__).parent / "junit"
FOUND = {
    "googletest": (
        "AllTests",
        {
            "tests/Sums::Adds": "passed",
            "tests/Sums::IsExact": "failed",
            "tests/Sums::DISABLED_Later": "skipped",
            "tests/Ports::NeedsRoot": "skipped",
            "tests/Few/Each::IsOdd/0": "passed",
            "tests/Few/Each::IsOdd/1": "passed",
        },
    ),
    "go-junit-report": (
        "example.org/calc",
        {
            "tests/example.org/calc::TestAdd": "passed",
            "tests/example.org/calc::TestTable": "failed",
            "tests/example.org/calc::TestTable/small": "passed",
            "tests/example.org/calc::TestTable/large": "failed",
            "tests/example.org/calc::TestRoot": "skipped",
        },
    ),
    "jest": (
        "jest tests",
        {
            "tests/sums::sums of fractions is exact": "failed",
            "tests/sums::sums GET /sums adds": "passed",
            "tests/sums::sums later": "skipped",
            "tests/sums::sums negative numbers": "passed",  # a todo, of which jest-junit says nothing
        },
    ),
    "node": (
        "sums",
        {
            "tests/sums > test::adds": "passed",
            "tests/sums > test::is exact": "failed",
            "tests/sums > test::later": "skipped",
            "tests/sums > test::todo": "skipped",
        },
    ),
    "ctest": (
        "(empty)",
        {
            "tests/good::good": "passed",
            "tests/bad::bad": "failed",
            "tests/skipped::skipped": "skipped",
            "tests/off::off": "skipped",
        },
    ),
    "surefire": (
        "org.example.SumsTest",
        {
            "tests/org.example.SumsTest::adds": "passed",
            "tests/org.example.SumsTest::isExact": "failed",
            "tests/org.example.SumsTest::isFast": "flaky",
            "tests/org.example.SumsTest::later": "skipped",
            "tests/org.example.SumsTest::(no name)": "error",
        },
    ),
    "pytest-xunit1": (
        "pytest tests",
        {
            "tests/test_x.py::TestFoo::test_a[a/b]": "passed",
            "tests/test_x.py::TestFoo::test_a[c]": "passed",
            "tests/test_x.py::test_plat": "passed",
            "tests/test_x.py::test_always": "failed",
            "tests/test_x.py::test_skip": "skipped",
            "tests/test_x.py::test_td": "error",
            "tests/test_x.py::test_td2": "failed",  # twice in the file: in the test, and in its clean-up
            "tests/test_x.py::test_deb": "passed",
        },
    ),
    "pytest-xunit2": (
        "pytest tests",
        {
            "tests/tests.test_x.TestFoo::test_a[a/b]": "passed",
            "tests/tests.test_x.TestFoo::test_a[c]": "passed",
            "tests/tests.test_x::test_plat": "passed",
            "tests/tests.test_x::test_always": "failed",
            "tests/tests.test_x::test_skip": "skipped",
            "tests/tests.test_x::test_td": "error",
            "tests/tests.test_x::test_td2": "failed",
            "tests/tests.test_x::test_deb": "passed",
        },
    ),
}


def outcomes(text: str) -> dict[str, str]:
    found = one_each(read_any_junit(text.encode()).probes)
    return {name: probe.outcome for name, probe in found.items()}


def case(inner: str = "", **attributes: str) -> str:
    words = " ".join(f'{key}="{value}"' for key, value in {"classname": "a", "name": "b", **attributes}.items())
    return f"<testcase {words}>{inner}</testcase>"


@pytest.mark.parametrize("writer", FOUND)
def test_what_a_test_suite_writes(writer: str) -> None:
    suite = read_any_junit((SAMPLES / f"{writer}.xml").read_bytes())
    found = {name: probe.outcome for name, probe in one_each(suite.probes).items()}
    assert (suite.name, found) == FOUND[writer]


def test_the_first_line_of_a_failure_says_what_happened() -> None:
    def first(writer: str, test: str) -> str:
        probes = one_each(read_any_junit((SAMPLES / f"{writer}.xml").read_bytes()).probes)
        return next(probe.message.splitlines()[0] for name, probe in probes.items() if name.endswith(test))

    assert first("googletest", "IsExact") == "g.cc:3: Expected equality of these values: 1 2"
    assert first("go-junit-report", "large") == "calc_test.go:8: expected 4, found 5"
    assert first("surefire", "isFast").startswith("passed after 1 failed: took 2 s")
    assert first("pytest-xunit2", "test_always") == "assert False"


def test_nested_suites_tell_tests_of_one_name_apart() -> None:
    deep = f"<testsuite name='b'>{case(name='x', classname='t')}</testsuite>"
    text = f"<testsuites><testsuite name='a'>{deep}{case(name='x', classname='t')}</testsuite></testsuites>"
    assert outcomes(text) == {"tests/a > b > t::x": "passed", "tests/a > t::x": "passed"}


def test_deep_suites_take_no_time_to_refuse() -> None:
    def nested(levels: int) -> str:
        return "<testsuite name='s'>" * levels + case() + "</testsuite>" * levels

    assert outcomes(nested(50)) == {f"tests/{' > '.join(49 * 's')} > a::b": "passed"}
    with pytest.raises(BadResults, match="more than 64 suites within one another"):
        outcomes(nested(100_000))


@pytest.mark.parametrize(
    ("cases", "outcome"),
    [
        ([case(), case()], "passed"),
        ([case("<skipped/>"), case()], "passed"),
        ([case("<skipped/>"), case("<skipped/>")], "skipped"),
        ([case("<failure/>"), case("<failure/>")], "failed"),
        ([case("<failure/>"), case("<error/>")], "failed"),
        ([case("<failure/>"), case()], "flaky"),
        ([case("<error/>"), case()], "flaky"),
        ([case("<failure/>"), case("<skipped/>")], "failed"),
        ([case("<flakyFailure message='x'/>")], "flaky"),
        ([case("<rerunFailure/><failure/>")], "failed"),
        ([case("<skipped/><failure/>")], "failed"),
        ([case(status="fail")], "failed"),
        ([case(status="disabled")], "skipped"),
        ([case(status="run", result="suppressed")], "passed"),
        ([case(status="notrun", result="suppressed")], "skipped"),
        ([case("<system-out>failure</system-out>")], "passed"),
    ],
)
def test_what_is_in_doubt_is_no_pass(cases: list[str], outcome: str) -> None:
    assert outcomes(f"<testsuite>{''.join(cases)}</testsuite>") == {"tests/a::b": outcome}


def test_several_results_of_a_name_are_counted() -> None:
    text = f"<testsuite>{case()}{case()}{case('<failure message=' + json.dumps('it is odd') + '/>')}</testsuite>"
    (probe,) = one_each(read_any_junit(text.encode()).probes).values()
    assert dict(probe.counts) == {"failed": 1, "passed": 2}
    assert probe.message == "3 results of this name: 1 failed, 2 passed\nit is odd"


def test_names_that_are_not_there_and_names_of_anyunix_itself() -> None:
    text = "<testsuite><testcase/><testcase classname='build/subject' name='builds'><failure/></testcase></testsuite>"
    assert outcomes(text) == {"tests/(no name)::(no name)": "passed", "tests/build/subject::builds": "failed"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not well-formed XML"),
        ("<html/>", "expected <testsuites> at the top, found <html>"),
        ("<testsuite/>", "no <testcase> in it"),
        (f"<testsuite name='a' tests='3'>{case()}</testsuite>", "'a' says that it has 3 tests, and holds 1"),
        (f"<testsuite name='a' errors='1'>{case()}</testsuite>", "'a' says that 1 failed, and holds none that did"),
        (f"<!DOCTYPE x [<!ENTITY y 'z'>]><testsuite>{case()}</testsuite>", "XML with a document type"),
        (f"<testsuite>{case()}", "not well-formed XML"),
    ],
)
def test_what_is_no_whole_junit_file_is_an_error(text: str, said: str) -> None:
    with pytest.raises(BadResults, match=said):
        read_any_junit(text.encode())


def test_times_that_nobody_can_read_are_none() -> None:
    times = {"1,204.5": 1204.5, "": 0.0, "soon": 0.0, "nan": 0.0, "-1": 0.0, "1e300": 0.0, "0.25": 0.25}
    text = "".join(case(name=f"n{number}", time=time) for number, time in enumerate(times))
    found = read_any_junit(f"<testsuite>{text}</testsuite>".encode()).probes
    assert [probe.seconds for probe in found] == list(times.values())
