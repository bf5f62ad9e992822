"""Which parameters does a notebook have, and what values does a run give them?

A notebook declares its parameters in the cell tagged ``parameters``, one annotated assignment a
line, with the help in the comment (Swedish | English, or one text that serves both)::

    period: int = 2023  # Året som rapporten gäller | The year that the report covers
    sexes: list[Literal["women", "men"]] = ["women", "men"]  # Kön | Sexes
    until: date | None = None  # Sista dag, tomt för alla | Last day, empty for all

The cell is read, never run: what a name may hold is known before anything heavy is imported, and
an unknown name or a wrong value is refused before anything starts.
"""

from __future__ import annotations

import ast
import difflib
import io
import math
import re
import tokenize
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from umea_eval.errors import UserError
from umea_eval.language import Language, listing, text
from umea_eval.runs.cells import cell_source, is_parameters_cell, notebook_cells

Kind = Literal["int", "float", "str", "bool", "date"]
Scalar = int | float | str | bool | date
Value = Scalar | None | list[Scalar]

KINDS: tuple[Kind, ...] = ("int", "float", "str", "bool", "date")
TRUE = ("ja", "true", "1", "yes")
FALSE = ("nej", "false", "0", "no")
# Every report can be had in both languages and says under which profile it was released.
COMMON = ("language", "profile")
# Whole numbers of these names are years, if their usual value is one.
YEARS = ("year", "period")
FIRST_YEAR, LAST_YEAR = 1900, 2100


@dataclass(frozen=True)
class Parameter:
    """One parameter: ``kind`` of each value, one value or a list of them, may it be empty."""

    name: str
    kind: Kind
    default: Value
    choices: tuple[int | str, ...] = ()
    many: bool = False
    optional: bool = False
    help_sv: str = ""
    help_en: str = ""

    @property
    def is_year(self) -> bool:
        """Whether it is a year, in which a value like 99999 can only be mistyped."""
        return (
            self.kind == "int"
            and (self.name in YEARS or self.name.endswith("_year"))
            and isinstance(self.default, int)
            and FIRST_YEAR <= self.default <= LAST_YEAR
        )

    def help(self, language: Language) -> str:
        """The help in one language."""
        return self.help_sv if language == "sv" else self.help_en

    def expected(self, language: Language) -> str:
        """What a value must be, in words."""
        if self.choices:
            allowed = ", ".join(str(choice) for choice in self.choices)
            words = text("runs.expected.choice", language, choices=allowed)
        elif self.is_year:
            words = text("runs.expected.year", language, first=str(FIRST_YEAR), last=str(LAST_YEAR))
        else:
            words = text(f"runs.expected.{self.kind}", language)
        if self.many:
            words = text("runs.expected.list", language, each=words)
        return text("runs.expected.optional", language, value=words) if self.optional else words


# --- reading the declaration -------------------------------------------------------------------


def read_parameters(notebook: Path) -> tuple[Parameter, ...]:
    """The parameters that ``notebook`` declares, in their order.

    Raises UserError, with notebook and line (counted within the cell), for a file that is no
    notebook, a missing cell, code that is no declaration, a type that is not supported, a default
    of another type, and when ``language`` or ``profile`` is missing.
    """
    source = _parameters_cell(notebook)
    where = notebook.name
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise UserError("runs.errors.cell_syntax", notebook=where, line=error.lineno) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue  # `date` and `Literal` must be imported for the cell to run
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            raise UserError("runs.errors.cell_statement", notebook=where, line=statement.lineno)
        if statement.target.id in found:
            raise UserError(
                "runs.errors.cell_twice",
                notebook=where,
                line=statement.lineno,
                name=statement.target.id,
            )
        parameter = _declared(statement, comments, where)
        found[parameter.name] = parameter
    for name in COMMON:
        if name not in found:
            raise UserError("runs.errors.cell_common", notebook=where, name=name)
    return tuple(found.values())


def _parameters_cell(notebook: Path) -> str:
    tagged = [cell for cell in notebook_cells(notebook) if is_parameters_cell(cell)]
    if len(tagged) != 1:
        key = "runs.errors.cell_missing" if not tagged else "runs.errors.cell_many"
        raise UserError(key, notebook=notebook.name)
    return cell_source(tagged[0])


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _declared(statement: ast.AnnAssign, comments: Mapping[int, str], where: str) -> Parameter:
    assert isinstance(statement.target, ast.Name)  # noqa: S101 - the caller has checked
    name, line = statement.target.id, statement.lineno
    last = statement.end_lineno or line
    words = comments.get(last) or comments.get(line, "")
    help_sv, _, help_en = (part.strip() for part in words.partition("|"))
    try:
        kind, choices, many, optional = _annotation(statement.annotation)
    except ValueError:
        raise UserError("runs.errors.cell_type", notebook=where, line=line, name=name) from None
    if statement.value is None:
        raise UserError("runs.errors.cell_default", notebook=where, line=line, name=name)
    blank = Parameter(name, kind, None, choices, many, optional, help_sv, help_en or help_sv)
    try:
        default = _typed_default(_literal(statement.value), blank)
    except ValueError:
        raise UserError("runs.errors.cell_default", notebook=where, line=line, name=name) from None
    return Parameter(name, kind, default, choices, many, optional, help_sv, help_en or help_sv)


def _annotation(node: ast.expr) -> tuple[Kind, tuple[int | str, ...], bool, bool]:
    """Kind, choices, many, optional of an annotation; ValueError if it is not supported."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (node.left, node.right)
        inner = [side for side in sides if not _is_none(side)]
        if len(inner) != 1:
            raise ValueError("union")
        kind, choices, many, optional = _annotation(inner[0])
        if optional:
            raise ValueError("optional twice")
        return kind, choices, many, True
    if isinstance(node, ast.Subscript) and _name(node.value) == "list":
        kind, choices, many, optional = _annotation(node.slice)
        if many or optional:
            raise ValueError("list of lists")
        return kind, choices, True, False
    if isinstance(node, ast.Subscript) and _name(node.value) == "Literal":
        return (*_choices(node.slice), False, False)
    name = _name(node)
    if name not in KINDS:
        raise ValueError("kind")
    return name, (), False, False


def _choices(node: ast.expr) -> tuple[Kind, tuple[int | str, ...]]:
    values = ast.literal_eval(node)
    choices = values if isinstance(values, tuple) else (values,)
    if choices and all(type(choice) is str for choice in choices):
        return "str", choices
    if choices and all(type(choice) is int for choice in choices):
        return "int", choices
    raise ValueError("choices")


def _name(node: ast.expr) -> str:
    """``date`` for ``date`` and for ``datetime.date``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _literal(node: ast.expr) -> Any:
    """A default's value: a literal, a date, or a list of them."""
    if isinstance(node, ast.List):
        return [_literal(element) for element in node.elts]
    if isinstance(node, ast.Call) and _name(node.func) == "date" and not node.keywords:
        return date(*(ast.literal_eval(argument) for argument in node.args))
    if isinstance(node, ast.Call) and _name(node.func) == "fromisoformat" and len(node.args) == 1:
        return date.fromisoformat(ast.literal_eval(node.args[0]))
    try:
        return ast.literal_eval(node)
    except (TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("no literal") from None


def _typed_default(value: Any, parameter: Parameter) -> Value:
    if value is None and parameter.optional:
        return None
    if parameter.many:
        if not isinstance(value, list):
            raise ValueError("no list")
        return [_typed_scalar(element, parameter) for element in value]
    return _typed_scalar(value, parameter)


def _typed_scalar(value: Any, parameter: Parameter) -> Scalar:
    if parameter.kind == "float" and type(value) is int:
        value = float(value)
    if type(value).__name__ != parameter.kind:
        raise ValueError("wrong type")
    if parameter.choices and value not in parameter.choices:
        raise ValueError("no choice")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not finite")
    scalar: Scalar = value
    return scalar


# --- binding what the user wrote ---------------------------------------------------------------


def bind(
    parameters: Sequence[Parameter],
    assignments: Iterable[str],
    *,
    standing: Mapping[str, Value] = MappingProxyType({}),
    language: Language = "sv",
) -> dict[str, Value]:
    """Typed values of all parameters, in their order.

    ``assignments`` are the texts after ``-p`` (``name=value``). A name that they do not mention
    takes its value from ``standing`` (what the settings and the command line say of all notebooks)
    or keeps its default. Raises one UserError with every fault: no ``=``, unknown name (with the
    nearest known), the same name twice, a wrong value (with what was expected). A wrong value is
    never repeated in the message.
    """
    known = {parameter.name: parameter for parameter in parameters}
    given: dict[str, Value] = {}
    faults: list[UserError] = []
    for assignment in assignments:
        name, equals, raw = unicodedata.normalize("NFC", assignment).partition("=")
        name = name.strip()
        try:
            if not equals:
                raise UserError("runs.errors.assignment", name=name)
            if name not in known:
                raise _unknown(name, known, language)
            if name in given:
                raise UserError("runs.errors.twice", name=name)
            given[name] = parse_value(raw.strip(), known[name], language)
        except UserError as fault:
            faults.append(fault)
            # A wrong value is a fault once: the name counts as given.
            if name in known:
                given.setdefault(name, None)
    if faults:
        lines = "\n".join(f"- {fault.message(language)}" for fault in faults)
        raise UserError(
            "runs.errors.parameters", language=language, count=len(faults), faults=lines
        )
    usual = {name: parameter.default for name, parameter in known.items()}
    return {**usual, **{name: standing[name] for name in usual if name in standing}, **given}


def suggestion(name: str, known: Iterable[str], language: Language) -> str:
    """`` Menade du …?`` with the nearest known names, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    if not near:
        return ""
    words = [text("runs.quoted", language, name=by_folded[match]) for match in near]
    return " " + text("runs.did_you_mean", language, names=listing(words, language, last="or"))


def _unknown(name: str, known: Mapping[str, Parameter], language: Language) -> UserError:
    return UserError(
        "runs.errors.unknown",
        name=name,
        suggestion=suggestion(name, known, language),
        known=listing(list(known), language),
    )


def parse_value(raw: str, parameter: Parameter, language: Language) -> Value:
    """The typed value of what stands after ``name=``. Raises UserError, with what was expected."""
    if not raw and parameter.optional:
        return None
    try:
        if not parameter.many:
            return _parse_one(raw, parameter)
        return [_parse_one(part.strip(), parameter) for part in raw.split(",")] if raw else []
    except ValueError:
        raise UserError(
            "runs.errors.value", name=parameter.name, expected=parameter.expected(language)
        ) from None


def _parse_one(raw: str, parameter: Parameter) -> Scalar:
    value = _READERS[parameter.kind](raw)
    if parameter.choices and value not in parameter.choices:
        raise ValueError("no choice")
    if parameter.is_year and isinstance(value, int) and not FIRST_YEAR <= value <= LAST_YEAR:
        raise ValueError("no year")
    return value


def _parse_int(raw: str) -> int:
    # int() alone would also take "1_000" and the digits of other scripts.
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", raw.replace("\u2212", "-")):
        raise ValueError("no whole number")
    return int(raw.replace("\u2212", "-"))


def _parse_float(raw: str) -> float:
    plain = raw.replace("\u2212", "-").replace(",", ".")
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", plain):
        raise ValueError("no number")
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError("not finite")
    return value


def _parse_bool(raw: str) -> bool:
    word = raw.casefold()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError("neither yes nor no")


def _parse_date(raw: str) -> date:
    # fromisoformat alone would also take week dates and dates without hyphens.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
        raise ValueError("no ISO date")
    return date.fromisoformat(raw)


_READERS: Mapping[Kind, Callable[[str], Scalar]] = {
    "int": _parse_int,
    "float": _parse_float,
    "str": str,
    "bool": _parse_bool,
    "date": _parse_date,
}


# --- writing values ----------------------------------------------------------------------------


def as_code(values: Mapping[str, Value]) -> str:
    """Python code that assigns the values: literals only, so that nothing is pasted in as code."""
    lines = [f"{name} = {_code(value)}" for name, value in values.items()]
    if any(_has_date(value) for value in values.values()):
        lines.insert(0, "from datetime import date\n")
    return "\n".join(lines)


def as_text(value: Value) -> str:
    """A value as the user would write it after ``-p name=``; also what reports and lists show."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(as_text(element) for element in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


def _has_date(value: Value) -> bool:
    return any(isinstance(part, date) for part in (value if isinstance(value, list) else [value]))


def _code(value: Value) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_code(element) for element in value) + "]"
    if isinstance(value, date):
        return f"date({value.year}, {value.month}, {value.day})"
    return repr(value)
