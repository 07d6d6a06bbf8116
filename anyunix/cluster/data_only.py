"""What a client reads of a cluster: numbers, texts and bytes. Input is untrusted.

Dask itself unpickles, which runs code that the sender chose: what tasks raise, the types of results, warnings that
workers pass on, whatever msgpack does not know, and all that also where a client's `deserializers` have no pickle.
Therefore Dask's reading is replaced as long as a client of a scheduler elsewhere is there. What is no data becomes
NOT_DATA, rather than an exception, which would end the one stream that everything comes by.
"""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import distributed.client
import distributed.comm.tcp
import distributed.protocol
import distributed.protocol.pickle
import msgpack  # type: ignore[import-untyped]
from distributed.comm.core import CommClosedError
from distributed.protocol.utils import msgpack_opts

from anyunix.cluster.answer_message import ANSWER_LIMIT

MESSAGE_LIMIT = ANSWER_LIMIT + 1024 * 1024
"""Bytes of a message that are read at most: an answer, and what is around it."""
BYTES = frozenset(pickle.dumps(bytes, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1))
"""How Dask's header says that something is bytes. It is compared, and never unpickled."""


class NotData:
    """Something that was sent and is not read."""

    def __repr__(self) -> str:
        return "something other than data, which is not read"


NOT_DATA = NotData()


@contextmanager
def only_data() -> Iterator[None]:
    """Inside, no message of a scheduler or worker has this process run code, or is larger than MESSAGE_LIMIT."""
    unpickle = SimpleNamespace(loads=_refuse)
    tcp: Any = distributed.comm.tcp
    with (
        _replaced(distributed.protocol, "loads", read_message),
        _replaced(distributed.protocol.pickle, "loads", _refuse),
        _replaced(distributed.client, "loads", _refuse),
        _replaced(distributed.client, "pickle", unpickle),
        _replaced(tcp, "read_bytes_rw", _bounded_read(tcp.read_bytes_rw)),
        _replaced(tcp, "unpack_frames", _bounded_frames(tcp.unpack_frames)),
    ):
        yield


@contextmanager
def _replaced(owner: Any, name: str, new: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, new)
    try:
        yield
    finally:
        setattr(owner, name, before)


def read_message(frames: Sequence[Any], deserialize: bool = True, deserializers: Any = None) -> Any:
    """Dask's `protocol.loads` without code: the first frame is msgpack that refers to the others."""

    def known(found: dict[Any, Any]) -> Any:
        if "__Serialized__" in found:
            return _bytes_at(frames, found["__Serialized__"])
        if "__Set__" in found:
            try:
                return set(found["as-list"])
            except (KeyError, TypeError):
                return NOT_DATA
        return NOT_DATA if "__Pickled__" in found or "__Enum__" in found else found

    return msgpack.loads(frames[0], object_hook=known, use_list=False, **msgpack_opts)


def _bytes_at(frames: Sequence[Any], place: Any) -> bytes | NotData:
    """The bytes whose header is there. Compressed ones are not read: how much they become shows too late."""
    try:
        header = msgpack.loads(frames[place], use_list=False, **msgpack_opts)
        plain = header["serializer"] == "dask" and not any(header.get("compression") or ())
        if plain and header["type-serialized"] in BYTES:
            return b"".join(frames[place + 1 : place + 1 + header["num-sub-frames"]])
    except Exception:  # of msgpack's, of an index, of types: all are the sender's
        return NOT_DATA
    return NOT_DATA


def _refuse(data: Any, *, buffers: Any = ()) -> Any:
    """Raises TypeError, which Dask expects of what cannot be unpickled."""
    raise TypeError("pickled objects are not read")


def _bounded_read(read: Any) -> Any:
    async def bounded(stream: Any, n: int) -> Any:
        if n > MESSAGE_LIMIT:
            raise CommClosedError(f"a message of {n} bytes; at most {MESSAGE_LIMIT} are read")
        return await read(stream, n)

    return bounded


def _bounded_frames(unpack: Any) -> Any:
    def bounded(*arguments: Any, **named: Any) -> Any:
        frames, lengths = unpack(*arguments, **named)
        if sum(lengths) > MESSAGE_LIMIT:
            raise CommClosedError(f"a message of {sum(lengths)} bytes; at most {MESSAGE_LIMIT} are read")
        return frames, lengths

    return bounded
