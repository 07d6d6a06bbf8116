"""Contracts of any server of UDP: who is answered, from where, and which datagrams it survives."""

from contextlib import suppress

import pytest

from support.address import own_addresses
from support.datagrams import MAPPED, Asker, carried
from support.deadline import wait_until
from support.marks import over, promises
from support.net import can_bind
from support.stopped import stopped
from support.voice import TALK_SECONDS, Unserved

pytestmark = over("udp")

GONE, HUNDRED = 20, 100
SERVED_SECONDS, ASKED_SECONDS = 10.0, 1.0
OTHER_LOOPBACK = "127.0.0.2"


@promises("asked_address")
@pytest.mark.parametrize("family", ["ipv4", "ipv6", "mapped"])
def test_an_answer_comes_from_the_address_that_was_asked(server, family):
    """A client that asks one of several addresses gets its answer from that one, whatever address it asks from.

    RFC 1123 4.1.3.5: a server of UDP on a host with several addresses answers from the one that was asked; a client,
    and whatever stands between, takes no answer from another. A socket on a wildcard answers from the one that the
    route back has, unless the server asks for IP_PKTINFO or IP_RECVDSTADDR (ip(7), ip(4)), IPV6_PKTINFO (RFC 3542).
    """
    promised = "ipv4" if family == "mapped" else family
    if not server.promises[promised]:
        pytest.skip(f"left out: {server.subject.name} does not promise {promised}")
    if family == "mapped" and can_bind("::"):
        pytest.skip("no IPv6 here, so no address is mapped into it")
    own_ones = [address for address in own_addresses() if (":" in address) == (promised == "ipv6")]
    there = [address for address in own_ones if can_be_asked(server, address)]
    if not there:
        pytest.skip(f"no address of {promised} here is one that the server promises")
    prefix = MAPPED if family == "mapped" else ""
    wrong = {}
    pairs = [(asked, own) for asked in there for own in own_ones if carried(asked, own)]
    for asked, own in pairs:
        asker = Asker(prefix + asked, server.port, prefix + own)
        with suppress(Unserved):
            ask(server, asker)
        if asker.answered_by != {prefix + asked}:
            wrong[f"{asked} from {own}"] = ", ".join(sorted(asker.answered_by)) or "nobody"
        if not asker.answered_by:
            break  # each would have to be waited for
    assert not wrong, f"asked -> answered by: {wrong}"


@pytest.mark.parametrize("length", [0, 1, 1472, 9000])
def test_a_datagram_of_any_length_ends_nobody(server, length):
    """A datagram of 0, 1, 1,472 or 9,000 bytes that means nothing leaves a server that serves.

    recvfrom(2): one without a byte is received with 0, which is no end of file; one that is longer than the buffer
    loses its rest (MSG_TRUNC). 1,472 fill an Ethernet frame (RFC 894 with 28 bytes of headers), 9,000 do not fit in.
    """
    with server.connect() as peer:
        peer.send(b"\0" * length)
        server.serve()
    assert server.alive()


def test_a_client_that_is_gone_before_its_answer_ends_nobody(server):
    """Clients that ask and are gone when the answer comes leave a server that serves.

    RFC 1122 4.1.3.3: a host answers a datagram to a port that nobody has with ICMP Port Unreachable, and UDP passes
    that up: the sender's next call may fail with ECONNREFUSED. The server is stopped until the clients are gone.
    """
    with stopped(server):
        for _ in range(GONE):
            with server.connect() as peer:
                peer.sendall(server.subject.talk.send or b"\n")
    # an error of one datagram may cost the next answer: a client of UDP asks again
    wait_until(lambda: server.error() is None, "a client to be served", SERVED_SECONDS)
    assert server.alive()


def test_the_hundredth_exchange_is_as_good_as_the_first(server):
    """A hundred clients in a row are served, and then a hundred exchanges of one.

    RFC 768: UDP knows no connections. A server that makes something for each client (a socket, a process, an entry)
    has to let go of it by itself.
    """
    for _ in range(HUNDRED):
        server.serve()
    with server.conversation() as conversation:
        conversation.again(HUNDRED if server.subject.talk.again else 0)


def ask(server, asker: Asker, seconds: float = TALK_SECONDS) -> Asker:
    """Have a conversation by it; raises Unserved, OSError. It is closed."""
    with server.clients.converse(asker.asked, server.port, seconds, lambda: asker) as conversation:
        conversation.play()
    return asker


def can_be_asked(server, address: str) -> bool:
    """Whether it is an address that the server is to be reached by: another one of loopback need not be."""
    loopback = address == "::1" or address.startswith("127.")
    if not loopback and not server.promises["interfaces"]:
        return False
    if address != OTHER_LOOPBACK:
        return True
    try:
        ask(server, Asker(address, server.port), ASKED_SECONDS)
    except (OSError, Unserved):
        return False
    return True
