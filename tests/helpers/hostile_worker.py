"""Preloaded into a Dask worker, after anyunix: answers what a file says, instead of running cells.

Its objects, unpickled anywhere, write a file that is named after the process which has done so.
"""

import os
import pickle
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker, protocol
from distributed.protocol.serialize import Serialized, ToPickle

from anyunix.cluster import worker_plugin
from anyunix.cluster.shared_key import MARK
from anyunix.cluster.worker_description import METRIC

FOLDER = "HOSTILE_FOLDER"
MODE = "mode"
HUGE = 300 * 1024 * 1024


class Code:
    """Runs where it is unpickled."""

    def __reduce__(self) -> Any:
        return exec, (f"import os; open({os.environ[FOLDER]!r} + f'/ran-{{os.getpid()}}', 'w').close()",)


class Failure(Exception):
    """The same, raised."""

    def __reduce__(self) -> Any:
        return Code().__reduce__()


def typed() -> Serialized:
    """Bytes, says the header, and that their type is to be unpickled."""
    header = {"serializer": "dask", "type": "bytes", "type-serialized": pickle.dumps(Code()), "sub-header": {}}
    return Serialized(header, [b"x"])


def broken() -> Serialized:
    """A header that fits nothing."""
    return Serialized({"serializer": "no such", "compression": ("none such",), "split-num-sub-frames": -1}, [b"x"])


def run_cell(data: bytes, subject: bytes, suite: bytes) -> Any:
    worker = get_worker()
    order = worker_plugin.read_order(data[MARK:])
    topic = worker_plugin.topic_of(order.run)
    mode = (Path(os.environ[FOLDER]) / MODE).read_text()
    if mode == "raises":
        raise Failure
    if mode == "warns":
        tell(worker, "warn", {"category": pickle.dumps(Code()), "message": pickle.dumps(Code())})
        tell(worker, "print", {"args": ("\x1b[2Jprinted by a worker",)})
    if mode == "tells":
        for message in (ToPickle(Code()), typed(), broken(), [[[]]], None, {"number": {}}, {"number": order.number}):
            tell(worker, topic, message)
        tell(worker, topic, {"number": order.number, "says": ToPickle(Code()), "line": 7})
        tell(worker, topic, {"number": order.number, "says": "\x1b[2Jhello\r\nthere" * 100_000})
    if mode == "shouts":
        tell(worker, topic, {"number": order.number, "says": Serialized(*protocol.serialize(b"x" * HUGE))})
    values = {
        "pickle": Code,
        "typed": typed,
        "broken": broken,
        "text": lambda: "a text",
        "nothing": lambda: None,
        "garbage": lambda: b"\xde\xad\xbe\xef" * 1000,
        "huge": lambda: b"x" * HUGE,
    }
    return values.get(mode, lambda: b"")()


def tell(worker: Worker, topic: str, message: Any) -> None:
    """As log_event does, which looks at the message first."""
    worker.loop.add_callback(worker.batched_send, {"op": "log-event", "topic": topic, "msg": message})


def metric(worker: Worker) -> Any:
    """What it says of itself, and what else its mode has it say."""
    mode = (Path(os.environ[FOLDER]) / MODE).read_text()
    plugin: Any = worker.plugins[worker_plugin.NAME]
    metrics = {"metric-pickle": lambda: ToPickle(Code()), "metric-typed": typed, "metric-garbage": lambda: "{" * 10_000}
    return metrics.get(mode, lambda: plugin._described(worker))()


async def dask_setup(worker: Worker) -> None:
    worker_plugin.run_cell = run_cell
    worker.metrics[METRIC] = metric
