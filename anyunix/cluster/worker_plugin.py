"""What makes a Dask worker one of anyunix: `dask worker ADDRESS --preload anyunix.cluster.worker_plugin`.

It looks at what its machine can reach, says so to the scheduler (resources, and a metric that clients read), runs cells
and takes down what they left up.
"""

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import dask.config
import msgspec
from distributed import Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.catalog.platforms import Platform
from anyunix.cluster.answer_message import CellAnswer, encode_answer
from anyunix.cluster.dask_peer import OFFER, PIECE, DaskPeer
from anyunix.cluster.order_message import CellOrder, read_order
from anyunix.cluster.shared_key import VARIABLE, opened, proof, read_key
from anyunix.cluster.worker_description import METRIC, STANDS_FOR, WorkerDescription, describe
from anyunix.cluster.worker_run import RunOver, Telling, WorkerRun
from anyunix.errors import PlatformError
from anyunix.host.unexpected import unexpected

NAME = "anyunix"
PLENTY = 1_000_000.0
"""Of each resource: they say what a machine has, and its threads how much of it is used at a time."""
IDLE_SECONDS = 120.0
"""After so long without a cell a run's platforms are taken down: its client may be gone for good."""
LOOK_SECONDS = 5.0
SAYS_SECONDS = 0.5
"""A cell says what it does at most this often."""


class CellWorker(WorkerPlugin):
    """The worker's side of all runs."""

    name = NAME

    def __init__(self, catalog: Catalog, description: WorkerDescription, key: bytes, stands_for: tuple[str, ...]):
        self._catalog, self._key, self._stands_for = catalog, key, stands_for
        self.description = description
        self._lock = threading.Lock()
        self._runs: dict[str, WorkerRun] = {}
        self._keys: dict[Any, tuple[str, int]] = {}
        """Of Dask's task -> run and cell."""
        self._looking: asyncio.Task[None] | None = None
        self._closing = False

    def setup(self, worker: Worker) -> None:
        worker.state.total_resources.update(dict.fromkeys(self.description.resources, PLENTY))
        worker.state.available_resources.update(dict.fromkeys(self.description.resources, PLENTY))
        worker.metrics[METRIC] = self._described
        worker.handlers |= {OFFER: self._offer, PIECE: self._piece}
        self._looking = asyncio.get_running_loop().create_task(self._end_idle_runs())

    async def teardown(self, worker: Worker) -> None:
        if self._looking is not None:
            self._looking.cancel()
        with self._lock:
            self._closing = True
            runs, self._runs = list(self._runs.values()), {}
        await asyncio.gather(*(asyncio.to_thread(run.end) for run in runs))

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        """Dask's: nobody waits for a task any more, so that its cell is ended."""
        if finish == "cancelled" and key in self._keys:
            run, number = self._keys[key]
            if run in self._runs:
                threading.Thread(target=self._runs[run].interrupt, args=[number], daemon=True).start()

    def run(self, data: bytes, archives: Mapping[str, bytes], task: Any) -> CellAnswer:
        """Run a cell, in one of the worker's threads."""
        message, trusted = opened(data, self._key)
        try:
            order = read_order(message)
        except (msgspec.DecodeError, NotImplementedError, RecursionError) as error:
            return CellAnswer(refused=f"what was sent is no order of this anyunix: {error}")
        self._keys[task] = order.run, order.number
        try:
            addresses = order.images.workers if order.images and trusted else ()
            peers = [DaskPeer(get_worker(), address, data) for address in addresses]
            while not self._closing:
                with suppress(RunOver):  # idle for so long that its platforms were being taken down
                    run = self._run_of(order)
                    return run.run(order, archives, trusted=trusted, telling=_telling(order), peers=peers)
            return CellAnswer(leaving=True)
        except Exception as error:  # of a library, or our own: the client is told, and the worker goes on
            return CellAnswer(refused=unexpected(error))
        finally:
            self._keys.pop(task, None)

    async def _offer(self, data: bytes, make: bool) -> bytes:
        """For another worker that was sent this order: what is here of the image of its platform."""
        run, platform = await asyncio.to_thread(self._asked, data)
        return msgspec.msgpack.encode(await asyncio.to_thread(run.images.offer, platform, make=make))

    async def _piece(self, data: bytes, offset: int) -> bytes:
        run, platform = await asyncio.to_thread(self._asked, data)
        return await asyncio.to_thread(run.images.piece, platform, offset)

    def _asked(self, data: bytes) -> tuple[WorkerRun, Platform]:
        """Raises PlatformError for an order that is none of a client's with the key."""
        message, trusted = opened(data, self._key)
        if not trusted:
            raise PlatformError("images are for workers that have the key")
        order = read_order(message)
        run = self._run_of(order)
        return run, run.platform(order)

    def end(self, run: str) -> None:
        """Take down what a run has up here."""
        with self._lock:
            found = self._runs.pop(run, None)
        if found is not None:
            found.end()

    def _run_of(self, order: CellOrder) -> WorkerRun:
        with self._lock:
            if order.run not in self._runs:
                self._runs[order.run] = WorkerRun(self._catalog, self._stands_for)
            return self._runs[order.run]

    def _described(self, worker: Worker) -> str:
        shown = msgspec.structs.replace(self.description, proof=proof(worker.address, self._key))
        return msgspec.json.encode(shown).decode()

    async def _end_idle_runs(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            until = time.monotonic() - IDLE_SECONDS
            for name in [name for name, run in self._runs.items() if not run.busy and run.last_used < until]:
                await asyncio.to_thread(self.end, name)


async def dask_setup(worker: Worker) -> None:
    """Dask's name for what a worker does with a preloaded module. Raises ConfigurationError."""
    dask.config.set({"distributed.comm.compression": False})  # clients read nothing that is compressed
    catalog = find_catalog()
    stands_for = tuple(filter(None, os.environ.get(STANDS_FOR, "").split(",")))
    key = read_key(Path(os.environ[VARIABLE])) if os.environ.get(VARIABLE) else b""
    description = await asyncio.to_thread(describe, catalog, stands_for)
    await worker.plugin_add(CellWorker(catalog, description, key, stands_for), name=NAME)


def run_cell(data: bytes, subject: bytes, suite: bytes) -> bytes:
    """The task that a client sends: an order, and what travels beside it; a CellAnswer, always."""
    worker = get_worker()
    plugin = worker.plugins.get(NAME)
    if not isinstance(plugin, CellWorker):
        return encode_answer(CellAnswer(refused=f"{worker.address} was started without `anyunix worker`"))
    return encode_answer(plugin.run(data, {"subject": subject, "suite": suite}, worker.get_current_task()))


def end_run(run: str) -> bytes:
    """The task that ends a client's run on one worker."""
    plugin = get_worker().plugins.get(NAME)
    if isinstance(plugin, CellWorker):
        plugin.end(run)
    return b""


def keep_bytes(data: bytes) -> bytes:
    """The task whose result is an archive, which workers then have from each other."""
    return data


def topic_of(run: str) -> str:
    """Under which workers tell what goes on in a run."""
    return f"anyunix-{run}"


def _telling(order: CellOrder) -> Telling:
    worker, topic, last = get_worker(), topic_of(order.run), [0.0]

    def says(text: str) -> None:
        if time.monotonic() - last[0] >= SAYS_SECONDS:
            last[0] = time.monotonic()
            worker.log_event(topic, {"number": order.number, "says": text})

    def line(text: str) -> None:
        worker.log_event(topic, {"number": order.number, "line": text})

    return Telling(says, line)
