"""Measures of surveys: who answers, what they answer, and whether it can be told from chance."""

from umea_eval.datasets.survey.measures.answers import (
    Positive,
    long_answers,
    positive_answers,
    states,
)
from umea_eval.datasets.survey.measures.change import changes, printed_change
from umea_eval.datasets.survey.measures.coding import coder_agreement
from umea_eval.datasets.survey.measures.comparison import against_cities
from umea_eval.datasets.survey.measures.participation import dropouts, helped, response_rates
from umea_eval.datasets.survey.measures.printed import results_as_printed
from umea_eval.datasets.survey.measures.shares import by_sex, sex_differences, shares

__all__ = [
    "Positive",
    "against_cities",
    "by_sex",
    "changes",
    "coder_agreement",
    "dropouts",
    "helped",
    "long_answers",
    "positive_answers",
    "printed_change",
    "response_rates",
    "results_as_printed",
    "sex_differences",
    "shares",
    "states",
]
