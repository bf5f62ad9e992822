"""What nbclient talks to in place of a kernel manager and a kernel client."""

from __future__ import annotations

import asyncio
import queue
import secrets
import signal
import threading
from datetime import UTC, datetime
from typing import Any, Protocol

from papermill.clientwrap import PapermillNotebookClient

from umea_eval.runs.engine import cancel_waiting
from umea_eval.runs.warm.channel import Channel
from umea_eval.runs.warm.interpreter import FINISH, IOPUB, READS, SHELL

_STOP_SECONDS = 5


class Process(Protocol):
    """The interpreter's process, a child of this one or of the server."""

    def poll(self) -> int | None:
        """The exit status, or None while it runs."""

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it has started."""

    def kill(self) -> int:
        """End it at once, and return the exit status."""


class _Messages:
    """One of the kernel's channels, as nbclient reads it."""

    def __init__(self, kernel: WarmKernel) -> None:
        self._kernel = kernel
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def put(self, message: dict[str, Any]) -> None:
        """A message has arrived."""
        self._waiting.put_nowait(message)

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message. Raises queue.Empty after ``timeout`` seconds."""
        self._kernel.listen()
        try:
            return await asyncio.wait_for(self._waiting.get(), timeout)
        except TimeoutError:
            raise queue.Empty from None


class WarmKernel:
    """An interpreter, with as much of a kernel manager and client as nbclient uses."""

    allow_stdin = False

    def __init__(self, channel: Channel, process: Process) -> None:
        self._channel = channel
        self.process = process
        self._session = secrets.token_hex(8)
        self._listening: asyncio.AbstractEventLoop | None = None
        self._ended = False
        self.iopub_channel = _Messages(self)
        self.shell_channel = _Messages(self)
        self.reads: list[str] = []

    def execute(self, code: str, *, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Ask for a cell to be run."""
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        return self._ask("execute_request", content)

    def kernel_info(self) -> str:
        """Ask what the kernel is."""
        return self._ask("kernel_info_request", {})

    def is_alive(self) -> bool:
        """Whether it can still answer."""
        return not self._ended and self.process.poll() is None

    def interrupt_kernel(self) -> None:
        """Interrupt the cell that runs."""
        self.process.signal(signal.SIGINT)

    def finish(self) -> None:
        """Learn which files were read; the interpreter ends."""
        self._stop_listening()
        self._ask(FINISH, {})
        while not self._ended:
            message = self._channel.receive()
            if message is None:
                break
            if message["msg_type"] == READS:
                self.reads = message["files"]
                break

    def close(self) -> None:
        """Hear no more of it, and end it if it still runs."""
        self._stop_listening()
        self.process.kill()
        self._channel.close()

    def listen(self) -> None:
        """Let the running loop hear of messages."""
        if self._listening is None and not self._ended:
            self._listening = asyncio.get_running_loop()
            self._listening.add_reader(self._channel.fileno(), self._hear)

    def _hear(self) -> None:
        messages, alive = self._channel.arrived()
        for message in messages:
            message["buffers"] = [bytes.fromhex(buffer) for buffer in message["buffers"]]
            channel = message.pop("channel")
            if channel == IOPUB:
                self.iopub_channel.put(message)
            elif channel == SHELL:
                self.shell_channel.put(message)
        if not alive:
            self._ended = True
            self._stop_listening()

    def _stop_listening(self) -> None:
        loop, self._listening = self._listening, None
        if loop is None or loop.is_closed():
            return
        if not loop.is_running() or loop is _running_loop():
            loop.remove_reader(self._channel.fileno())
            return
        # In a notebook it runs in a thread of its own, and would read what is for us to read.
        stopped = threading.Event()

        def stop() -> None:
            loop.remove_reader(self._channel.fileno())
            stopped.set()

        loop.call_soon_threadsafe(stop)
        stopped.wait(_STOP_SECONDS)

    def _ask(self, kind: str, content: dict[str, Any]) -> str:
        identity = secrets.token_hex(16)
        header = {
            "msg_id": identity,
            "msg_type": kind,
            "username": "umea_eval",
            "session": self._session,
            "date": datetime.now(tz=UTC).isoformat(),
            "version": "5.4",
        }
        request = {
            "header": header,
            "msg_id": identity,
            "msg_type": kind,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "buffers": [],
        }
        try:
            self._channel.send(request)
        except ConnectionError:
            self._ended = True
        return identity


class WarmClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill is untyped
    """Papermill's client, on an interpreter that runs already."""

    def __init__(self, notebook_manager: Any, kernel: WarmKernel, **traits: Any) -> None:
        super().__init__(notebook_manager, **traits)
        self.km = self.kc = kernel

    def execute_cell(self, *arguments: Any, **kwargs: Any) -> Any:
        """Run one cell; after Ctrl-C it is waited for no longer."""
        try:
            return super().execute_cell(*arguments, **kwargs)
        except KeyboardInterrupt:
            cancel_waiting()
            raise

    def execute(self, **kwargs: Any) -> Any:
        """Run all cells."""
        del kwargs
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        info = self.wait_for_reply(self.kc.kernel_info())
        self.nb.metadata["language_info"] = info["content"]["language_info"]
        self.set_widgets_metadata()
        return self.nb


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop that this thread runs, if it runs one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
