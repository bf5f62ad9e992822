"""Ekonomiskt bistånd and försörjningsstöd: payments, households and decisions."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
