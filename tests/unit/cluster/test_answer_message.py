"""Answers of workers that are no answers: an error of the cell, never anything else."""

import math
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from anyunix.catalog.platforms import Platform
from anyunix.catalog.subjects import Subject
from anyunix.cluster import answer_message
from anyunix.cluster.answer_message import CellAnswer, encode_answer, read_answer
from anyunix.results.junit import BadResults
from anyunix.results.model import Artifacts, CellResult, Probe
from anyunix.run.cell import Cell

PROBE = Probe("binding/test_x.py::test_y", "contract", "failed", "no answer", 0.5, facts={"a.b": [1, {"c": None}]})


@pytest.fixture
def cell(subject: Subject, local: Platform) -> Cell:
    return Cell(subject, local, "default")


def refused(data: object, cell: Cell) -> str:
    with pytest.raises(BadResults) as error:
        read_answer(data, cell, "w1")
    return str(error.value)


def with_probe(cell: Cell, **changes: Any) -> bytes:
    return encode_answer(CellAnswer(replace(cell.result("ran"), probes=(replace(PROBE, **changes),))))


def test_what_came_of_a_cell_comes_back_as_it_was(cell: Cell) -> None:
    result = replace(cell.result("ran"), probes=(PROBE,), seconds=1.5, left_behind=("pid 7 nginx",))
    sent = CellAnswer(result, Artifacts((b"<testsuites/>",), "a log", b"[]"), measured=False)
    assert read_answer(encode_answer(sent), cell, "w1") == msgspec.structs.replace(
        sent, result=replace(result, worker="w1")
    )


def test_a_log_with_half_a_character_comes_back(cell: Cell) -> None:
    answer = CellAnswer(cell.result("ran"), Artifacts(log="a \ud800 b"))
    assert read_answer(encode_answer(answer), cell, "w1").artifacts.log == "a ? b"


def test_a_worker_that_is_being_ended_gives_its_cell_back(cell: Cell) -> None:
    assert read_answer(encode_answer(CellAnswer(leaving=True)), cell, "w1").leaving


def test_a_result_is_of_the_cell_that_was_asked_for_and_of_the_worker_that_was_asked(cell: Cell) -> None:
    other = CellResult("other", "../elsewhere", "dual", "ran", build="poisoned", worker="another")
    answer = read_answer(encode_answer(CellAnswer(other)), cell, "w1")
    assert answer.result is not None
    assert (answer.result.id, answer.result.worker) == (cell.id, "w1")


def test_why_there_is_no_result_is_short_and_safe_to_print(cell: Cell) -> None:
    answer = read_answer(encode_answer(CellAnswer(refused="\x1b[2Jno key" + "." * 5000)), cell, "w1")
    assert answer.refused.startswith("no key...")
    assert len(answer.refused) <= answer_message.TEXT_LIMIT


@pytest.mark.parametrize("data", [None, "text", 7, {}, [b""], object()])
def test_other_things_than_bytes_are_refused(data: object, cell: Cell) -> None:
    assert refused(data, cell) == f"expected bytes, found {type(data).__name__}"


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"garbage", b"\x91" * 100_000, b"\x81\xa6result" * 5000, msgspec.msgpack.encode([1, 2])]
)
def test_garbage_is_refused(data: bytes, cell: Cell) -> None:
    assert refused(data, cell).startswith("no answer of anyunix: ")


def test_every_answer_that_is_cut_off_is_refused(cell: Cell) -> None:
    whole = with_probe(cell)
    for length in range(len(whole)):
        assert refused(whole[:length], cell)


def test_an_answer_with_a_changed_byte_is_read_or_refused_and_never_anything_else(cell: Cell) -> None:
    whole = with_probe(cell)
    for place in range(len(whole)):
        for byte in (0, 0x7F, 0x80, 0xC0, 0xCB, 0xFF):
            changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
            try:
                answer = read_answer(changed, cell, "w1")
            except BadResults:
                continue
            assert answer.result is None or answer.result.id == cell.id


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "great"},
        {"kind": 7},
        {"id": None},
        {"seconds": "long"},
        {"line": 1.5},
        {"facts": ["a"]},
        {"message": b"bytes"},
        {"explained_by": "a word"},
        {"cause": 3},
    ],
)
def test_wrong_types_are_refused(changes: dict[str, Any], cell: Cell) -> None:
    assert refused(with_probe(cell, **changes), cell).startswith("no answer of anyunix: ")


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, b"bytes", {1: "a number as key"}, [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]
)
@pytest.mark.parametrize("place", ["facts", "unstable"])
def test_a_fact_that_is_no_json_is_refused(place: str, value: object, cell: Cell) -> None:
    assert "fact 'a.b' in cell" in refused(
        with_probe(cell, **{place: {"a.b": value if place == "facts" else [value]}}), cell
    )


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_a_duration_that_is_no_number_is_refused(seconds: float, cell: Cell) -> None:
    assert "a value that JSON does not have" in refused(with_probe(cell, seconds=seconds), cell)
    result = replace(cell.result("ran"), seconds=seconds)
    assert "a value that JSON does not have" in refused(encode_answer(CellAnswer(result)), cell)


def test_a_result_of_endless_texts_is_refused(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_message, "RESULT_LIMIT", 10_000)
    assert "at most 10000 are taken" in refused(with_probe(cell, message="x" * 10_000), cell)


def test_an_answer_that_is_too_large_is_not_decoded(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_message, "ANSWER_LIMIT", 1000)
    answer = CellAnswer(cell.result("ran"), Artifacts(log="x" * 1000))
    assert "at most 1000 are read" in refused(encode_answer(answer), cell)


def test_an_answer_without_a_result_says_why(cell: Cell) -> None:
    assert refused(encode_answer(CellAnswer()), cell) == "neither a result nor why there is none"
