"""What a worker answers about a cell, as data. Input is untrusted: a worker may be anybody's machine."""

from dataclasses import replace

import msgspec

from anyunix.results.junit import XML_LIMIT, BadResults
from anyunix.results.matrix_file import strange_in
from anyunix.results.model import Artifacts, CellResult, Matrix
from anyunix.run.cell import RECORDS_LIMIT, Cell
from anyunix.text import safe

LOG_LIMIT = 64 * 1024 * 1024
"""Bytes of a cell's log that are taken at most."""
ANSWER_LIMIT = 2 * XML_LIMIT + RECORDS_LIMIT + LOG_LIMIT
"""Bytes of an answer that are read at most."""
RESULT_LIMIT = XML_LIMIT
"""Bytes of a result, as JSON, that are taken at most: as of one that a platform writes."""
TEXT_LIMIT = 2000


class CellAnswer(msgspec.Struct, frozen=True):
    """What came of a cell; where it was not run at all, why."""

    result: CellResult | None = None
    artifacts: Artifacts = Artifacts()
    measured: bool = True
    """False where the cell was to measure its platform's facts and could not."""
    leaving: bool = False
    """The worker is being ended: another one is to run the cell."""
    refused: str = ""
    """Why the worker did not take it: another version, no key, something that the user wrote."""


def encode_answer(answer: CellAnswer) -> bytes:
    """As bytes. Half a character of a log becomes a question mark: no message can hold one."""
    log = answer.artifacts.log.encode(errors="replace").decode()
    return msgspec.msgpack.encode(msgspec.structs.replace(answer, artifacts=replace(answer.artifacts, log=log)))


def read_answer(data: object, cell: Cell, worker: str) -> CellAnswer:
    """What a worker sent about a cell: whatever it says, it is that cell's. Raises BadResults."""
    if not isinstance(data, bytes):
        raise BadResults(f"expected bytes, found {type(data).__name__}")
    if len(data) > ANSWER_LIMIT:
        raise BadResults(f"{len(data)} bytes; at most {ANSWER_LIMIT} are read")
    try:
        answer = msgspec.msgpack.decode(data, type=CellAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadResults(f"no answer of anyunix: {error}") from None
    answer = msgspec.structs.replace(answer, refused=safe(answer.refused[:TEXT_LIMIT]))
    if answer.result is None:
        if not (answer.refused or answer.leaving):
            raise BadResults("neither a result nor why there is none")
        return answer
    asked = cell.result(answer.result.status)
    result = replace(
        answer.result, subject=asked.subject, platform=asked.platform, bind=asked.bind, build=asked.build, worker=worker
    )
    _check(result)
    return msgspec.structs.replace(answer, result=result)


def _check(result: CellResult) -> None:
    """Raises BadResults for what could not be written to a matrix.json and read again."""
    if reason := strange_in(Matrix((), (result,), "")):
        raise BadResults(reason)
    written = msgspec.json.encode(result)
    if len(written) > RESULT_LIMIT:
        raise BadResults(f"a result of {len(written)} bytes; at most {RESULT_LIMIT} are taken")
    try:
        msgspec.json.decode(written, type=CellResult)
    except msgspec.ValidationError as error:
        raise BadResults(f"a value that JSON does not have: {error}") from None
