"""Several reports made together: those that would open an earlier one of them are taken away.

The order is that of the plan, never that in which reports were ready, so that every machine
withholds the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from umea_eval.disclosure.editions import is_secret
from umea_eval.disclosure.profiles import find_profile
from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.language import Language
from umea_eval.runs.folders import take_away
from umea_eval.runs.manifest import FILE, remember_failure
from umea_eval.runs.plan import Plan
from umea_eval.runs.produce import Order, failure_of, places
from umea_eval.runs.state import State
from umea_eval.runs.versions import clashes
from umea_eval.settings import Settings

# Beside the state of batches: which reports were compared last, as they lay there.
COMPARED = "compared"


def finished_of(plan: Plan, settings: Settings, state: State) -> list[tuple[Order, Path]]:
    """The finished reports of a plan in its order, as far as they could open one another."""
    return [
        (planned.order, place)
        for planned in plan.reports
        if _hides(planned.order)
        for place in places(planned.order, settings)
        if state.made(place) is not None
    ]


def are_compared(made: Sequence[tuple[Order, Path]], state: State) -> bool:
    """Whether just these reports, as they lie there, have been compared before."""
    try:
        return (state.folder / COMPARED).read_text(encoding="utf-8") == _stamp(made)
    except OSError:
        return len(made) < 2  # one report has no other


def withhold(
    made: Sequence[tuple[Order, Path]],
    settings: Settings,
    *,
    language: Language,
    state: State | None = None,
) -> Mapping[Path, UserError]:
    """Take away the reports that would open an earlier one; the index remembers why.

    ``made`` are orders with the folders of their reports, in plan order. Returned are the folders
    that are gone, each with what there is to say: it names both reports. ``state`` remembers what
    has been compared, so that nothing is when nothing has changed.
    """
    compared = [(order, folder) for order, folder in made if _hides(order)]
    if state is not None and are_compared(compared, state):
        return {}
    orders = {_name(folder, settings): (order, folder) for order, folder in compared}
    gone: dict[Path, UserError] = {}
    for name, error in clashes(list(orders), settings, language=language).items():
        order, folder = orders[name]
        take_away(settings.reports, name)
        now = datetime.now().astimezone()
        failure = failure_of(order, error.message(language), language, time=now)
        remember_failure(settings.reports, failure)
        gone[folder] = error
    if state is not None:
        stamp = _stamp([(order, folder) for order, folder in compared if folder not in gone])
        with suppress(OSError):  # what cannot be remembered is compared once more
            write_whole(state.folder / COMPARED, stamp.encode())
    return gone


def _hides(order: Order) -> bool:
    suppresses = find_profile(str(order.values["profile"])).rules is not None
    return suppresses and not is_secret(order.values)


def _name(folder: Path, settings: Settings) -> str:
    return folder.relative_to(settings.reports).as_posix()


def _stamp(made: Sequence[tuple[Order, Path]]) -> str:
    digest = hashlib.sha256()
    for _, folder in made:
        facts = (folder / FILE).stat()
        digest.update(f"{folder}\n{facts.st_mtime_ns}\n{facts.st_size}\n".encode())
    return digest.hexdigest()
