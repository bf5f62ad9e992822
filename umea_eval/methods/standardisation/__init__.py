"""Rates made comparable between groups of different make-up: direct and indirect."""

from umea_eval.methods.standardisation.direct import direct_rate
from umea_eval.methods.standardisation.indirect import indirect, smr

__all__ = ["direct_rate", "indirect", "smr"]
