"""Release 1.2 of notes.py, with its bug: what one recv() brings is taken for one command."""

import notes


class Client(notes.Client):
    """One client, as it was served."""

    def command(self) -> bytes:
        return self.request.recv(4096)


if __name__ == "__main__":
    notes.serve(Client)
