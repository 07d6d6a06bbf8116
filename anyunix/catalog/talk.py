"""What a subject file says of its clients: what they send, what has to come back, in which order."""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from anyunix.text import Word

GUEST = "guest"
"""The name of one who is not named."""
ACTIONS = ("connect", "send", "hex", "half_close", "expect", "expect_end", "close")
"""Keys of which a step has at least one, in the order in which they are done."""
TalkText = Annotated[
    str,
    Meta(
        description="what is sent, a character a byte (ISO 8859-1); empty, or left out, where the server speaks first. "
        "{n} is a number of six digits, another for each conversation, {i} one for each exchange of a connection; "
        "{host} and {port} are filled in"
    ),
]
TalkHex = Annotated[str, Meta(description="bytes to send, as hexadecimal digits: `00 ff 0a`; in place of send")]
TalkTimes = Annotated[int, Meta(ge=1, description="how many times over the text is sent, for long ones (default: 1)")]
TalkPattern = Annotated[
    str,
    Meta(
        title="a pattern for what the server sends back",
        description="regular expression; a character a byte, with the same words to fill in as send",
    ),
]
TalkAgain = Annotated[bool, Meta(description="this exchange can be had again and again on the same connection")]


class TalkStep(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of one guest. What stands in it is done in this order; the next step begins when it is done."""

    guest: Annotated[Word, Meta(min_length=1, description="who does it (default: guest)")] = field(
        name="as", default=GUEST
    )
    connect: Annotated[
        bool,
        Meta(description="the guest comes now, or again; one whose first step does not say so is there from the start"),
    ] = False
    send: TalkText = ""
    hex: TalkHex = ""
    repeat: TalkTimes = 1
    half_close: Annotated[bool, Meta(description="end the sending side alone (TCP FIN)")] = False
    expect: TalkPattern = ""
    expect_end: Annotated[bool, Meta(description="the server has to end the connection")] = False
    close: Annotated[bool, Meta(description="leave")] = False
    again: TalkAgain = False

    @property
    def data(self) -> str:
        """What is sent once, a character a byte."""
        return bytes.fromhex(self.hex).decode("latin-1") if self.hex else self.send

    @property
    def does(self) -> bool:
        """Whether there is anything to do in it."""
        return any(getattr(self, action) for action in ACTIONS)

    def actions(self, number: int) -> Iterator[dict[str, Any]]:
        """What is done in it, one after the other, as suite/support/subject.py reads it."""
        said = {"send": self.data, "expect": self.expect}
        for what in ("connect", "send", "half_close", "expect", "expect_end", "close"):
            if said.get(what) or (what not in said and getattr(self, what)):
                done = {"step": number, "guest": self.guest, "what": what, "data": said.get(what, "")}
                yield done | {"times": self.repeat if what == "send" else 1, "again": self.again}


TalkSteps = tuple[TalkStep, ...]


class TalkKeys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One exchange, or several steps, or a client program; with or without TLS."""

    send: TalkText = ""
    hex: TalkHex = ""
    repeat: TalkTimes = 1
    expect: TalkPattern = ""
    again: TalkAgain = False
    steps: Annotated[
        TalkSteps,
        Meta(title="a list of steps", description="a conversation of one guest or several, in place of one exchange"),
    ] = ()
    client: Annotated[
        tuple[Word, ...],
        Meta(
            description="a program whose exit status 0 proves that it was served, in place of an exchange; {host}, "
            "{port} and the words of start are filled in; send is its stdin, expect a pattern for its stdout"
        ),
    ] = ()
    tls: Annotated[
        Word,
        Meta(
            description="clients speak TLS, and take the certificate in this file (PEM) alone: beside the subject "
            "file, made by its build, or written to {work}"
        ),
    ] = ""


TalkSaid = TalkKeys | Annotated[TalkSteps, Meta(min_length=1, title="a list of steps")]
"""What stands behind `talk` in a subject file."""
ONE_OF = {"if": {"type": "object"}, "then": {"anyOf": [{"required": [key]} for key in ("expect", "steps", "client")]}}
"""For JSON Schema: a mapping says what proves it."""


class Talk(Struct, frozen=True, kw_only=True):
    """What proves that a client is served, not just queued by the kernel."""

    steps: tuple[TalkStep, ...]
    client: tuple[str, ...] = ()
    tls: str = ""

    def described(self) -> dict[str, Any]:
        """What the suite has to know of it (suite/support/subject.py reads it)."""
        actions = [action for number, step in enumerate(self.steps, 1) for action in step.actions(number)]
        return {"actions": actions, "client": self.client, "tls": self.tls}


def talk_of(said: TalkKeys | TalkSteps) -> Talk:
    """From what a subject file says. One exchange is a conversation of one step."""
    if isinstance(said, tuple):
        return Talk(steps=said)
    one = TalkStep(send=said.send, hex=said.hex, repeat=said.repeat, expect=said.expect, again=said.again)
    return Talk(steps=said.steps or (one,), client=said.client, tls=said.tls)
