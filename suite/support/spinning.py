"""Whether a server that gets the same answer again and again asks again at once, or waits in between.

How often it asks says it on an idle machine alone: on a busy one a tracer lets it ask some times a second. But who
waits in between sleeps, and who does not waits for a CPU or for the tracer, whatever else the machine does.
"""

import time
from collections import Counter
from collections.abc import Callable

from support.aftermath import living, thread_states
from support.calls import ASLEEP
from support.deadline import POLL_SECONDS, Deadline
from support.server import Server

OFTEN = 200
"""How many times a second nobody asks who waits between two times."""
AGAIN = 3
"""From how many times on it is known that it asks again at all."""
LOOKS = 20
"""At a process, before it is known whether it sleeps."""
RARELY = 0.1
"""The share of the looks at which one sleeps that does not wait."""
MOST_SECONDS = 10.0


def spins(server: Server, asked: Callable[[], int], seconds: float) -> str:
    """How often it asks, where that is too often; empty where it is not. `asked` is how often it has by now."""
    begun, before, most = time.monotonic(), asked(), Deadline(MOST_SECONDS)
    looks: Counter[int] = Counter()
    sleeping: Counter[int] = Counter()
    while server.alive() and not most.passed():
        for pid in living(server):
            looks[pid] += 1
            sleeping[pid] += any(state in ASLEEP for state in thread_states(pid)[:1])
        if time.monotonic() - begun >= seconds and looks[server.pid] >= LOOKS:
            break
        time.sleep(POLL_SECONDS)  # nothing tells whether somebody sleeps: poll
    times = asked() - before
    rate = times / (time.monotonic() - begun)
    awake = any(number >= LOOKS and sleeping[pid] <= number * RARELY for pid, number in looks.items())
    return f"spins: asks {rate:.0f} times a second" if rate > OFTEN or (times >= AGAIN and awake) else ""
