"""What guests say to a server and hear from it, one after the other, as its subject file has it."""

import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType

from support.subject import Action, Talk
from support.voice import TALK_SECONDS, Voice, as_text

ENDS = ("half_close", "expect_end", "close")
"""What a guest does that does not stay."""
NUMBER_WIDTH = 6
"""Digits of {n} and {i}, so that a message is as long as any other."""


class Conversation:
    """The guests of a talk, each with a connection of its own. Failures name the step and the guest."""

    def __init__(
        self,
        talk: Talk | None,
        connect: Callable[[], socket.socket],
        words: Mapping[str, str],
        seconds: float = TALK_SECONDS,
    ) -> None:
        """All guests are connected but those that come by a step. `words` are filled in; `seconds` are for a step.

        Without a talk a connection alone has to do. Raises OSError.
        """
        self.talk = talk or Talk()
        self._connect, self._words, self._seconds = connect, words, seconds
        self._voices: dict[str, Voice] = {}
        self._done = 0
        """How many actions are."""
        self._exchange = 1
        first = {action.guest: action.what for action in reversed(self.talk.actions)}
        with self._closed_on_error():
            for name in self.talk.guests:
                if first.get(name) != "connect":
                    self._come(name)

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def number(self) -> str:
        """What {n} is in it."""
        return self._words.get("n", "")

    @property
    def peers(self) -> list[socket.socket]:
        """The connections that are open."""
        return [voice.peer for voice in self._voices.values()]

    def speak(self) -> None:
        """Do what comes before anything is waited for. Raises OSError."""
        while self._done < len(self.talk.actions) and not self.talk.actions[self._done].waits:
            self._next()

    def play(self, *, staying: bool = False) -> None:
        """Do the rest; `staying`, as long as the first guest is there with both its sides. Raises Unlike, OSError."""
        while self._done < len(self.talk.actions):
            action = self.talk.actions[self._done]
            if staying and action.guest == self.talk.guests[0] and action.what in ENDS:
                return
            self._next()

    def again(self, times: int = 1) -> None:
        """Have that many exchanges more, one after the other. Raises Unlike, OSError."""
        for _ in range(times):
            self._exchange += 1
            self.exchange(self._exchange)

    def exchange(self, number: int) -> None:
        """Have an exchange of that number, as {i} has it. Raises Unlike, OSError."""
        for action in self.talk.again:
            self._do(action, number)

    def ask_again(self, times: int) -> None:
        """Of that many exchanges more, say what comes before anything is waited for. Raises OSError."""
        for number in range(times):
            for action in self.talk.again[: self._asked()]:
                self._do(action, self._exchange + 1 + number)

    def hear_again(self, times: int) -> None:
        """The rest of what was asked for. Raises Unlike, OSError."""
        for _ in range(times):
            self._exchange += 1
            for action in self.talk.again[self._asked() :]:
                self._do(action, self._exchange)

    def counts(self, numbers: Sequence[int]) -> dict[str, tuple[int, int]]:
        """Of exchanges of these numbers, and no others: what had to come, how often it had to, and how often it did.

        Counted from `write_down` on.
        """
        wanted = Counter(
            (action.guest, filled(action.data, self._words_of(number), escaped=True))
            for number in numbers
            for action in self.talk.again
            if action.what == "expect"
        )
        return {
            f"{guest}: {as_text(pattern)}": (times, self._voices[guest].written(pattern))
            for (guest, pattern), times in wanted.items()
        }

    def heard(self) -> dict[str, bytes]:
        """The first of what each guest heard who is there."""
        return {name: voice.heard for name, voice in self._voices.items()}

    def write_down(self) -> None:
        """Keep all that comes from now on."""
        for voice in self._voices.values():
            voice.write_down()

    def only_first(self) -> socket.socket:
        """The connection of the first guest that is still there; all others are closed."""
        name = next(name for name in self.talk.guests if name in self._voices)
        voice = self._voices.pop(name)
        self.close()
        return voice.peer

    def close(self) -> None:
        """All of them leave."""
        for voice in self._voices.values():
            voice.peer.close()
        self._voices.clear()

    def _next(self) -> None:
        self._do(self.talk.actions[self._done], 1)
        self._done += 1

    def _do(self, action: Action, exchange: int) -> None:
        """Raises Unlike, NotEnded, OSError."""
        if action.what == "connect":
            self._come(action.guest)
            return
        voice = self._voices[action.guest]
        words = self._words_of(exchange)
        where = self._where(action, exchange)
        if action.what == "send":
            voice.say(filled(action.data, words) * action.times)
        elif action.what == "expect":
            voice.hear(filled(action.data, words, escaped=True), where)
        elif action.what == "expect_end":
            voice.hear_end(where)
        elif action.what == "half_close":
            voice.peer.shutdown(socket.SHUT_WR)
        else:
            self._voices.pop(action.guest).peer.close()

    def _asked(self) -> int:
        """How many actions of an exchange come before anything is waited for."""
        return next((number for number, action in enumerate(self.talk.again) if action.waits), 0)

    def _words_of(self, exchange: int) -> dict[str, str]:
        return {**self._words, "i": f"{exchange:0{NUMBER_WIDTH}}"}

    def _come(self, name: str) -> None:
        if left := self._voices.pop(name, None):
            left.peer.close()
        self._voices[name] = Voice(self._connect(), self._seconds)

    def _where(self, action: Action, exchange: int) -> str:
        """How a failure begins; with nothing where there is but one exchange of one guest."""
        several = action.step > 1 or len({action.step for action in self.talk.actions}) > 1
        step = f"step {action.step} ({action.guest}): " if several else ""
        return (f"exchange {exchange}: " if exchange > 1 else "") + step

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise


def talk_to(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> None:
    """On one connection by itself, say what the first guest says first, and hear what it hears then.

    Raises Unlike, OSError.
    """
    voice = Voice(peer, seconds)
    if talk is not None:
        voice.say(talk.send)
        voice.hear(talk.expect)


def hear_from(peer: socket.socket, talk: Talk | None, seconds: float = TALK_SECONDS) -> None:
    """The second half of `talk_to`."""
    if talk is not None:
        Voice(peer, seconds).hear(talk.expect)


def filled(data: bytes, words: Mapping[str, str], *, escaped: bool = False) -> bytes:
    """Bytes with the words in braces filled in, `escaped` in a pattern; other braces stay."""

    def word(match: "re.Match[bytes]") -> bytes:
        found = words.get(match[1].decode())
        if found is None:
            return match[0]
        return re.escape(found.encode()) if escaped else found.encode()

    return re.sub(rb"\{([a-z_]+)\}", word, data)
