# ruff: noqa: E501 - a cell of a notebook stands on one line
"""A warm interpreter gives what the stock kernel gives: outputs, errors, interruptions, deaths."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines
from papermill.iorw import load_notebook_node
from papermill.utils import chdir

from umea_eval.runs.warm import server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork")

WARM, STOCK = "umea_eval", "nbclient"
CELLS = [
    # streams: both, from below Python, from another program, with carriage returns
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('åäö \\u202f')",
    "import os\nos.write(1, b'below\\n')\nos.system('echo program; echo fault >&2')\nimport time; time.sleep(1)",
    "import subprocess\nsubprocess.run(['echo', 'again'])",
    "print('10 %\\r100 %')",
    "sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.write('x')",
    "try:\n    print(sys.stdout.buffer)\nexcept AttributeError as error:\n    print(error)",
    "try:\n    sys.stdout.write(b'x')\nexcept TypeError as error:\n    print(error)",
    # rich display
    "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2], 'b': ['å', None]})\nframe",
    "from IPython.display import HTML, Markdown, SVG, Image, JSON, display\ndisplay(HTML('<b>x</b>'))\nMarkdown('*x*')",
    "display({'application/x-own+json': {'a': [1]}, 'text/plain': 'own'}, raw=True, metadata={'m': 1})",
    "print('before'); display(1); print('after'); display(2)",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);",
    "fig, ax = plt.subplots(); ax.bar([1], [2]); fig.set_size_inches(2, 2); plt.show(); print('shown')",
    "plt.rcParams['figure.dpi'], plt.get_backend(), plt.get_fignums()",
    # updates, also of another cell's output, and clearing
    "handle = display('one', display_id='h'); handle.update('two')",
    "handle.update(HTML('<i>three</i>')); display('again', display_id='h')",
    "from IPython.display import clear_output\nprint('gone'); clear_output(); print('stays')",
    "print('gone'); clear_output(wait=True); print('stays')",
    # state of the interpreter
    "1\n2;\n3",
    "_, __, In[1][:6], len(In), Out.keys() - {0} and sorted(Out)[:3]",
    "%%timeit -n1 -r1 -q\npass",
    "!echo shell",
    "x = !echo captured\nx",
    "%who_ls str",
    "get_ipython().__class__.__name__, __name__, sys.path[0], __builtins__.__name__",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "import logging\nlogging.warning('logged')",
    "import warnings\nwarnings.warn('own warning')",
    "sorted({(rule[0], str(rule[1]), rule[2].__name__, str(rule[3])) for rule in warnings.filters})",
    "import numpy as np\nnp.float64(1) / 0",
    "len(os.listdir('/proc/self/task')) >= 1, os.environ['MPLBACKEND'], os.environ['PAGER']",
    "import inspect\ndef f(): return 1\ninspect.getsource(f)",
    "f??",
    # errors
    "1 / 0",
    "def g(): raise ValueError('text of its own')\ng()",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e",
    "1 +",
    "undefined_name",
    "input('?')",
    "raise KeyboardInterrupt",
    "class Own(Exception):\n    def __str__(self): raise TypeError('no text')\nraise Own()",
    "class Repr:\n    def __repr__(self): raise ValueError('no repr')\nRepr()",
    "sys.exit(3)",
    "print('still here')",
    "bytearray(10**15)",
    "assert False, 'claim'",
    "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
]


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    yield
    while server._shared:
        server._shared.pop().close()


def document(*cells: str) -> Any:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    return notebook


def run(engine: str, folder: Path, *cells: str, **options: Any) -> Any:
    """What ``papermill.execute_notebook`` does, but it also returns a notebook with errors."""
    with chdir(folder):
        return papermill_engines.execute_notebook_with_engine(
            engine,
            load_notebook_node(document(*cells)),
            kernel_name="python3",
            output_path=None,
            progress_bar=False,
            **options,
        )


def plain(notebook: Any) -> list[Any]:
    """What a notebook holds after a run, without times and process numbers."""
    found = []
    for cell in notebook.cells:
        outputs = json.loads(json.dumps(cell.outputs))
        for output in outputs:
            for part in ("text", "traceback"):
                text = "".join(output.get(part, []))
                if "ipykernel_" in text:
                    words = text.split("ipykernel_")
                    text = words[0] + "".join(word.partition("/")[2] for word in words[1:])
                if part in output:
                    output[part] = text
        found.append([cell.source, cell.execution_count, outputs])
    return found


def test_outputs_equal_the_stock_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where ipykernel sees this it leaves out what programs write.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    warm = run(WARM, tmp_path, *CELLS, allow_errors=True)
    assert server._shared, "the server did not start: this would compare stock with stock"
    stock = run(STOCK, tmp_path, *CELLS, allow_errors=True)
    pairs = zip(plain(warm), plain(stock), strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]] == []
    assert warm.metadata["language_info"] == stock.metadata["language_info"]
    kinds = {output["output_type"] for cell in warm.cells for output in cell.outputs}
    assert kinds == {"stream", "display_data", "execute_result", "error"}


def test_an_interrupted_cell_is_an_error_of_that_cell(tmp_path: Path) -> None:
    cells = ("import time", "print('begun')\ntime.sleep(60)", "print('next')")
    results = []
    for engine in (WARM, STOCK):
        notebook = run(
            engine, tmp_path, *cells, timeout=1, interrupt_on_timeout=True, allow_errors=True
        )
        results.append([[o.get("ename"), o.get("text")] for c in notebook.cells for o in c.outputs])
    assert (
        results[0]
        == results[1]
        == [[None, "begun\n"], ["KeyboardInterrupt", None], [None, "next\n"]]
    )


@pytest.mark.parametrize("engine", [WARM, pytest.param(STOCK, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("cell", "options", "error"),
    [
        ("import time; time.sleep(60)", {"timeout": 1}, CellTimeoutError),
        ("import os; os._exit(3)", {}, DeadKernelError),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", {}, DeadKernelError),
    ],
)
def test_a_cell_that_never_ends_or_ends_the_process(
    tmp_path: Path, cell: str, options: dict[str, Any], error: type[Exception], engine: str
) -> None:
    with pytest.raises(error):
        run(engine, tmp_path, "1", cell, "2", **options)


def test_the_first_error_stops_the_run(tmp_path: Path) -> None:
    for engine in (WARM, STOCK):
        notebook = run(engine, tmp_path, "1", "1 / 0", "2")
        assert [len(cell.outputs) for cell in notebook.cells] == [1, 1, 0]


def test_one_interpreter_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    leave = (
        "import os, sys, random, warnings, numpy as np, pandas as pd, matplotlib.pyplot as plt\n"
        "kept = 1; os.environ['LEFT'] = '1'; sys.path.append('/left'); os.chdir('/')\n"
        "np.random.seed(7); random.seed(7); warnings.simplefilter('ignore')\n"
        "pd.set_option('display.max_rows', 1); plt.rcParams['font.size'] = 99; plt.plot([1]); plt.close()\n"
        "import umea_eval; umea_eval.left = 1"
    )
    look = (
        "import os, sys, warnings, numpy as np, pandas as pd, matplotlib.pyplot as plt, umea_eval\n"
        "print('kept' in dir(), 'LEFT' in os.environ, '/left' in sys.path, os.getcwd(),\n"
        "      ('ignore', None, Warning, None, 0) in warnings.filters, pd.get_option('display.max_rows'), plt.rcParams['font.size'],\n"
        "      plt.get_fignums(), hasattr(umea_eval, 'left'))"
    )
    run(WARM, tmp_path, leave)
    seen = run(WARM, tmp_path, look).cells[0].outputs[0].text.split()
    assert seen == [
        *("False", "False", "False", str(tmp_path)),
        *("False", "60", "10.0", "[]", "False"),
    ]


def test_random_numbers_of_two_interpreters_differ(tmp_path: Path) -> None:
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    drawn = [run(WARM, tmp_path, draw).cells[0].outputs[0].text for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_a_server_whose_code_has_changed_is_replaced(tmp_path: Path) -> None:
    run(WARM, tmp_path, "1")
    first = server._shared[0].pid
    run(WARM, tmp_path, "1")
    assert server._shared[0].pid == first
    changed = Path(server.__file__).parent / "changed.toml"
    try:
        changed.touch()  # a new file in one of our folders
        run(WARM, tmp_path, "1")
        assert server._shared[0].pid != first
    finally:
        changed.unlink()


def test_a_kernel_that_is_not_pythons_or_a_server_that_cannot_fork_is_papermills_own(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    while server._shared:
        server._shared.pop().close()
    # A module that starts a thread when it is imported; not the project's own, which the server
    # never imports.
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    (elsewhere / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    monkeypatch.setattr(server, "USUAL", ("threaded",))
    notebook = run(WARM, tmp_path, "6 * 7")
    assert server._shared == []
    assert notebook.cells[0].outputs[0]["data"] == {"text/plain": "42"}
