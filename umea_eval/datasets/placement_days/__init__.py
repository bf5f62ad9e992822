"""Placements of children and young people."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
