"""What people write as YAML: anything but plain data of a bounded size is told with file, line and key, at once."""

import os
import re
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from anyunix.analysis.expectations import read_expectations
from anyunix.catalog.lookup import Catalog
from anyunix.catalog.reader import load_yaml, read_file
from anyunix.catalog.yaml_text import NODES_LIMIT, parse_yaml
from anyunix.errors import ConfigurationError
from anyunix.host.regular import TEXT_LIMIT
from anyunix.mutation.faults import read_faults
from anyunix.text import Text, Word

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
DOCUMENTED = "title: x\ndriver: documented\ndocumented:\n  a.b: {source: manual(5), value: %s}\n"


def told(path: Path) -> str:
    """The one line that is said of a file, soon: what is read without limits takes hours or all memory."""
    started = time.monotonic()
    with pytest.raises(ConfigurationError) as caught:
        load_yaml(path)
    assert time.monotonic() - started < 60
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert len(said) < 1_000
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: x\nb: {c: 2023-02-30}\n", "line 2: key 'b.c': '2023-02-30' is no date (day is out of range for month)"),
        ("a: !!int abc", "line 1: key 'a': 'abc' is no whole number"),
        ("a: !!int ''", "'' is no whole number"),
        ("a: !!bool maybe", "'maybe' is no true or false"),
        ("a: !!float x", "'x' is no number"),
        ("a: !!timestamp soon", "'soon' is no date"),
        ("a: 2023-01-01 00:00:00 +99:99", "is no date"),
        ("a: " + "9" * 5_000, "key 'a': a number of 5000 characters; at most 40 are read"),
        ("a: 0x" + "f" * 5_000, "a number of 5002 characters"),
        ("a: " + ":1" * 5_000 + "\nb: 1" + ":1" * 5_000, "a number of 10001 characters"),
        ("a: 99999999999999999999", "is a number of more than 64 bits"),
        ("- 1: a\n  0x1: b", "line 2: key '0.1': the second of its name would replace the first"),
        ("x: {a: 1, b: 2, a: 3}", "line 1: key 'x.a': the second of its name"),
        (BOMB, f"more than {NODES_LIMIT} values by aliases"),
        (BOMB.replace("[x", "{<<: &o {k: v}, y: [x").replace("x]", "x]}"), "more than"),
        ("a: &a [*a]", "nested deeper than 20 levels by aliases"),
        ("a: " + "[" * 5_000, "nested deeper than 20 levels"),
        ("{a: " * 5_000, "nested deeper than 20 levels"),
        ("- " * 5_000, "nested deeper than 20 levels"),
        ("[" + "a, " * (NODES_LIMIT + 1) + "]", f"more than {NODES_LIMIT} values"),
        ("a: !!set {b, c}", "key 'a': the tag 'tag:yaml.org,2002:set' has no use here"),
        ("a: !!binary aGk=", "the tag 'tag:yaml.org,2002:binary' has no use here"),
        ("a: !!map [b]", "the tag 'tag:yaml.org,2002:map' has no use here"),
        ("a: !!python/object/apply:os.system [ls]", "has no use here"),
        ("? [a]\n: b", "a list or mapping cannot be a key"),
        ("a: b\nc: \0", "not YAML: line 2: a character that YAML does not allow, U+0000"),
        ('a: "\\ud800"', "key 'a': '\\ud800' holds a surrogate"),
        ("a: *b", "line 1, column 4: found undefined alias 'b'"),
        ("<<: 1", "key '<<': expected a mapping"),
        ("a: 'x" + "y" * 500_000, "line 1, column"),
        (f"? {'k' * 200_000}\n: 1\n? {'k' * 200_000}\n: 2", "the second of its name"),
    ],
)
def test_what_is_no_plain_data_is_told_with_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert said in told(tmp_path / "x.yaml")


def test_plain_data_with_anchors_and_merge_keys_is_as_yaml_has_it() -> None:
    text = "base: &b {x: 1, y: [2.5, null, true]}\nother: {<<: [{y: 0}, *b], z: ~, '<': =}\nday: 2027-01-31\n"
    data = parse_yaml(Path("x"), text)
    assert data["other"] == {"x": 1, "y": 0, "z": None, "<": "="}
    assert (data["base"]["y"], str(data["day"])) == ([2.5, None, True], "2027-01-31")
    assert parse_yaml(Path("x"), "") is None


def test_what_is_no_text_file_is_told_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"a: b\nc: \xff\n")
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(10**12)
    for name, said in (
        ("pipe", "not a regular file"),
        ("zero", "not a regular file"),
        ("folder", "Is a directory"),
        ("loop", "Too many levels of symbolic links"),
        ("binary", "line 2: not UTF-8"),
        ("huge", f"larger than the {TEXT_LIMIT} bytes"),
        ("nowhere", "No such file"),
    ):
        assert f"cannot be read: {said}" in told(tmp_path / f"{name}.yaml")


def test_expectations_are_read_within_the_same_limits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigurationError, match="not a regular file"):
        read_expectations(tmp_path / "pipe.yaml")
    (tmp_path / "c.yaml").write_text(BOMB)
    with pytest.raises(ConfigurationError, match="values by aliases"):
        read_expectations(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2023-01-01", "a value of type date, which JSON does not have"),
        ("{a: [.nan]}", "nan, which JSON"),
        (".inf", "inf, which JSON"),
        ("{1: a}", "a mapping with a key that is no text: 1"),
        ("{a: {b: 2023-01-01 10:00:00}}", "a value of type datetime"),
    ],
)
def test_documented_values_are_what_json_can_say(tmp_path: Path, value: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text(DOCUMENTED % value)
    with pytest.raises(ConfigurationError) as caught:
        Catalog(tmp_path).platform(str(tmp_path / "p.yaml"))
    assert f"key 'documented.a.b.value': expected what JSON can say, found {said}" in str(caught.value)


def test_an_error_repeats_little_of_what_it_found(tmp_path: Path) -> None:
    for text in (
        f"title: x\ndriver: {'d' * 100_000}\n",
        f"title: x\ndriver: local\n{'k' * 100_000}: 1\n",
        f"title: x\nextends: {'d' * 100_000}\n",
        f"title: x\ndriver: ssh\naddress: {'=' * 100_000}\n",
        f"title: x\ndriver: docker\nbase: x\ndockerfile: {'d' * 100_000}\n",
        f"title: x\ndriver: ssh\naddress: a\nssh_config: {'d' * 100_000}\n",
    ):
        (tmp_path / "p.yaml").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            Catalog(tmp_path).platform(str(tmp_path / "p.yaml"))
        assert len(str(caught.value)) < 1_500, text[:30]


# Types


class Local(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="driver", tag="local"):
    """One of two kinds of machine."""

    title: Text


class Away(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="driver", tag="away", kw_only=True):
    """The other one."""

    title: Text
    address: Text
    how: Literal["slow", "quick"] = "slow"
    times: Annotated[int, msgspec.Meta(ge=1)] = 1
    share: Annotated[float, msgspec.Meta(le=1)] = 1
    words: dict[Word, tuple[Word, ...]] = {}
    until: date | None = None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x", "key 'driver': missing; expected a text"),
        ("driver: [local]", "line 2: key 'driver': expected a text, found a list"),
        ("driver: locla", "line 2: key 'driver': unknown 'locla' (did you mean 'local'?); known: local, away"),
        ("driver: local", "key 'title': missing; expected a text"),
        ("driver: local\ntitel: x", "line 3: key 'titel': unknown key (did you mean 'title'?); known: driver, title"),
        ("driver: local\ntitle: x\naddress: y", "line 4: key 'address': for driver away only"),
        ("{driver: away, title: x, address: }", "line 2: key 'address': missing; expected a text"),
        (
            "{driver: away, title: x, address: y, how: quik}",
            "line 2: key 'how': unknown 'quik' (did you mean 'quick'?)",
        ),
        (
            "{driver: away, title: x, address: y, times: true}",
            "line 2: key 'times': expected a whole number above 0, found true",
        ),
        ("{driver: away, title: x, address: y, share: 2}", "line 2: key 'share': Expected `float` <= 1.0"),
        (
            "{driver: away, title: x, address: y, words: {a: b}}",
            "line 2: key 'words.a': expected a list of words, found 'b'",
        ),
        (
            "{driver: away, title: x, address: y, words: {a: [[]]}}",
            "line 2: key 'words.a': expected words or numbers, found an",
        ),
        (
            "{driver: away, title: x, address: y, until: 2027-01-31 10:00:00}",
            "line 2: key 'until': expected a date such as",
        ),
        (
            "{driver: away, title: x, address: y, 1: z}",
            "expected the keys title, address, how, times, share, words, until, found 1; a name like that needs quotes",
        ),
    ],
)
def test_what_does_not_fit_its_type_is_told_with_line_key_and_what_is_expected(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"# a comment\n{text}\n")
    with pytest.raises(ConfigurationError) as caught:
        read_file(path, Local | Away)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_what_fits_is_a_value_of_its_type_with_texts_for_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("{driver: away, title: 1.5, address: y, words: {2: [3, a]}, until: 2027-01-31}")
    found: Local | Away = read_file(tmp_path / "x.yaml", Local | Away)
    assert found == Away(title="1.5", address="y", words={"2": ("3", "a")}, until=date(2027, 1, 31))


@pytest.mark.parametrize(
    ("place", "read"),
    [
        ("platforms/debian.yaml", lambda catalog, path: catalog.platform(str(path))),
        ("platforms/emulators/qemu-user.yaml", lambda catalog, path: catalog.platform("debian-arm64")),
        ("chat/python.yaml", lambda catalog, path: catalog.subject(str(path))),
        ("chat/faults/no-append.yaml", lambda catalog, path: read_faults(catalog)),
        ("expectations/python.yaml", lambda catalog, path: read_expectations(path)),
    ],
)
def test_the_second_of_two_keys_of_one_name_is_an_error_in_every_file(
    tmp_path: Path, catalog: Catalog, place: str, read: Callable[[Catalog, Path], object]
) -> None:
    """YAML 1.2, 3.2.1.3: keys are unique. PyYAML takes the last one, and the first is lost without a word."""
    for folder in ("platforms", "chat"):
        shutil.copytree(catalog.root / folder, tmp_path / folder)
    for folder in ("suite", "Dockerfiles"):
        (tmp_path / folder).symlink_to(catalog.root / folder)
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.is_file() else "debian:\n  a: {reason: x}\n"
    read(Catalog(tmp_path), _rewritten(path, text))
    (line,) = [line for line in text.splitlines() if re.match("(title|emulator_limits|debian):", line)]
    name = line.partition(":")[0]
    with pytest.raises(ConfigurationError) as caught:
        read(Catalog(tmp_path), _rewritten(path, f"{text}\n{name}:\n"))
    number = len(f"{text}\n".splitlines()) + 1
    assert (
        str(caught.value)
        == f"{path}: line {number}: key '{name}': the second of its name would replace the first; merge them"
    )


def _rewritten(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
