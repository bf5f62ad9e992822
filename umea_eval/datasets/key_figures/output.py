"""The audit as lines: sentences for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from umea_eval.datasets.key_figures.answers import Answer
from umea_eval.datasets.key_figures.codes import DISMISSED, OPEN, SEVERITIES, Severity
from umea_eval.datasets.key_figures.findings import Audit
from umea_eval.language import Language, text

_ASCII = str.maketrans("åäö ", "aao_")


def severity_name(severity: Severity, language: Language) -> str:
    """What a reader sees: an error is "går inte att få ihop" until its owner has answered."""
    return text(f"key_figures.severity.{severity.translate(_ASCII)}", language)


def _signed(answer: Answer) -> str:
    by_and_when = ", ".join(filter(None, (answer.answered_by, answer.answered_on)))
    return f"({by_and_when})" if by_and_when else ""


def status_name(status: str, language: Language) -> str:
    return text(f"key_figures.status.{status.translate(_ASCII)}", language)


def json_lines(audit: Audit, answers: Mapping[str, Answer], language: Language) -> Iterator[str]:
    """One object a line: each finding, and last how many controls were made and hold.

    ``printed`` is what stands in the file, in the order of ``figures``; ``would_hold`` is in the
    same notation, or null; ``severity`` and ``status`` are Swedish in every language.
    """
    for finding in audit.findings:
        answer = answers.get(finding.finding_id, Answer())
        yield json.dumps(
            {
                "rule": f"{finding.rule}.{finding.variant}",
                "figures": [figure.figure_id for figure in finding.figures],
                "printed": list(finding.printed),
                "would_hold": finding.would_hold,
                "severity": finding.severity,
                "finding_id": finding.finding_id,
                "status": answer.status,
                "comment": answer.comment,
                "sources": list(finding.sources()),
                "text": finding.text(language),
            },
            ensure_ascii=False,
        )
    yield json.dumps({"controls": audit.controls, "hold": audit.hold})


def text_lines(audit: Audit, answers: Mapping[str, Answer], language: Language) -> Iterator[str]:
    """The findings by severity, each with its arithmetic, its figures and where they stand."""
    for severity in SEVERITIES:
        findings = audit.of(severity)
        if not findings:
            continue
        dismissed = sum(answers.get(f.finding_id, Answer()).status == DISMISSED for f in findings)
        yield text(
            "key_figures.summary.severity",
            language,
            name=severity_name(severity, language).upper(),
            count=len(findings) - dismissed,
            dismissed=text("key_figures.summary.dismissed", language, count=dismissed)
            if dismissed
            else "",
        )
        yield ""
        for finding in findings:
            answer = answers.get(finding.finding_id, Answer())
            yield f"  {finding.about(language)}"
            yield f"    {finding.text(language)}"
            ids = ", ".join(figure.figure_id for figure in finding.figures)
            yield "    " + text(
                "key_figures.summary.where",
                language,
                figures=ids,
                sources=", ".join(finding.sources()) or "–",
                finding=finding.finding_id,
            )
            if answer.status != OPEN:
                yield "    " + text(
                    "key_figures.summary.answer",
                    language,
                    status=status_name(answer.status, language),
                    comment=" ".join(filter(None, (answer.comment, _signed(answer)))),
                )
            yield ""
    if not audit.findings:
        yield text("key_figures.summary.none", language)
    yield text("key_figures.summary.controls", language, controls=audit.controls, hold=audit.hold)
