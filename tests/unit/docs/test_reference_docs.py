"""docs/reference/ is what tools/reference.py makes today, and nothing in it is without its evidence."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import measured_by, read_probes, who_measures
from anyunix.results.matrix_file import encode
from anyunix.results.model import Matrix, PlatformResult, ProbeText

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "reference"
CELL = re.compile(r"\*unknown\*|(?:(?:\*\*)?`[^`]+`(?:\*\*)?<br><small>\S.*?</small>(?:<br>)?)+")


@pytest.fixture(scope="module")
def tool() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import reference

        yield reference
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def made(tool: ModuleType) -> dict[str, str]:
    pages: dict[str, str] = tool.pages()
    return pages


def test_the_committed_pages_are_what_the_tool_makes(tool: ModuleType, made: dict[str, str]) -> None:
    assert tool.stale(made) == [], f"type: {tool.COMMAND}"


def test_check_names_the_page_and_the_command(
    tool: ModuleType,
    made: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    monkeypatch.setattr(tool, "pages", lambda: made)
    monkeypatch.setattr(sys, "argv", ["reference.py"])
    assert tool.main() == 0
    (tmp_path / "facts.md").write_text("something else")
    (tmp_path / "left.md").write_text("of a fact that is gone")
    monkeypatch.setattr(sys, "argv", ["reference.py", "--check"])
    assert tool.main() == 1
    assert capsys.readouterr().err.splitlines() == [
        "docs/reference/facts.md is out of date",
        "docs/reference/left.md is out of date",
        "type: python tools/reference.py",
    ]
    assert (tmp_path / "facts.md").read_text() == "something else"
    monkeypatch.setattr(sys, "argv", ["reference.py"])
    assert tool.main() == 0
    assert not (tmp_path / "left.md").exists()
    assert tool.stale(made) == []


def test_every_fact_has_one_entry(tool: ModuleType, made: dict[str, str], catalog: Catalog) -> None:
    entries = [name for page in made.values() for name in re.findall(r"^### `([\w.]+)` \{ #\1 \}$", page, re.M)]
    measured = tool.read_measured(tool.MEASURED)
    facts = {fact for system in measured.values() for fact in system.facts} | set(measured_by(catalog.suite))
    assert sorted(entries) == sorted(facts)


def test_every_measured_fact_is_of_a_probe_that_is_there(tool: ModuleType, catalog: Catalog) -> None:
    for file, system in tool.read_measured(tool.MEASURED).items():
        assert set(system.facts) - set(who_measures(catalog.suite, system.facts)) == set(), file


def test_names_that_a_helper_makes_up_have_their_probe(catalog: Catalog) -> None:
    probe = "binding/test_wildcard_facts.py::test_both_wildcards_with_v6only"
    assert measured_by(catalog.suite)["bind.ipv4_beside_ipv6_v6only"] == probe


def test_every_contract_has_one_entry(made: dict[str, str], catalog: Catalog) -> None:
    listed = re.findall(r"^- \*\*Probe\*\*: `suite/(.+)`$", made["contracts.md"], re.M)
    assert sorted(listed) == sorted(probe.id for probe in read_probes(catalog.suite) if probe.kind == "contract")
    anchors = re.findall(r"^### .* \{ #(\S+) \}$", made["contracts.md"], re.M)
    assert len(set(anchors)) == len(listed)


def test_every_probe_of_a_contract_and_of_a_behaviour_that_differs_names_a_source(made: dict[str, str]) -> None:
    entries = re.split(r"^### ", made["contracts.md"], flags=re.M)[1:]
    assert [entry.splitlines()[0] for entry in entries if "**Sources**: this project" in entry] == []
    behind = set(re.findall(r"facts/(\w+\.md)#([\w.]+)", made["systems.md"]))
    for page, fact in behind:
        entry = made[f"facts/{page}"].partition(f"{{ #{fact} }}")[2].partition("\n### ")[0]
        assert "**Sources**: the measurements alone" not in entry, fact


def test_every_cell_of_the_table_has_its_evidence_or_is_unknown(made: dict[str, str]) -> None:
    rows = [line for line in made["systems.md"].splitlines() if line.startswith("| [`")]
    assert len(rows) > 60
    for row in rows:
        _, *cells = (cell.strip() for cell in row.strip("|").split(" | "))
        assert len(cells) == 8, row
        assert [cell for cell in cells if not CELL.fullmatch(cell)] == [], row


def test_every_row_has_two_values(made: dict[str, str]) -> None:
    for row in made["systems.md"].splitlines():
        if row.startswith("| [`"):
            assert len(set(re.findall(r"`([^`]+)`(?:\*\*)?<br><small>", row.partition(" | ")[2]))) > 1, row


def test_what_is_documented_is_shown_with_its_source(tool: ModuleType, made: dict[str, str], catalog: Catalog) -> None:
    from reference_pages.citations import linked

    pages = "".join(page for name, page in made.items() if name.startswith("facts/"))
    for name in ("freebsd", "netbsd", "openbsd", "macos", "illumos"):
        for fact, said in catalog.platform(name).documented.items():
            documented = [part for part in said.source.split("; ") if not part.startswith("measured on ")]
            assert [part for part in documented if linked(part) not in pages] == [], (name, fact)


def test_links_lead_to_anchors(made: dict[str, str]) -> None:
    anchors = {name: set(re.findall(r"\{ #(\S+) \}", page)) for name, page in made.items()}
    for name, page in made.items():
        for target, anchor in re.findall(r"\]\(((?:\.\./|facts/)?\w*(?:\.md)?)#([\w.-]+)\)", page):
            path = "/".join([*name.split("/")[:-1], target]) if target else name
            path = re.sub(r"\w+/\.\./", "", path)
            if path in anchors:
                assert anchor in anchors[path], f"{name}: {target}#{anchor}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RFC 3493 5.3: off.", ["[RFC 3493 5.3](https://www.rfc-editor.org/rfc/rfc3493.html#section-5.3)"]),
        (
            "POSIX accept: it says",
            ["[POSIX accept()](https://pubs.opengroup.org/onlinepubs/9799919799/functions/accept.html)"],
        ),
        ("POSIX leaves it open", ["[POSIX](https://pubs.opengroup.org/onlinepubs/9799919799/)"]),
        ("(NixOS/nix#8168)", ["[NixOS/nix\\#8168](https://github.com/NixOS/nix/issues/8168)"]),
        ("flock(3C) says", ["flock(3C) of [illumos](https://illumos.org/man/3C/flock)"]),
        ("kill(0, SIGUSR1) reaches", []),
    ],
)
def test_citations(tool: ModuleType, text: str, found: list[str]) -> None:
    from reference_pages.citations import citations

    assert citations(text) == found


def test_a_difference_that_the_data_does_not_show_is_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reference_pages import fact_index

    file = tmp_path / "differences.yaml"
    file.write_text("- {title: t, text: t, facts: [fork.shares_file_offset]}\n")
    monkeypatch.setattr(fact_index, "DIFFERENCES", file)
    with pytest.raises(SystemExit, match=r"by the data no system differs in 'fork\.shares_file_offset'"):
        fact_index.fact_index({}, {}, {})


def test_a_fact_without_a_line_is_named(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reference_pages import meanings

    two, alone = (ProbeText(f"binding/test_x_facts.py::test_{name}", "fact", "So?", "Rule.", 1) for name in "ab")
    facts = {"x.one": two, "x.other_ipv4": two, "x.alone": alone}
    monkeypatch.setattr(meanings, "FILE", file := tmp_path / "meanings.yaml")
    file.write_text("x.one: the one\nx.other_*: the other with {}\n")
    expected = {"x.one": "the one", "x.other_ipv4": "the other with ipv4", "x.alone": "So?"}
    assert meanings.read_meanings(facts) == expected
    file.write_text("x.one: the one\n")
    with pytest.raises(SystemExit, match=r"a line is missing for x\.other_ipv4: their probe measures several facts"):
        meanings.read_meanings(facts)
    file.write_text("x.one: the one\nx.other_*: o\nx.gone: it went\n")
    with pytest.raises(SystemExit, match=r"no fact is called x\.gone"):
        meanings.read_meanings(facts)


def test_a_run_is_taken_over(tool: ModuleType, tmp_path: Path) -> None:
    facts = {"system.release": "6.18.4-x", "libc.name": "glibc", "libc.version": "2.41", "system.cpus": 2, "a.b": None}
    matrix = tmp_path / "matrix.json"
    platforms = (
        PlatformResult("debian", "Debian 13", "docker", "ran", facts=facts),
        PlatformResult("alpine", "Alpine", "docker", "not-run", "no engine"),
    )
    matrix.write_bytes(encode(Matrix(platforms, (), "debian")))
    folder = tmp_path / "measured"
    folder.mkdir()
    assert tool.keep_measured(matrix, folder, "2026-01-02") == [folder / "debian.json"]
    kept = tool.read_measured(folder)["debian"]
    assert (kept.system, kept.measured) == ("Debian 13 (glibc 2.41), in a container, Linux 6.18", "2026-01-02")
    assert kept.facts == {"a.b": None, "libc.name": "glibc", "libc.version": "2.41"}
