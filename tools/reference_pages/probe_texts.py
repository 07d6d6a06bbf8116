"""What the suite says of itself: each fact and contract with its texts and marks, as pytest collects them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import measured_by, read_probes, who_measures
from anyunix.mutation.faults import Fault, read_faults
from anyunix.results.model import ProbeText

Marks = list[dict[str, Any]]
"""Of a probe, each with its `name`, `args` and `kwargs`."""


@dataclass(frozen=True)
class Contract:
    """A contract, its parameters taken together."""

    text: ProbeText
    parameters: tuple[str, ...]
    explained_by: tuple[str, ...]
    promises: tuple[str, ...]
    """Words of a subject file that take it back."""
    binds: tuple[str, ...]
    """The bind modes that promise it; empty for all."""
    protocol: str
    """The one that a subject has to speak; empty for any server."""
    names_addresses: bool
    fix: str
    faults: tuple[Fault, ...] = field(default=())

    @property
    def anchor(self) -> str:
        return anchor(self.text.id)


def anchor(probe: str) -> str:
    """`binding/test_served_contracts.py::test_ipv4_client_is_served` -> `binding.served.ipv4_client_is_served`."""
    file, _, name = probe.partition("::")
    group, _, module = file.removesuffix(".py").partition("/")
    return f"{group}.{module.removeprefix('test_').removesuffix('_contracts')}.{name.removeprefix('test_')}"


def read_contracts(catalog: Catalog) -> list[Contract]:
    """All contracts, by file and line."""
    marks = _collected(catalog.suite)
    faults = read_faults(catalog)
    return [
        _contract(text, {name: own for name, own in marks.items() if name.partition("[")[0] == text.id}, faults)
        for text in read_probes(catalog.suite)
        if text.kind == "contract"
    ]


def read_facts(catalog: Catalog, known: Iterable[str]) -> dict[str, ProbeText]:
    """Fact -> the probe that measures it, for all that are known of a system or whole in the suite's source."""
    texts = {text.id: text for text in read_probes(catalog.suite)}
    names = sorted({*known, *measured_by(catalog.suite)})
    return {fact: texts[probe] for fact, probe in who_measures(catalog.suite, names).items()}


def _contract(text: ProbeText, items: Mapping[str, Marks], faults: Iterable[Fault]) -> Contract:
    marks = [mark for own in items.values() for mark in own]

    def arguments(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for mark in marks if mark["name"] == name for word in mark["args"]))

    return Contract(
        text,
        tuple(name.partition("[")[2].removesuffix("]") for name in items if "[" in name),
        arguments("explained_by"),
        arguments("promises"),
        arguments("promised_by"),
        next(iter(arguments("protocol")), ""),
        any(mark["name"] == "names_addresses" for mark in marks),
        next((mark["kwargs"]["fix"] for mark in marks if mark["kwargs"].get("fix")), ""),
        tuple(fault for fault in faults if text.id in _catchers(fault)),
    )


def _catchers(fault: Fault) -> set[str]:
    return {contract.partition("[")[0] for mutation in fault.mutations.values() for contract in mutation.contracts}


def _collected(suite: Path) -> dict[str, Marks]:
    """ID -> marks. In a process of its own: the suite is no part of anyunix, and has modules of its own names."""
    with tempfile.TemporaryDirectory(prefix="reference-") as folder:
        file = Path(folder) / "marks.json"
        plugins = ("-p", "mark_collector", "-p", "no:cacheprovider")
        own = {"PYTHONPATH": str(Path(__file__).parent), "MARKS_FILE": str(file), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", *plugins, str(suite)],
            env={**os.environ, **own, "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            cwd=suite,
            timeout=120,
        )
        if done.returncode:
            raise SystemExit(f"pytest cannot collect {suite}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        found: dict[str, Marks] = json.loads(file.read_text())
        return found
