"""From what a server said to what its subject file says of its clients."""

import re
from dataclasses import dataclass

from anyunix.discover.openers import Opener, openers
from anyunix.discover.tried_report import abbreviated
from anyunix.discover.watched import Seen, SeenReply

WORD_CHARACTERS = 24
SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")
"""In a pattern; re.escape escapes more."""


@dataclass(frozen=True)
class FoundTalk:
    """An exchange that proves that a client is served. Texts are of a character a byte."""

    why: tuple[str, ...]
    """What was seen, a line each, for a comment."""
    send: str = ""
    hexadecimal: bool = False
    expect: str = ""
    again: bool = False
    transport: str = "tcp"


def talk_found(seen: Seen) -> FoundTalk | None:
    """The one to write down; None where it said nothing."""
    transport = seen.place.transport if seen.place else "tcp"
    if seen.greetings:
        return FoundTalk(
            (f"It speaks first: {abbreviated(seen.greetings[0])}",),
            expect=f"^{_beginning(*seen.greetings)}",
            transport=transport,
        )
    by_name = {opener.name: opener for opener in openers() if (opener.transport == "udp") == (transport == "udp")}
    for reply in seen.replies:
        opener = by_name.get(reply.name)
        if opener and reply.reply.startswith(opener.known):
            return _known(opener, reply, transport)
    for reply in seen.replies:
        opener = by_name.get(reply.name)
        if opener and reply.reply and not reply.ended:
            why = "Say something better than this. What it answered to what clients of these say:"
            expect = f"^{_beginning(reply.reply)}"
            answers = (f"  {each.name}: {abbreviated(each.reply)}" for each in seen.replies if each.reply)
            return FoundTalk(
                (why, *answers), opener.data.decode("latin-1"), opener.hexadecimal, expect, transport=transport
            )
    return None


def _known(opener: Opener, reply: SeenReply, transport: str) -> FoundTalk:
    why: tuple[str, ...] = (f"It speaks as {opener.name} does: {abbreviated(reply.reply)}",)
    if opener.name == "TLS":
        why += ("Its certificate in a file beside this one, and clients speak TLS: {tls: server.pem, send: …}",)
    again = opener.again and reply.again.startswith(opener.known)
    send = opener.send or opener.data.decode("latin-1")
    return FoundTalk(why, send, opener.hexadecimal, opener.expect, again, transport)


def _beginning(first: str, second: str = "") -> str:
    """A pattern for the first word of what two clients heard, as far as that is the same."""
    word = re.match(r"[\r\n]*\S*", first)[0][:WORD_CHARACTERS]  # type: ignore[index]  # matches everything
    if first.startswith("SSH-2.0-"):  # RFC 4253 4.2: what follows is the version of the program
        word = "SSH-2.0-"
    while second and not second.startswith(word):
        word = word[:-1]
    return SPECIAL.sub(r"\\\g<0>", word) if word else "."
