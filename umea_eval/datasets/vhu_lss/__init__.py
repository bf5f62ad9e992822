"""VHU i LSS: health examinations offered in LSS housing at 40, 50 and 60."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
