"""Copies are built as if each were built alone, whatever they share."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from anyunix.catalog.lookup import Catalog

MAKEFILE = "prog: a.o b.o\n\tcat a.o b.o > prog\n.c.o:\n\techo $< >> made\n\tcat $< > $@\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "bases" / "x"
    folder.mkdir(parents=True)
    for name, text in {"a.c": "A\n", "b.c": "B\n", "Makefile": MAKEFILE}.items():
        (folder / name).write_text(text)
    return folder


def built(catalog: Catalog, top: Path, changes: dict[str, dict[str, str]], **more: Any) -> list[dict[str, Any]]:
    copies = []
    for name, files in changes.items():
        (top / "changes" / name).mkdir(parents=True)
        for file, text in files.items():
            (top / "changes" / name / file).write_text(text)
        copy = {"base": "bases/x", "changes": f"changes/{name}", "folder": f"copies/{name}", "build": ["make", "-s"]}
        copies.append({**copy, "environment": {}, "seconds": 20, **more})
    (top / "copies.json").write_text(json.dumps({"side_by_side": 2, "copies": copies}))
    command = [sys.executable, str(catalog.suite / "build_copies.py"), "copies.json"]
    done = subprocess.run(command, cwd=top, capture_output=True, text=True, timeout=60, check=True)
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def test_each_compiles_only_what_differs(catalog: Catalog, tmp_path: Path, base: Path) -> None:
    for file in base.iterdir():  # sources from the future, as on a platform whose clock is behind
        os.utime(file, (time.time() + 3600, time.time() + 3600))
    answers = built(catalog, tmp_path, {"one": {"a.c": "a\n"}, "two": {"b.c": "b\n"}, "whole": {}})
    assert [answer["status"] for answer in answers] == [0, 0, 0]
    programs = {name: (tmp_path / "copies" / name / "prog").read_text() for name in ("one", "two", "whole")}
    assert programs == {"one": "a\nB\n", "two": "A\nb\n", "whole": "A\nB\n"}
    assert (tmp_path / "copies/one/made").read_text() == "a.c\nb.c\na.c\n"


def test_a_change_in_another_file_than_a_source_has_all_built_again(
    catalog: Catalog, tmp_path: Path, base: Path
) -> None:
    changed = MAKEFILE.replace("cat $< > $@", "tr A-Z a-z < $< > $@")
    answers = built(catalog, tmp_path, {"one": {"a.c": "a\n"}, "two": {"b.c": "b\n"}, "other": {"Makefile": changed}})
    assert [answer["status"] for answer in answers] == [0, 0, 0]
    assert (tmp_path / "copies/other/prog").read_text() == "a\nb\n"


def test_one_that_does_not_build_costs_no_other(catalog: Catalog, tmp_path: Path, base: Path) -> None:
    fails, builds = built(catalog, tmp_path, {"fails": {"Makefile": "prog:\n\techo no; exit 3\n"}, "builds": {}})
    assert fails["status"] != 0
    assert "no" in fails["said"]
    assert builds["status"] == 0


def test_a_build_that_hangs_is_ended(catalog: Catalog, tmp_path: Path, base: Path) -> None:
    begun = time.monotonic()
    (answer,) = built(catalog, tmp_path, {"hangs": {}}, build=["sh", "-c", "sleep 300 & sleep 300"], seconds=0.5)
    assert answer["timed_out"]
    assert time.monotonic() - begun < 30
