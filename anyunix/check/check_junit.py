"""As JUnit XML: a case for each server as a whole, and one for each of its addresses."""

import xml.etree.ElementTree as ET

from anyunix.check.judge import Served
from anyunix.check.remark import Remark
from anyunix.check.rounds import Examined, Round
from anyunix.text import safe


def junit(done: Round) -> str:
    """One suite. Warnings are no failures: they stand in `system-out`."""
    suite = ET.Element("testsuite", name="anyunix check", time=f"{done.seconds:.3f}")
    for each in done.examined:
        _cases(suite, each)
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _cases(suite: ET.Element, each: Examined) -> None:
    whole = _case(suite, each, "as a whole", each.seconds)
    if each.check is None:
        ET.SubElement(whole, "error", message=safe(each.error))
        return
    _say(whole, [remark for remark in each.remarks if not remark.address])
    for served in each.check.served:
        case = _case(suite, each, served.reach.address, _seconds(served))
        remarks = [remark for remark in each.remarks if remark.address == served.reach.address]
        _say(case, remarks)
        if not served.served and not any(remark.severity == "problem" for remark in remarks):
            ET.SubElement(case, "skipped", message=f"{served.reach.outcome}, and no service was expected of it")


def _case(suite: ET.Element, each: Examined, name: str, seconds: float) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=safe(each.asked.label), name=name, time=f"{seconds:.6f}")


def _say(case: ET.Element, remarks: list[Remark]) -> None:
    problems = [safe(remark.text) for remark in remarks if remark.severity == "problem"]
    if problems:
        ET.SubElement(case, "failure", message=problems[0]).text = "\n".join(problems)
    warnings = [safe(remark.text) for remark in remarks if remark.severity == "warning"]
    if warnings:
        ET.SubElement(case, "system-out").text = "\n".join(warnings)


def _seconds(served: Served) -> float:
    return served.reach.connect.median / 1000 if served.reach.connect.milliseconds else served.reach.failed_ms / 1000
