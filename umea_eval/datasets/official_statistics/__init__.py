"""Official statistics and code lists that anybody may publish."""

from umea_eval.datasets import with_measures

__getattr__ = with_measures(__name__)
