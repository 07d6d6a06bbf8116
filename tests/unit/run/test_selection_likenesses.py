"""Likenesses: platforms with all known differences of one system switched on, in files and by --like."""

from dataclasses import replace

import pytest

from anyunix.catalog.difference import SYSTEMS, in_likeness
from anyunix.catalog.lookup import Catalog, find_catalog
from anyunix.errors import ConfigurationError
from anyunix.run.selection import Choice, select
from anyunix.shards.planning import plan_of
from checkout import ROOT

ECHO = str(ROOT / "examples" / "first" / "echo.yaml")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return find_catalog()


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_a_platform_that_is_like_it(catalog: Catalog, system: str) -> None:
    platform = catalog.platform(f"like-{system}")
    assert platform.like == system
    assert platform.switched_on == in_likeness(catalog.differences, platform.like)
    assert not platform.default
    assert "a likeness" in platform.title


def test_the_likeness_of_a_platform_is_named_after_both(catalog: Catalog) -> None:
    platform = catalog.platform("debian+like-openbsd")
    assert (platform.name, platform.like, platform.driver) == ("debian+like-openbsd", "openbsd", "docker")
    assert platform.switched_on == in_likeness(catalog.differences, "openbsd")
    assert platform.emulates == f"{len(platform.switched_on)} documented differences of OpenBSD"


def test_like_puts_likenesses_behind_the_platforms_that_are_named_and_requires_them(catalog: Catalog) -> None:
    chosen = select(Choice((ECHO,), ("local", "debian"), likes=("freebsd", "netbsd"), optional=("local",)), catalog)
    assert [cell.platform.name for cell in chosen.cells] == [
        "local",
        "local+like-freebsd",
        "local+like-netbsd",
        "debian",
        "debian+like-freebsd",
        "debian+like-netbsd",
    ]
    assert chosen.required == ("debian", "debian+like-freebsd", "debian+like-netbsd")


def test_of_the_default_platforms_those_have_likenesses_that_can(catalog: Catalog) -> None:
    names = [platform.name for platform in select(Choice((ECHO,), likes=("freebsd",)), catalog).platforms]
    assert {"local+like-freebsd", "debian+like-freebsd", "alpine+like-freebsd"} <= {*names}
    assert not {"local-v6only+like-freebsd", "macos+like-freebsd", "freebsd+like-freebsd"} & {*names}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice((ECHO,), ("local",), likes=("freebds",)), "did you mean 'freebsd'"),
        (Choice((ECHO,), ("freebsd",), likes=("openbsd",)), "driver vagrant changes nothing on its machine"),
        (Choice((ECHO,), ("ssh://a@b.example",), likes=("openbsd",)), "driver ssh changes nothing on its machine"),
        (Choice((ECHO,), ("like-freebsd",), likes=("openbsd",)), "it is like FreeBSD already"),
        (Choice((ECHO,), ("macos",), likes=("openbsd",)), "known from its manuals only"),
        (Choice((ECHO,), ("local+like-plan9",)), "no system is called 'plan9'"),
        (Choice(likes=("freebsd",), cells=((ECHO, "local", "default"),)), "--like"),
    ],
)
def test_what_has_no_likeness_is_an_error_of_one_line(catalog: Catalog, choice: Choice, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        select(choice, catalog)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_system_of_which_no_difference_is_known_has_no_likeness(catalog: Catalog) -> None:
    class Empty(Catalog):
        differences = ()

    with pytest.raises(ConfigurationError, match="no difference is known that FreeBSD has"):
        Empty(catalog.root).platform("local+like-freebsd")


def test_an_expectation_may_be_about_a_likeness(catalog: Catalog) -> None:
    assert "debian+like-freebsd" in catalog.likeness_names()


def test_a_shard_names_a_likeness_by_the_platform_as_it_was_asked_for(catalog: Catalog) -> None:
    choice = Choice((ECHO,), ("local",), likes=("freebsd",))
    plan = plan_of(choice, select(choice, catalog), count=1, times={}, out=catalog.root / "out", options=())
    assert "local+like-freebsd" in plan.shards[0].command
    again = replace(choice, platforms=(), likes=(), subjects=(), cells=tuple(cell.spec for cell in plan.cells))
    assert [cell.platform.like for cell in select(again, catalog).cells] == [None, "freebsd"]
