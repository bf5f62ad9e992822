"""The audit: what in a table of published figures does not hold together, with the arithmetic.

Every rule works in exact fractions on the printed digits. A figure that holds is never called an
error: where another reading is possible (a row left out, a group not shown, another base), the
finding says "kan inte kontrolleras" and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from umea_eval.datasets.key_figures import reading
from umea_eval.datasets.key_figures.codes import ERROR, SEVERITIES
from umea_eval.datasets.key_figures.findings import Audit, Controls, Finding
from umea_eval.datasets.key_figures.rules import (
    accounts,
    areas,
    attainment,
    comparisons,
    parts,
    scales,
    sexes,
    shares,
)
from umea_eval.datasets.key_figures.schema import KeyFigure

RULES: tuple[Callable[[Sequence[KeyFigure]], Controls], ...] = (
    sexes.sexes,
    parts.parts,
    parts.of_which,
    parts.of_which_by_name,
    parts.deviations_of_parts,
    shares.counted,
    shares.within_bounds,
    shares.limits,
    scales.distributions,
    scales.top_boxes,
    areas.totals_of_shares,
    scales.counts_without_base,
    shares.stated_base,
    areas.smallest_base,
    accounts.deviations,
    accounts.net_costs,
    accounts.accumulated,
    accounts.months_add_up,
    comparisons.changes,
    comparisons.level_and_change,
    comparisons.same_figure,
    comparisons.renamed_deviations,
    comparisons.breaks,
    attainment.attainment,
)


def audit(figures: Sequence[KeyFigure]) -> Audit:
    """Apply every rule to every figure.

    ``controls`` counts each application of a rule; ``hold`` those that hold. Figures that the
    paper itself calls approximate ("ca", "drygt") are left out.
    """
    exact = [figure for figure in figures if not reading.is_approximate(figure)]
    outcomes = [outcome for rule in RULES for outcome in rule(exact)]
    findings = _named_culprits([outcome for outcome in outcomes if outcome is not None])
    place = {figure.figure_id: figure.row for figure in figures}
    findings.sort(
        key=lambda f: (SEVERITIES.index(f.severity), place[f.figures[0].figure_id], f.rule)
    )
    hold = sum(outcome is None for outcome in outcomes)
    return Audit(tuple(figures), tuple(findings), len(outcomes), hold)


def _named_culprits(findings: list[Finding]) -> list[Finding]:
    """Of two figures that should be one, the arithmetic of another rule may tell which is wrong."""
    wrong = {
        f.figures[0].figure_id
        for f in findings
        if f.severity == ERROR and f.rule in ("change", "counted")
    }
    return [_with_culprit(f, wrong) if f.rule == "same_figure" else f for f in findings]


def _with_culprit(finding: Finding, wrong: set[str]) -> Finding:
    first, second = finding.figures
    known = first.figure_id in wrong, second.figure_id in wrong
    if known == (True, False):
        return replace(finding, would_hold=second.printed)
    if known == (False, True):
        swapped = {
            "first": "second",
            "second": "first",
            "first_unit": "second_unit",
            "second_unit": "first_unit",
        }
        values = {swapped.get(name, name): value for name, value in finding.values.items()}
        return replace(finding, figures=(second, first), would_hold=first.printed, values=values)
    return finding
