"""Contracts: who has not said HELLO takes no place from who has (chat/PROTOCOL.md, "Places")."""

import re
from collections import Counter
from contextlib import ExitStack

from support.chat import Client, Refused
from support.child import readable
from support.deadline import wait_until
from support.marks import explained_by, speaks_chat
from support.server import Server
from support.stopped import parent_stopped
from support.tracer import FORKS, Tracer

pytestmark = speaks_chat

PLACES = 4
SLOW = 24
DEAD = 60
A_LONG_TIME = ("--auth-timeout", "60")


def test_silent_connections_take_no_place(start_server):
    """Many connections that say nothing turn no client away, and as many more end none that was welcomed.

    accept(2) asks for no key: whoever can connect has a place before it has said a word, if places are counted there.
    The clients come behind the silent ones, so that it is no matter of speed.
    """
    server = start_server("--max-clients", str(PLACES), "--max-waiting", str(PLACES), *A_LONG_TIME)
    with ExitStack() as stack:
        connect_silently(stack, server, SLOW)
        clients = [stack.enter_context(server.client(name=f"c{number}")) for number in range(PLACES)]
        connect_silently(stack, server, SLOW)
        clients[0].send("still here")
        assert [client.receive() for client in clients] == ["still here"] * PLACES


def test_who_has_waited_longest_makes_room(start_server):
    """Of connections that say nothing the first ones are closed when too many have come, and the last ones stay.

    chat/PROTOCOL.md, Places. A limit that turns the newcomer away instead is one that a single attacker can keep used
    up. fork(2): without any, the limit is that of processes, and EAGAIN for everybody.
    """
    server = start_server("--max-waiting", str(PLACES), *A_LONG_TIME)
    with ExitStack() as stack:
        silent = connect_silently(stack, server, SLOW)
        first, last = silent[:-PLACES], silent[-PLACES:]
        for client in first:
            assert client.ended()
        wait_until(lambda: len(server.receivers()) == PLACES, "the processes of the others alone")
        assert not any(readable(client.socket.fileno(), 0) for client in last)
        assert last[-1].hello(server.key).offset == 0


def test_no_more_places_are_given_than_there_are(start_server):
    """Clients that are there and say HELLO in the same moment get as many places as there are; the others, ERR full.

    chat/PROTOCOL.md, Processes. fork(2) copies the count of its moment: who looks at that and takes a place later
    finds that others have looked too. So the parent alone gives them.
    """
    server = start_server("--max-clients", str(PLACES), *A_LONG_TIME)
    with ExitStack() as stack:
        clients = connect_silently(stack, server, 4 * PLACES)
        wait_until(lambda: len(server.receivers()) == len(clients), "a process for each of them")
        with parent_stopped(server):
            for client in clients:
                client.send_raw(f"HELLO {server.key} ada end\n".encode())
        answers = Counter(answer_to(client) for client in clients)
        assert answers == {"OK": PLACES, "full": 3 * PLACES}


@explained_by("accept.after_reset")
def test_connections_that_are_gone_cost_no_process(start_server, work):
    """A queue of connections that were closed at once is gone through without a fork for each of them.

    fork(2) is the most expensive thing that such a server does. A scan, or a load balancer's health check, connects
    and closes, and whoever comes behind a few thousand of them waits for as many forks.
    """
    tracer = Tracer(work / "forks", FORKS)
    server = start_server(wrapper=tracer.wrapper)
    with ExitStack() as stack:
        with parent_stopped(server):
            for client in connect_silently(stack, server, DEAD):
                client.close()
        with server.client() as client:
            client.send("served")
            assert client.receive() == "served"
            forks = re.findall(r"^(?:v?fork|clone3?)\(", tracer.text(), re.MULTILINE)
    assert 0 < len(forks) < DEAD // 2


def connect_silently(stack: ExitStack, server: Server, count: int) -> list[Client]:
    return [stack.enter_context(Client(server.connect())) for _ in range(count)]


def answer_to(client: Client) -> str:
    """`OK`, or the reason of an ERR."""
    try:
        client.welcomed()
    except Refused as refused:
        return refused.reason
    return "OK"
