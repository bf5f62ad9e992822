"""A Dask cluster, for those who ask for one: our own functions in other processes and computers.

A cluster runs whatever code its clients send it, and what is sent are reports and personal data. So
it is reached over TLS, and without only on this very computer; one that is started here has
certificates of its own that end with it. Its workers must see the project's folder under the same
path and have the same code and packages, which each of them checks.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from umea_eval.errors import UserError
from umea_eval.report.provenance import code_sha256
from umea_eval.runs import machine
from umea_eval.runs.cache import environment_sha256
from umea_eval.runs.pool import Begun, ColdPool, Ended, Job, Result, WarmPool
from umea_eval.runs.warm.server import Unfit
from umea_eval.settings import FILE

LOCAL = "local"
# How often a task is begun again when the worker that had it has died.
RETRIES = 3
CONNECT_SECONDS = 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_KILLED = -9
_CONFIGURATION = {
    "distributed.scheduler.allowed-failures": RETRIES,
    # Personal data are never written to a worker's disk.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # No pages that tell others on this computer what is being done.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Where:
    """A cluster that somebody has asked for: a new one of ``workers``, or one at ``address``.

    Without ``ca``, ``cert`` and ``key`` (files in PEM) Dask's own configuration says what they are.
    """

    address: str = ""
    workers: int | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


def where(given: str, *, ca: str | None, cert: str | None, key: str | None) -> Where:
    """The cluster that ``--cluster`` names: ``local:2``, ``tls://host:port``, or ``tcp://`` here.

    Raises UserError for anything else: over plain TCP anyone on the way could read and run what
    they liked.
    """
    files = [None if name is None else Path(name) for name in (ca, cert, key)]
    for file in files:
        if file is not None and not file.is_file():
            raise UserError("runs.cluster.errors.certificate", file=file.name)
    if any(files) and not all(files):
        raise UserError("runs.cluster.errors.certificates")
    kind, _, rest = given.partition(":")
    if kind == LOCAL and rest.isdecimal() and int(rest) > 0:
        return Where(workers=int(rest))
    try:
        parts = urlsplit(given)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in ("tls", "tcp") or parts.path:
        raise UserError("runs.cluster.errors.address", address=given)
    if parts.scheme == "tcp" and host not in _LOOPBACK:
        raise UserError("runs.cluster.errors.plain", host=host, port=port)
    return Where(given, None, *files)


class Cluster:
    """A cluster that we are connected to."""

    def __init__(self, client: Any, root: Path, *, local: bool) -> None:
        self._client = client
        self._own = _Own(str(root), _facts(root))
        self.local = local

    def workers(self) -> int:
        """How many tasks it can do at a time. Raises UserError if it has no workers."""
        known = self._client.scheduler_info(n_workers=-1)["workers"].values()
        count = sum(worker["nthreads"] for worker in known)
        if not count:
            raise UserError("runs.cluster.errors.no_workers")
        return int(count)

    def map(self, function: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """What ``map`` gives, in the same order, of a function that can be imported."""
        futures = self._begin(function, list(items))
        try:
            for future in futures:
                try:
                    yield _result(future)
                except _Killed:
                    raise UserError("runs.cluster.errors.killed") from None
        finally:
            self._client.cancel(futures, force=True)

    def as_completed(
        self, function: Callable[[T], U], items: Sequence[T]
    ) -> Iterator[tuple[T, U | None]]:
        """Each item with its result as soon as there is one; None if it has killed its workers."""
        from distributed import as_completed  # noqa: PLC0415 - only with a cluster

        futures = self._begin(function, items)
        item_of = dict(zip(futures, items, strict=True))
        try:
            for future in as_completed(futures):
                try:
                    result = _result(future)
                except _Killed:
                    yield item_of[future], None
                else:
                    yield item_of[future], result
        finally:
            self._client.cancel(futures, force=True)

    def _begin(self, function: Callable[[T], U], items: Sequence[T]) -> list[Any]:
        work = partial(_checked, self._own, function)
        futures: list[Any] = self._client.map(work, items, pure=False, retries=RETRIES)
        return futures


@contextmanager
def connected(to: Where, root: Path) -> Iterator[Cluster]:
    """A connection to a cluster, or a new cluster on this computer that ends with it.

    Raises UserError where Dask is not installed or the cluster does not answer.
    """
    try:
        import dask.config  # noqa: PLC0415 - only with a cluster: half a second
        from distributed import Client, LocalCluster  # noqa: PLC0415
        from distributed.security import Security  # noqa: PLC0415
    except ImportError:
        raise UserError("runs.cluster.errors.not_installed") from None
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_CONFIGURATION))
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if to.workers is not None:
            security = Security.temporary()
            target: Any = stack.enter_context(
                LocalCluster(
                    n_workers=to.workers,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    protocol="tls",
                    security=security,
                    dashboard_address="127.0.0.1:0",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    local_directory=stack.enter_context(
                        tempfile.TemporaryDirectory(prefix="umea-eval-")
                    ),
                )
            )
        else:
            target, security = to.address, _security(to, Security)
        try:
            client = stack.enter_context(Client(target, security=security, timeout=CONNECT_SECONDS))
        except (OSError, ValueError, TypeError):
            # A wrong certificate, a wrong port or a cluster that is down look alike from here.
            raise UserError("runs.cluster.errors.no_answer", address=to.address) from None
        yield Cluster(client, root, local=to.workers is not None)


def _security(to: Where, kind: Any) -> Any:
    own: dict[str, Any] = {}
    if to.ca is not None:
        own = {
            "tls_ca_file": str(to.ca),
            "tls_client_cert": str(to.cert),
            "tls_client_key": str(to.key),
        }
    return kind(require_encryption=True, **own) if to.address.startswith("tls") else kind(**own)


class _Killed(Exception):
    """A task has outlived every worker that tried it."""


def _result(future: Any) -> Any:
    from distributed import KilledWorker  # noqa: PLC0415 - only with a cluster

    try:
        return future.result()
    except KilledWorker:
        raise _Killed from None
    except OSError:
        raise UserError("runs.cluster.errors.lost") from None


# --- in the workers ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Own:
    """The project's folder, and what must be the same where the task is run."""

    root: str
    facts: tuple[str, ...]


def _facts(root: Path) -> tuple[str, ...]:
    try:
        settings = (root / FILE).read_text(encoding="utf-8")
    except OSError:
        settings = ""
    return code_sha256(), environment_sha256(), settings


def _checked(own: _Own, function: Callable[[T], U], item: T) -> U:
    """Run a task, if this computer has the same project, code and packages."""
    here = _facts(Path(own.root))
    for number, what in enumerate(("code", "packages", "folder")):
        if here[number] != own.facts[number]:
            raise UserError(f"runs.cluster.errors.other_{what}")
    return function(item)


# --- reports -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClusterPool:
    """Reports made by a cluster's workers, each of which has a warm server of its own."""

    cluster: Cluster
    modules: Sequence[str]
    notebooks: Sequence[Path]
    folder: Path

    def run(self, jobs: Sequence[Job], begun: Begun, ended: Ended) -> None:
        """Make every report. A worker that dies costs nothing but time."""
        work = partial(_make, tuple(self.modules), tuple(self.notebooks), self.folder)
        for job in jobs:
            begun(job)
        for job, result in self.cluster.as_completed(work, jobs):
            ended(job, result or Result("died", 0.0, status=_KILLED))


_here = threading.local()


def _make(modules: Sequence[str], notebooks: Sequence[Path], folder: Path, job: Job) -> Result:
    """Make one report in this worker, forked from the server that its thread has."""
    if job.order["memory_bytes"] is None:
        memory = machine.memory_limit(None, machine.cores())
        job = replace(job, order={**job.order, "memory_bytes": memory})
    results: list[Result] = []

    def ended(_: Job, result: Result) -> None:
        results.append(result)

    setup = (modules, notebooks, folder)
    if getattr(_here, "setup", None) != setup:
        if hasattr(_here, "pool"):
            _here.pool.close()
        _here.pool = WarmPool(modules, notebooks, folder, 1, Path(os.devnull))
        _here.setup = setup
    try:
        _here.pool.run([job], lambda _: None, ended)
    except Unfit:
        ColdPool(folder, 1).run([job], lambda _: None, ended)
    return results[0]
