"""Care Need Index: the burden that a health centre's population is expected to bring."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
