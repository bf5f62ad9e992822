"""Under which rules may a report leave? The profiles' names stand here, and nowhere else.

A report names its profile and registers all its tables; ``release`` is the one gate between them
and the reader. Profiles that suppress fill ``Profile.suppress``: it sees all tables of the report
at once, because tables that share margins can only be protected together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from umea_eval.disclosure.tables import NUMBERS, Released, ReleasedTable, Table
from umea_eval.errors import UserError
from umea_eval.language import Language

if TYPE_CHECKING:
    import pandas as pd

Masks = dict[str, "pd.DataFrame"]
"""By table: true where a value must not be shown; the shape and columns of the table's frame."""


class Withheld(UserError):
    """Disclosure control does not let the report out: exit code 3."""

    exit_code = 3


@dataclass(frozen=True)
class Input:
    """A file or folder that a report's figures come from.

    ``path`` is written relative to the project's folder, with slashes. ``published``: it lies
    among the published data. ``example``: it lies among the generated example data.
    """

    path: str
    sha256: str
    size: int
    published: bool = False
    example: bool = False


@dataclass(frozen=True)
class Profile:
    """One set of rules. ``only_published``: every input must be published (or example) data."""

    name: str
    only_published: bool
    suppress: Callable[[Sequence[Table]], Masks]


def _nothing(tables: Sequence[Table]) -> Masks:
    return {}


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        # Published figures are public already: protecting them again would only hide them.
        Profile("public", only_published=True, suppress=_nothing),
    )
}


def find_profile(name: str, language: Language = "sv") -> Profile:
    """The profile of that name. An unknown name is refused: it never means no protection."""
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise UserError("disclosure.errors.profile", language=language, name=name, known=known)
    return PROFILES[name]


def release(
    tables: Sequence[Table], profile: str, inputs: Sequence[Input], *, language: Language = "sv"
) -> Released:
    """What may be shown of ``tables``: values that the profile or the source withholds are missing.

    Raises UserError for an unknown profile and Withheld if the profile does not allow the inputs:
    under ``public`` each must be published (or example) data, and there must be at least one,
    since figures from nowhere cannot be judged.
    """
    rules = find_profile(profile, language)
    if rules.only_published:
        if not inputs:
            raise Withheld("disclosure.errors.no_input", language=language, profile=profile)
        barred = [entry.path for entry in inputs if not (entry.published or entry.example)]
        if barred:
            raise Withheld(
                "disclosure.errors.not_published",
                language=language,
                profile=profile,
                files=", ".join(barred),
            )
    masks = rules.suppress(tables)
    return Released({table.name: _released(table, masks.get(table.name)) for table in tables})


def _released(table: Table, mask: pd.DataFrame | None) -> ReleasedTable:
    names = [column.name for column in table.columns]
    frame = table.frame.loc[:, names].reset_index(drop=True)
    suppressed = frame.isna() & False
    if mask is not None:
        suppressed |= mask.loc[:, names].reset_index(drop=True)
    for column in table.columns:
        if column.suppressed:
            withheld = table.frame[column.suppressed].reset_index(drop=True)
            suppressed[column.name] |= withheld.fillna(value=False).astype(bool)
    return ReleasedTable(
        name=table.name,
        frame=frame.mask(suppressed),
        suppressed=suppressed,
        decimals={
            column.name: _decimals(table.frame, column.decimals)
            for column in table.columns
            if column.kind in NUMBERS
        },
        columns=table.columns,
    )


def _decimals(frame: pd.DataFrame, decimals: int | str | None) -> tuple[int | None, ...]:
    if not isinstance(decimals, str):
        return (decimals,) * len(frame)
    column = frame[decimals]
    pairs = zip(column, column.isna(), strict=True)
    return tuple(None if unknown else int(value) for value, unknown in pairs)
