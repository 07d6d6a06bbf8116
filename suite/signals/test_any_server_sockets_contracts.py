"""Contracts of any server: reads from clients and writes to them that fail, or do a part of what was asked."""

import re
import socket
from contextlib import suppress

import pytest

from support.deadline import Deadline
from support.marks import promises, talks
from support.mishap import Mishap
from support.net import CONNECT_SECONDS
from support.peers import lazy

CLIENTS, TRIES = 3, 3
ENOUGH_BYTES = 1024 * 1024
QUIET_SECONDS = 2.0
"""Without a byte, after which nothing more is waited for."""
DIGITS = re.compile(rb"\d")


@promises("socket_errors", "at_once")
@pytest.mark.parametrize(("call", "error"), [("read", "EINTR"), ("read", "EIO"), ("write", "EINTR"), ("write", "EIO")])
def test_an_error_of_a_clients_socket_costs_one_client(start_server, work, call, error):
    """When a read from a client, or a write to it, fails once, the server goes on, and serves the next one.

    POSIX recv, send: EINTR after a signal whose handler has no SA_RESTART, EIO and others from below the socket,
    ETIMEDOUT and EHOSTUNREACH on Linux where the client's machine is gone (tcp(7), ip(7)). That client may be lost.
    """
    mishap = Mishap(work)
    server = start_server(wrapper=mishap.wrapper)
    server.serve()
    mishap.arm(call, error)
    for _ in range(CLIENTS):
        if not mishap.met():
            server.serves()
    if not mishap.met():
        pytest.skip(f"the server was not seen to {call} a client's socket by libc")
    for _ in range(CLIENTS):
        server.serve()
    assert server.alive()


@promises("short_writes", "at_once", "pipelined")
@talks("again")
def test_what_a_client_has_no_room_for_comes_later(server):
    """A client that asks much, reads late and then all of it gets whole answers, one behind the other.

    POSIX send: what did not find room is not sent, the number that it returns says how much was, or EAGAIN that nothing
    was. It is for the server to send the rest once poll(2) says that there is room.
    """
    talk = server.subject.talk
    if b"".join(action.data for action in talk.again if action.what == "send") != talk.send:
        pytest.skip("what can be asked again is not what is asked first (talk: again)")
    answer = next(filter(None, (usual_answer(server) for _ in range(TRIES))), b"")
    if not answer:
        pytest.skip("the same request is answered otherwise each time")
    with lazy(server) as peer:
        said = all_of(peer)
    whole = same(answer) * (1 + len(said) // len(answer))
    wrong = next((place for place, (a, b) in enumerate(zip(same(said), whole, strict=False)) if a != b), None)
    if wrong is not None and len(said) - wrong <= len(answer):
        return  # the last one may say that it is: `Connection: close`, RFC 9112 9.6
    assert wrong is None, f"after {wrong} bytes there is {said[wrong : wrong + 40]!r} and not what it answers else"


def same(data: bytes) -> bytes:
    """With all digits alike: the time of day goes on."""
    return DIGITS.sub(b"0", data)


def usual_answer(server) -> bytes:
    """What it says to each of three requests in a row; empty where that is not the same. Raises OSError."""
    talk = server.subject.talk
    expected, data = re.compile(talk.expect, re.MULTILINE), b""
    with server.enter() as peer:
        peer.settimeout(Deadline(CONNECT_SECONDS).seconds)
        peer.sendall(talk.send * 3)
        while len(found := [match.start() for match in expected.finditer(data)]) < 3 and (piece := peer.recv(65536)):
            data += piece
    if len(found) < 3:
        return b""
    length = found[1] - found[0]
    return data[:length] if found[2] - found[1] == length and data[length : 2 * length] == data[:length] else b""


def all_of(peer: socket.socket) -> bytes:
    """What has been sent to it so far and what comes then, as far as that is quiet or enough."""
    data = b""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ENOUGH_BYTES)
    with suppress(OSError):
        peer.shutdown(socket.SHUT_WR)
    peer.settimeout(Deadline(QUIET_SECONDS).seconds)
    with suppress(OSError):
        while len(data) < ENOUGH_BYTES and (piece := peer.recv(65536)):
            data += piece
    return data
