"""Servers are started once under what is switched on: those that cannot have it are left out, unmeasured."""

from collections.abc import Sequence

from .chat_run import chat_started
from .conditions import NOTHING_ON, Conditions
from .experiment import NotMeasured, started
from .programs import CHATS, SERVERS, BuiltProgram

FORM = "like"
"""One of those that the servers of the paper's experiment know."""


def try_all(
    programs: Sequence[BuiltProgram], conditions: Conditions
) -> tuple[tuple[BuiltProgram, ...], tuple[str, ...]]:
    """Those that can be measured under these conditions, and why not the others, a line each."""
    if conditions is NOTHING_ON:
        return tuple(programs), ()
    reasons = {program.name: _why_not(program, conditions) for program in programs}
    return (
        tuple(program for program in programs if not reasons[program.name]),
        tuple(f"{name} is left out: {reason}" for name, reason in reasons.items() if reason),
    )


def _why_not(program: BuiltProgram, conditions: Conditions) -> str:
    try:
        if program.name in {source.name for source in SERVERS}:
            with started([*program.command, FORM], set(), None, conditions):
                pass
        elif program.name in {source.name for source in CHATS}:
            with chat_started(program.command, 1, set(), None, conditions):
                pass
    except (NotMeasured, OSError, ValueError) as error:
        return str(error)
    return ""  # the load has nothing switched on
