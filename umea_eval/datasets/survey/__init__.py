"""Surveys: what users of services answer, who answers, and what it can be told from."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
