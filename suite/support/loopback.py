"""TCP over loopback, which a network namespace of one's own starts without."""

import pytest

from support.net import connect_error, listen, port_of


def need_loopback() -> None:
    """Skip the probe where 127.0.0.1 cannot be reached."""
    with listen("127.0.0.1") as listener:
        if error := connect_error("127.0.0.1", port_of(listener)):
            pytest.skip(f"no TCP over loopback here: {error} for 127.0.0.1")
