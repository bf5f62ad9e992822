"""The process that has imported everything, and forks.

It is a child of the process that uses it and lives no longer. Asked over a Unix socket, it forks an
interpreter, a whole kernel (for JupyterLab) or a maker of reports, and tells when each has ended.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from umea_eval.report.provenance import CODE, PACKAGE
from umea_eval.runs.kernel import BACKEND, ENVIRONMENT
from umea_eval.runs.warm.channel import Channel, from_descriptor, pair

MAIN = "umea_eval.runs.warm.server"
START_SECONDS = 120
# What our own notebooks and most others import.
USUAL = ("numpy", "pandas", "pyarrow", "matplotlib.figure", "matplotlib.pyplot", "umea_eval")
SERVER_ENVIRONMENT = {
    **ENVIRONMENT,
    # Arrow's memory pools start a thread of their own, which no fork would have.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


# What IPython imports only when a shell is made or first used.
_KERNEL = (
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.core.logger",
    "tornado.platform.asyncio",
)
# What a module imports only when it is first used, and nearly always is.
_LATE = (
    ("pyarrow", "pyarrow.pandas_compat"),
    ("matplotlib.figure", "matplotlib.backends.backend_agg"),
    ("matplotlib.figure", "matplotlib.backends.backend_svg"),
)


class Unfit(Exception):
    """No safe fork is possible here: use the stock kernel. The text says why."""


class Stale(Exception):
    """Code that the server has imported has changed: start a new one."""


@dataclass
class Forked:
    """A process that the server has forked for us."""

    server: Server
    number: int
    pid: int
    status: int | None = None

    def poll(self) -> int | None:
        """The exit status (negative: the signal), or None while it runs."""
        self.server.listen(0)
        return self.status

    def signal(self, number: int) -> None:
        """Send a signal to it and to what it has started."""
        from umea_eval.runs.warm.fork import signal_group  # noqa: PLC0415 - Linux only

        if self.poll() is None:
            signal_group(self.pid, number)

    def kill(self) -> int:
        """End it at once, and return the exit status."""
        while self.poll() is None:
            self.signal(9)
            self.server.listen(1)
        return self.status or 0


class Server:
    """Our end of a server. Not for several threads at once."""

    def __init__(
        self,
        modules: Sequence[str],
        *,
        folder: Path,
        makers_of: Sequence[Path] | None = None,
        log: Path | None = None,
    ) -> None:
        """Start a server that imports ``modules`` in ``folder``, but does not wait for it.

        ``makers_of`` are notebooks whose reports it will be asked for: it also imports what makes
        them. ``log`` gets what libraries say on the standard error stream.
        """
        if sys.platform != "linux":
            raise Unfit("no fork")
        self._channel, theirs = pair()
        self._waiting: dict[int, Forked] = {}
        self._answers: list[dict[str, Any]] = []
        self._count = 0
        self._ready = False
        with theirs, ExitStack() as stack:
            errors = None if log is None else stack.enter_context(log.open("wb"))
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", MAIN, str(theirs.fileno())],
                cwd=folder,
                env={**BACKEND, **os.environ, **SERVER_ENVIRONMENT},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
        notebooks = None if makers_of is None else [str(path) for path in makers_of]
        self._channel.send({"modules": list(modules), "makers_of": notebooks})

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def fileno(self) -> int:
        """What to wait on for news of forked processes."""
        return self._channel.fileno()

    def wait_until_ready(self) -> None:
        """Wait for the imports. Raises Unfit if the server must not fork."""
        if not self._ready:
            answer = self._channel.receive()
            if answer is None:
                raise Unfit(f"exit status {self._process.wait()}")
            if "unfit" in answer:
                self.close()
                raise Unfit(answer["unfit"])
            self._ready = True

    def fork(self, task: Any) -> tuple[Channel, Forked]:
        """A new interpreter for ``task``. Raises Stale or Unfit."""
        plain = asdict(task)
        plain |= {"folder": str(task.folder), "private": str(task.private)}
        return self._ask("interpreter", plain)

    def fork_kernel(
        self, argv: Sequence[str], *, folder: Path, environment: Mapping[str, str]
    ) -> Forked:
        """A whole kernel, as ``python -m ipykernel_launcher ARGV`` would be."""
        order = {"argv": list(argv), "folder": str(folder), "environment": dict(environment)}
        channel, forked = self._ask("kernel", order)
        channel.close()
        return forked

    def fork_maker(self, order: Mapping[str, Any]) -> tuple[Channel, Forked]:
        """A process that makes a report and tells of it over the channel."""
        return self._ask("maker", order)

    def listen(self, seconds: float | None) -> None:
        """Hear which processes have ended, waiting at most so long for news."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            if not selector.select(seconds):
                return
        messages, alive = self._channel.arrived()
        for message in messages:
            if "ended" in message:
                forked = self._waiting.pop(message["ended"], None)
                if forked is not None:
                    forked.status = message["status"]
            else:
                self._answers.append(message)
        if not alive:  # all its children die with the server
            for forked in self._waiting.values():
                forked.status = -9
            self._waiting.clear()
            self._answers.append({"gone": True})

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the server and everything it has forked."""
        self._channel.close()
        if not self._ready:  # it would hear of it only after its imports
            self._process.kill()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, kind: str, order: Mapping[str, Any]) -> tuple[Channel, Forked]:
        self.wait_until_ready()
        self._count += 1
        ours, theirs = pair()
        with theirs:
            try:
                self._channel.send_with(
                    {"kind": kind, "number": self._count, "order": dict(order)}, theirs.fileno()
                )
            except ConnectionError:
                raise Unfit("the server has ended") from None
        while not self._answers:
            self.listen(None)
        answer = self._answers.pop(0)
        if "pid" not in answer:
            ours.close()
            if "stale" in answer:
                raise Stale
            raise Unfit(answer.get("unfit", "the server has ended"))
        forked = Forked(self, self._count, answer["pid"])
        if "status" in answer:
            forked.status = answer["status"]
        else:
            self._waiting[self._count] = forked
        return ours, forked


T = TypeVar("T")
_shared: list[Server] = []


def with_shared(ask: Callable[[Server], T]) -> T | None:
    """What ``ask`` gets of this process's server; None where no fork is safe.

    A new server is started when code that the old one has imported has changed.
    """
    for _ in range(2):
        try:
            if not _shared or not _shared[0].alive():
                _shared[:] = [Server(USUAL, folder=Path.cwd())]
            return ask(_shared[0])
        except Stale:
            _shared.pop().close()
        except Unfit:
            _shared.clear()  # it has ended
            break
    return None


# --- inside the server -------------------------------------------------------------------------


class _Inside:
    """The server's own side."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._children: dict[int, tuple[int, Any]] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Import, then fork when asked, until the other end is gone."""
        first = self._channel.receive()
        if first is None:
            return
        unfit = _import_all(first["modules"], makers_of=first["makers_of"])
        if unfit:
            self._channel.send({"unfit": unfit})
            return
        from umea_eval.runs.warm import fork  # noqa: PLC0415

        self._seen = _fingerprint()
        self._selector.register(self._channel, selectors.EVENT_READ)
        gc.collect()
        gc.freeze()  # what is shared stays shared: no counting in it by the collector
        fork.remember_descriptors((self._channel.fileno(), self._selector.fileno()))
        self._channel.send({"ready": True})
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._ended(key.data)
                elif not self._asked():
                    return

    def _asked(self) -> bool:
        request = self._channel.receive_with()
        if request is None:
            return False
        message, descriptors = request
        try:
            if _fingerprint(self._seen) != self._seen:
                self._channel.send({"stale": True})
                return True
            self._fork(message, descriptors[0])
        except RuntimeError as error:
            self._channel.send({"unfit": str(error)})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, message: Mapping[str, Any], descriptor: int) -> None:
        from umea_eval.runs.warm import fork  # noqa: PLC0415

        work = _WORKS[message["kind"]]
        child = fork.fork(lambda: work(descriptor, message["order"]), keep=(descriptor,))
        watched = os.pidfd_open(child.pid)
        self._children[child.pid] = (watched, message["number"])
        self._selector.register(watched, selectors.EVENT_READ, child)
        self._channel.send({"number": message["number"], "pid": child.pid})

    def _ended(self, child: Any) -> None:
        status = child.poll()
        if status is None:
            return
        watched, number = self._children.pop(child.pid)
        self._selector.unregister(watched)
        os.close(watched)
        with suppress(ConnectionError):
            self._channel.send({"ended": number, "status": status})


def _import_all(modules: Iterable[str], *, makers_of: Sequence[str] | None) -> str:
    """Import, and say why no fork is safe, if so."""
    _without_debugger()
    from umea_eval.runs.warm import fork  # noqa: PLC0415 - with all that it imports

    for module in (*_KERNEL, *modules):
        # One that cannot be imported here is the notebook's own fault, if it is any.
        with suppress(Exception):
            importlib.import_module(module)
        if fork.tasks() != 1:
            return module
    for module, late in _LATE:
        if module in sys.modules:
            importlib.import_module(late)
    _draw_once()
    # What comes now no stock kernel has: its warning filters are none of the notebook's.
    fork.remember_filters()
    if makers_of is not None:
        from umea_eval.runs.maker import prepare  # noqa: PLC0415

        prepare(Path(notebook) for notebook in makers_of)
    return "" if fork.tasks() == 1 else "maker"


def _draw_once() -> None:
    """Fill matplotlib's caches of fonts (a third of a figure's time); no setting is touched."""
    if "matplotlib.figure" in sys.modules:
        from matplotlib.figure import Figure  # noqa: PLC0415 - imported already

        figure = Figure()
        figure.subplots().set_title("0")
        figure.savefig(io.BytesIO(), format="svg")


def _without_debugger() -> None:
    """Import the kernel without debugpy (0.6 s), which no report uses."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # Python's way to say so
    importlib.import_module("ipykernel.debugger")
    del sys.modules["debugpy"]


def _fingerprint(known: Iterable[str] = ()) -> dict[str, tuple[int, int]]:
    """Time and size of our own files and of the folders that packages are installed in."""
    paths = list(known) or [
        str(path) for path in PACKAGE.rglob("*") if path.suffix in CODE or path.is_dir()
    ]
    if not known:
        paths += [
            str(module.__file__)
            for module in list(sys.modules.values())
            if getattr(module, "__file__", None)
            and not str(module.__file__).startswith((sys.prefix, sys.base_prefix))
        ]
        paths += [entry for entry in sys.path if entry.endswith("-packages")]
    return {path: _stamp(path) for path in paths if "__pycache__" not in path}


def _stamp(path: str) -> tuple[int, int]:
    try:
        facts = Path(path).stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


def _interpret(descriptor: int, order: Mapping[str, Any]) -> None:
    from umea_eval.runs.warm import fork  # noqa: PLC0415
    from umea_eval.runs.warm.interpreter import Task, run  # noqa: PLC0415

    places = {"folder": Path(order["folder"]), "private": Path(order["private"])}
    run(from_descriptor(descriptor), Task(**{**order, **places}), fork.filters())


def _be_kernel(descriptor: int, order: Mapping[str, Any]) -> None:
    """A whole kernel: ZMQ's context, its threads and loop are made here, after the fork."""
    os.close(descriptor)
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["folder"]
    del sys.modules["ipykernel.debugger"]  # this one has a debugger
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415

    from umea_eval.runs.kernel import start_random  # noqa: PLC0415

    start_random(int.from_bytes(os.urandom(4)))
    IPKernelApp.launch_instance(list(order["argv"]))


def _make(descriptor: int, order: Mapping[str, Any]) -> None:
    from umea_eval.runs.maker import make  # noqa: PLC0415

    make(from_descriptor(descriptor), order)


_WORKS: Mapping[str, Callable[[int, Mapping[str, Any]], None]] = {
    "interpreter": _interpret,
    "kernel": _be_kernel,
    "maker": _make,
}


def main() -> None:
    """Be the server: the argument is the number of the socket to its parent."""
    _Inside(Channel(socket.socket(fileno=int(sys.argv[1])))).serve()


if __name__ == "__main__":
    # As a module, not as __main__: what is forked finds the same classes.
    importlib.import_module(MAIN).main()
