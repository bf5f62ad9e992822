"""The object through which a notebook shows every table, figure and sentence.

In two phases. First the notebook registers its inputs and **all** its tables; nothing is shown.
``release()`` is where disclosure control stands. After it the notebook shows tables, figures and
texts, which can reach released values only. ``finish()`` ends the report with what is needed to
make it again; a notebook without it has no report.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from umea_eval.disclosure import project
from umea_eval.disclosure.editions import INTERN, PUBLIK, Edition, find_edition
from umea_eval.disclosure.profiles import Input, find_profile, release
from umea_eval.disclosure.reading import registering
from umea_eval.disclosure.rules import SMALL_MODE_BELOW
from umea_eval.disclosure.tables import NUMBERS, TOTAL, Field, Released, Table
from umea_eval.errors import UserError
from umea_eval.language import Language, Words, fill, text
from umea_eval.report import provenance
from umea_eval.report.figures import Draw, draw_svg
from umea_eval.report.fragments import Fragment, Part, publish, render
from umea_eval.report.marking import marking
from umea_eval.report.plan import FOLDER as PLANS
from umea_eval.report.plan import Plan, read_plan
from umea_eval.report.plan import items as plan_items
from umea_eval.report.tables import WrittenTable, as_printed, counted, write_table
from umea_eval.settings import Settings, read_settings

if TYPE_CHECKING:
    import pandas as pd

Values = Mapping[str, object]
FromReleased = Callable[[Released], Values]
Phase = Literal["registering", "showing", "finished"]

# Names become file names, also on Windows.
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789"),
}


class Report:
    """A report in one language, released under one profile, in the public or internal edition.

    ``name`` is the notebook's name; ``title`` a catalogue key, or the words in each language, with
    ``values`` (parameters, never figures). Every word that a method takes is a key or such words.
    ``source_language`` is the language of the data's own text, so that a page in the other language
    can say so to a screen reader (WCAG 3.1.2); a column's ``lang`` goes before it.
    ``edition``: ``intern`` suppresses nothing and is marked as secret (`disclosure.editions`).
    Raises UserError for an unknown profile or edition, and in every method for a call in the wrong
    phase.

    >>> import pandas as pd
    >>> import umea_eval as ue
    >>> words = {"sv": "Fall", "en": "Falls"}
    >>> report = ue.Report("demo", language="en", profile="default", title=words)
    >>> path = report.input("data/example/survey")
    >>> report.table(
    ...     "falls",
    ...     pd.DataFrame({"home": ["A", "B", "C"], "falls": [3, 12, 25]}),
    ...     caption=words,
    ...     columns=[
    ...         ue.Field("home", {"sv": "Boende", "en": "Home"}, kind="id"),
    ...         ue.Field("falls", words, kind="count", measure="fall"),
    ...     ],
    ... )
    >>> report.release()
    >>> report.released["falls"]  # counts of 1 to 4 are not shown
      home  falls
    0    A    NaN
    1    B   12.0
    2    C   25.0
    """

    def __init__(
        self,
        name: str,
        *,
        language: Language,
        profile: str,
        title: Words,
        values: Values | None = None,
        source_language: Language | None = None,
        edition: Edition = "publik",
        settings: Settings | None = None,
    ) -> None:
        find_profile(profile, language)
        self.edition: Edition = find_edition(edition, language)
        self.name = name
        self.language: Language = language
        self.profile = profile
        self.source_language: Language | None = source_language
        self.title = fill(title, language, **(values or {}))
        self.fragments: list[Fragment] = []
        self._settings = settings or read_settings()
        self._phase: Phase = "registering"
        self._inputs: dict[str, Input] = {}
        self._tables: dict[str, Table] = {}
        self._words: dict[str, tuple[Words, Words | None, Values | FromReleased | None]] = {}
        self._released = Released({})
        self._drawn: Released | None = None
        self._project: project.Project | None = None
        self._plan: Plan | None = None
        self._level = 1
        self._said_few = False
        self._ids: set[str] = set()
        self._numbers: dict[tuple[str, str], int] = {}
        self._show("title", self.title, {"title": self.title}, title=self.title)

    # --- phase 1: register ---------------------------------------------------------------------

    def input(self, path: str | Path) -> Path:
        """Register a file or folder that figures come from, and return where it lies.

        ``path`` is relative to the project's folder. Raises UserError if it does not exist or
        cannot be read.
        """
        self._require("registering", "input")
        root = self._settings.root
        found = (root / path).resolve()
        inside = found.is_relative_to(root)
        shown = found.relative_to(root).as_posix() if inside else found.name
        if not found.exists():
            raise self._error("no_input", file=shown)
        with registering(found):
            try:
                sha256, size = provenance.input_sha256(found)
            except OSError:
                raise self._error("unreadable_input", file=shown) from None
            if found.is_dir() and size == 0:
                raise self._error("empty_input", file=shown)
        self._inputs[shown] = Input(
            path=shown,
            sha256=sha256,
            size=size,
            published=found.is_relative_to(self._settings.public.resolve()),
            example=self._settings.is_example(found),
        )
        return found

    def plan(self, name: str | None = None) -> Plan:
        """Read the analysis plan ``notebooks/plans/NAME.toml`` (default: the report's own name).

        It must be read before any input. Raises UserError where it is not, and for a plan that does
        not exist or is not whole.
        """
        self._require("registering", "plan")
        if self._inputs:
            raise self._error("plan_late")
        self._plan = read_plan(self._settings.notebooks / PLANS / f"{name or self.name}.toml")
        return self._plan

    def show_plan(self, used: Mapping[str, Any]) -> None:
        """The plan's questions, and every definition of ``used`` that deviates from it."""
        self._require("showing", "show_plan")
        if self._plan is None:
            raise self._error("no_plan")
        listed = plan_items(self._plan, used, self.language)
        self._list(self._filled(None, listed), None)

    def table(
        self,
        name: str,
        frame: pd.DataFrame,
        *,
        caption: Words,
        columns: Sequence[Field],
        note: Words | None = None,
        values: Values | FromReleased | None = None,
        dimensions: Sequence[str] | None = None,
        total: str = TOTAL,
        within: Mapping[str, str] | None = None,
        overlapping: Sequence[str] = (),
        sums: Mapping[str, Sequence[tuple[str, ...]]] | None = None,
        follows: Mapping[str, str] | None = None,
        short: bool = False,
    ) -> None:
        """Register a table. Nothing is shown: see ``show`` and ``figure``.

        ``values`` fill the caption and the note: parameters, or a function of what is released.
        ``dimensions`` and what follows tell disclosure control which cells are sums of which
        (`disclosure.tables.Table`). Later changes of ``frame`` do not reach the report. Raises
        UserError for an infinite number: something was divided by zero.
        """
        self._require("registering", "table")
        self._check_name(name, self._tables)
        try:
            self._tables[name] = Table(
                name,
                frame.copy(),
                tuple(columns),
                dimensions=None if dimensions is None else tuple(dimensions),
                total=total,
                within=dict(within or {}),
                overlapping=tuple(overlapping),
                sums=dict(sums or {}),
                follows=dict(follows or {}),
                short=short,
            )
        except (KeyError, ValueError) as error:
            raise self._error("columns", table=name, column=str(error.args[0])) from None
        self._check_finite(self._tables[name])
        self._words[name] = (caption, note, values)

    def release(self) -> None:
        """Let disclosure control decide what may be shown, and say under which rules."""
        self._require("registering", "release")
        # A profile for published data lets no real data through anyhow: that is the first thing
        # to tell.
        if not find_profile(self.profile, self.language).only_published:
            inputs, root = tuple(self._inputs.values()), self._settings.root
            self._project = project.required(inputs, root, language=self.language)
        self._released = release(
            tuple(self._tables.values()),
            self.profile,
            tuple(self._inputs.values()),
            language=self.language,
            edition=self.edition,
        )
        self._phase = "showing"
        banner = marking(self._facts())
        if banner:
            self._show("banner", banner, words=banner)
        # Example data under a profile that suppresses are suppressed, as real data would be.
        rules = "example" if self.example and self.profile == "public" else self.profile
        key = "edition.intern" if self.edition == INTERN else f"profile.{rules}"
        notice = text(f"disclosure.{key}", self.language)
        self._show("notice", notice, {"words": notice}, words=notice, profile=self.profile)

    @property
    def example(self) -> bool:
        """Whether any input is example data."""
        return any(entry.example for entry in self._inputs.values())

    @property
    def complete(self) -> bool:
        """Whether nothing is suppressed, by profile or edition.

        The row account of a cleaning (how many rows, how many values missing) has not gone through
        disclosure control, and tells of numbers that it may suppress: it belongs in complete
        reports only.
        """
        return self.edition == INTERN or find_profile(self.profile, self.language).rules is None

    @property
    def least_group(self) -> int:
        """The smallest group of persons that the profile lets a table show (1: it suppresses none).

        The same in both editions, for curves that step on groups (`methods.survival.in_groups`).
        """
        rules = find_profile(self.profile, self.language).rules
        return 1 if rules is None else rules.largest + 1

    @property
    def few(self) -> bool:
        """Whether the report is about so few persons that only its short list is shown.

        Tables that do not belong to it, their figures, and what is said of released values are
        then left out; one sentence a section says so.
        """
        self._require("showing", "few")
        return bool(self._released.left_out)

    @property
    def released(self) -> Released:
        """What has been released: frames by name."""
        self._require("showing", "released")
        return self._released

    # --- phase 2: show -------------------------------------------------------------------------

    def heading(self, words: Words, *, level: int = 2, values: Values | None = None) -> None:
        """A heading. Levels go down one at a time (the title is level 1)."""
        self._require("showing", "heading")
        if not 2 <= level <= min(self._level + 1, 6):
            raise self._error("heading", level=level, above=self._level)
        self._level = level
        self._said_few = False
        title = fill(words, self.language, **(values or {}))
        anchor = self._anchor(title)
        data = {"level": level, "title": title, "id": anchor}
        self._show("heading", title, data, level=level, title=title, id=anchor)

    def text(
        self,
        words: Words,
        values: FromReleased | Values | None = None,
        *,
        lang: Language | None = None,
    ) -> None:
        """Paragraphs of text (a blank line parts them), with values from what is released.

        ``lang`` is the language of the text where it is not the report's, such as a quotation.
        """
        self._require("showing", "text")
        if self._leaves_out(callable(values)):
            return
        written = fill(words, self.language, **self._values(values))
        spoken, paragraphs = self._other(lang), _paragraphs(written)
        data = {"paragraphs": paragraphs, **({"lang": spoken} if spoken else {})}
        self._show("text", written, data, paragraphs=paragraphs, lang=spoken)

    def items(
        self,
        words: Words | None,
        values: Callable[[Released], Iterable[Values | tuple[Words, Values]]],
        *,
        empty: Words | None = None,
        lang: Language | None = None,
    ) -> None:
        """A bullet list: one item for each set of values.

        An item with words of its own is a pair (words, values). A list without items shows
        ``empty``, or nothing. ``lang`` is the language of the items where it is not the report's.
        """
        self._require("showing", "items")
        listed = list(values(self._released))
        if self.few:  # what has figures in it is not part of the short list
            kept = [item for item in listed if not _has_figures(item)]
            if self._leaves_out(len(kept) < len(listed)) and not kept:
                return
            listed = kept
        written = self._filled(words, listed)
        if written or empty is None:
            self._list(written, self._other(lang))
        else:
            self.text(empty)

    def show(self, name: str, *, folded: bool = False) -> None:
        """A registered table; ``folded`` if it is too long for most readers to scroll past."""
        self._require("showing", "show")
        self._check_registered(name)
        if self._leaves_out(name in self._released.left_out):
            return
        number = self._number("table", name)
        caption, notes = self._caption(name)
        label = text("report.table", self.language, number=number)
        self._show_table(name, f"{label} {caption}", notes, number=number, folded=folded)

    def short_list(self, name: str) -> None:
        """The table of the short list, after why there is no more (`few`)."""
        self.text("report.few.why", {"few": SMALL_MODE_BELOW})
        self.show(name)

    def figure(
        self,
        name: str,
        *,
        draw: Draw,
        table: str,
        alt: Words,
        alt_values: FromReleased | Values | None = None,
        caption: Words | None = None,
        values: FromReleased | Values | None = None,
        size: tuple[float, float] = (8.0, 4.5),
        panels: tuple[int, int] = (1, 1),
    ) -> None:
        """A figure of a registered table, with the table behind it in a fold.

        ``draw(released, ax)`` draws on ``ax`` (an array of axes if there are several ``panels``:
        rows, columns) from tables with the digits that their pages show: whoever measures a picture
        learns no more than a reader. ``alt`` says what the picture shows, that is the finding.
        Without ``caption`` the table's caption serves. ``size`` is in inches.
        """
        self._require("showing", "figure")
        self._check_name(name, {figure for part, figure in self._numbers if part == "figure"})
        self._check_registered(table)
        if self._leaves_out(table in self._released.left_out):
            return
        number = self._number("figure", name)
        finding = fill(alt, self.language, **self._values(alt_values))
        own, notes = self._caption(table)
        if caption is not None:
            own = fill(caption, self.language, **self._values(values))
        if self._drawn is None:
            self._drawn = as_printed(self._released)
        svg = draw_svg(
            draw, self._drawn, name=f"figure-{name}", alt=finding, size=size, panels=panels
        )
        label = text("report.figure", self.language, number=number)
        behind = text("report.behind", self.language, number=number)
        written = self._written(table)
        data = {"name": name, "number": number, "caption": own, "alt": finding, "table": table}
        data["data"] = {**written.data(), "notes": notes}
        self._show(
            "figure",
            f"[{label} {own}] {finding}",
            data,
            id=f"figure-{name}",
            svg=svg,
            caption=f"{label} {own}",
            table=written,
            table_caption=f"{behind} {own}",
            notes=notes,
        )

    def finish(self) -> None:
        """End the report: what it was made from, and how to make it again."""
        self._require("showing", "finish")
        self.heading("report.reproducibility")
        record = {
            **self._facts(),
            **({"project": self._project.summary()} if self._project else {}),
            "inputs": [
                {"path": entry.path, "sha256": entry.sha256, "size": entry.size}
                for entry in self._inputs.values()
            ],
            "code": {"version": provenance.code_version(), "sha256": provenance.code_sha256()},
            "python": provenance.python_version(),
            "packages": provenance.main_packages(),
            "plan": None if self._plan is None else {"sha256": self._plan.sha256},
        }
        if self._released.counts is not None:  # so that the finished report can be attacked
            from umea_eval.disclosure.stored import to_json  # noqa: PLC0415 - needs numpy

            record["released"] = to_json(self._released)
        self._phase = "finished"
        self._show("record", text("report.made_from", self.language), record, record=record)

    # --- inside --------------------------------------------------------------------------------

    def _facts(self) -> dict[str, Any]:
        """What the record says first. Only what is not the public edition says so."""
        return {
            "name": self.name,
            "title": self.title,
            "language": self.language,
            "profile": self.profile,
            "example": self.example,
            **({} if self.edition == PUBLIK else {"edition": self.edition}),
        }

    def _show(
        self, part: Part, plain: str, data: Mapping[str, Any] | None = None, /, **values: object
    ) -> None:
        fragment = Fragment(part, render(part, self.language, **values), plain, data or {})
        self.fragments.append(fragment)
        publish(fragment)

    def _show_table(
        self, name: str, caption: str, notes: Sequence[str], *, number: int, folded: bool
    ) -> None:
        written = self._written(name)
        plain = f"[{caption} ({counted(written.rows, self.language)})]"
        data = {"number": number, "caption": caption, "notes": list(notes), **written.data()}
        if folded:
            data["folded"] = True
        self._show(
            "table",
            plain,
            data,
            id=f"table-{name}",
            table=written,
            caption=caption,
            notes=notes,
            rows=counted(written.rows, self.language) if folded else "",
        )

    def _leaves_out(self, asked: bool) -> bool:
        """Whether what is ``asked`` for is left out; the first of a section is told."""
        if not (self.few and asked):
            return False
        if not self._said_few:
            self._said_few = True
            self.text("report.few.left_out", {"few": SMALL_MODE_BELOW})
        return True

    def _filled(
        self, words: Words | None, listed: Iterable[Values | tuple[Words, Values]]
    ) -> list[str]:
        written = []
        for item in listed:
            own, inserted = item if isinstance(item, tuple) else (words, item)
            if own is None:
                raise self._error("item")
            written.append(fill(own, self.language, **_presentable(inserted)))
        return written

    def _list(self, written: Sequence[str], lang: Language | None) -> None:
        if written:
            plain = "\n".join(f"- {item}" for item in written)
            data = {"items": list(written), **({"lang": lang} if lang else {})}
            self._show("items", plain, data, items=written, lang=lang)

    def _written(self, name: str) -> WrittenTable:
        table = self._released.table(name)
        return write_table(table, self.language, source_language=self.source_language)

    def _other(self, lang: Language | None) -> Language | None:
        return lang if lang != self.language else None

    def _caption(self, name: str) -> tuple[str, list[str]]:
        caption, note, values = self._words[name]
        inserted = self._values(values)
        notes = [] if note is None else [fill(note, self.language, **inserted)]
        return fill(caption, self.language, **inserted), notes

    def _values(self, values: FromReleased | Values | None) -> dict[str, object]:
        found = values(self._released) if callable(values) else values or {}
        return _presentable(found)

    def _number(self, part: str, name: str) -> int:
        if (part, name) in self._numbers:
            raise self._error("shown_twice", name=name)
        self._numbers[part, name] = 1 + sum(shown == part for shown, _ in self._numbers)
        return self._numbers[part, name]

    def _anchor(self, title: str) -> str:
        folded = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
        slug = "-".join(re.findall(r"[a-z0-9]+", folded)) or "section"
        anchor, count = f"s-{slug}", 1
        while anchor in self._ids:
            count += 1
            anchor = f"s-{slug}-{count}"
        self._ids.add(anchor)
        return anchor

    def _require(self, phase: Phase, method: str) -> None:
        if self._phase != phase:
            raise self._error(f"phase_{phase}_{self._phase}", method=f"report.{method}")

    def _check_name(self, name: str, taken: Iterable[str]) -> None:
        if not NAME.fullmatch(name) or name in RESERVED:
            raise self._error("name", name=name)
        if name in taken:
            raise self._error("registered_twice", name=name)

    def _check_finite(self, table: Table) -> None:
        for column in table.columns:
            if column.kind in NUMBERS and _infinite(table.frame[column.name]):
                raise self._error("infinite", table=table.name, column=column.name)

    def _check_registered(self, name: str) -> None:
        if name not in self._tables:
            raise self._error("no_table", name=name, known=", ".join(self._tables) or "–")

    def _error(self, key: str, **values: object) -> UserError:
        return UserError(f"report.errors.{key}", language=self.language, **values)


def _infinite(values: pd.Series) -> bool:
    return any(isinstance(value, float | Decimal) and math.isinf(value) for value in values)


def _presentable(values: Values) -> dict[str, object]:
    """Values as the catalogue's formats take them: a number that is withheld is not a number."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> object:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return float("nan")
    item = getattr(value, "item", None)  # numpy's numbers
    return item() if callable(item) else value


def _has_figures(item: Values | tuple[Words, Values]) -> bool:
    inserted = item[1] if isinstance(item, tuple) else item
    return any(re.search(r"\d|^nan$", str(_plain(value))) for value in inserted.values())


def _paragraphs(written: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", written) if part.strip()]
