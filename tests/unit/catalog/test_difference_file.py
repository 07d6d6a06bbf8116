"""Difference files: what is read, and what is said of a bad one; and platforms that switch differences on."""

from pathlib import Path

import pytest

from anyunix.catalog.difference_file import read_difference
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.switching import CannotSwitch, experimental
from anyunix.cli import main
from anyunix.errors import ConfigurationError

GOOD = """\
title: accept(2) hands O_NONBLOCK on
systems:
  freebsd: measured on 14.0
rule: POSIX leaves it open
preload: mine.c
facts:
  accept.inherits_nonblock: true
breaks: a server that means to block
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "preload").mkdir()
    (tmp_path / "preload" / "mine.c").write_text("int nothing;\n")
    return tmp_path


def error(folder: Path, catalog: Catalog, text: str) -> str:
    path = folder / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_difference(path, catalog.suite)
    return str(caught.value).removeprefix(f"{path}: ")


def test_what_a_file_says(folder: Path, catalog: Catalog) -> None:
    (folder / "mine.yaml").write_text(GOOD + "musl: {limits: {nofile: 64}}\n")
    difference = read_difference(folder / "mine.yaml", catalog.suite)
    assert (difference.name, difference.systems) == ("mine", {"freebsd": "measured on 14.0"})
    assert (difference.mechanism.preload, difference.musl.preload) == ("mine.c", "")
    assert difference.preloaded == (folder / "preload" / "mine.c",)
    assert not difference.alters


@pytest.mark.parametrize(
    ("healthy", "bad", "said"),
    [
        (
            "  freebsd: m",
            "  freebds: m",
            "line 2: key 'systems': unknown 'freebds' (did you mean 'freebsd'?); known: freebsd, illumos, macos, "
            "netbsd, openbsd",
        ),
        (
            "accept.inherits_nonblock",
            "getaddrinfo.pasive_order",
            "line 7: key 'facts.getaddrinfo.pasive_order': no probe measures "
            "'getaddrinfo.pasive_order' (did you mean 'getaddrinfo.passive_order'?)",
        ),
        (
            "breaks: ",
            "besides: {accept.inherits: 1}\nbreaks: ",
            "line 8: key 'besides.accept.inherits': no probe measures 'accept.inherits' (did you mean ",
        ),
        (
            "breaks: ",
            "unmeasured: [accept.inherits]\nbreaks: ",
            "line 8: key 'unmeasured': no probe measures 'accept.inherits' (did you mean 'accept.inherits_nonblock'?)",
        ),
        ("preload: mine.c", "perload: mine.c", "line 5: key 'perload': unknown key (did you mean 'preload'?)"),
        ("preload: mine.c", "musl: {preload: mine.c}", "nothing says how it is switched on: expected one of preload, "),
        ("preload: mine.c", "limits: {nofiles: 1}", "line 5: key 'limits': unknown 'nofiles' (did you mean 'nofile'?)"),
        ("preload: mine.c", "sysctls: {kernel.pid_max: 9}", "line 5: key 'sysctls.kernel.pid_max': expected net.…"),
        ("preload: mine.c", "files: {etc/hosts: x}", "line 5: key 'files.etc/hosts': expected an absolute path"),
        ("mine.c", "mien.c", "line 5: key 'preload': no 'mien.c' in "),
        ("mine.c", "../../preload/mine.c", "line 5: key 'preload': no '../../preload/mine.c' in "),
        ("facts:\n  accept.inherits_nonblock: true", "facts: {}", "line 6: key 'facts': missing: what no fact shows"),
        ("true", "2020-01-01", "line 7: key 'facts.accept.inherits_nonblock': expected what JSON can say"),
        ("breaks: a server that means to block\n", "", "key 'breaks': missing"),
        (GOOD, "", "expected keys and values at the top"),
        (GOOD, "title: [", "not YAML: line 1, "),
    ],
)
def test_what_is_said_of_a_bad_one(folder: Path, catalog: Catalog, healthy: str, bad: str, said: str) -> None:
    assert healthy in GOOD
    assert error(folder, catalog, GOOD.replace(healthy, bad)).startswith(said)


def test_all_of_the_project_can_be_read(catalog: Catalog) -> None:
    for each in catalog.differences:
        assert all(source.is_file() for source in each.preloaded)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: local\ndifferences: [accept-nonblok]", "line 3: key 'differences': no difference is called "),
        ("extends: local\nlike: freebds", "line 3: key 'like': unknown 'freebds' (did you mean 'freebsd'?)"),
        (
            "driver: ssh\naddress: example.org\ndifferences: [v6only-default]",
            CANNOT := "line 4: key 'differences': driver ssh changes nothing",
        ),
        ("driver: vagrant\nbox: a/b\ndifferences: [v6only-default]", CANNOT.replace("ssh", "vagrant")),
    ],
)
def test_a_platform_that_cannot_have_one_ends_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(f"title: bad\n{text}\n")
    assert main(["run", "--platform", str(path), "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"anyunix: {path}: {said}"), line


def test_an_experiment_where_nothing_can_be_altered_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "far.yaml"
    path.write_text("title: far\ndriver: ssh\naddress: example.org\n")
    far = catalog.platform(str(path))
    by_name = {each.name: each for each in catalog.differences}
    with pytest.raises(CannotSwitch, match="v6only-default needs sysctls or files of its own"):
        experimental(far, [by_name["v6only-default"]])
    assert experimental(far, [by_name["accept-nonblock"]]).name == "far+accept-nonblock"


def test_a_bad_one_is_named_wherever_differences_are_looked_up(tmp_path: Path, catalog: Catalog) -> None:
    for name in ("platforms", "suite"):
        (tmp_path / name).symlink_to(catalog.root / name)
    (tmp_path / "differences").mkdir()
    (tmp_path / "differences" / "bad.yaml").write_text(GOOD)
    with pytest.raises(ConfigurationError, match=r"bad\.yaml: line 5: key 'preload': no 'mine\.c' in "):
        Catalog(tmp_path).platform("local-v6only")
