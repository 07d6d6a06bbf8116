"""What went wrong once, and is not to go wrong again."""

import socket

from talking import ask

from support.launcher import Launcher
from support.marks import explained_by


def test_a_command_in_two_pieces_is_one_command(client: socket.socket) -> None:
    """A command is a line, in however many segments TCP brings it.

    Release 1.2 took what one recv() brought for a command: behind a slow link, notes got lost, and half of a name.
    """
    assert ask(client, b"SET greet", b"ing hello\n") == b"OK\n"
    assert ask(client, b"GET greeting\n") == b"hello\n"


@explained_by("notes.names_differ_by_case", failing="one note overwrites another", fix="write names in hexadecimal")
def test_names_that_differ_by_case_are_two_notes(client: socket.socket) -> None:
    """Notes are files, and some file systems do not tell A from a."""
    ask(client, b"SET A one\n")
    ask(client, b"SET a two\n")
    assert ask(client, b"GET A\n") == b"one\n"


def test_each_server_has_notes_of_its_own(start_server: Launcher) -> None:
    """Two servers with two folders share nothing."""
    for _ in range(2):
        with start_server().connect() as client:
            assert ask(client, b"GET greeting\n") == b"NONE\n"
            assert ask(client, b"SET greeting hello\n") == b"OK\n"
