"""Contracts of any server: the clock of the day is set while it runs."""

import time

import pytest

from support.child import readable
from support.ending import need_stop, stop
from support.marks import promises
from support.wall_clock import WallClock

DAY_SECONDS, CLIENTS = 86_400, 3
AT_ONCE_SECONDS = 0.3


@promises("clock")
@pytest.mark.parametrize("days", [1, -1], ids=["forward", "back"])
def test_a_clock_that_is_set_costs_nobody_anything(start_server, work, days):
    """When the clock of the day is set forward or back by a day, the server serves, keeps its clients, and stops.

    POSIX clock_gettime: CLOCK_REALTIME may be set at any time, by an administrator, by NTP after a start without a
    battery, in a machine that was suspended. Durations are for CLOCK_MONOTONIC: measured by the other one a time limit
    is over at once, or only tomorrow.
    """
    clock = WallClock(work)
    server = start_server(wrapper=clock.wrapper)
    need_stop(server)
    begun = time.monotonic()
    with server.guest() as guest:
        closes = readable(guest.fileno(), AT_ONCE_SECONDS)
        clock.set(days * DAY_SECONDS)
        for _ in range(CLIENTS if server.promises["at_once"] else 0):
            server.serve()
        turned_out = not closes and readable(guest.fileno(), AT_ONCE_SECONDS)
    if turned_out and turns_out(server, time.monotonic() - begun):
        pytest.skip("the server turns out clients that say nothing for as long as this took")
    assert not turned_out, "a client that was there is turned out"
    stop(server)
    clock.demand()


def turns_out(server, seconds: float) -> bool:
    """Whether one more client that was served is turned out within that time, though nobody sets the clock."""
    with server.guest() as guest:
        return readable(guest.fileno(), seconds)
