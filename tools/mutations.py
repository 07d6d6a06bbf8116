"""Files that people write, or that come from elsewhere, made wrong: their bytes, their data, and what they are."""

import json
import os
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import yaml

PIECES = (
    b"\0",
    b"\xff\xfe",
    b"\t",
    b"\n",
    b": ",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"!!int ",
    b"!!set ",
    b"!!x/y ",
    b"{",
    b"[",
    b"]",
    b"}",
    b'"',
    b"'",
    b"|",
    b">",
    b"%",
    b"---\n",
    b"...\n",
    b"#",
    b"2023-02-30",
    b"9" * 5_000,
    b"1e999",
    b"0x" + b"f" * 5_000,
    b".nan",
    b"\\u0000",
    b"\\ud800",
    "\u202e".encode(),
    b"\x1b]0;x\x07",
    b"\n::error::x\n",
    b"[" * 3_000,
    b"{a: " * 3_000,
    b'{"a":' * 3_000,
    b"x" * 300_000,
    b"- " * 3_000,
)
BOMB = "\n".join(
    ["b0: &b0 [x, x, x, x, x, x, x, x, x]", *(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]" for n in range(1, 12))]
)
NAMES = ("", "x", "\x1b[1m", "../x", "k" * 100_000, "title", "driver", "0", "\x00", "\u202e")


def _nested(depth: int, *, mapping: bool = False) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value} if mapping else [value]
    return value


VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    2**64,
    -(2**70),
    10**400,
    0.5,
    -1e300,
    float("inf"),
    float("nan"),
    "",
    " ",
    "\0",
    "x\0y",
    "\x1b[2J\x1b]0;x\x07",
    "\u202etxt.exe",
    "../../../etc/passwd",
    "/etc/shadow",
    "/dev/zero",
    "a/b",
    "-o",
    "--help",
    "{",
    "{port}{work}",
    "x\n::error::y",
    "x" * 300_000,
    "[red]x[/red][/]",
    "<script>alert(1)</script>",
    "(",
    "(?P<addresses>",
    "(a+)+$",
    "TODO",
    "2023-02-30",
    "ran",
    "fact",
    "failed",
    "contract",
    "local",
    "debian",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"a": 1}},
    ["x"] * 5_000,
    {f"k{n}": n for n in range(3_000)},
    _nested(19),
    _nested(150),
    _nested(30, mapping=True),
)


def in_bytes(data: bytes, random: Random) -> bytes:
    """A few bytes turned, cut, doubled, or something strange put between."""
    for _ in range(random.randint(1, 4)):
        at, to = sorted(random.randint(0, len(data)) for _ in range(2))
        piece = random.choice(PIECES)
        data = random.choice(
            (
                data[:at] + piece + data[at:],
                data[:at] + piece + data[to:],
                data[:at],
                data[:at] + data[to:],
                data[:to] + data[at:to] * random.randint(1, 3) + data[to:],
                data[:at] + bytes([random.randrange(256)]) + data[at + 1 :],
            )
        )
    return data


def in_lines(data: bytes, random: Random) -> bytes:
    """Lines doubled, moved, left out, indented otherwise; an alias bomb behind them."""
    lines = data.split(b"\n")
    for _ in range(random.randint(1, 3)):
        number, other = random.randrange(len(lines)), random.randrange(len(lines))
        change = random.randrange(6)
        if change == 0:
            lines.insert(other, lines[number])
        elif change == 1:
            del lines[number : number + random.randint(1, max(1, len(lines) // 4))]
            lines = lines or [b""]
        elif change == 2:
            lines[number] = b" " * random.randint(1, 4) + lines[number]
        elif change == 3:
            lines[number], lines[other] = lines[other], lines[number]
        elif change == 4:
            lines.append(BOMB.encode())
        else:
            key, colon, _ = lines[number].partition(b":")
            lines[number] = key + colon + b" " + random.choice(PIECES)
    return b"\n".join(lines)


def in_data(data: bytes, random: Random) -> bytes:
    """Keys and values of others' kinds, at any depth; written as JSON, which is YAML too."""
    document = yaml.safe_load(data) if not data.lstrip().startswith(b"{") else json.loads(data)
    for _ in range(random.randint(1, 3)):
        document = _changed(document, random)
    return json.dumps(document, default=str).encode()


def in_kind(path: Path, random: Random) -> None:
    """Something else in the file's place: a pipe, a device, a folder, a link, nothing."""
    path.unlink()
    random.choice(
        (
            lambda: os.mkfifo(path),
            lambda: path.symlink_to("/dev/zero"),
            lambda: path.symlink_to(path.name),
            path.mkdir,
            lambda: path.symlink_to("nowhere"),
            lambda: path.symlink_to("/etc/passwd"),
            lambda: path.write_bytes(b""),
            lambda: _sparse(path, 200_000_000),
            lambda: path.symlink_to("/dev/full"),
            lambda: None,
        )
    )()


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def mutate(path: Path, random: Random) -> str:
    """Change a file in one of these ways; which."""
    ways: tuple[Callable[[bytes, Random], bytes], ...] = (in_bytes, in_lines, in_data, in_data, in_data, in_data)
    if random.random() < 0.05:
        in_kind(path, random)
        return "in_kind"
    way = random.choice(ways)
    data = way(path.read_bytes(), random)
    if random.random() < 0.1:
        data = in_bytes(data, random)
    path.write_bytes(data)
    return way.__name__


def _changed(document: Any, random: Random) -> Any:
    """The data with one place in it changed, any as likely as another."""
    places = list(_places(document))
    if not places or random.random() < 0.02:
        return _value(document, random)
    holder, key = random.choice(places)
    change = random.randrange(10)
    if change < 6:
        holder[key] = _value(holder[key], random)
    elif change == 6:
        del holder[key]
    elif isinstance(holder, dict):
        name = random.choice((*NAMES, f"{key} "))
        holder[name] = holder.pop(key) if change == 7 else deepcopy(holder[key])
    else:
        holder.insert(random.randrange(len(holder) + 1), deepcopy(holder[key]))
    return document


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or mapping in the data with each key of it."""
    if isinstance(data, (dict, list)):
        for key, value in list(data.items() if isinstance(data, dict) else enumerate(data)):
            yield data, key
            yield from _places(value)


def _value(before: Any, random: Random) -> Any:
    """Something else, mostly of the same type: what is checked first is the type."""
    alike = [value for value in VALUES if type(value) is type(before)]
    return deepcopy(random.choice(alike if alike and random.random() < 0.7 else VALUES))
