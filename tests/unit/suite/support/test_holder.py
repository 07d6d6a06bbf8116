"""A process that starts others in the probe's place: it knows how they ended, and leaves none of them."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Start = Callable[[str], Any]
pytestmark = pytest.mark.usefixtures("support")


@pytest.fixture
def start(support: None) -> Iterator[Start]:
    from support.holder import Holder, Household
    from support.starting import Command

    held: list[Holder] = []

    def started(script: str) -> Holder:
        with open(os.devnull, "w") as nowhere:
            command = Command(["sh", "-c", script], Path("/"), dict(os.environ), nowhere.fileno(), nowhere.fileno())

            def live(household: Household) -> None:
                household.begun(command.spawn())
                while True:
                    household.wait()

            held.append(Holder(live, ()))
        return held[-1]

    yield started
    for each in held:
        each.end()


def test_it_knows_how_its_child_ended(start: Start) -> None:
    from support.deadline import wait_until

    holder = start("exit 3")
    wait_until(holder.childless, "the child to end")
    assert holder.ended() == {holder.started: 3}


@pytest.mark.skipif(sys.platform != "linux", reason="no setsid(1)")
def test_it_adopts_an_orphan_in_a_session_of_its_own(start: Start) -> None:
    from support.deadline import wait_until

    holder = start("setsid sleep 60 & exit 0")
    assert holder.adopts is None
    wait_until(lambda: holder.started in holder.ended(), "the command to end")
    assert not holder.childless()
    (orphan,) = holder.below()
    os.kill(orphan.pid, signal.SIGKILL)
    wait_until(holder.childless, "the orphan to end")
    assert holder.ended()[orphan.pid] == -signal.SIGKILL


def test_its_end_is_that_of_all_below_it(start: Start) -> None:
    from support.deadline import wait_until
    from support.processes import still_running

    holder = start("trap '' TERM; (trap '' TERM; sleep 60) & sleep 60")
    wait_until(lambda: len(holder.below()) >= 3, "the processes to be there")
    pids = [process.pid for process in holder.below()]
    holder.end()
    assert still_running(pids)
    assert holder.poll() == 0


def test_what_cannot_be_run_is_said() -> None:
    from support.holder import Holder
    from support.starting import Command

    command = Command(["./nothing-like-this"], Path("/"), {}, 1, 2)
    with pytest.raises(FileNotFoundError):
        Holder(lambda household: household.begun(command.spawn()), ())
