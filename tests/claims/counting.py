"""What is a false claim, and how many reports make one?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from umea_eval.methods.claims import Claim, Level, Statement


@dataclass(frozen=True)
class Case:
    """One report of one world. ``truth``: by claim, on its scale; ``ceiling``: by claim, else 2.

    A claim without a truth is one that the report may not make in this world. ``unlike``: the first
    words of claims whose numbers are of something else than the truth here (reports and not falls),
    so that their intervals are not asked to hold it.
    """

    world: str
    claims: Mapping[str, Statement]
    truth: Mapping[str, float]
    ceiling: Mapping[str, Level]
    unlike: frozenset[str] = frozenset()


Draw = Callable[[str, int], Case]


@dataclass(frozen=True)
class Count:
    """Reports with at least one false claim, of how many, with the exact 95 per cent limit."""

    hits: int
    of: int
    by_world: Mapping[str, tuple[int, int]]
    by_claim: Mapping[str, int]
    covered: Mapping[str, tuple[int, int, float]]

    @property
    def upper(self) -> float:
        """The upper limit of the share."""
        return float(binomtest(self.hits, self.of).proportion_ci(0.95, method="exact").high)

    def told(self) -> str:
        """The figures as they stand in the documents."""
        worlds = ", ".join(f"{name} {hits}/{of}" for name, (hits, of) in self.by_world.items())
        share = f"{self.hits}/{self.of} = {self.hits / self.of:.2%}, upper limit {self.upper:.2%}"
        held = ", ".join(
            f"{name} {inside}/{of} = {inside / of:.1%} (stated {stated:.1%})"
            for name, (inside, of, stated) in self.covered.items()
        )
        return f"{share} | {worlds} | {dict(self.by_claim)} | {held}"


def is_false(claim: Claim, truth: float | None, ceiling: Level) -> bool:
    """Whether the claim says more than the truth, or at a level that its design does not have."""
    if claim.level > ceiling:
        return True
    if claim.outcome not in ("higher", "lower", "unchanged"):
        return False
    if truth is None:
        return True
    none = 1.0 if claim.scale == "ratio" else 0.0
    if claim.outcome != "unchanged":
        return not (truth > none if claim.outcome == "higher" else truth < none)
    assert claim.margin is not None
    low = 1 / claim.margin if claim.scale == "ratio" else -claim.margin
    return not low <= truth <= claim.margin


def false_claims(case: Case) -> list[str]:
    """The names of the case's false claims."""
    return [
        name
        for name, made in case.claims.items()
        if is_false(made.claim, case.truth.get(name), case.ceiling.get(name, Level.CHANGE))
    ]


def count_false(draw: Draw, worlds: Sequence[str], seeds: Iterable[int]) -> Count:
    """Draw one report per seed, the worlds by turns, and count those with a false claim."""
    hits, tried, named = Counter[str](), Counter[str](), Counter[str]()
    held, asked = Counter[str](), Counter[str]()
    stated = defaultdict[str, float](float)
    for place, seed in enumerate(seeds):
        world = worlds[place % len(worlds)]
        case = draw(world, seed)
        found = false_claims(case)
        for name, made in case.claims.items():
            kind, truth = name.split()[0], case.truth.get(name)
            if truth is not None and kind not in case.unlike and made.claim.outcome != "withheld":
                asked[kind] += 1
                held[kind] += made.claim.lower <= truth <= made.claim.upper
                stated[kind] += made.claim.confidence
        tried[world] += 1
        hits[world] += bool(found)
        named.update(each.split()[0] for each in found)
    return Count(
        sum(hits.values()),
        sum(tried.values()),
        {world: (hits[world], tried[world]) for world in worlds},
        named,
        {kind: (held[kind], of, stated[kind] / of) for kind, of in asked.items()},
    )
