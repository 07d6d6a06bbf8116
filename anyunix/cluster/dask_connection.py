"""A connection to a Dask scheduler: all that is known of Dask on the client's side."""

import asyncio
import logging
import queue
import re
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from distributed import Client, Future, LocalCluster, Security
from distributed.comm.core import connect
from distributed.versions import VersionMismatchWarning

from anyunix.cluster.data_only import only_data
from anyunix.cluster.shared_key import VARIABLE
from anyunix.errors import ConfigurationError, PlatformError
from anyunix.text import first_line

LOCAL = re.compile(r"local:([1-9][0-9]{0,2})")
ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss|inproc)://[^\s/]+:[0-9]{1,5}/?")
PRELOAD = "anyunix.cluster.worker_plugin"
CONNECT_SECONDS, END_SECONDS = 15.0, 30.0

OTHER_PYTHON = r"(?s)(?!.*\| (dask|distributed|msgpack) )"
"""Dask's warning that versions differ, of packages that do not matter: cells travel as data, and no code does."""


class SchedulerGone(Exception):
    """The scheduler does not answer any more."""


@dataclass(frozen=True)
class Sent:
    """A task that a worker was sent."""

    number: int
    worker: str
    future: Future[bytes]

    @property
    def finished(self) -> bool:
        return bool(self.future.status == "finished")

    def result(self) -> object:
        """Raises SchedulerGone where nobody has it any more, or it is larger than what is read."""
        try:
            return self.future.result(timeout=END_SECONDS)
        except Exception as error:  # Dask's own, of many kinds
            raise SchedulerGone(str(error)) from None


@dataclass(frozen=True)
class WorkerEvent:
    """What a worker says of a cell that is running. Input is untrusted."""

    event: object


class DaskConnection:
    """To the scheduler at an address, or, at `local:4`, to one with so many workers on this machine."""

    def __init__(self, address: str, key_file: str = "") -> None:
        """`key_file` is what workers of `local:4` read their key from. Raises ConfigurationError, PlatformError."""
        local = LOCAL.fullmatch(address)
        if not local and not ADDRESS.fullmatch(address):
            raise ConfigurationError(
                f"--cluster {address}: expected a scheduler's address, such as tcp://name:8786, or local:4"
            )
        _check_certificates(address)
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)  # we tell what goes on by ourselves
        self.address = address
        self.happened: queue.SimpleQueue[Sent | WorkerEvent] = queue.SimpleQueue()
        """What tasks have ended, and what workers have told, as it comes."""
        self._own = _local_cluster(int(local[1]), key_file) if local else None
        where = self._own.scheduler_address if self._own else address
        self._reading = ExitStack()
        if not local:  # a scheduler in this process has to read what clients send, which is code
            self._reading.enter_context(only_data())
        security = Security()
        try:
            asyncio.run(_greet(where, security))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", OTHER_PYTHON, VersionMismatchWarning)
                self._client = Client(
                    where, set_as_default=False, timeout=CONNECT_SECONDS, name="anyunix", security=security
                )
            self._client.unsubscribe_topic("print")  # of workers, to our terminal
        except Exception as error:  # OSError, a time-out, TLS, an address that means nothing: Dask's of many kinds
            self._reading.close()
            self._close_own()
            reason = first_line(str(error)) or f"nothing came for {CONNECT_SECONDS:g} s"
            raise PlatformError(
                f"--cluster {address}: no scheduler answers there: {reason}; `dask scheduler` starts one"
            ) from None

    def __enter__(self) -> "DaskConnection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):
            self._client.close(timeout=END_SECONDS)
        self._reading.close()
        self._close_own()

    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """Address -> what the scheduler knows of a worker. Raises SchedulerGone."""
        try:
            scheduler: Any = self._client.scheduler
            found = self._client.sync(scheduler.identity, callback_timeout=CONNECT_SECONDS)
        except Exception as error:
            raise SchedulerGone(str(error)) from None
        if self._client.status != "running" or not isinstance(found, dict):
            raise SchedulerGone(f"it is {self._client.status}")
        workers: Mapping[str, Mapping[str, Any]] = found.get("workers", {})
        return workers

    def listen(self, topic: str) -> None:
        """From now on what workers tell under this topic is among what happened."""
        self._client.subscribe_topic(topic, lambda event: self.happened.put(WorkerEvent(event[1])))

    def keep(self, task: Callable[[bytes], bytes], data: bytes, name: str) -> Future[bytes]:
        """Data that tasks are given, and that workers have from each other."""
        return self._client.submit(task, data, key=name, pure=True)

    def send(
        self, number: int, worker: str, task: Callable[..., bytes], *arguments: object, resources: frozenset[str]
    ) -> Sent:
        """Have one worker, and no other, do something; that it has ended is among what happened."""
        future = self._client.submit(
            task,
            *arguments,
            key=f"{task.__name__}-{number}-{time.monotonic_ns()}",
            workers=[worker],
            allow_other_workers=False,
            resources=dict.fromkeys(resources, 1),
            retries=0,
            pure=False,
        )
        sent = Sent(number, worker, future)
        future.add_done_callback(lambda _: self.happened.put(sent))
        return sent

    def cancel(self, sent: list[Sent]) -> None:
        """Nobody waits for these any more."""
        with suppress(Exception):  # of a scheduler that is gone, too
            self._client.cancel([each.future for each in sent], force=True)

    def remove(self, worker: str) -> None:
        """Have the scheduler forget a worker that hangs: else others wait for the archives that it has."""
        scheduler: Any = self._client.scheduler
        with suppress(Exception):
            self._client.sync(
                scheduler.unregister, address=worker, stimulus_id="anyunix-hangs", callback_timeout=CONNECT_SECONDS
            )

    def on_each(self, workers: list[str], task: Callable[..., bytes], *arguments: object, seconds: float) -> None:
        """Have each of these do something, and wait until they have, for so long at most."""
        until = time.monotonic() + seconds
        with suppress(Exception):
            waiting = [self.send(-1, worker, task, *arguments, resources=frozenset()) for worker in workers]
            for each in waiting:
                each.future.result(timeout=max(0.1, until - time.monotonic()))

    def _close_own(self) -> None:
        if self._own is not None:
            with suppress(Exception):
                self._own.close(timeout=END_SECONDS)


async def _greet(address: str, security: Security) -> None:
    """Connect once, and leave. A client waits for ever for somebody who accepts and says nothing, and for half a minute
    where it cannot connect; Dask tries again and again where nobody listens. Raises what Dask raises, and OSError.
    """
    if address.startswith(("tcp:", "tls:")):
        host, _, port = address.partition("://")[2].rstrip("/").rpartition(":")
        opening = asyncio.open_connection(host.strip("[]"), int(port))
        _, opened = await asyncio.wait_for(opening, CONNECT_SECONDS)
        opened.close()
    arguments = security.get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, timeout=CONNECT_SECONDS, **arguments), CONNECT_SECONDS + 1)
    comm.abort()


def _check_certificates(address: str) -> None:
    """Where an address needs some: a client that Dask makes without them takes half a minute to be gone again.

    Raises ConfigurationError.
    """
    if not address.startswith(("tls:", "wss:")):
        return
    try:
        context = Security().get_connection_args("client").get("ssl_context")
    except OSError as error:  # SSLError, too
        raise ConfigurationError(f"--cluster {address}: Dask's TLS settings: {error}") from None
    if context is None:
        raise ConfigurationError(
            f"--cluster {address}: no certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY to their files"
        )


def _local_cluster(workers: int, key_file: str) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
        preload=[PRELOAD],
        env={VARIABLE: key_file} if key_file else {},
    )
