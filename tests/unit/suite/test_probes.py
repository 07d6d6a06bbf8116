"""The suite's own rules: every probe is documented and told apart, and none of them sleeps."""

import ast
import re
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import ProbeText, read_probes

GROUPS = {"binding", "locking", "signals", "processes", "chat"}


@pytest.fixture(scope="module")
def probes(catalog: Catalog) -> list[ProbeText]:
    return read_probes(catalog.suite)


def test_there_are_facts_and_contracts_in_every_group(probes: list[ProbeText]) -> None:
    assert {probe.group for probe in probes} == GROUPS
    assert len([probe for probe in probes if probe.kind == "fact"]) >= 40
    assert len([probe for probe in probes if probe.kind == "contract"]) >= 40


def test_every_probe_states_its_behaviour_and_its_rule(probes: list[ProbeText]) -> None:
    assert [probe.id for probe in probes if not probe.behaviour or not probe.rule] == []


def test_no_probe_points_to_a_table_that_is_nowhere(probes: list[ProbeText]) -> None:
    assert [probe.id for probe in probes if "known differences" in f"{probe.behaviour} {probe.rule}"] == []


def test_files_hold_facts_or_contracts_as_their_names_say(probes: list[ProbeText]) -> None:
    wrong = [probe.id for probe in probes if not re.search(rf"_{probe.kind}s\.py::", probe.id)]
    assert wrong == []


def test_every_fact_that_explains_a_contract_is_measured(catalog: Catalog) -> None:
    named, measured = set(), set()
    for file in catalog.suite.glob("*/test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            words = {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
            if node.func.id == "explained_by":
                named |= words
        measured |= set(re.findall(r"\"([a-z0-9_]+(?:\.[a-z0-9_{}]+)+)\"", file.read_text()))
    assert named - measured == set()


def test_no_probe_sleeps(catalog: Catalog) -> None:
    calls = {
        (str(file), ast.unparse(node.func))
        for file in catalog.suite.glob("*/test_*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
    }
    assert {(file, call) for file, call in calls if call.rpartition(".")[2] == "sleep"} == set()


def test_behaviour_and_rule_are_taken_from_the_docstring(tmp_path: Path) -> None:
    (tmp_path / "binding").mkdir()
    (tmp_path / "binding" / "test_a_facts.py").write_text(
        'def test_one(fact):\n    """Is it so?\n\n    POSIX says yes.\n    """\n\n\ndef helper():\n    """No."""\n'
    )
    assert read_probes(tmp_path) == [
        ProbeText("binding/test_a_facts.py::test_one", "fact", "Is it so?", "POSIX says yes.", 1)
    ]
