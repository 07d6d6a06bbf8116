"""A user's own probes beside the suite's: what is wrong with them is said before anything starts."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from anyunix.catalog.lookup import Catalog
from anyunix.catalog.probes import read_probes, who_measures
from anyunix.catalog.subjects import Subject
from anyunix.errors import ConfigurationError
from anyunix.results.model import Identity
from anyunix.run import own_files
from anyunix.run.identity import check_comparable, common_identity, identity_of
from anyunix.run.own_probes import with_probes
from anyunix.run.planned import Plans, collect

SUITE = '''
def test_measures(fact):
    """A fact."""
    fact("a.number", 1)


def test_serves(server):
    """A contract."""
    server.connect().close()
'''
ONE = "def test_one(server):\n    pass\n"
MINE = '''
import pytest

from helping import NUMBER


@pytest.fixture
def measured(fact):
    return lambda value: fact("mine.number", value)


@pytest.fixture
def number():
    return NUMBER


class TestPorts:
    """Tests in classes, too."""

    @pytest.mark.parametrize("port", [1, 2])
    def test_port(self, server, port, number):
        """A port is a port."""


def test_through_a_fixture(measured):
    measured(NUMBER)


def test_directly(fact):
    """One more."""
    fact("mine.other", 2)
'''


@pytest.fixture
def catalog(make_suite: Callable[[str], Path]) -> Catalog:
    """Of a small suite, with the real fixtures."""
    return Catalog(make_suite(SUITE).parent)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], None]:
    """Writes files below the current folder."""
    monkeypatch.chdir(tmp_path)

    def files(contents: Mapping[str, str]) -> None:
        for name, text in contents.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)

    return files


def test_they_are_a_group_of_the_same_suite(catalog: Catalog, write: Callable[[Mapping[str, str]], None]) -> None:
    write(
        {
            "mine/test_mine.py": MINE,
            "mine/helping.py": "NUMBER = 7\n",
            "mine/deep/own_test.py": "from helping import NUMBER\n\n" + ONE,
            "mine/__pycache__/helping.pyc": "",
            "mine/.git/config": "",
        }
    )
    with with_probes(catalog, ["mine"]) as found:
        suite = found.suite
        assert collect(suite)[-5:] == (
            "mine/deep/own_test.py::test_one",
            "mine/test_mine.py::TestPorts::test_port[1]",
            "mine/test_mine.py::TestPorts::test_port[2]",
            "mine/test_mine.py::test_through_a_fixture",
            "mine/test_mine.py::test_directly",
        )
        kinds = {probe.id.rpartition("::")[2]: (probe.kind, probe.behaviour) for probe in read_probes(suite)}
        assert kinds == {
            "test_measures": ("fact", "A fact."),
            "test_serves": ("contract", "A contract."),
            "test_one": ("contract", ""),
            "test_port": ("contract", "A port is a port."),
            "test_through_a_fixture": ("fact", ""),  # as pytest has it: its arguments do not say so
            "test_directly": ("fact", "One more."),
        }
        assert "mine/test_mine.py::test_through_a_fixture" in Plans().facts(suite)
        assert who_measures(suite, ["mine.other"]) == {"mine.other": "mine/test_mine.py::test_directly"}
        assert not list(suite.glob("mine/.git")) and not list(suite.glob("mine/__pycache__"))
    assert not suite.exists()
    assert catalog.suite.is_dir()


def test_a_group_may_be_called_otherwise_and_several_go_together(
    catalog: Catalog, write: Callable[[Mapping[str, str]], None]
) -> None:
    write({"a/probes/test_a.py": ONE, "b/probes/test_a.py": ONE, "b/test/test_b.py": ONE})
    with with_probes(catalog, ["a/probes", "other=b/probes/", "b/test", "a/probes"]) as found:
        assert [probe for probe in collect(found.suite) if "group" not in probe] == [
            "other/test_a.py::test_one",
            "probes/test_a.py::test_one",
            "test/test_b.py::test_one",
        ]


def test_without_any_nothing_is_copied(catalog: Catalog) -> None:
    with with_probes(catalog, []) as found:
        assert found is catalog


WRONG: dict[str, tuple[dict[str, str], list[str], str]] = {
    "not there": ({"probes/test_a.py": ONE}, ["probe"], "--probes probe: no such folder (did you mean 'probes'?)"),
    "a file": ({"mine/test_a.py": ONE}, ["mine/test_a.py"], "not a folder; expected one with pytest probes in it"),
    "empty": ({}, ["mine="], "expected a folder, found an empty text"),
    "no probe": ({"mine/notes.txt": ""}, ["mine"], "no probe in it: expected functions test_… in files test_….py"),
    "not loaded": (
        {"mine/test_a.py": "import nosuch\n" + ONE},
        ["mine"],
        "cannot be collected: ModuleNotFoundError: No module named 'nosuch' | ERROR mine/test_a.py; only Python's own "
        "modules and pytest travel, and what lies in the folder",
    ),
    "syntax": ({"mine/test_a.py": "def test_a(:\n"}, ["mine"], 'mine/test_a.py", line 1 | SyntaxError: invalid syntax'),
    "conftest": ({"mine/conftest.py": "1 / 0", "mine/test_a.py": ONE}, ["mine"], "ZeroDivisionError: division by zero"),
    "an unknown mark": (
        {"mine/test_a.py": f"import pytest\n@pytest.mark.slow\n{ONE}"},
        ["mine"],
        "'slow' not found in `markers`",
    ),
    "left out as a whole": (
        {"mine/test_a.py": ONE, "mine/test_b.py": "import pytest\npytest.importorskip('nosuch')\n" + ONE},
        ["mine"],
        "test_b.py: none of its probes is collected here",
    ),
    "takes others out": (
        {
            "mine/test_a.py": ONE,
            "mine/conftest.py": "def pytest_collection_modifyitems(items):\n"
            "    items[:] = [item for item in items if 'mine' in item.nodeid]\n",
        },
        ["mine"],
        "with it 2 of the suite's probes are not collected, group/test_probes.py::test_measures for one",
    ),
    "a name of the suite's": (
        {"x/support/test_a.py": ONE},
        ["x/support"],
        "'support' is a name that anyunix uses itself; name it otherwise: --probes my-support=",
    ),
    "a column's name": ({"facts/test_a.py": ONE}, ["facts"], "name it otherwise: --probes my-facts="),
    "odd": ({"a b/test_a.py": ONE}, ["a b"], "'a b' cannot be the name of a group: expected letters, digits"),
    "twice": (
        {"a/mine/test_a.py": ONE, "b/mine/test_a.py": ONE},
        ["a/mine", "b/mine"],
        "--probes b/mine: a/mine is called 'mine', too; name it otherwise: --probes mine2=",
    ),
    "a package in Python's place": (
        {"http/test_a.py": ONE, "http/__init__.py": ""},
        ["http"],
        "with its __init__.py it would be what `import http` means; name it otherwise: --probes my-http=",
    ),
    "a helper of Python's name": (
        {"mine/test_a.py": ONE, "mine/json.py": ""},
        ["mine"],
        "json.py: `import json` means a module of Python's or of pytest's; rename it",
    ),
    "a helper of the suite's name": (
        {"mine/test_a.py": ONE, "mine/support.py": ""},
        ["mine"],
        "support.py: `import support` means a folder of the suite; rename it",
    ),
    "a helper in both": (
        {"a/test_a.py": ONE, "a/help.py": "", "b/test_a.py": ONE, "b/help.py": ""},
        ["a", "b"],
        "--probes b: help.py is in a, too, and `import help` can mean one of them only",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_one_line(
    what: str, catalog: Catalog, write: Callable[[Mapping[str, str]], None], tmp_path: Path
) -> None:
    files, given, said = WRONG[what]
    write(files)
    with pytest.raises(ConfigurationError) as error, with_probes(catalog, given):
        pass
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert f"{os.sep}anyunix-" not in str(error.value), "a path that the user never wrote"


def test_links_that_lead_out_do_not_travel(
    catalog: Catalog, write: Callable[[Mapping[str, str]], None], tmp_path: Path
) -> None:
    write({"mine/test_a.py": ONE, "mine/words.txt": "here", "secret": "there", "elsewhere/x.py": ""})
    Path("mine/again.txt").symlink_to("words.txt")
    with with_probes(catalog, ["mine"]) as found:
        assert (found.suite / "mine" / "again.txt").read_text() == "here"
    Path("mine/out.txt").symlink_to(tmp_path / "secret")
    said = r"out\.txt is a link to .*secret, which is not in the folder: copy"
    with pytest.raises(ConfigurationError, match=said), with_probes(catalog, ["mine"]):
        pass
    Path("mine/out.txt").unlink()
    Path("mine/deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="deep is a link to a folder"), with_probes(catalog, ["mine"]):
        pass


def test_a_folder_that_is_too_large_names_its_largest_file(
    catalog: Catalog, write: Callable[[Mapping[str, str]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"mine/test_a.py": ONE, "mine/trace.bin": "x" * 5000})
    monkeypatch.setattr(own_files, "BYTES_LIMIT", 4096)
    with pytest.raises(ConfigurationError, match=r"trace\.bin has 5000 bytes"), with_probes(catalog, ["mine"]):
        pass


def test_their_files_are_part_of_what_results_are_of(
    catalog: Catalog, write: Callable[[Mapping[str, str]], None], subject: Subject
) -> None:
    def identity() -> Identity:
        with with_probes(catalog, ["mine"]) as found:
            return identity_of(found.suite, [subject])

    alone = identity_of(catalog.suite, [subject])
    write({"mine/test_a.py": ONE})
    first = identity()
    assert first.suite == alone.suite and list(first.probes) == ["mine"]
    assert identity() == first, "the same, whenever it was copied"
    assert common_identity([("a", first), ("b", first)], "never") == first
    write({"mine/test_a.py": ONE + "\n"})
    second = identity()
    with pytest.raises(ConfigurationError, match="b: another folder of probes mine than in a"):
        common_identity([("a", first), ("b", second)], "are not put together")
    with pytest.raises(ConfigurationError, match="b: without the probes of 'mine' that a has"):
        common_identity([("a", first), ("b", alone)], "are not put together")
    check_comparable(("old", alone), ("new", first))
    with pytest.raises(ConfigurationError, match="another folder of probes mine"):
        check_comparable(("old", first), ("new", second))
