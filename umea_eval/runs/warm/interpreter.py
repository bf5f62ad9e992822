"""The forked process that runs a notebook's cells: IPython's kernel, without ZMQ.

The very classes of ipykernel make the messages (``ZMQInteractiveShell``, its display publisher and
display hook), so that a notebook's outputs equal the stock kernel's. Only the transport is another:
one Unix socket to the process that asked, instead of five ZMQ sockets, three threads and the wait
for them to be ready.
"""

from __future__ import annotations

import asyncio
import faulthandler
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session, json_packer
from tornado.ioloop import IOLoop
from traitlets.config import Config

from umea_eval.runs.kernel import BACKEND, ENVIRONMENT, limit_memory, prepare, start_random
from umea_eval.runs.warm.channel import Channel
from umea_eval.settings import read_settings

IOPUB, SHELL = "iopub", "shell"
FINISH, READS = "finish", "reads"
_STREAMS = ("stdout", "stderr")


@dataclass(frozen=True)
class Task:
    """What a new interpreter is to be: everything that must differ between two of them.

    ``private`` is an absolute folder of its own (mode 0700); ``seed`` starts the random numbers;
    ``memory_bytes`` is the most it may have to itself; ``checked``: a report of ours, whose reading
    is watched over and whose errors are told as facts; ``environment``: instead of the server's.
    """

    folder: Path
    private: Path
    seed: int
    memory_bytes: int | None = None
    checked: bool = True
    environment: Mapping[str, str] | None = None


class _Sender(Session):
    """Jupyter's session, which makes the messages; they leave through our channel."""

    channel: Channel

    def send(  # noqa: PLR0917 - Jupyter's signature
        self,
        stream: Any,
        msg_or_type: dict[str, Any] | str,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send a message of the kernel."""
        del ident, track
        if isinstance(msg_or_type, dict):
            message = msg_or_type
        else:
            message = self.msg(msg_or_type, content, parent, header, metadata)
        given = buffers or message.get("buffers") or []
        packed = {
            **message,
            "channel": stream if stream == SHELL else IOPUB,
            "buffers": [bytes(buffer).hex() for buffer in given],
        }
        self.channel.send_packed(json_packer(packed))
        return message


class OutStream(io.TextIOBase):
    """What cells print, and what reaches the file descriptor below it, as stream messages."""

    encoding = "UTF-8"

    def __init__(self, name: str, kernel: _Kernel, descriptor: int, written: int) -> None:
        self.name = name
        self._kernel = kernel
        self._descriptor = descriptor
        self._written = written
        self._seen = 0
        self._lock = threading.Lock()
        self._pending: list[str] = []

    def write(self, text: str) -> int:
        """Keep text until it is flushed, as the stock kernel's stream does."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        with self._lock:
            self._pending.append(text)
        return len(text)

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """It is no terminal."""
        return False

    def fileno(self) -> int:
        """The descriptor, for programs that the cell starts."""
        return self._descriptor

    def flush(self) -> None:
        """Send what has been printed, and what C code and other programs have written."""
        with self._lock:
            text = "".join(self._pending) + self._from_below()
            self._pending.clear()
        if text:
            self._kernel.publish("stream", {"name": self.name, "text": text})

    def _from_below(self) -> str:
        size = os.fstat(self._written).st_size
        if size <= self._seen:
            return ""
        content = os.pread(self._written, size - self._seen, self._seen)
        self._seen += len(content)
        return content.decode("utf-8", errors="replace")


class _Kernel(IPythonKernel):
    """IPython's kernel, asked one request at a time."""

    session: Session
    shell: ZMQInteractiveShell

    def publish(self, kind: str, content: dict[str, Any]) -> None:
        """Send an output of the cell that runs."""
        untyped: Any = self
        parent = untyped.get_parent("shell")
        self.session.send(self.iopub_socket, kind, content, parent=parent)

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits: the next request is sent when this one has been answered."""

    async def answer(self, request: dict[str, Any]) -> None:
        """Do what a request asks, with the messages of ipykernel's ``dispatch_shell``."""
        untyped: Any = self
        untyped.set_parent([], request, channel="shell")
        untyped._publish_status("busy", "shell")
        handler = self.shell_handlers[request["header"]["msg_type"]]
        untyped.pre_handler_hook()  # from here Ctrl-C interrupts the cell
        try:
            await handler(SHELL, [], request)
        except KeyboardInterrupt:
            self.log.warning("KeyboardInterrupt caught in kernel.")
        finally:
            untyped.post_handler_hook()
        sys.stdout.flush()
        sys.stderr.flush()
        untyped._publish_status("idle", "shell")


def run(channel: Channel, task: Task, filters: Sequence[Any]) -> None:
    """Be the interpreter of ``task`` until the other end has gone or asks to finish.

    ``filters`` are the warning filters that a fresh kernel would have.
    Call it in a newly forked process only: it changes the whole process.
    """
    reads = _become(task, filters)
    session = _Sender()
    session.channel = channel
    config = Config()
    config.HistoryManager.enabled = False  # a thread, and a database that nobody reads
    kernel = _Kernel.instance(
        config=config,
        log=logging.getLogger("ipykernel"),
        session=session,
        iopub_socket=IOPUB,
        # Where ipykernel looks whether it is in the main thread.
        shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
    )
    for number, name in enumerate(_STREAMS, start=1):
        written = os.open(task.private / name, os.O_RDONLY | os.O_CLOEXEC)
        setattr(sys, name, OutStream(name, kernel, number, written))
    if task.checked:
        prepare(kernel.shell, read_settings(task.folder))
    try:
        asyncio.run(_serve(kernel, channel, reads))
    except RuntimeError:
        if not kernel.shell.exit_now:  # `exit` in a cell stops the loop, as in the stock kernel
            raise


async def _serve(kernel: _Kernel, channel: Channel, reads: set[str]) -> None:
    kernel.io_loop = IOLoop.current()
    while True:
        await _readable(channel)
        requests, alive = channel.arrived()
        for request in requests:
            if request["header"]["msg_type"] == FINISH:
                channel.send({"msg_type": READS, "channel": FINISH, "files": sorted(reads)})
                return
            await kernel.answer(request)
        if not alive:
            return


async def _readable(channel: Channel) -> None:
    """Wait in the loop, so that what a cell has left running there goes on."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(channel.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(channel.fileno())


def _become(task: Task, filters: Sequence[Any]) -> set[str]:
    """Turn the forked process into a fresh one; returns the set of files it will have read."""
    os.setsid()  # an interruption reaches the cell and what it has started, and nothing else
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir(task.folder)
    _set_path(task)
    if task.environment is not None:
        os.environ.clear()
        os.environ.update(task.environment)
    os.environ.update(ENVIRONMENT)
    if not os.environ.get("MPLBACKEND"):
        os.environ.update(BACKEND)
    os.environ["IPYTHONDIR"] = str(task.private)
    for number, name in enumerate(_STREAMS, start=1):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(task.private / name, flags, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    faulthandler.enable(2)
    if task.memory_bytes is not None:
        limit_memory(task.memory_bytes)
    start_random(task.seed)
    if filters:
        warnings.filters[:] = list(filters)  # type: ignore[index]  # a list, typed as Sequence
        warnings._filters_mutated()  # type: ignore[attr-defined]  # as warnings' own functions do
    return _watch_reads(task.folder)


def _set_path(task: Task) -> None:
    """Where modules are looked for, as the stock kernel has it: `''` after the standard library."""
    sys.path[:1] = [str(task.folder)] if task.checked else []
    if "" not in sys.path:
        ends = [place.endswith(("site-packages", "dist-packages")) for place in sys.path]
        sys.path.insert(ends.index(True) if True in ends else 0, "")


def _watch_reads(folder: Path) -> set[str]:
    """The files below ``folder`` that Python opens for reading from now on."""
    reads: set[str] = set()
    root = os.path.realpath(folder) + os.sep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open":
            return
        path, _, flags = arguments
        if isinstance(path, str | bytes | os.PathLike) and not flags & (os.O_WRONLY | os.O_CREAT):
            try:
                found = os.path.realpath(os.fsdecode(path))
            except ValueError:
                return  # NUL in the name: opening it fails by itself
            if found.startswith(root):
                reads.add(found)

    sys.addaudithook(hook)
    return reads
