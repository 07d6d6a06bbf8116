"""A server of inetd(8)'s that has one connection as its stdin and stdout: a line in, a line out, until the client ends.

It is started for each client, so it imports nothing that takes longer than its work.
"""

import os

try:
    while data := os.read(0, 4096):
        answers = b"hello\n" * data.count(b"\n")
        while answers:
            answers = answers[os.write(1, answers) :]
except OSError:  # the client is gone
    pass
