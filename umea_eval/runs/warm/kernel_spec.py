"""The warm kernel as JupyterLab offers it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager

NAME = "umea-eval-warm"
SPEC = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "umea_eval (varm)",
    "language": "python",
    "metadata": {"kernel_provisioner": {"provisioner_name": NAME}, "debugger": False},
}


def install(prefix: Path) -> Path:
    """Write the kernel's specification below ``prefix``, an environment, and return its folder."""
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(SPEC, indent=1, sort_keys=True)
        (Path(folder) / "kernel.json").write_text(text, encoding="utf-8")
        return Path(
            KernelSpecManager().install_kernel_spec(folder, kernel_name=NAME, prefix=str(prefix))
        )
