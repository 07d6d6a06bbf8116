"""The picture as data: who has which square, and what is apart."""

from dataclasses import replace

from anyunix.report.page.picture import LOOKS, SAID, Picture, pictures_of
from anyunix.report.page.sections import SIGNS, rows_of, sections_of
from anyunix.results.model import Matrix
from page_matrix import example


def pictures(matrix: Matrix) -> dict[str, Picture]:
    found = pictures_of(matrix, sections_of(matrix, rows_of(matrix)))
    return {picture.section.bind: picture for picture in found}


def test_contracts_stand_before_facts_and_every_probe_once() -> None:
    picture = pictures(example())["first"]
    rows = {row.number: row for row in picture.section.rows}
    kinds = [rows[number].kind if number >= 0 else "gap" for number in picture.columns]
    assert kinds == ["contract", "gap", "contract", "gap", "fact", "fact"]
    assert sorted(number for number in picture.columns if number >= 0) == sorted(rows)


def test_each_cell_is_a_square_of_its_look() -> None:
    shapes = pictures(example())["first"].shapes
    assert shapes["kept"] == "M0 0.5h1"
    assert shapes["bad"] == "M0 1.5h1"
    assert shapes["warn"] == "M0 2.5h1M5 2.5h1"  # a failure that is accepted, a fact that varies
    assert shapes["none"] == "M2 0.5h1M2 1.5h1M2 2.5h1M0 3.5h1M2 3.5h1M4 3.5h2"


def test_likenesses_stand_apart() -> None:
    matrix = example()
    like = replace(matrix.platforms[-1], like="freebsd", differences=("x",))
    lanes = pictures(replace(matrix, platforms=(*matrix.platforms[:-1], like)))["first"].lanes
    assert [(lane.name, lane.place) for lane in lanes[3:]] == [("likenesses", -1), ("freebsd", 3)]


def test_it_says_in_words_what_it_shows() -> None:
    said = pictures(example())["first"].said
    assert said.startswith("4 probes on 4 platforms: 1 failed, 2 flaky, varies, or fails as expected, 1 contract kept")


def test_every_word_of_the_matrix_has_a_look() -> None:
    assert LOOKS.keys() == SIGNS.keys()
    assert set(LOOKS.values()) == SAID.keys()


def test_where_no_probe_came_back_the_picture_is_empty() -> None:
    matrix = example()
    cells = tuple(replace(cell, probes=()) for cell in matrix.cells)
    platforms = tuple(replace(platform, probes=()) for platform in matrix.platforms)
    for picture in pictures(replace(matrix, cells=cells, platforms=platforms)).values():
        assert (picture.columns, picture.labels) == ((), ())
