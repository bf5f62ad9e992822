"""What a board member asks of a year's key figures: frames in plain columns, one row per answer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.answers import Answer
from umea_eval.datasets.key_figures.codes import (
    CONFIRMED,
    DISMISSED,
    ERROR,
    NOT_CHECKABLE,
    OTHER_MEANING,
    ROUNDING,
    SEVERITIES,
    Severity,
)
from umea_eval.datasets.key_figures.findings import Audit, unit_name
from umea_eval.datasets.key_figures.output import severity_name, status_name
from umea_eval.datasets.key_figures.rules.attainment import earlier_figures, previous
from umea_eval.datasets.key_figures.schema import KeyFigure, plain
from umea_eval.errors import UserError
from umea_eval.language import Language

STATUSES = ("attained", "improved", "not_attained", "not_judged")
_STATUS = (
    (re.compile(r"^(ej|inte|delvis) (uppnått|uppfyllt).*positiv utveckling"), "improved"),
    (re.compile(r"^(ej|inte|delvis) (uppnått|uppfyllt)"), "not_attained"),
    (re.compile(r"^(helt )?uppnått|^uppfyllt|^målet (är )?(uppnått|nått)"), "attained"),
    (re.compile(r"^se kommentar|^välj"), "not_judged"),
)
TEXT = "string[pyarrow]"
_OUTCOMES: Mapping[Severity, str] = {
    ERROR: "errors",
    ROUNDING: "rounding",
    OTHER_MEANING: "meaning",
    NOT_CHECKABLE: "unknown",
}
SEVERITY_WORDS = tuple(f"key_figures.report.method.{name}" for name in _OUTCOMES.values())


def years(figures: Sequence[KeyFigure]) -> list[int]:
    """The years for which some attainment is printed, the last one first.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> measures.years(figures)
    [2023]
    """
    return sorted(
        {reading.year(f.period) or 0 for f in figures if f.attainment and f.period.isdigit()},
        reverse=True,
    )


def attainment_overview(audit: Audit, year: int, language: Language = "sv") -> pd.DataFrame:
    """Every indicator of the year whose attainment is printed, on its row for everybody.

    Columns: ``figure_id``, ``indicator`` (with its breakdown), ``population``, ``unit``,
    ``result``, ``decimals`` (as printed), ``previous`` (the year before; missing when it is not
    printed or not comparable), ``target`` (as printed), ``attainment`` (as printed), ``status``
    (attained, improved, not_attained, not_judged), ``check``: "holds"; "disputed" when the audit
    cannot make result, target and attainment agree; "not_checkable". Attained first, then in the
    order of the papers. Raises UserError for a year without any attainment.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> overview = measures.attainment_overview(audited, 2023, "en")
    >>> overview["status"].value_counts().to_dict()
    {'not_attained': 10, 'attained': 9, 'improved': 5, 'not_judged': 4}
    """
    figures = audit.figures
    if year not in years(figures):
        known = ", ".join(map(str, years(figures))) or "–"
        raise UserError("key_figures.errors.no_year", year=year, known=known)
    rows: list[dict[str, object]] = []
    earlier = earlier_figures(figures)
    for figure in figures:
        status = status_of(figure.attainment)
        if (
            status is None
            or figure.value is None
            or figure.period != str(year)
            or not reading.everybody(figure)
            or reading.labelled_sex_shares(figure)
        ):
            continue
        before = previous(figure, earlier)
        comparable = before is not None and not (figure.break_mark or before.break_mark)
        rows.append(
            {
                "figure_id": figure.figure_id,
                "indicator": _name(figure),
                "population": figure.population,
                "unit": unit_name(figure.unit, language),
                "result": float(figure.value.value),
                "decimals": figure.value.decimals,
                "previous": float(reading.value(before).value) if before and comparable else None,
                "previous_decimals": reading.value(before).decimals if before else 0,
                "target": figure.target.text or None,
                "attainment": figure.attainment,
                "status": status,
                "check": _check(figure, audit),
            }
        )
    rows.sort(key=lambda row: STATUSES.index(str(row["status"])))
    _tell_apart(rows)
    return _typed(
        rows,
        texts=(
            "figure_id",
            "indicator",
            "population",
            "unit",
            "target",
            "attainment",
            "status",
            "check",
        ),
        numbers=("result", "previous"),
        whole=("decimals", "previous_decimals"),
    )


def _tell_apart(rows: list[dict[str, object]]) -> None:
    """One indicator for several populations: its name says for which."""
    seen = Counter(row["indicator"] for row in rows)
    for row in rows:
        if seen[row["indicator"]] > 1:
            row["indicator"] = f"{row['indicator']} ({row['population']})"


def other_words(audit: Audit, year: int) -> int:
    """How many rows of the year have words of another kind in the place of an attainment.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> measures.other_words(audited, 2023)
    16
    """
    return sum(
        bool(f.attainment)
        and status_of(f.attainment) is None
        and f.period == str(year)
        and reading.everybody(f)
        for f in audit.figures
    )


def status_of(attainment: str) -> str | None:
    """The status that a printed attainment says; None for words of another kind.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> measures.status_of("Uppnått"), measures.status_of("Ej uppnått")
    ('attained', 'not_attained')
    """
    words = plain(attainment)
    return next((status for pattern, status in _STATUS if pattern.match(words)), None)


def by_sex(audit: Audit, year: int, language: Language = "sv") -> pd.DataFrame:
    """Results by sex of the year, only where the columns are results.

    Columns: ``indicator``, ``population``, ``unit``, ``women``, ``men``, ``difference`` (women
    less men: percentage points for shares), ``total`` (missing when not printed), ``decimals``,
    ``kind`` (share, rate, count …). Columns that are a distribution of respondents, or that count
    something else than the total, are left out: see ``not_results``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> table = measures.by_sex(audited, 2023, "en")
    >>> {"women", "men"} <= set(table.columns)
    True
    """
    other = {figure.figure_id for finding in audit.of(OTHER_MEANING) for figure in finding.figures}
    printed = [
        f
        for f in audit.figures
        if f.value is not None
        and f.period == str(year)
        and f.figure_id not in other
        and not reading.labelled_sex_shares(f)
    ]
    groups = reading.group(
        printed,
        lambda f: (
            *reading.table_of(f),
            plain(f.indicator),
            plain(f.population),
            reading.breakdown(f),
            f.unit,
        ),
    )
    rows = []
    for members in groups.values():
        sexes = {f.sex: f for f in members}
        women, men = sexes.get("women"), sexes.get("men")
        if women is None or men is None:
            continue
        whole = sexes.get("total") or sexes.get("")
        values = [reading.value(f) for f in (women, men)]
        rows.append(
            {
                "indicator": _name(women),
                "population": women.population,
                "unit": unit_name(women.unit, language),
                "women": float(values[0].value),
                "men": float(values[1].value),
                "difference": float(values[0].value - values[1].value),
                "total": float(reading.value(whole).value) if whole else None,
                "women_decimals": values[0].decimals,
                "men_decimals": values[1].decimals,
                "total_decimals": reading.value(whole).decimals if whole else 0,
                # A difference is no finer than the coarser of its two numbers.
                "decimals": min(printed.decimals for printed in values),
                "kind": reading.nature(women),
            }
        )
    return _typed(
        rows,
        texts=("indicator", "population", "unit", "kind"),
        numbers=("women", "men", "difference", "total"),
        whole=("women_decimals", "men_decimals", "total_decimals", "decimals"),
    )


def not_results(audit: Audit, year: int, language: Language) -> pd.DataFrame:
    """Columns by sex that are no results: ``indicator``, ``why`` and ``figures``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> len(measures.not_results(audited, 2023, "en"))
    7
    """
    rows = [
        {
            "indicator": finding.figures[0].indicator,
            "why": finding.text(language),
            "figures": ", ".join(figure.figure_id for figure in finding.figures),
        }
        for finding in audit.of(OTHER_MEANING)
        if finding.figures[0].period == str(year)
    ]
    return _typed(rows, texts=("indicator", "why", "figures"))


def findings_table(audit: Audit, answers: Mapping[str, Answer], language: Language) -> pd.DataFrame:
    """All findings with their arithmetic and what the owner of the figures has answered.

    Columns: ``severity`` (as readers see it), ``code`` (the severity), ``about``, ``finding``,
    ``figures``, ``lines`` (where they stand), ``status``, ``status_code`` and ``comment``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> len(measures.findings_table(audited, {}, "en")) == len(audited.findings)
    True
    """
    rows = []
    for finding in audit.findings:
        answer = answers.get(finding.finding_id, Answer())
        rows.append(
            {
                "severity": severity_name(finding.severity, language),
                "code": finding.severity,
                "about": finding.about(language),
                "finding": finding.text(language),
                "figures": ", ".join(figure.figure_id for figure in finding.figures),
                "lines": ", ".join(source.rpartition(":")[2] for source in finding.sources()),
                "status": status_name(answer.status, language),
                "status_code": answer.status,
                "comment": answer.comment or None,
            }
        )
    return _typed(
        rows,
        texts=(
            "severity",
            "code",
            "about",
            "finding",
            "figures",
            "lines",
            "status",
            "status_code",
            "comment",
        ),
    )


def controls(audit: Audit, answers: Mapping[str, Answer]) -> pd.DataFrame:
    """How the controls ended: ``severity`` and ``findings`` (how many).

    Controls that hold, the four kinds of findings without the dismissed, the dismissed, all
    controls, and all figures.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> controls = measures.controls(audited, {})
    >>> controls.columns.tolist()
    ['severity', 'findings']
    """
    dismissed = [
        f for f in audit.findings if answers.get(f.finding_id, Answer()).status == DISMISSED
    ]
    rows: list[dict[str, object]] = [{"severity": "hold", "findings": audit.hold}]
    rows += [
        {
            "severity": _OUTCOMES[severity],
            "findings": sum(f not in dismissed for f in audit.of(severity)),
        }
        for severity in SEVERITIES
    ]
    rows.append({"severity": "dismissed", "findings": len(dismissed)})
    rows.append({"severity": "controls", "findings": audit.controls})
    rows.append({"severity": "figures", "findings": len(audit.figures)})
    return _typed(rows, texts=("severity",), whole=("findings",))


def control_counts(frame: pd.DataFrame) -> dict[str, int]:
    """The numbers of ``controls`` by name: hold, errors, controls, figures …

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> counts = measures.control_counts(measures.controls(audited, {}))
    >>> counts["figures"], counts["errors"]
    (422, 6)
    """
    counts = dict(zip(frame["severity"], frame["findings"], strict=True))
    return {str(name): int(count) for name, count in counts.items()}


def judged(frame: pd.DataFrame) -> dict[str, int]:
    """How many of ``attainment_overview`` have each status and each outcome of our check.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> counts = measures.judged(measures.attainment_overview(audited, 2023, "en"))
    >>> counts["n"], counts["attained"], counts["missed"], counts["open"]
    (28, 9, 15, 4)
    """
    status, check = frame["status"].value_counts(), frame["check"].value_counts()
    counts = {name: int(status.get(name, 0)) for name in STATUSES}
    return {
        "n": len(frame),
        "attained": counts["attained"],
        "improved": counts["improved"],
        "not_attained": counts["not_attained"],
        "missed": counts["improved"] + counts["not_attained"],
        "open": counts["not_judged"],
        "holds": int(check.get("holds", 0)),
        "disputed": int(check.get("disputed", 0)),
        "unknown": int(check.get("not_checkable", 0)),
    }


def findings_of(frame: pd.DataFrame, severity: Severity) -> list[dict[str, object]]:
    """The findings of one kind in ``findings_table`` that their owner has not dismissed.

    Each with ``about``, ``finding`` and ``confirmed`` (whether the owner has agreed).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> table = measures.findings_table(audited, {}, "en")
    >>> len(measures.findings_of(table, "fel"))
    6
    """
    kept = frame.loc[(frame["code"] == severity) & (frame["status_code"] != DISMISSED)]
    return [
        {"about": about, "finding": finding, "confirmed": status == CONFIRMED}
        for about, finding, status in zip(
            kept["about"], kept["finding"], kept["status_code"], strict=True
        )
    ]


def row_account(frame: pd.DataFrame) -> dict[str, int]:
    """The rows of ``documents``: all, of the year, of other years.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> measures.row_account(measures.documents(figures, 2023))
    {'rows': 422, 'documents': 13, 'of_year': 255, 'other': 167}
    """
    rows, of_year = int(frame["figures"].sum()), int(frame["of_year"].sum())
    return {"rows": rows, "documents": len(frame), "of_year": of_year, "other": rows - of_year}


def largest_difference(frame: pd.DataFrame) -> dict[str, object]:
    """The indicator of ``by_sex`` whose sexes differ most.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> found = measures.largest_difference(measures.by_sex(audited, 2023, "en"))
    >>> found["women"], found["men"]  # days in family homes of girls and boys
    (35787.0, 25489.0)
    """
    row = int(frame["difference"].abs().argmax())
    columns = {"name": "indicator", "women": "women", "men": "men"}
    return {"n": len(frame)} | {name: frame[column].iloc[row] for name, column in columns.items()}


def documents(figures: Sequence[KeyFigure], year: int) -> pd.DataFrame:
    """Where the figures come from: ``document``, ``figures``, ``of_year`` and ``with_target``.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> measures.documents(figures, 2023).columns.tolist()
    ['document', 'figures', 'of_year', 'with_target']
    """
    rows = [
        {
            "document": members[0].document,
            "figures": len(members),
            "of_year": sum(reading.year(f.period) == year for f in members),
            "with_target": sum(f.target.usable for f in members),
        }
        for members in reading.group(figures, lambda f: f.document).values()
    ]
    return _typed(rows, texts=("document",), whole=("figures", "of_year", "with_target"))


def changes(audit: Audit, year: int, language: Language = "sv") -> pd.DataFrame:
    """Each figure for everybody that is printed for the year and the year before.

    Columns: ``indicator``, ``population``, ``unit``, ``before``, ``now``, ``change`` (now less
    before), ``decimals``, ``break_mark`` (missing unless the series breaks: then no change is
    computed).

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> audited = audit(figures)
    >>> len(measures.changes(audited, 2023, "en"))
    37
    """
    rows = []
    earlier = earlier_figures(audit.figures)
    for figure in audit.figures:
        if figure.value is None or figure.period != str(year) or not reading.everybody(figure):
            continue
        before = previous(figure, earlier)
        if before is None or reading.nature(figure) == "change":
            continue
        mark = figure.break_mark or before.break_mark
        old, new = reading.value(before), figure.value
        rows.append(
            {
                "indicator": _name(figure),
                "population": figure.population,
                "unit": unit_name(figure.unit, language),
                "before": float(old.value),
                "now": float(new.value),
                "change": None if mark else float(new.value - old.value),
                "before_decimals": old.decimals,
                "now_decimals": new.decimals,
                # A change is no finer than the coarser of its two numbers.
                "decimals": min(old.decimals, new.decimals),
                "break_mark": mark or None,
            }
        )
    return _typed(
        rows,
        texts=("indicator", "population", "unit", "break_mark"),
        numbers=("before", "now", "change"),
        whole=("before_decimals", "now_decimals", "decimals"),
    )


def all_figures(figures: Sequence[KeyFigure], year: int, language: Language) -> pd.DataFrame:
    """The year's figures as printed, for the appendix.

    >>> import umea_eval as ue
    >>> measures = ue.datasets.key_figures.measures
    >>> from pathlib import Path
    >>> from umea_eval.datasets.key_figures.audit import audit
    >>> from umea_eval.datasets.key_figures.schema import read_key_figures
    >>> figures = read_key_figures(Path("data/raw/public/published_key_figures.csv"))
    >>> len(measures.all_figures(figures, 2023, "en")) <= len(figures)
    True
    """
    rows = [
        {
            "figure_id": f.figure_id,
            "indicator": _name(f),
            "population": f.population,
            "sex": f.sex or None,
            "period": f.period,
            "value": None if f.value is None else float(f.value.value),
            "decimals": 0 if f.value is None else f.value.decimals,
            "unit": unit_name(f.unit, language),
            "target": f.target.text or None,
            "attainment": f.attainment or None,
            "lines": f.source.rpartition(":")[2],
        }
        for f in figures
        if reading.year(f.period) == year
    ]
    texts = (
        "figure_id",
        "indicator",
        "population",
        "sex",
        "period",
        "unit",
        "target",
        "attainment",
        "lines",
    )
    return _typed(rows, texts=texts, numbers=("value",), whole=("decimals",))


def _check(figure: KeyFigure, audit: Audit) -> str:
    about = [f for f in audit.findings if f.figures[0].figure_id == figure.figure_id]
    if any(finding.severity == ERROR for finding in about):
        return "disputed"
    judged = [f for f in about if f.rule == "attainment" and f.severity == NOT_CHECKABLE]
    return "not_checkable" if judged else "holds"


def _name(figure: KeyFigure) -> str:
    breakdown = reading.breakdown(figure)
    return f"{figure.indicator}: {figure.breakdown}" if breakdown else figure.indicator


def _typed(
    rows: Sequence[Mapping[str, object]],
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> pd.DataFrame:
    """A frame with its columns and types even when there is no row."""
    frame = pd.DataFrame(list(rows), columns=[*texts, *numbers, *whole])
    types = {
        **dict.fromkeys(texts, TEXT),
        **dict.fromkeys(numbers, "double[pyarrow]"),
        **dict.fromkeys(whole, "int64[pyarrow]"),
    }
    return frame.astype(types)
