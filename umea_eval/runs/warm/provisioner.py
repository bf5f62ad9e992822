"""Whole kernels from a warm server, for JupyterLab and whatever else starts kernels: a provisioner.

A kernel spec asks for it by name (``umea-eval-warm``); JupyterLab has one here (`kernel_spec`).

The first kernel of a process starts the server; every later one is forked from it, with pandas and
matplotlib imported. The kernel speaks over sockets in a private folder (mode 0700), not over TCP,
which anyone on the machine could listen to. Where no fork is safe the stock provisioner does it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from umea_eval.runs.warm.server import Forked, with_shared

LAUNCHER = ["-m", "ipykernel_launcher"]
# The longest path of a Unix socket is 108 bytes on Linux, the port included.
SOCKET_PATH = 90


class _Process:
    """A forked kernel, as the stock provisioner handles a process."""

    stdin = stdout = stderr = None

    def __init__(self, forked: Forked) -> None:
        self._forked = forked
        self.pid = forked.pid

    def poll(self) -> int | None:
        return self._forked.poll()

    def wait(self) -> int:
        while self._forked.poll() is None:
            self._forked.server.listen(1)
        return self._forked.status or 0

    def send_signal(self, number: int) -> None:
        self._forked.signal(number)

    def kill(self) -> None:
        self._forked.signal(9)

    def terminate(self) -> None:
        self._forked.signal(15)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels by forking."""

    private: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose private sockets before the connection file is written."""
        manager: Any = self.parent
        if manager is not None and sys.platform == "linux" and self.private is None:
            private = Path(tempfile.mkdtemp(prefix="umea-eval-"))  # mode 0700, absolute
            if len(str(private)) < SOCKET_PATH and manager.transport == "tcp":
                manager.cache_ports = False
                manager.transport, manager.ip = "ipc", str(private / "kernel")
            self.private = private
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel if ``cmd`` starts Python's own, else start it as usual."""
        forked = None
        if sys.platform == "linux" and cmd[1:3] == LAUNCHER:
            environment = kwargs.get("env") or {}
            folder = Path(kwargs.get("cwd") or Path.cwd())
            forked = with_shared(
                lambda server: server.fork_kernel(cmd[3:], folder=folder, environment=environment)
            )
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        process: Any = _Process(forked)
        self.process = process
        self.pid = self.pgid = forked.pid  # it leads a group of its own
        info: KernelConnectionInfo = self.connection_info
        return info

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the sockets' folder when the kernel is gone for good."""
        await super().cleanup(restart)
        if self.private is not None and not restart:
            shutil.rmtree(self.private, ignore_errors=True)
            self.private = None
