"""Control charts: is a series steady, and since when not?"""

from umea_eval.methods.control_charts.chart import ControlChart
from umea_eval.methods.control_charts.charts import (
    c_chart,
    g_chart,
    p_chart,
    t_chart,
    u_chart,
    xmr_chart,
)
from umea_eval.methods.control_charts.rules import Runs, anhoej

__all__ = [
    "ControlChart",
    "Runs",
    "anhoej",
    "c_chart",
    "g_chart",
    "p_chart",
    "t_chart",
    "u_chart",
    "xmr_chart",
]
