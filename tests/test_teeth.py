"""`anyunix mutation`: faults read, sown, run and judged; what is missed, or fails without a fault, is exit status 1."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyunix.catalog.builds import Build
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.platforms import Platform
from anyunix.catalog.probes import measured_by
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.mutation.faults import Fault, Sowing, choose_faults, read_faults
from anyunix.mutation.findings import Answer, Finding, Healthy, MutationResults
from anyunix.mutation.mutants import sow
from anyunix.mutation.mutation_files import encode, render
from anyunix.mutation.scoring import Planned, judge, plan
from anyunix.results.model import CellResult, Probe
from anyunix.run.cell import Cell

SERVER = """\
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("READY 127.0.0.1:%d" % listener.getsockname()[1], flush=True)
while True:
    with listener.accept()[0] as peer:
        peer.sendall(b"hi")
"""
SUBJECT = """\
title: a tiny server
files: [server.py]
start: ["{python}", server.py, "{port}"]
ready: '^READY (?P<addresses>\\S+)$'
"""
PROBES = '''\
def test_platform(fact):
    """A fact."""
    fact("colour", "blue")
    fact("c.sizes", {"int": 4, "long": 8})


def test_greets(server):
    """A client is greeted."""
    with server.connect() as peer:
        assert peer.recv(2) == b"hi"


def test_listens(server):
    """A client can connect."""
    server.connect().close()


def test_skips(server):
    """Never tried."""
    import pytest
    pytest.skip("no tracer here")
'''
PROBE = "group/test_probes_contracts.py"
GREETS, LISTENS, SKIPS = (f"{PROBE}::test_{name}" for name in ("greets", "listens", "skips"))
RUDE = {
    "title": "a rude greeting",
    "lesson": "manners",
    "caught_by": [GREETS],
    "tiny": [{"file": "server.py", "healthy": 'b"hi"', "faulty": 'b"ho"'}],
}


@pytest.fixture
def tiny(tmp_path: Path, make_suite: Callable[[str], Path]) -> Catalog:
    """A catalog of its own: one subject, one platform, one fault that is caught."""
    suite = make_suite("")
    (suite / "group" / "test_probes.py").unlink()
    facts, _, contracts = PROBES.partition("\n\n\n")
    (suite / "group" / "test_probes_facts.py").write_text(facts + "\n")
    (suite / PROBE).write_text(contracts)
    for folder in ("platforms", "chat/faults"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "platforms" / "local.yaml").write_text("title: this machine\ndriver: local\n")
    (tmp_path / "chat" / "server.py").write_text(SERVER)
    (tmp_path / "chat" / "tiny.yaml").write_text(SUBJECT)
    write_fault(tmp_path, "rude")
    return Catalog(tmp_path)


@pytest.fixture
def mutation(tiny: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command, on that catalog."""
    monkeypatch.setattr("anyunix.commands.mutation.find_catalog", lambda: tiny)
    return lambda *arguments: main(["mutation", "--out", str(tmp_path / "out"), *arguments])


def write_fault(root: Path, name: str, **changes: Any) -> None:
    (root / "chat" / "faults" / f"{name}.yaml").write_text(yaml.safe_dump({**RUDE, **changes}))


def findings_in(folder: Path) -> dict[str, str]:
    stored = json.loads((folder / "out" / "mutation.json").read_text())
    return {finding["fault"]: finding["answer"] for finding in stored["findings"]}


# The project's own faults


def test_every_fault_of_the_project_can_be_sown(catalog: Catalog, tmp_path: Path) -> None:
    faults = read_faults(catalog)
    subjects = [catalog.subject(name) for name in ("c", "python")]
    planned = plan(faults, subjects, [catalog.platform("local")], measured_by(catalog.suite), tmp_path / "sown")
    for subject in subjects:
        own = [each for each in planned if each.fault and each.cell.subject.name == subject.name]
        assert len(own) >= 15
        for each in own:
            assert each.fault is not None
            for edit in each.fault.sowings[subject.name].edits:
                assert edit.healthy in (subject.folder / edit.file).read_text()
                assert edit.faulty in (each.cell.subject.folder / edit.file).read_text()


def test_a_fault_of_the_project_is_caught_here(tmp_path: Path) -> None:
    status = main(
        [
            "mutation",
            "--platform",
            "local",
            "--subject",
            "python",
            "--fault",
            "no-append",
            "--fault",
            "first-address",
            "--out",
            str(tmp_path / "out"),
        ]
    )
    assert status == 0
    answers = findings_in(tmp_path)
    assert answers["no-append"] == "caught"
    assert answers["first-address"] in ("caught", "does not show")
    page = (tmp_path / "out" / "mutation.md").read_text()
    assert "another_programs_record_is_not_overwritten" in page


def test_no_fault_travels_with_a_healthy_server(catalog: Catalog) -> None:
    for name in catalog.subject_names():
        subject = catalog.subject(name)
        assert not any((subject.folder / "faults").is_relative_to(subject.folder / file) for file in subject.files)


# Reading


def test_a_fault_is_read(tiny: Catalog) -> None:
    write_fault(tiny.root, "rude", shows_where={"colour": "blue"})
    (fault,) = read_faults(tiny)
    assert (fault.name, fault.title) == ("rude", "a rude greeting")
    assert fault.sowings["tiny"].shows_where == {"colour": "blue"}
    assert fault.sowings["tiny"].contracts == (GREETS,)
    assert fault.sowings["tiny"].edits[0].faulty == 'b"ho"'


def test_a_fact_may_hold_for_one_subject_alone(tiny: Catalog, catalog: Catalog) -> None:
    """CPython calls accept4(2), which hands nothing on where accept(2) does (FreeBSD)."""
    write_fault(tiny.root, "rude", shows_where={"tiny": {"colour": "blue"}})
    assert read_faults(tiny)[0].sowings["tiny"].shows_where == {"colour": "blue"}
    (inherited,) = choose_faults(read_faults(catalog), ["nonblock-inherited"])
    assert {name: dict(sowing.shows_where) for name, sowing in inherited.sowings.items()} == {
        "c": {"accept.inherits_nonblock": False},
        "python": {"accept.inherits_nonblock_in_python": False},
    }


def test_a_subject_that_cannot_have_it_says_why(tiny: Catalog) -> None:
    write_fault(tiny.root, "rude", tiny="it is never rude")
    (fault,) = read_faults(tiny)
    assert (fault.sowings, fault.inapplicable) == ({}, {"tiny": "it is never rude"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"caught_by": [f"{PROBE}::test_greet"]}, f"called '{PROBE}::test_greet' (did you mean '{GREETS}'?)"),
        ({"caught_by": []}, "key 'caught_by': expected a list of contracts"),
        ({"caught_by": "x"}, "key 'caught_by': expected a list of contracts"),
        ({"caught_by": None}, "key 'caught_by': missing"),
        ({"tiny": None}, "key 'tiny': missing; expected a list of edits, or the reason why there are none"),
        ({"tiny": []}, "no edits and no bind mode"),
        ({"tiny": {}}, "expected a list of edits"),
        ({"tiny": [{"file": "server.py", "healthy": "x"}]}, "edit 1: expected the keys file, healthy, faulty"),
        ({"tiny": [{"file": "server.py", "healthy": "x", "faulty": 3}]}, "edit 1: expected the keys"),
        ({"tiny": [{"file": "server.py", "healthy": "x", "faulty": "x"}]}, "edit 1: changes nothing"),
        ({"bind": "sideways"}, "tiny has no bind mode 'sideways'; it has default"),
        ({"shows_where": {"color": "blue"}}, "no probe measures 'color' (did you mean 'colour'?)"),
        ({"shows_where": {"tiny": {"color": "blue"}}}, "no probe measures 'color' (did you mean 'colour'?)"),
        ({"shows_where": {"tiny": {"colour": "blue"}, "colour": "blue", "tinny": {}}}, "no probe measures 'tinny'"),
        ({"shows_where": {"tiny": ["colour"]}}, "tiny: expected facts and their values, found a list"),
        ({"shows_where": ["colour"]}, "key 'shows_where': expected facts and their values, found a list"),
        ({"leson": "x"}, "unknown key (did you mean 'lesson'?)"),
        ({"title": None}, "key 'title': missing"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tiny: Catalog, changes: dict[str, Any], said: str) -> None:
    write_fault(tiny.root, "rude", **changes)
    with pytest.raises(ConfigurationError) as caught:
        read_faults(tiny)
    assert said in str(caught.value)
    assert "rude.yaml" in str(caught.value)


def test_a_name_that_is_not_there_brings_the_nearest(tiny: Catalog) -> None:
    with pytest.raises(ConfigurationError, match=r"no fault is called 'rud' \(did you mean 'rude'\?\)"):
        choose_faults(read_faults(tiny), ["rud"])


# Sowing


def test_the_copy_has_the_fault_and_the_source_does_not(tiny: Catalog, tmp_path: Path) -> None:
    (fault,) = read_faults(tiny)
    faulty = sow(fault, tiny.subject("tiny"), tmp_path / "copy")
    assert 'b"ho"' in (faulty.folder / "server.py").read_text()
    assert 'b"hi"' in (tiny.root / "chat" / "server.py").read_text()


@pytest.mark.parametrize(
    ("file", "healthy", "said"),
    [
        ("server.py", "gone", "the source has moved: it holds 'gone' 0 times, not once"),
        ("server.py", "listener", "the source has moved: it holds 'listener' 3 times, not once"),
        ("nowhere.py", "x", "no such file among the subject's sources"),
        ("../platforms/local.yaml", "local", "no such file among the subject's sources"),
    ],
)
def test_a_source_that_has_moved_is_an_error(tiny: Catalog, tmp_path: Path, file: str, healthy: str, said: str) -> None:
    write_fault(tiny.root, "rude", tiny=[{"file": file, "healthy": healthy, "faulty": "y"}])
    (fault,) = read_faults(tiny)
    with pytest.raises(ConfigurationError) as caught:
        sow(fault, tiny.subject("tiny"), tmp_path / "copy")
    assert said in str(caught.value)


# Judging


def contract(name: str, outcome: str, **more: Any) -> Probe:
    return replace(Probe(name, "contract", "passed"), outcome=outcome, **more)  # type: ignore[arg-type]


def judged(tiny: Catalog, probes: list[Probe], *, status: str = "ran", reason: str = "", **where: Any) -> Finding:
    """What is made of a cell with these probes, on a platform whose colour is blue."""
    fault = Fault("rude", "", "", {"tiny": Sowing((), tuple(probe.id for probe in probes), where)})
    subject, platform = tiny.subject("tiny"), Platform("local", "", "local")
    measured = Probe("x", "fact", "passed", facts={"colour": "blue", "sizes": {"int": 4, "long": 8}})
    cells = [
        Planned(Cell(subject, platform, "default")),
        Planned(Cell(subject, platform, "default", Build("rude")), fault),
    ]
    results = [
        CellResult("tiny", "local", "default", "ran", probes=(measured,)),
        CellResult("tiny", "local", "default", status, reason, "rude", probes=tuple(probes)),
    ]  # type: ignore[arg-type]
    (finding,) = judge(cells, results)[0]
    return finding


@pytest.mark.parametrize(
    ("outcomes", "where", "answer"),
    [
        (["failed"], {}, "caught"),
        (["error"], {}, "caught"),
        (["failed", "skipped"], {}, "caught"),
        (["failed", "passed"], {}, "missed"),
        (["passed"], {}, "missed"),
        (["skipped"], {}, "left out"),
        (["failed"], {"colour": "blue"}, "caught"),
        (["passed"], {"colour": "blue"}, "missed"),
        (["passed"], {"colour": "red"}, "does not show"),
        (["failed"], {"colour": "red"}, "shows elsewhere too"),
        (["failed"], {"sizes": {"long": 8}}, "caught"),
        (["passed"], {"sizes": {"long": 4}}, "does not show"),
        (["passed"], {"sizes": {"short": 2}}, "does not show"),
        (["passed"], {"unheard": 1}, "does not show"),
        (["failed"], {"unheard": 1}, "caught"),
    ],
)
def test_answers(tiny: Catalog, outcomes: list[str], where: dict[str, Any], answer: Answer) -> None:
    probes = [contract(f"g/t.py::test_{number}", outcome, message="why") for number, outcome in enumerate(outcomes)]
    finding = judged(tiny, probes, **where)
    assert finding.answer == answer
    assert (finding.reason == "") == (finding.answer == "caught" and "unheard" not in where)


@pytest.mark.parametrize(
    ("counts", "answer", "reason"),
    [
        ({"failed": 50}, "caught", ""),
        ({"failed": 49, "error": 1}, "caught", ""),
        ({"failed": 49, "passed": 1}, "missed", "g/t.py::test_a fails in 49 of 50 runs only"),
        ({"failed": 49, "skipped": 1}, "missed", "g/t.py::test_a fails in 49 of 50 runs only"),
    ],
)
def test_repeats_have_to_agree(tiny: Catalog, counts: dict[str, int], answer: Answer, reason: str) -> None:
    outcome = "failed" if len(counts) == 1 else "flaky"
    finding = judged(tiny, [contract("g/t.py::test_a", outcome, counts=counts)])
    assert (finding.answer, finding.reason) == (answer, reason)


def test_a_contract_that_could_not_be_tried_each_time_is_no_miss_beside_one_that_failed_each_time(
    tiny: Catalog,
) -> None:
    partly = contract("g/t.py::test_b", "flaky", counts={"failed": 48, "skipped": 2})
    assert judged(tiny, [contract("g/t.py::test_a", "failed", counts={"failed": 50}), partly]).answer == "caught"
    assert judged(tiny, [partly]).answer == "missed"


@pytest.mark.parametrize(
    ("counts", "fails"), [({"passed": 49, "skipped": 1}, False), ({"passed": 49, "failed": 1}, True)]
)
def test_a_healthy_server_may_not_fail_once(tiny: Catalog, counts: dict[str, int], fails: bool) -> None:
    planned = Planned(Cell(tiny.subject("tiny"), Platform("local", "", "local"), "default"))
    cell = CellResult("tiny", "local", "default", "ran", probes=(contract(GREETS, "flaky", counts=counts),))
    (healthy,) = judge([planned], [cell])[1]
    assert (GREETS in healthy.failures, healthy.kept) == (fails, 0 if fails else 1)


def test_what_did_not_run_or_broke_says_so(tiny: Catalog) -> None:
    assert judged(tiny, [], status="not-run", reason="no engine").answer == "not run"
    assert judged(tiny, [], status="error", reason="the cable is out").answer == "broke"
    unbuilt = judged(tiny, [contract("build/subject::builds", "failed", message="make: no")])
    assert (unbuilt.answer, "make: no" in unbuilt.reason) == ("broke", True)


def result(
    *findings: Finding, healthy: tuple[Healthy, ...] | None = None, required: tuple[str, ...] = ()
) -> MutationResults:
    fault = Fault("rude", "", "", {"tiny": Sowing((), (GREETS,))})
    platforms = tuple(dict.fromkeys(finding.platform for finding in findings))
    well = tuple(Healthy("tiny", name, "default", 1, 0, {}) for name in platforms)
    return MutationResults((fault,), ("tiny",), platforms, findings, well if healthy is None else healthy, required)


def found(answer: Answer, platform: str = "local", expected: bool = True) -> Finding:
    return Finding("rude", "tiny", platform, answer, "" if answer == "caught" else "because", expected=expected)


@pytest.mark.parametrize(
    ("results", "status"),
    [
        (result(found("caught")), 0),
        (result(found("caught"), found("left out", "b"), found("does not show", "c", False), found("not run", "d")), 0),
        (result(found("caught"), found("missed", "b")), 1),
        (result(found("caught"), found("shows elsewhere too", "b", False)), 1),
        (result(found("left out"), found("left out", "b")), 1),
        (result(found("does not show", expected=False)), 0),
        (result(found("does not show", expected=False), found("left out", "b")), 1),
        (result(found("broke")), 3),
        (result(found("caught"), found("not run", "b"), required=("b",)), 3),
        (result(found("missed"), found("not run", "b"), required=("b",)), 1),
        (result(found("not run"), healthy=(Healthy("tiny", "local", "default", 0, 0, {}, "no engine"),)), 3),
        (result(found("caught"), healthy=(Healthy("tiny", "local", "default", 0, 0, {GREETS: "bye"}),)), 1),
        (result(found("caught"), healthy=(Healthy("tiny", "local", "default", 0, 0, {}, "cable", True),)), 3),
    ],
)
def test_exit_statuses(results: MutationResults, status: int) -> None:
    assert results.exit_status == status
    assert json.loads(encode(results))["exit_status"] == status


def test_a_fault_that_no_platform_shows_is_said(tiny: Catalog) -> None:
    results = result(found("does not show", expected=False))
    assert (results.problems, results.not_at_hand) == ([], ["tiny: rude"])


def test_what_a_platform_says_is_text_in_the_page() -> None:
    evil = replace(found("left out"), reason="<script>| [x](y)")
    page = render(result(found("caught"), replace(evil, platform="b")))
    assert "<script>" not in page
    assert "(y)" in page and "[x](y)" not in page


# The command, really run


def test_a_fault_that_is_caught_is_exit_status_0(
    mutation: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mutation("--repeat", "2") == 0
    assert findings_in(tmp_path) == {"rude": "caught"}
    said = capsys.readouterr().out
    assert "tiny 1 of 1" in said
    assert max(len(line) for line in said.splitlines() if "Details" not in line) <= 100
    assert GREETS.rpartition("::")[2] in (tmp_path / "out" / "mutation.md").read_text()


def test_a_fault_that_nothing_catches_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fault(tiny.root, "unseen", caught_by=[LISTENS])
    assert mutation() == 1
    assert findings_in(tmp_path) == {"rude": "caught", "unseen": "missed"}
    assert f"local tiny: unseen: missed: {LISTENS} passes" in capsys.readouterr().out


def test_a_fault_that_cannot_be_tried_anywhere_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write_fault(tiny.root, "untried", caught_by=[SKIPS])
    assert mutation("--fault", "untried") == 1
    said = capsys.readouterr().out
    assert "no tracer here" in said
    assert "untried: nothing catches it, though it could show on local" in said


def test_a_healthy_server_that_fails_is_exit_status_1(
    tiny: Catalog, mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    server = tiny.root / "chat" / "server.py"
    server.write_text(SERVER.replace('b"hi"', 'b"hey"[:-1]'))
    write_fault(tiny.root, "rude", tiny=[{"file": "server.py", "healthy": "hey", "faulty": "hoy"}])
    assert mutation() == 1
    assert f"local tiny: the healthy server fails {GREETS}: AssertionError: " in capsys.readouterr().out


def test_a_fault_shows_where_the_measured_fact_says_so(
    tiny: Catalog, mutation: Callable[..., int], tmp_path: Path
) -> None:
    write_fault(tiny.root, "rude", shows_where={"colour": "red"}, caught_by=[LISTENS])
    assert mutation() == 0
    assert findings_in(tmp_path) == {"rude": "does not show"}


def test_a_required_platform_that_does_not_run_is_exit_status_3(tiny: Catalog, mutation: Callable[..., int]) -> None:
    (tiny.root / "platforms" / "far.yaml").write_text(
        "title: far away\ndriver: documented\ndocumented: {colour: {value: red, source: a manual}}\n"
    )
    assert mutation() == 0
    assert mutation("--require", "far") == 3


@pytest.mark.parametrize(
    "arguments", [("--fault", "rud"), ("--subject", "tyni"), ("--platform", "lokal"), ("--out", "/proc/nowhere")]
)
def test_usage_errors_are_exit_status_2(
    mutation: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert mutation(*arguments) == 2
    assert capsys.readouterr().err.startswith("anyunix: ")


def test_the_list_names_every_fault(mutation: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation("--list") == 0
    assert capsys.readouterr().out.split() == ["rude", "tiny", "a", "rude", "greeting"]
