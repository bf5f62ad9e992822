"""Under which rules may a report leave?

A report names its profile and registers all its tables; ``release`` is the one gate between them
and the reader. A profile that suppresses sees all tables of the report at once, because tables that
share margins can only be protected together; what it lets through is attacked before it leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from umea_eval.disclosure.editions import INTERN, Edition
from umea_eval.disclosure.rules import RULES, Rules
from umea_eval.disclosure.tables import NUMBERS, Released, ReleasedTable, Table
from umea_eval.errors import UserError
from umea_eval.language import Language, text

if TYPE_CHECKING:
    import pandas as pd

    from umea_eval.disclosure.attack import Exposed

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
    """One set of rules.

    ``only_published``: every input must be published (or example) data. ``suppress`` says what must
    not be shown besides; ``rules`` are those of a profile that suppresses and is attacked.
    """

    name: str
    only_published: bool
    suppress: Callable[[Sequence[Table]], Masks]
    rules: Rules | None = None


def _nothing(tables: Sequence[Table]) -> Masks:
    return {}


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        # Published figures are public already: protecting them again would only hide them.
        Profile("public", only_published=True, suppress=_nothing),
        *(
            Profile(name, only_published=False, suppress=_nothing, rules=rules)
            for name, rules in RULES.items()
        ),
    )
}


def find_profile(name: str, language: Language = "sv") -> Profile:
    """The profile of that name. An unknown name is refused: it never means no protection."""
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise UserError("disclosure.errors.profile", language=language, name=name, known=known)
    return PROFILES[name]


def release(
    tables: Sequence[Table],
    profile: str,
    inputs: Sequence[Input],
    *,
    language: Language = "sv",
    edition: Edition = "publik",
) -> Released:
    """What may be shown of ``tables``: values that the profile or the source withholds are missing.

    Raises UserError for an unknown profile and Withheld if the profile does not allow the inputs:
    under ``public`` each must be published (or example) data, and there must be at least one,
    since figures from nowhere cannot be judged. Under a profile that suppresses, raises UserError
    where too little is declared (`declared.check_declared`, `linked.link`), and Withheld if the
    tables that would leave open a suppressed cell all the same.

    The edition ``intern`` asks the same of the inputs, and then shows all that the source does.
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
    if edition == INTERN:
        return _complete(tables, rules.rules)
    masks = rules.suppress(tables)
    if rules.rules is None:
        return Released({table.name: _released(table, masks.get(table.name)) for table in tables})
    return _protected(tables, masks, rules.rules, language)


def _complete(tables: Sequence[Table], rules: Rules | None) -> Released:
    """Everything; where the public edition says a share in words, so does this one."""
    if rules is None:
        return Released({table.name: _released(table, None) for table in tables})
    from umea_eval.disclosure.suppression import in_words  # noqa: PLC0415

    return Released({table.name: _released(table, None, in_words(table)) for table in tables})


def _protected(tables: Sequence[Table], masks: Masks, rules: Rules, language: Language) -> Released:
    # scipy is needed here only: a report on published data starts without it.
    from umea_eval.disclosure.attack import attack, attack_amounts  # noqa: PLC0415
    from umea_eval.disclosure.declared import check_declared  # noqa: PLC0415
    from umea_eval.disclosure.linked import link  # noqa: PLC0415
    from umea_eval.disclosure.suppression import about_few, suppress  # noqa: PLC0415

    check_declared(tables, language=language)
    few = about_few(tables, language=language)
    left_out = {table.name: _left_out(table) for table in tables if few and not table.short}
    tables = [table for table in tables if table.name not in left_out]
    done = suppress(tables, rules, language=language)
    released = []
    for table in tables:
        mask = done.masks[table.name]
        if table.name in masks:
            mask = mask | masks[table.name].reset_index(drop=True)
        released.append(_released(table, mask, done.frames[table.name]))
    opened = attack(released, rules, told=done.told, amounts=done.told_amounts.linked)
    opened += attack_amounts(released, rules, done.told_amounts)
    if opened:
        raise Withheld(
            "disclosure.errors.exposed", language=language, places=places_text(opened, language)
        )
    return Released(
        {table.name: table for table in released} | left_out,
        counts=link(tables, "count", language=language, idle=True),
        amounts=done.told_amounts.linked,
        left_out=frozenset(left_out),
    )


def _left_out(table: Table) -> ReleasedTable:
    """A table that is not for the reader at all. Its headings stay, so that a notebook finds its
    rows."""
    about = {*table.broken_down_by(), *(c.name for c in table.columns if c.kind == "id")}
    mask = table.frame.reset_index(drop=True).notna()
    mask[:] = [name not in about for name in mask.columns]
    return _released(table, mask)


def places_text(opened: Sequence[Exposed], language: Language) -> str:
    """Where the opened cells stand: table, row and column, at most five of them."""
    shown = [
        text(
            "disclosure.place",
            language,
            table=cell.place.table,
            row=cell.place.row + 1,
            about=", ".join(cell.row) or "–",
            column=cell.place.column,
        )
        for cell in opened[:5]
    ]
    more = len(opened) - len(shown)
    if more:
        shown.append(text("disclosure.more_places", language, more=more))
    return "; ".join(shown)


def _released(
    table: Table, mask: pd.DataFrame | None, instead: pd.DataFrame | None = None
) -> ReleasedTable:
    names = [column.name for column in table.columns]
    source = table.frame if instead is None else instead
    frame = source.loc[:, names].reset_index(drop=True)
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
        dimensions=table.broken_down_by(),
        total=table.total,
        within=table.within,
        overlapping=table.overlapping,
        sums=table.sums,
        follows=table.follows,
    )


def _decimals(frame: pd.DataFrame, decimals: int | str | None) -> tuple[int | None, ...]:
    if not isinstance(decimals, str):
        return (decimals,) * len(frame)
    column = frame[decimals]
    pairs = zip(column, column.isna(), strict=True)
    return tuple(None if unknown else int(value) for value, unknown in pairs)
