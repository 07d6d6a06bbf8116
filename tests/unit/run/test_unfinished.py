"""What a suite that does not come to its end wrote, and what a limit is called."""

import pytest

from anyunix.drivers.docker.docker_options import DockerOptions
from anyunix.drivers.local import LocalDriver
from anyunix.run.unfinished import FINISHED, finished_probes, heard_probe


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"<testcase",
        b"<testcase></testcase>\n",
        b"</testcase>\n",
        b"\xff" * 100,
        b'<testcase file="other.py" name="test_x"></testcase>\n',
    ],
)
def test_what_no_suite_writes_brings_no_probe(written: bytes) -> None:
    driver = LocalDriver()
    driver.up(lambda text: None)
    try:
        driver.folder().joinpath(FINISHED).write_bytes(written)
        assert finished_probes(driver, ["group/test_probes.py::test_x"])[1] == ()
    finally:
        driver.down()
    assert finished_probes(driver, []) == (b"", ())


@pytest.mark.parametrize(("limit", "said"), [("2g", "2 GiB"), ("512M", "512 MiB"), ("1000000", "1000000 bytes")])
def test_a_limit_is_said_with_its_unit(limit: str, said: str) -> None:
    assert DockerOptions(dockerfile="", base="", memory=limit).out_of_memory == f"killed by the memory limit of {said}"


def test_a_result_that_was_printed_is_heard_and_nothing_else() -> None:
    line = '<testcase file="a/test_b.py" name="test_c[d]" line="1" time="0.1"><properties /></testcase>'
    probe = heard_probe(line)
    assert probe is not None and probe.id == "a/test_b.py::test_c[d]"
    for other in (
        "",
        "a/test_b.py::test_c PASSED",
        line[:-1],
        f" {line}",
        f"<testcase {line}",
        "<testcase </testcase>",
    ):
        assert heard_probe(other) is None
