"""Published key figures: what a board printed, and whether it holds together."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
