"""matrix.json: what is written is read again as it was, and anything else is an error that says where."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anyunix.analysis.verdict import judge
from anyunix.cli import main
from anyunix.errors import ConfigurationError
from anyunix.results import matrix_file
from anyunix.results.cause_model import Cause
from anyunix.results.json_values import DEPTH_LIMIT, unfit
from anyunix.results.matrix_file import encode, read_matrix
from anyunix.results.model import CellResult, Documented, Identity, Matrix, PlatformResult, Probe, ProbeText
from anyunix.shards.planning import read_plan
from cluster_matrix import with_workers


def example() -> Matrix:
    probe = Probe(
        "g/test_x.py::test_a[1]",
        "contract",
        "flaky",
        "m\u2028\x00",
        0.5,
        3,
        ("a.b",),
        "It fails",
        "Mend it",
        ("::",),
        {"a": [1, None, True]},
        {"a": "{value}"},
        {"passed": 1},
        {"c": (1, 2)},
        "because",
        "known",
        cause=Cause(("a", "b"), 7, True, "p", ("a.b",), "not so with c"),
    )
    platform = PlatformResult(
        "p",
        "P",
        "local",
        "ran",
        facts={"a": 1},
        unstable={"c": (1, 2)},
        documented={"d": Documented(0, "manual(5)")},
        like="freebsd",
        differences=("a", "b"),
    )
    return judge(
        Matrix(
            (platform,),
            (CellResult("c", "p", "dual", "ran", probes=(probe,)),),
            "p",
            ("p",),
            (ProbeText("g/test_x.py::test_a", "contract", "b", "r", 3),),
            "2026-01-01T00:00:00+00:00",
            1.5,
            problems=("x",),
        )
    )


PLATFORM = {"name": "p", "title": "", "driver": "local", "status": "ran"}


def cell_with_cause(**keys: object) -> dict[str, object]:
    probe = {"id": "g/test_x.py::test_a", "kind": "contract", "outcome": "failed", "cause": keys}
    return {"subject": "c", "platform": "p", "bind": "d", "status": "ran", "probes": [probe]}


def deep(levels: int) -> object:
    return [deep(levels - 1)] if levels else 1


def write(path: Path, **changes: object) -> Path:
    document = {**json.loads(encode(example())), **changes}
    path.write_text(json.dumps(document))
    return path


def test_written_and_read_again_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "matrix.json").write_bytes(encode(example()))
    assert read_matrix(tmp_path) == example()
    assert read_matrix(tmp_path / "matrix.json") == example()


@pytest.mark.parametrize("cells", [0, 1, 3])
def test_in_pieces_it_is_one_document_in_one_style(cells: int) -> None:
    """Values with line ends and brackets in them do not lead the pieces astray."""
    cell = replace(example().cells[0], reason='\n "cells": []', findings=("[\n ]",))
    text = encode(replace(example(), cells=(cell,) * cells, part='\n "cells": []')).decode()
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    assert [each["reason"] for each in json.loads(text)["cells"]] == [cell.reason] * cells


def test_the_documented_keys_are_there() -> None:
    document = json.loads(encode(example()))
    assert document["schema"] == 1
    assert set(document) >= {"reference", "platforms", "cells", "verdicts"}
    assert set(document["platforms"][0]) >= {"name", "title", "driver", "status", "reason", "facts"}
    assert set(document["cells"][0]) >= {"subject", "platform", "bind", "build", "probes"}
    assert set(document["cells"][0]["probes"][0]) >= {"id", "kind", "outcome", "message", "seconds"}
    assert set(document["verdicts"][0]) >= {"subject", "bind", "verdict", "because"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": 2}, "schema 2; this anyunix reads schema 1"),
        ({"schema": "x" * 100}, "schema 'xxx"),
        ({"cells": None}, r"\$\.cells"),
        ({"cells": [{"subject": "c"}]}, r"\$\.cells\[0\]"),
        ({"verdicts": [{"subject": "c", "bind": "d", "verdict": "maybe"}]}, r"'maybe'.*\$\.verdicts\[0\]\.verdict"),
        ({"reference": 1}, r"\$\.reference"),
        *(
            (
                {"cells": [{"subject": "c", "platform": "p", "bind": "d", "status": "ran", key: value}]},
                rf"'{value}' is not the name of a subject, .* - at `\$\.cells\[0\]`",
            )
            for key, value in (("platform", "../../../tmp"), ("bind", "a/b"), ("subject", ""), ("build", "/etc"))
        ),
        *(
            ({"cells": [cell_with_cause(**{key: value})]}, said)
            for key, value, said in (
                (
                    "differences",
                    ["a\nb"],
                    r"'a\\nb' is not the name of a difference or of a fact - at `\$\.cells\[0\]`",
                ),
                ("facts", [""], "'' is not the name of a difference"),
                ("runs", -1, r"\$\.cells\[0\]\.probes\[0\]\.cause\.runs"),
                ("runs", "many", r"\.cause\.runs"),
                ("differences", "v6only-default", r"\.cause\.differences"),
                ("minimal", 1, r"\.cause\.minimal"),
            )
        ),
        ({"platforms": [PLATFORM] * 2}, "two of the platforms are called 'p'"),
        ({"workers": [{"name": "w", "cells": 1}] * 2}, "two of the workers are called 'w'"),
        *(
            ({"workers": [{"name": "v", "cells": 1}, {"name": name, "cells": 1}]}, said)
            for name, said in (
                ("a\nb", r"'a\\nb' is not the name of a worker - at `\$\.workers\[1\]`"),
                ("", r"'' is not the name of a worker"),
                ("x" * 201, r"'xxx.* is not the name of a worker"),
                (7, r"\$\.workers\[1\]\.name"),
            )
        ),
        ({"workers": [{"name": "w", "cells": -1}]}, r"\$\.workers\[0\]\.cells"),
        ({"workers": [{"name": "w", "cells": 2**63}]}, r"\$\.workers\[0\]\.cells"),
        ({"workers": [{"name": "w"}]}, r"\$\.workers\[0\]"),
        (
            {"cells": [{"subject": "c", "platform": "p", "bind": "d", "status": "ran", "worker": "a\x1bb"}]},
            r"'a\\x1bb' is not the name of a worker - at `\$\.cells\[0\]`",
        ),
        (
            {"platforms": [{**PLATFORM, "facts": {"a": deep(40)}}]},
            "fact 'a' of platform 'p' is a list or mapping nested deeper than 20",
        ),
    ],
)
def test_another_shape_is_named_with_its_place(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_matrix(write(tmp_path / "matrix.json", **changes))


def test_workers_are_read_again_and_need_not_be_there(tmp_path: Path) -> None:
    (tmp_path / "matrix.json").write_bytes(encode(with_workers(example())))
    assert read_matrix(tmp_path) == with_workers(example())
    document = json.loads(encode(example()))
    del document["workers"], document["cells"][0]["worker"]
    (tmp_path / "matrix.json").write_text(json.dumps(document))
    assert read_matrix(tmp_path) == example()


def test_what_was_written_before_there_were_causes_can_be_read(tmp_path: Path) -> None:
    document = json.loads(encode(example()))
    del document["cells"][0]["probes"][0]["cause"], document["platforms"][0]["like"]
    del document["platforms"][0]["differences"]
    (tmp_path / "matrix.json").write_text(json.dumps(document))
    matrix = read_matrix(tmp_path)
    assert matrix.cells[0].probes[0].cause is None
    assert (matrix.platforms[0].like, matrix.platforms[0].differences) == ("", ())


def test_what_a_run_keeps_at_its_limits_can_be_read_reported_and_compared(tmp_path: Path) -> None:
    value: Any = [2**64 - 1, -(2**63), 1e308, "\U0001f600\x00", {"k": None}]
    for _ in range(DEPTH_LIMIT - 2):
        value = [value]
    assert unfit(value) == ""
    assert unfit([value]) != ""
    matrix = example()
    probe = replace(matrix.cells[0].probes[0], facts={"deep": value}, unstable={"too": (value, 1)})
    platform = replace(
        matrix.platforms[0],
        facts={"deep": value},
        unstable={"too": (value, 1)},
        documented={"deep": Documented(value, "manual(5)")},
    )
    matrix = replace(
        matrix,
        platforms=(platform,),
        cells=(replace(matrix.cells[0], probes=(probe,)),),
        identity=Identity("1", "suite"),
    )
    (tmp_path / "matrix.json").write_bytes(encode(matrix))
    assert read_matrix(tmp_path) == matrix
    for command in (["report"], ["merge", "--out", str(tmp_path / "merged")], ["diff", str(tmp_path)]):
        assert main([command[0], str(tmp_path), *command[1:]]) in (0, 1)


@pytest.mark.parametrize("place", ["platforms", "cells"])
@pytest.mark.parametrize("kind", ["facts", "unstable"])
def test_a_fact_that_is_nested_too_deep_is_named(tmp_path: Path, place: str, kind: str) -> None:
    document = json.loads(encode(example()))
    holder = document[place][0] if place == "platforms" else document[place][0]["probes"][0]
    value = json.loads("[" * 480 + "]" * 480)
    holder[kind] = {"deep": value if kind == "facts" else [1, value]}
    (tmp_path / "matrix.json").write_text(json.dumps(document))
    with pytest.raises(ConfigurationError, match=r"matrix\.json: fact 'deep' .* nested deeper than 20"):
        read_matrix(tmp_path)
    for command in (["report"], ["merge"], ["diff", str(tmp_path)]):
        assert main([command[0], str(tmp_path), *command[1:]]) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b'{"schema": 1', "not JSON"),
        (b"[]", "no key 'schema'"),
        (b"{}", "no key 'schema'"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"<html>", "not JSON"),
    ],
)
def test_something_else_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "matrix.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        read_matrix(tmp_path)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="anyunix run --out DIR"):
        read_matrix(tmp_path / "nowhere")


def test_what_is_no_file_is_read_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "matrix.json")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for path in (tmp_path / "matrix.json", tmp_path / "zero"):
        with pytest.raises(ConfigurationError, match="cannot be read: not a regular file"):
            read_matrix(path)
        with pytest.raises(ConfigurationError, match="cannot be read: not a regular file"):
            read_plan(path)


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_file, "SIZE_LIMIT", 10)
    (tmp_path / "matrix.json").write_bytes(b"x" * 11)
    with pytest.raises(ConfigurationError, match="larger than the 10 bytes"):
        read_matrix(tmp_path)
