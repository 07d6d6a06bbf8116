"""What no type can say of `talk` in a subject file."""

import re
from collections.abc import Iterator

from anyunix.catalog.reader import Complaint
from anyunix.catalog.talk import ACTIONS, TalkKeys, TalkStep, TalkSteps
from anyunix.catalog.yaml_text import kind

NOT_AGAIN = ("connect", "half_close", "expect_end", "close")
MOST_BYTES = 16 << 20
"""That one step sends."""


def talk_complaints(said: TalkKeys | TalkSteps) -> Iterator[Complaint]:
    """What is wrong with it, the first first."""
    if isinstance(said, TalkKeys):
        yield from _keys(said)
    steps = said.steps if isinstance(said, TalkKeys) else said
    if isinstance(said, TalkKeys) and not steps:
        yield from (("talk." + key if key else "talk", reason) for key, reason in _step(said))
        return
    where = "talk.steps" if isinstance(said, TalkKeys) else "talk"
    for number, step in enumerate(steps, 1):
        for key, reason in _step(step):
            yield where, f"step {number}: {key + ': ' if key else ''}{reason}"
    yield from ((where, reason) for reason in _absent(steps))
    if not any(step.expect or step.expect_end for step in steps):
        yield where, "no step expects anything, so nothing proves that a client is served: expect is missing"
    repeated = [step for step in steps if step.again]
    if repeated and not any(step.expect for step in repeated):
        yield where, "no step with again: true expects anything"
    if isinstance(said, TalkKeys) and said.tls and any(step.half_close for step in steps):
        yield where, "half_close: a connection with TLS has no side that can be ended alone"


def _keys(said: TalkKeys) -> Iterator[Complaint]:
    """Which keys stand beside which."""
    one = [key for key in ("send", "hex", "expect") if getattr(said, key)]
    if said.steps and (said.client or one):
        yield "talk.steps", f"expected no {'client' if said.client else one[0]} beside it"
    elif said.client and (said.again or said.tls):
        yield "talk.client", f"expected no {'again' if said.again else 'tls'} beside it: it is for exchanges"
    elif not said.steps and not said.client and not said.expect:
        yield "talk", "the key expect is missing: a pattern for what the server sends back"


def _absent(steps: TalkSteps) -> Iterator[str]:
    """TalkSteps of guests who are not there."""
    first = {step.guest: step for step in reversed(steps)}
    there = {guest for guest, step in first.items() if not step.connect}
    for number, step in enumerate(steps, 1):
        if step.connect:
            there.add(step.guest)
        if step.guest not in there:
            yield f"step {number}: {step.guest} is not connected there; expected connect: true"
        if step.close:
            there.discard(step.guest)
    if gone := [step.guest for step in steps if step.again and step.guest not in there]:
        yield f"again: {gone[0]} is not connected at the end, so the exchange cannot be had again"


def _step(step: TalkStep | TalkKeys) -> Iterator[Complaint]:
    """What is wrong within one exchange."""
    if isinstance(step, TalkStep) and not step.does:
        yield "", f"nothing to do; expected one of {', '.join(ACTIONS)}"
    if step.send and step.hex:
        yield "hex", "expected no send beside it"
    for key in ("send", "expect"):
        if not is_bytes(text := getattr(step, key)):
            yield key, f"expected a text of characters up to \\xff, a byte each, found {kind(text)}"
    try:
        length = len(bytes.fromhex(step.hex) or step.send) * step.repeat
    except ValueError:
        yield "hex", f"expected pairs of hexadecimal digits, found {step.hex[:40]!r}"
        return
    if length > MOST_BYTES:
        yield "repeat", f"expected {MOST_BYTES} bytes at most in one step, found {length}"
    try:
        re.compile(step.expect)
    except re.error as error:
        yield "expect", f"not a regular expression: {error}"
    if step.again and (done := [key for key in NOT_AGAIN if getattr(step, key, False)]):
        yield "again", f"expected no {done[0]} in a step that is done again on the same connection"


def is_bytes(text: str) -> bool:
    """Whether each character stands for a byte."""
    return all(character <= "\xff" for character in text)
