"""Many servers side by side, with a bound and a deadline."""

import socket
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from anyunix.check.abreast import abreast
from anyunix.cli import main
from check_servers import V4, greet, redis, serving


def test_no_more_than_the_bound_run_at_once_and_all_of_them_do() -> None:
    """Four meet at a barrier, which a bound of three would break."""
    barrier, lock = threading.Barrier(4), threading.Lock()
    now: list[int] = [0, 0]

    def work(number: int) -> int:
        with lock:
            now[0] += 1
            now[1] = max(now)
        barrier.wait(60)
        with lock:
            now[0] -= 1
        return number * number

    assert abreast(work, range(20), 4) == [number * number for number in range(20)]
    assert now[1] == 4


def test_what_is_not_done_in_time_is_missing_and_nobody_waits_for_it() -> None:
    never = threading.Event()
    begun = time.monotonic()
    found = abreast(lambda item: item if item else never.wait(120), [1, 0, 2], 3, 5.0)
    never.set()
    assert found == [1, None, 2]
    assert time.monotonic() - begun < 60


def test_what_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        abreast(lambda item: 1 // item, [1, 0])


def test_twenty_slow_servers_take_the_time_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Each answers once all twenty clients are there: one after the other they never would be."""
    together = threading.Barrier(20)

    def answer(peer: socket.socket) -> None:
        with peer:
            if peer.recv(4096) == b"hi\n":
                together.wait(60)
                peer.sendall(b"hello\n")

    with ExitStack() as stack:
        ports = [stack.enter_context(serving(V4, answer=answer)) for _ in range(20)]
        targets = [f"127.0.0.1:{port}" for port in ports]
        status = main(["check", *targets, "--send", r"hi\n", "--expect-reply", "hello", "--timeout", "60"])
    said = capsys.readouterr().out
    assert status == 0, said
    assert "anyunix: 20 servers in" in said
    assert ": 20 as expected" in said


def test_a_server_that_is_not_done_by_the_deadline_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    over = threading.Event()

    def silent(peer: socket.socket) -> None:
        with peer:
            over.wait(120)

    with serving(V4, answer=silent) as port, serving(V4, answer=redis) as other:
        words = ["--timeout", "100", "--deadline", "2", "--expect-reply", "."]
        status = main(["check", f"127.0.0.1:{port}", *words])
        alone = capsys.readouterr().err
        both = main(
            ["check", f"redis://127.0.0.1:{other}", f"127.0.0.1:{port}", "--timeout", "100", "--deadline", "60"]
        )
        over.set()
    assert (status, both) == (3, 0)  # without --expect-reply a silent server lets clients in
    assert alone == "anyunix: not done within 2 s (--deadline)\n"


def test_a_problem_is_exit_status_1_and_an_unknown_name_3(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(V4, answer=greet) as port, serving(V4) as closed:
        pass
    with serving(V4, answer=redis) as good:
        assert main(["check", f"redis://127.0.0.1:{good}", "nowhere.invalid:80"]) == 3
        assert main(["check", f"redis://127.0.0.1:{good}", f"tcp://127.0.0.1:{closed}", "nowhere.invalid:80"]) == 1
    said = capsys.readouterr().out
    assert "? nowhere.invalid:80: the name 'nowhere.invalid' has no address here" in said
    assert "1 as expected, 1 with a problem and 1 not looked at" in said
    assert port


def test_a_socket_of_this_machine_is_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)

        def serve() -> None:
            for _ in range(10):  # five connections for the time, five requests
                greet(listener.accept()[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        words = ["--send", r"x\n", "--expect-reply", "^hello$", "--timeout", "60"]
        assert main(["check", f"unix:{path}", *words]) == 0
        thread.join(60)
    assert main(["check", f"unix:{path}", "--expect", "closed"]) == 0
    said = capsys.readouterr().out
    assert f"anyunix: unix:{path}: clients of the socket are served" in said
