"""What stands around an injection is that of its process, and fits into a fact."""

import json
from pathlib import Path

import pytest

from anyunix.results.junit import FACT_LIMIT

pytestmark = pytest.mark.usefixtures("support")
HIT = '8 write(4, "came\\n", 5) = -1 EIO (Input/output error) (INJECTED)'


def test_the_calls_of_its_process_stand_around_it(tmp_path: Path) -> None:
    from support.around import around

    lines = [f"8 read({number}) = 0" for number in range(5)] + ["9 poll()", HIT, "9 poll()"]
    lines += [f'8 open("{tmp_path}/log", O_RDONLY) = 4', "8 +++ exited with 1 +++", "9 +++ exited with 0 +++"]
    assert around(lines, HIT, tmp_path) == [
        "8 read(2) = 0",
        "8 read(3) = 0",
        "8 read(4) = 0",
        HIT,
        '8 open("log", O_RDONLY) = 4',
        "8 +++ exited with 1 +++",
    ]


def test_without_a_record_nothing_stands_there(tmp_path: Path) -> None:
    from support.around import around

    assert around([], HIT, tmp_path) == []


@pytest.mark.parametrize("word", ['"', "\\", "\x00", "\N{SNOWMAN}", "\N{PILE OF POO}", "x"])
def test_whatever_a_server_says_fits_into_a_fact(tmp_path: Path, word: str) -> None:
    from support.around import around, as_fact

    assert len(json.dumps(around([word * 900] * 9, word * 900, tmp_path))) <= FACT_LIMIT
    text = as_fact({"answer": "broken", "how": word * 9000, "call": word * 9000})
    assert len(text) <= FACT_LIMIT
    assert json.loads(text)["answer"] == "broken"
