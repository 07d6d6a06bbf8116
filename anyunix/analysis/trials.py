"""An experiment on one contract: which differences, switched on where it is kept, break it.

Whoever runs it holds the contract against the server with the differences that it asks for, and sends it what came of
it. What it claims in the end failed each time it was tried, and did not with any one difference less.
"""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from anyunix.analysis.ddmin import Subset, ddmin
from anyunix.results.cause_model import Cause
from anyunix.text import listed

AGAIN = 2
"""How often what decides is tried once more."""


@dataclass(frozen=True)
class Trial:
    """Differences to switch on, and how often to hold the contract against the server then."""

    differences: Subset
    times: int = 1


@dataclass(frozen=True)
class Tally:
    """What came of a trial."""

    failed: int = 0
    kept: int = 0
    problem: str = ""
    """Why it says nothing; empty when it does."""

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(self.failed + more.failed, self.kept + more.kept, more.problem)


class OutOfTime(Exception):
    """Thrown into an experiment that has to end now."""


Experiment = Generator[Sequence[Trial], Mapping[Subset, Tally], Cause]


def experiment(reference: str, candidates: Collection[str], likely: Collection[str] = ()) -> Experiment:
    """Find the candidates that break the contract on the reference; there have to be some. The `likely` ones of them
    are tried beside all at first: where they do by themselves, the search is shorter.
    """
    seen = _Seen(reference, Subset(candidates))
    try:
        return (yield from _experiment(seen, seen.candidates.intersection(likely)))
    except OutOfTime:
        return seen.out_of_time()


def _experiment(seen: "_Seen", likely: Subset) -> Experiment:
    yield from seen.ask(dict.fromkeys([seen.candidates, likely or seen.candidates]))
    whole = seen.answers[seen.candidates]
    if whole.problem:
        return seen.nothing(f"with {_names(seen.candidates)} switched on, {whole.problem}")
    if not whole.failed:
        return seen.nothing(f"{seen.reference} keeps it with {_names(seen.candidates)} switched on")
    search = ddmin(likely if likely and seen.broke(likely) else seen.candidates)
    try:
        asked = next(search)
        while True:
            yield from seen.ask(asked)
            asked = search.send({each: seen.broke(each) for each in asked})
    except StopIteration as end:
        least: Subset = end.value
    yield from seen.ask([least, *_without_one(least)], AGAIN)
    return seen.judged(least)


@dataclass
class _Seen:
    """What an experiment knows so far."""

    reference: str
    candidates: Subset
    answers: dict[Subset, Tally] = field(default_factory=dict)

    def ask(self, sets: Iterable[Subset], times: int = 0) -> Generator[Sequence[Trial], Mapping[Subset, Tally], None]:
        """See what comes of these: of what is known already, only when it is to be tried `times` more."""
        trials = [Trial(each, times or 1) for each in sets if times or each not in self.answers]
        if trials:
            brought = yield trials
            for each in trials:
                known = self.answers.get(each.differences, Tally())
                self.answers[each.differences] = known + brought[each.differences]

    def broke(self, differences: Subset) -> bool:
        return self.answers[differences].failed > 0

    @property
    def runs(self) -> int:
        return sum(each.failed + each.kept for each in self.answers.values())

    def judged(self, least: Subset) -> Cause:
        """What is claimed of the smallest set."""
        rests = _without_one(least)
        if problem := self.answers[least].problem:
            return self.nothing(f"with {_names(least)} switched on once more, {problem}")
        for each in (least, *rests):
            if wobbles := self._wobbles(each, fails=each == least):
                return self.nothing(wobbles)
        unknown = [each for each in rests if self.answers[each].problem]
        if unknown:
            why = self.answers[unknown[0]].problem
            return self._narrowed(least, f"whether fewer would do is not known: with {_names(unknown[0])}, {why}")
        return Cause(tuple(sorted(least)), self.runs, True, self.reference, note=self._hidden(least))

    def nothing(self, why: str) -> Cause:
        return Cause(runs=self.runs, reference=self.reference, note=why)

    def out_of_time(self) -> Cause:
        """Nothing is claimed; what is left of the candidates is said."""
        broke = [each for each in self.answers if self.broke(each)]
        if not broke:
            return self.nothing("out of time (--experiment-seconds)")
        return self._narrowed(min(broke, key=len), "out of time (--experiment-seconds)")

    def _narrowed(self, left: Subset, why: str) -> Cause:
        return Cause(tuple(sorted(left)), self.runs, False, self.reference, note=why)

    def _wobbles(self, differences: Subset, *, fails: bool) -> str:
        """How it did not do each time what it should; empty when it did."""
        answer = self.answers[differences]
        tried = answer.failed + answer.kept
        if not (answer.kept if fails else answer.failed):
            return ""
        return f"flaky: with {_names(differences)} switched on it failed {answer.failed} of {tried} times"

    def _hidden(self, least: Subset) -> str:
        """More is no more here: a set with all of these in it that did not break it."""
        kept = [each - least for each, answer in self.answers.items() if least < each and answer.kept]
        return f"with {_names(min(kept, key=len))} beside, it is kept again" if kept else ""


def _without_one(differences: Subset) -> list[Subset]:
    return [differences - {each} for each in sorted(differences)]


def _names(differences: Subset) -> str:
    return listed(sorted(differences)) if differences else "nothing"
