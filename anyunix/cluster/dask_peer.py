"""Another worker, asked by Dask's own connections between workers, past their tasks: those may take minutes."""

from typing import Any

import msgspec
from distributed import Worker
from distributed.utils import sync

from anyunix.cluster.run_images import Offer
from anyunix.errors import PlatformError
from anyunix.text import first_line, safe

OFFER, PIECE = "anyunix_image_offer", "anyunix_image_piece"
"""Names of what a worker answers to."""
ANSWER_SECONDS, SAVE_SECONDS, MAKE_SECONDS = 30.0, 900.0, 1800.0


class DaskPeer:
    """A Peer."""

    def __init__(self, worker: Worker, address: str, order: bytes) -> None:
        """`order` is what a client has signed: it is for whoever has the key."""
        self._worker, self._address, self._order = worker, address, order

    def __str__(self) -> str:
        return self._address

    def offer(self, *, make: bool) -> Offer:
        answer = self._ask(OFFER, MAKE_SECONDS if make else ANSWER_SECONDS, make=make)
        try:
            return msgspec.msgpack.decode(answer, type=Offer)
        except (msgspec.DecodeError, TypeError) as error:
            raise PlatformError(f"{self}: no offer of an image: {error}") from None

    def piece(self, offset: int) -> bytes:
        answer = self._ask(PIECE, SAVE_SECONDS, offset=offset)
        if not isinstance(answer, bytes):
            raise PlatformError(f"{self}: no piece of an image: {type(answer).__name__}")
        return answer

    def _ask(self, what: str, seconds: float, **arguments: object) -> Any:
        """Raises PlatformError."""

        async def answer() -> Any:
            return await getattr(self._worker.rpc(self._address), what)(data=self._order, **arguments)

        try:
            return sync(self._worker.loop, answer, callback_timeout=seconds)
        except Exception as error:  # Dask's own, of many kinds, and what was raised there
            reason = first_line(safe(str(error))) or type(error).__name__
            raise PlatformError(f"{self} does not answer: {reason}") from None
