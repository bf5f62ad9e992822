"""A form out of a notebook's typed parameters: each type has its control, each fault its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from umea_eval.app.site import Fields
from umea_eval.datasets import DATASETS
from umea_eval.disclosure.profiles import PROFILES
from umea_eval.errors import UserError
from umea_eval.language import Language, has_text, text
from umea_eval.runs.parameters import COMMON, Parameter, Value, as_text, parse_value
from umea_eval.settings import Settings

Kind = Literal["select", "checks", "check", "date", "text"]

# Asked last, under a heading of their own: they are the same for every evaluation.
LAST = (*COMMON, "edition")
_KEYPADS = {"int": "numeric", "float": "decimal"}


@dataclass(frozen=True)
class Control:
    """A field of the form. ``options`` are values with their words, ``fault`` what is wrong."""

    name: str
    kind: Kind
    label: str
    hint: str
    chosen: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    keypad: str = "text"
    fault: str = ""

    @property
    def last(self) -> bool:
        """Whether it is asked last."""
        return self.name in LAST


def standing(settings: Settings) -> dict[str, Value]:
    """What the settings say of all notebooks, before their own defaults."""
    usual: dict[str, Value] = {"language": settings.language}
    return usual if settings.profile is None else {**usual, "profile": settings.profile}


def controls(
    parameters: Sequence[Parameter],
    settings: Settings,
    *,
    room: str = "",
    sent: Fields | None = None,
    faults: Mapping[str, str] | None = None,
) -> list[Control]:
    """The controls of all parameters, with what was ``sent``, else with their defaults.

    ``room`` is the room of words of the dataset that the notebook evaluates.
    """
    usual = standing(settings)
    return [
        _control(
            parameter,
            _sent(parameter, sent)
            if sent is not None
            else as_text(usual.get(parameter.name, parameter.default)),
            settings.language,
            (faults or {}).get(parameter.name, ""),
            room,
        )
        for parameter in parameters
    ]


def as_sent(
    parameters: Sequence[Parameter], given: Sequence[str], settings: Settings
) -> dict[str, list[str]]:
    """The form as it was sent to give ``given``, which `assignments` made of it."""
    usual, changed = standing(settings), dict(each.split("=", 1) for each in given)
    sent: dict[str, list[str]] = {}
    for parameter in parameters:
        raw = as_text(usual.get(parameter.name, parameter.default))
        raw = changed.get(parameter.name, raw)
        if not (_is_box(parameter) and raw == "false"):
            sent[parameter.name] = [raw]
    return sent


def assignments(
    parameters: Sequence[Parameter], sent: Fields, settings: Settings
) -> tuple[list[str], dict[str, str]]:
    """What was sent, as after ``-p``, where it is not the default; and the faults by parameter."""
    usual, given, faults = standing(settings), [], {}
    for parameter in parameters:
        raw = _sent(parameter, sent)
        try:
            value = parse_value(raw, parameter, settings.language)
        except UserError as fault:
            faults[parameter.name] = fault.message(settings.language)
            continue
        if value != usual.get(parameter.name, parameter.default):
            given.append(f"{parameter.name}={raw}")
    return given, faults


def in_words(
    parameters: Sequence[Parameter], given: Mapping[str, str], language: Language, room: str
) -> list[tuple[str, str]]:
    """What a report was made with, as the form says it: what is asked, and the answer.

    ``given`` is a manifest's. What is empty, and the language (it stands with the title), is left
    out; what the notebook no longer asks stands as it is.
    """
    asked = {parameter.name: parameter for parameter in parameters}
    said = []
    for name, value in given.items():
        if name == "language" or not value:
            continue
        parameter = asked.get(name)
        label, words = name, value
        if parameter is not None:
            # What follows explains the choice to the one who makes it.
            label = re.split(r" \(|: ", parameter.help(language))[0] or name
            options = dict(_options(parameter, language, room))
            each = value.split(",") if parameter.many else [value]
            if parameter.kind == "float" and language == "sv":
                each = [one.replace(".", ",") for one in each]
            words = ("; " if parameter.kind == "float" else ", ").join(
                options.get(one, one) for one in each
            )
        said.append((label, words))
    return said


def _sent(parameter: Parameter, sent: Fields) -> str:
    values = [each.strip() for each in sent.get(parameter.name, [])]
    if _is_box(parameter):
        return "true" if values else "false"  # an empty box is not sent
    return ",".join(values)


def _is_box(parameter: Parameter) -> bool:
    return parameter.kind == "bool" and not (parameter.many or parameter.optional)


def _control(parameter: Parameter, raw: str, language: Language, fault: str, room: str) -> Control:
    options = _options(parameter, language, room)
    kind: Kind = "text"
    if options:
        kind = "checks" if parameter.many else "select"
    elif _is_box(parameter):
        kind = "check"
    elif parameter.kind == "date" and not parameter.many:
        kind = "date"
    keypad = "text" if parameter.many else _KEYPADS.get(parameter.kind, "text")
    chosen = tuple(raw.split(",")) if kind == "checks" else (raw,)
    label = parameter.help(language) or parameter.name
    return Control(
        parameter.name,
        kind,
        label,
        _hint(parameter, kind, language),
        chosen,
        options,
        keypad,
        fault,
    )


def _hint(parameter: Parameter, kind: Kind, language: Language) -> str:
    if kind == "text" and parameter.many:
        return text(
            "app.form.many_float" if parameter.kind == "float" else "app.form.many", language
        )
    return text("app.form.optional", language) if kind != "select" and parameter.optional else ""


def _options(parameter: Parameter, language: Language, room: str) -> tuple[tuple[str, str], ...]:
    """The values to choose among, where there are only some, with words where we have them."""
    if parameter.kind == "bool" and parameter.optional:
        values: Sequence[str] = ("true", "false")
    elif parameter.choices:
        values = [str(choice) for choice in parameter.choices]
    elif parameter.name == "profile" and parameter.kind == "str":
        values = tuple(PROFILES)
    elif parameter.name == "dataset" and parameter.kind == "str":
        values = DATASETS
    else:
        return ()
    empty = [("", text("runs.parameters.empty", language))] if parameter.optional else []
    return (*empty, *((value, _words(parameter.name, value, language, room)) for value in values))


def _words(name: str, value: str, language: Language, room: str) -> str:
    if name == "language":
        return text(f"runs.index.language_{value}", language)
    for key in (f"{room}.{name}.{value}", f"app.choice.{name}.{value}", f"{value}.dataset"):
        if has_text(key):
            return text(key, language)
    return value
