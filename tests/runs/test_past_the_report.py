# ruff: noqa: E501 - a cell of a notebook stands on one line
"""Whatever a notebook shows past the report object is refused, or is not in the notebook."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest
from papermill.engines import papermill_engines
from papermill.iorw import load_notebook_node
from papermill.utils import chdir

from umea_eval.errors import UserError
from umea_eval.report.fragments import Fragment
from umea_eval.runs.executed import check_outputs, cleaned

SECRET = 4711
# By name: a cell that shows the secret, and how it is refused (None: it leaves no trace).
WAYS = {
    "print": (f"print({SECRET})", "stray_print"),
    "sys.stdout.write": (f"import sys; _ = sys.stdout.write('{SECRET}\\n')", "stray_print"),
    "sys.stderr.write": (f"import sys; _ = sys.stderr.write('{SECRET}\\n')", "stray_warning"),
    "os.write": (
        f"import os, time; os.write(1, b'{SECRET}\\n'); os.write(2, b'{SECRET}\\n'); time.sleep(0.4); None",
        "stray_",
    ),
    "another program": (
        f"import os, time; os.system('echo {SECRET}'); time.sleep(0.4); None",
        "stray_",
    ),
    "shell": (f"!echo {SECRET}", "stray_print"),
    "thread": (
        f"import threading\nt = threading.Thread(target=print, args=({SECRET},)); t.start(); t.join()",
        "stray_print",
    ),
    "logging": (f"import logging; logging.warning('{SECRET}')", "stray_warning"),
    "warnings": (f"import warnings; warnings.warn('{SECRET}')", "stray_warning"),
    "last value": (f"{SECRET}", "stray_value"),
    "_repr_html_": (f"import pandas as pd\npd.DataFrame({{'n': [{SECRET}]}})", "stray_value"),
    "HTML": (f"from IPython.display import HTML\nHTML('<b>{SECRET}</b>')", "stray_value"),
    "raw": (f"display({{'text/plain': '{SECRET}'}}, raw=True)", "stray_value"),
    "raw with other marks": (
        f"display({{'text/plain': '{SECRET}'}}, raw=True, metadata={{'other': 1}})",
        "stray_value",
    ),
    "raw with our mark": (
        f"display({{'text/plain': '{SECRET}'}}, raw=True, metadata={{'umea_eval': {{'part': 'text'}}}})",
        "stray_value",
    ),
    "display_pub": (
        f"get_ipython().display_pub.publish(data={{'text/plain': '{SECRET}'}})",
        "stray_value",
    ),
    "our mark on a value": (
        "class Own:\n    def _repr_mimebundle_(self, **_):\n"
        f"        return {{'text/plain': '{SECRET}'}}, {{'umea_eval': {{'part': 'text'}}}}\nOwn()",
        "stray_value",
    ),
    "update": (
        f"from IPython.display import update_display\ndisplay('', display_id='a'); update_display({SECRET}, display_id='a')",
        "stray_value",
    ),
    "figure": (
        f"%matplotlib inline\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, {SECRET}])",
        "stray_figure",
    ),
    "figure shown": (
        f"fig, ax = plt.subplots(); ax.set_title('{SECRET}'); plt.show()",
        "stray_figure",
    ),
    "pager": (
        f"get_ipython().payload_manager.write_payload({{'source': 'page', 'data': {{'text/plain': '{SECRET}'}}}})",
        None,
    ),
    "next cell": (f"get_ipython().set_next_input('{SECRET}')", None),
    "widget": (
        "from comm import create_comm\n"
        "_ = create_comm(target_name='jupyter.widget', metadata={'version': '2.0.0'}, "
        f"data={{'state': {{'_model_module': 'm', '_model_name': 'n', 'value': {SECRET}}}, 'buffer_paths': []}})",
        None,
    ),
    "widget shown": (
        f"display({{'application/vnd.jupyter.widget-view+json': {{'model_id': '{SECRET}'}}}}, raw=True)",
        "stray_value",
    ),
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A notebook with one cell for each way, run by the stock kernel."""
    cells = [nbformat.v4.new_code_cell(source) for source, _ in WAYS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "x"}
    with pytest.MonkeyPatch.context() as patch, chdir(tmp_path_factory.mktemp("ways")):
        # Where ipykernel sees this it leaves out what programs write.
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        made = papermill_engines.execute_notebook_with_engine(
            "nbclient",
            load_notebook_node(notebook),
            kernel_name="python3",
            output_path=None,
            progress_bar=False,
        )
    return cleaned(json.loads(json.dumps(made)))


def whole(*cells: dict[str, Any]) -> dict[str, Any]:
    """A report that shows nothing, and these cells."""
    outputs = [
        {"output_type": "display_data", "data": each.bundle(), "metadata": each.metadata()}
        for each in (Fragment("title", "", ""), Fragment("record", "", ""))
    ]
    own = {"cell_type": "code", "source": "", "metadata": {}, "outputs": outputs}
    return {"cells": [own, *cells], "metadata": {}}


@pytest.mark.parametrize("name", WAYS)
def test_what_does_not_go_through_the_report_does_not_leave(
    name: str, executed: dict[str, Any]
) -> None:
    check_outputs(whole(), name="x", language="sv")
    (cell,) = (cell for cell, way in zip(executed["cells"], WAYS, strict=True) if way == name)
    _, refused = WAYS[name]
    if refused is None:
        assert cell["outputs"] == []
        return
    assert cell["outputs"]
    with pytest.raises(UserError) as error:
        check_outputs(whole(cell), name="x", language="sv")
    assert error.value.key.startswith(f"runs.errors.{refused}")
    assert str(SECRET) not in str(error.value)


def test_what_a_widget_holds_is_not_in_the_notebook(executed: dict[str, Any]) -> None:
    assert str(SECRET) not in json.dumps(executed["metadata"])


@pytest.mark.parametrize("more", [{"image/png": "x"}, {"application/json": [SECRET]}])
def test_a_fragment_has_no_other_form_beside_its_own(more: dict[str, Any]) -> None:
    made = whole()
    made["cells"][0]["outputs"][0]["data"] |= more
    with pytest.raises(UserError, match=r"\S"):
        check_outputs(made, name="x", language="sv")
