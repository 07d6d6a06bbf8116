"""What came from a server stands beside what was expected."""

import pytest


@pytest.mark.parametrize(
    ("expect", "hint"),
    [(r"^PONG$", r"; without its \r it would match: write \r?$ for the end of a line"), (r"^PANG$", "")],
)
@pytest.mark.usefixtures("support")
def test_what_came_stands_beside_what_was_expected(expect: str, hint: str) -> None:
    import socket

    from support.subject import Talk
    from support.talk import Unlike, talk_to

    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"PONG\r\n")
        there.shutdown(socket.SHUT_WR)
        with pytest.raises(Unlike) as caught:
            talk_to(here, Talk(b"", expect.encode()))
    assert str(caught.value) == (
        f"nothing that matches '{expect}' came before the connection ended, "
        rf"but b'PONG\r\n'{hint}"
    )
