"""What do the profiles protect? Every threshold stands here, with its source beside it.

"Own choice" is a decision of this project (domain notes on disclosure control); no single Swedish
threshold exists. "Assumption": from memory, not read in the source itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Below this many persons the public edition is a short list fixed in advance. Own choice: at 14
# persons a suppressed cross-table is either blank or a leak.
SMALL_MODE_BELOW = 20


@dataclass(frozen=True)
class Rules:
    """The numbers of one profile.

    ``largest``    counts from 1 to ``largest`` are protected
    ``width``      so many values must remain possible for every suppressed count; a protected one
                   keeps all from 1 to ``largest`` wherever suppression can achieve it
    ``zero``       zeros are protected too, for every count (else only where the attribute is
                   sensitive); zeros that are not are shown, and never suppressed to protect others
    ``parts``      small parts of a group (numerators, and those without) are protected as small
                   groups are; False: only the group has a smallest size
    ``rounding``   counts that are shown are rounded to this base
    ``dominance``  (n, k): an amount is protected if its n largest contributions are more than the
                   share k of it
    ``amount``     the possible values of a suppressed amount reach at least this share of it both
                   ways
    """

    largest: int
    width: int
    zero: bool = False
    parts: bool = True
    rounding: int | None = None
    # Assumption: n = 1, k = 75 %, one of the pairs that Hundepool et al. 2012 (Statistical
    # Disclosure Control, ch. 4) names as usual; one household or home gives most of the sum.
    dominance: tuple[int, float] = (1, 0.75)
    # Own choice: 10 % both ways.
    amount: float = 0.10

    @property
    def first(self) -> int:
        """The smallest count that is protected."""
        return 0 if self.zero else 1


RULES: Mapping[str, Rules] = {
    # Own choice: 1-4, every one of them stays possible.
    "default": Rules(largest=4, width=4),
    # OpenSAFELY, statistical disclosure control: counts of 7 and below, the rest rounded to 5.
    # That a zero is one of them is our reading.
    "strict": Rules(largest=7, width=8, zero=True, rounding=5),
    # Socialstyrelsen's statistics: 1-4, complementary cells too. The width is our own choice.
    "socialstyrelsen": Rules(largest=4, width=4),
    # Surveys: nothing of fewer than 10 answers. Assumption: the limit is for those who answered,
    # not for how many chose one of the answers.
    "survey": Rules(largest=9, width=9, parts=False),
    # Senior alert: nothing of fewer than 6 persons. Assumption as for surveys.
    "senior_alert": Rules(largest=5, width=5, parts=False),
}
