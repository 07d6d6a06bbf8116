"""Where the user's cache is: as the XDG Base Directory Specification has it."""

from pathlib import Path

import pytest

from anyunix.host.user_cache import user_cache


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/var/cache/me", "HOME": "/home/me"}, "/var/cache/me/anyunix"),
        ({"HOME": "/home/me"}, "/home/me/.cache/anyunix"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/anyunix"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/anyunix"),
    ],
)
def test_it_is_where_the_specification_says(environment: dict[str, str], expected: str) -> None:
    assert user_cache(environment) == Path(expected)


def test_without_a_home_there_is_none() -> None:
    assert user_cache({"HOME": "nowhere"}) is None
