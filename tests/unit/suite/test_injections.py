"""suite/sweep/injections.py: a probe that fails on its way says whether its injection had been made by then."""

from types import ModuleType

import pytest

HIT = "7 accept4(3, NULL, NULL, 0) = -1 EMFILE (Too many open files) (INJECTED)"


class Injector:
    """What has its record, in which an injection stands or does not."""

    def __init__(self, line: str) -> None:
        self.line = line

    def hit(self) -> str:
        return self.line


def test_it_is_broken_where_the_record_has_the_injection(injections: ModuleType) -> None:
    seen = injections.without_an_end(Injector(HIT), TimeoutError("no answer\nat all"))
    assert (seen.answer, seen.how, seen.call) == ("broken", "TimeoutError: no answer", HIT)


def test_it_is_not_tried_where_nothing_had_been_injected(injections: ModuleType) -> None:
    with pytest.raises(pytest.skip.Exception, match="not tried: before it was injected: Refused: busy"):
        injections.without_an_end(Injector(""), type("Refused", (Exception,), {})("busy"))
