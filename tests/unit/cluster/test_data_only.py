"""How a client reads messages of a cluster: as Dask does, where they are data; code and garbage become NOT_DATA."""

import asyncio
import pickle
import struct
from pathlib import Path
from typing import Any

import distributed.client
import distributed.comm.tcp
import distributed.core
import msgpack
import pytest
from distributed import protocol
from distributed.comm.core import CommClosedError
from distributed.protocol.serialize import Serialized, ToPickle, to_serialize

from anyunix.cluster.data_only import MESSAGE_LIMIT, NOT_DATA, only_data, read_message


class Code:
    """Writes a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = str(file)

    def __reduce__(self) -> Any:
        return open, (self.file, "w")


@pytest.fixture
def code(tmp_path: Path) -> Code:
    return Code(tmp_path / "ran")


def sent(message: object) -> Any:
    return read_message(protocol.dumps(message))


@pytest.mark.parametrize(
    "message",
    [
        {"op": "event", "event": (1.5, {"number": 7, "says": "hello"})},
        ({"op": "key-in-memory", "key": "k", "type": b"x"}, {"op": "close"}),
        {"workers": {"tcp://a:1": {"metrics": {"cpu": 1.0, "anyunix": "{}"}, "name": 0}}},
        {"tags": {"a", "b"}, "none": None, "true": True, "deep": ((((),),),)},
    ],
)
def test_data_is_read_as_dask_reads_it(message: object) -> None:
    assert sent(message) == protocol.loads(protocol.dumps(message)) == message


@pytest.mark.parametrize("size", [0, 1, 1000, 70 * 1024 * 1024])
def test_bytes_are_read_however_many_frames_they_come_in(size: int) -> None:
    data = b"x" * size
    assert sent({"data": to_serialize(data)})["data"] == data


def test_nothing_is_unpickled(code: Code) -> None:
    typed = {"serializer": "dask", "type": "bytes", "type-serialized": pickle.dumps(code), "sub-header": {}}
    message = {
        "a": to_serialize(code),
        "b": ToPickle(code),
        "c": Serialized(typed, [b"x"]),
        "d": to_serialize({"key": [code]}),
        "e": 7,
    }
    assert sent(message) == {"a": NOT_DATA, "b": NOT_DATA, "c": NOT_DATA, "d": NOT_DATA, "e": 7}
    assert not Path(code.file).exists()


HEADER = {"serializer": "dask", "type-serialized": pickle.dumps(bytes), "num-sub-frames": 1}


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "compression": ("zlib",)},
        {**HEADER, "compression": 7},
        {**HEADER, "num-sub-frames": "many"},
        {**HEADER, "serializer": "pickle"},
        {**HEADER, "serializer": "error"},
        {**HEADER, "type-serialized": pickle.dumps(str)},
        {**HEADER, "type-serialized": [1]},
        {},
        [],
        None,
    ],
)
def test_a_header_that_fits_nothing_spoils_nothing_else(header: object) -> None:
    first = msgpack.dumps({"x": {"__Serialized__": 1}, "y": 7})
    assert read_message([first, msgpack.dumps(header), b"data"]) == {"x": NOT_DATA, "y": 7}


@pytest.mark.parametrize("place", [2, 99, -1, -99, "1", None, [1], 1.5])
def test_a_place_that_is_none_spoils_nothing_else(place: object) -> None:
    first = msgpack.dumps({"x": {"__Serialized__": place}, "s": {"__Set__": 1, "as-list": [[], {}]}, "y": 7})
    assert read_message([first, msgpack.dumps(HEADER), b"data"]) == {"x": NOT_DATA, "s": NOT_DATA, "y": 7}


def test_a_header_may_be_whatever_bytes() -> None:
    first = msgpack.dumps({"x": {"__Serialized__": 1}, "e": {"__Enum__": True, "name": "x"}})
    for header in (b"", b"\xc1", b"\x91" * 100_000, b"garbage" * 100):
        assert read_message([first, header, b"data"]) == {"x": NOT_DATA, "e": NOT_DATA}


def test_whatever_dask_unpickles_elsewhere_is_refused_as_well(code: Code) -> None:
    pickled = pickle.dumps(code)
    with only_data():
        _, error, _ = distributed.core.clean_exception(pickled, pickled)
        assert type(error) is Exception
        client: Any = distributed.client
        for unpickle in (client.loads, client.pickle.loads, protocol.pickle.loads):
            with pytest.raises(TypeError):
                unpickle(pickled)
        assert protocol.loads(protocol.dumps({"x": ToPickle(code)})) == {"x": NOT_DATA}
    assert not Path(code.file).exists()


def test_dask_reads_as_before_once_it_is_over(code: Code) -> None:
    before = [protocol.loads, protocol.pickle.loads, distributed.client.loads, distributed.comm.tcp.read_bytes_rw]
    with pytest.raises(KeyError), only_data():
        raise KeyError
    assert before == [
        protocol.loads,
        protocol.pickle.loads,
        distributed.client.loads,
        distributed.comm.tcp.read_bytes_rw,
    ]
    protocol.pickle.loads(pickle.dumps(code)).close()
    assert Path(code.file).exists()


def test_a_message_that_is_too_large_is_not_read() -> None:
    tcp: Any = distributed.comm.tcp
    half = MESSAGE_LIMIT // 2
    with only_data():
        with pytest.raises(CommClosedError):
            asyncio.run(tcp.read_bytes_rw(None, MESSAGE_LIMIT + 1))
        assert tcp.unpack_frames(struct.pack("3Q", 2, half, half), partial=True) == ([], [half, half])
        with pytest.raises(CommClosedError):
            tcp.unpack_frames(struct.pack("4Q", 3, half, half, 2), partial=True)
