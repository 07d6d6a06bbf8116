"""Each probe's result, written down as soon as it is there: what is left of a suite that does not come to its end.

The file holds one `<testcase>` after the other, as in pytest's own JUnit file, which is written at the end only.
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import pytest

FINISHED_VARIABLE = "ANYUNIX_FINISHED"
"""Names the file, for whoever wants one."""
ALOUD_VARIABLE = "ANYUNIX_ALOUD"
"""Set for whoever listens: each result is printed as well, in a line of its own."""
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (2.2)."""


class Finished:
    """A plugin of pytest."""

    def __init__(self, path: Path, *, aloud: bool = False) -> None:
        self._file, self._aloud = path.open("wb", buffering=0), aloud
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A probe has three: its set-up, the call and the clean-up."""
        reports = self._reports.setdefault(report.nodeid, [])
        reports.append(report)
        if report.when == "teardown":
            case = tostring(case_of(self._reports.pop(report.nodeid)))
            self._file.write(case + b"\n")
            if self._aloud:  # behind a newline: pytest is in the middle of a line
                print("\n" + case.decode().replace("\n", "&#10;"), flush=True)

    def pytest_unconfigure(self) -> None:
        self._file.close()


def case_of(reports: list[pytest.TestReport]) -> Element:
    """A probe as JUnit has it: with its properties, and with the phase in which it failed or was left out."""
    file, line, _ = reports[-1].location
    case = Element(
        "testcase",
        file=file,
        name=clean(reports[-1].nodeid.partition("::")[2]),
        line=str(line or 0),
        time=f"{sum(report.duration for report in reports):.3f}",
    )
    properties = SubElement(case, "properties")
    for name, value in reports[-1].user_properties:
        SubElement(properties, "property", name=clean(name), value=clean(str(value)))
    told = next((report for report in reports if not report.passed), None)
    if told is not None:
        tag = "skipped" if told.skipped else "failure" if told.when == "call" else "error"
        SubElement(case, tag, message=clean(message_of(told))).text = clean(told.longreprtext)
    return case


def message_of(report: pytest.TestReport) -> str:
    """In a few words: the reason for leaving it out, or what the exception says."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash else report.longreprtext


def clean(text: str) -> str:
    """Text that XML can hold."""
    return NO_XML.sub("\ufffd", text)
