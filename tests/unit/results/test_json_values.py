"""What a claim about a fact's value comes to."""

from typing import Any

import pytest

from anyunix.results.json_values import claimed, holds


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        (True, False, True),
        ({"a": 1}, {"a": 0, "b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, "nothing", {"a": 1}),
        (["a"], ["a", "b"], ["a"]),
    ],
)
def test_of_a_mapping_those_keys_are_claimed_that_it_names(value: Any, before: Any, after: Any) -> None:
    assert claimed(value, before) == after
    assert holds(value, after)
    assert not holds(value, before)
