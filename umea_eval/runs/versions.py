"""Does a report reveal, beside what has already been released, what neither reveals alone?

What was released last of each report is kept in the project's folder, beside the log: a new version
is compared with it before it gets its place, and again when it is released. When it is released it
is compared with all other reports that have been, too.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umea_eval.disclosure.editions import is_secret
from umea_eval.disclosure.profiles import Withheld, find_profile, places_text
from umea_eval.errors import UserError
from umea_eval.files import write_whole
from umea_eval.language import Language
from umea_eval.runs.finished import read_finished
from umea_eval.runs.folders import writing
from umea_eval.runs.manifest import FILE
from umea_eval.settings import Settings

if TYPE_CHECKING:
    from umea_eval.disclosure.differencing import Revealed
    from umea_eval.disclosure.rules import Rules
    from umea_eval.disclosure.stored import Published

FOLDER = ".released"
FORMAT = 1
# What does not make a report another one: its words, what it hides, for whom it is.
_SAME = ("language", "profile", "edition")


def check_versions(
    record: Mapping[str, Any],
    parameters: Mapping[str, str],
    settings: Settings,
    *,
    report: str,
    language: Language,
) -> None:
    """Raise Withheld if a report reveals something beside the version that was released last.

    ``record`` is that of ``Report.finish``, ``report`` its folder. Nothing is compared for the
    internal edition, nor for a report that suppresses nothing. Raises UserError for a kept version
    that cannot be read: it is never taken for none.
    """
    rules = _rules(record, language)
    path = _file(record, parameters, settings)
    if rules is None or not path.exists():
        return
    from umea_eval.disclosure.differencing import compare_versions  # noqa: PLC0415 - scipy
    from umea_eval.disclosure.stored import from_json  # noqa: PLC0415

    earlier = _kept(path, language)
    revealed = compare_versions(from_json(record["released"]), earlier.published, rules)
    if revealed:
        raise _withheld("versions", report, earlier, revealed, language)


def check_released(
    record: Mapping[str, Any],
    parameters: Mapping[str, str],
    settings: Settings,
    *,
    report: str,
    language: Language,
) -> None:
    """Raise Withheld if a report opens, or is opened by, another one that has been released.

    Another year, area or evaluation, compared as the reports of a batch are (`clashes`); its own
    last version has rules of its own (`check_versions`). Raises UserError as that does.
    """
    rules = _rules(record, language)
    if rules is None:
        return
    from umea_eval.disclosure.differencing import Beside, clash  # noqa: PLC0415 - scipy
    from umea_eval.disclosure.stored import from_json  # noqa: PLC0415

    own = _file(record, parameters, settings)
    paths = [path for path in sorted(own.parent.glob("*.json")) if path != own]
    read = [_kept(path, language) for path in paths]
    kept = {each.report: each for each in read if each.may_be_beside(record)}
    shown = from_json(record["released"])
    found = clash(
        Beside(report, shown, rules, str(record["name"]), _own(parameters)),
        [
            Beside(name, each.published, each.rules or rules, each.notebook, each.parameters)
            for name, each in kept.items()
        ],
    )
    if found is not None:
        earlier, revealed = found
        raise _withheld("beside_released", report, kept[earlier], revealed, language)


@contextmanager
def remembered(
    record: Mapping[str, Any],
    parameters: Mapping[str, str],
    settings: Settings,
    *,
    report: str,
    time: str,
) -> Iterator[None]:
    """Keep what is released, for later releases to be compared with, unless what follows fails."""
    if "released" not in record:
        yield
        return
    kept = {
        "format": FORMAT,
        "report": report,
        "time": time,
        "profile": record["profile"],
        "example": bool(record["example"]),
        "notebook": record["name"],
        "parameters": _own(parameters),
        "released": record["released"],
    }
    path = _file(record, parameters, settings)
    with writing(path.parent):
        path.parent.mkdir(exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        write_whole(path, (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink()
        else:
            write_whole(path, before)
        raise


def clashes(
    reports: Sequence[str], settings: Settings, *, language: Language
) -> dict[str, UserError]:
    """After a batch: the finished reports, in plan order, that would open an earlier one of it.

    ``reports`` are their folders. Each is compared with those before it; what it is withheld for,
    with both names, is returned as the error to show. Reports that suppress nothing, and internal
    ones, are passed over.
    """
    from umea_eval.disclosure.differencing import Beside, first_clash  # noqa: PLC0415 - scipy

    kinds: dict[bool, list[Any]] = defaultdict(list)  # example data are about nobody
    for report in reports:
        manifest = json.loads((settings.reports / report / FILE).read_text(encoding="utf-8"))
        rules = find_profile(manifest["profile"], language).rules
        if rules is None or is_secret(manifest):
            continue
        finished = read_finished(str(settings.reports / report), settings, language=language)
        published = finished.published
        if published is None:  # `read_finished` has refused one that hides and does not say what
            continue
        name, parameters = str(finished.record["name"]), _own(manifest["parameters"])
        beside = Beside(report, published, rules, name, parameters)
        kinds[bool(manifest["example"])].append(beside)
    found: dict[str, UserError] = {}
    for group in kinds.values():
        for report, (earlier, revealed) in first_clash(group).items():
            found[report] = Withheld(
                "disclosure.errors.clash",
                language=language,
                report=report,
                earlier=earlier,
                places=_places(revealed, language),
            )
    return {report: found[report] for report in reports if report in found}


def _own(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that make a report another one."""
    return {name: str(value) for name, value in parameters.items() if name not in _SAME}


@dataclass(frozen=True)
class _Kept:
    """A report that has been released, as it is kept."""

    report: str
    time: str
    published: Published
    rules: Rules | None
    example: bool | None
    notebook: str
    parameters: Mapping[str, str]

    def may_be_beside(self, record: Mapping[str, Any]) -> bool:
        """Whether both are about real data, or both about made-up data."""
        return self.example is None or self.example == bool(record["example"])


def _withheld(
    key: str, report: str, earlier: _Kept, revealed: Sequence[Revealed], language: Language
) -> Withheld:
    """For what ``report`` and an ``earlier`` one, which has been released, reveal together."""
    return Withheld(
        f"disclosure.errors.{key}",
        language=language,
        report=report,
        earlier=earlier.report,
        day=earlier.time[:10],
        places=_places(revealed, language),
    )


def _kept(path: Path, language: Language) -> _Kept:
    from umea_eval.disclosure.stored import from_json  # noqa: PLC0415 - needs numpy

    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["format"] != FORMAT:
            raise ValueError(kept["format"])
        return _Kept(
            str(kept["report"]),
            str(kept["time"]),
            from_json(kept["released"]),
            find_profile(str(kept["profile"]), language).rules,
            # The first releases were kept without: they may be about anything, at any time.
            kept.get("example"),
            str(kept.get("notebook", "")),
            dict(kept.get("parameters", {})),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise UserError(
            "disclosure.errors.version_unreadable", language=language, file=f"{FOLDER}/{path.name}"
        ) from None


def _rules(record: Mapping[str, Any], language: Language) -> Rules | None:
    """The rules by which a report hides; None for one that hides nothing, or must not leave."""
    if "released" not in record or is_secret(record):
        return None
    return find_profile(record["profile"], language).rules


def _places(revealed: Sequence[Revealed], language: Language) -> str:
    return places_text([each.cell for each in revealed], language)


def _file(record: Mapping[str, Any], parameters: Mapping[str, str], settings: Settings) -> Path:
    """Where the last released version of the same report is kept."""
    key = json.dumps([record["name"], bool(record["example"]), _own(parameters)], sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return settings.root / FOLDER / f"{record['name']}-{digest}.json"
