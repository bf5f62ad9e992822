"""A Dask cluster does what one computer does: the same reports, the same clean tables."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed import LocalCluster
from distributed.security import Security

from tests.conftest import Run, command
from tests.projects import made, make_product, make_project, small_notebook, tree
from umea_eval.errors import UserError
from umea_eval.processed.clean import clean
from umea_eval.processed.example import make_example
from umea_eval.runs import cluster
from umea_eval.runs.cluster import Where, where
from umea_eval.runs.warm.server import MAIN
from umea_eval.settings import read_settings

linux = pytest.mark.skipif(sys.platform != "linux", reason="fork")
NO_FILES: dict[str, Any] = {"ca": None, "cert": None, "key": None}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("local:2", Where(workers=2)),
        ("tls://scheduler.kommunen.se:8786", Where("tls://scheduler.kommunen.se:8786")),
        ("tcp://127.0.0.1:8786", Where("tcp://127.0.0.1:8786")),
        ("tcp://[::1]:8786", Where("tcp://[::1]:8786")),
        ("tcp://localhost:8786", Where("tcp://localhost:8786")),
    ],
)
def test_addresses(given: str, meant: Where) -> None:
    assert where(given, **NO_FILES) == meant


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("tcp://192.0.2.1:8786", "plain"),
        ("tcp://127.0.0.1.example.com:8786", "plain"),
        ("local:0", "address"),
        ("local", "address"),
        ("tls://scheduler", "address"),
        ("tls://scheduler:x", "address"),
        ("http://scheduler:8786", "address"),
        ("tls://scheduler:8786/path", "address"),
        ("", "address"),
    ],
)
def test_other_addresses_are_refused(given: str, error: str) -> None:
    with pytest.raises(UserError) as raised:
        where(given, **NO_FILES)
    assert raised.value.key == f"runs.cluster.errors.{error}"


def test_certificates_come_in_threes_and_exist(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.touch()
    with pytest.raises(UserError, match="alla tre"):
        where("tls://a:1", ca=str(file), cert=None, key=None)
    with pytest.raises(UserError, match=r"cert\.pem"):
        where("tls://a:1", ca=str(file), cert="cert.pem", key=str(file))


def test_without_dask_it_is_said_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=r"-r requirements/cluster\.txt"),
        cluster.connected(Where(workers=1), tmp_path),
    ):
        pass


@pytest.mark.parametrize(("number", "what"), [(0, "code"), (1, "packages"), (2, "folder")])
def test_a_worker_that_would_give_something_else_refuses(
    tmp_path: Path, number: int, what: str
) -> None:
    facts = list(cluster._facts(tmp_path))
    assert cluster._checked(cluster._Own(str(tmp_path), tuple(facts)), len, "abc") == 3
    facts[number] += "other"
    with pytest.raises(UserError) as raised:
        cluster._checked(cluster._Own(str(tmp_path), tuple(facts)), len, "abc")
    assert raised.value.key == f"runs.cluster.errors.other_{what}"


@linux
@pytest.mark.slow
def test_a_batch_on_a_cluster_gives_the_same_reports_though_a_worker_dies(
    tmp_path: Path, umea_eval: Run
) -> None:
    slow = "import time\ntime.sleep(1)"
    project = make_project(tmp_path / "p", {"small": small_notebook(slow)})
    (project / "batch.csv").write_text(
        "notebook;period\n" + "".join(f"small;{period}\n" for period in range(2000, 2003)),
        encoding="utf-8",
    )
    done = umea_eval(project, "batch", "run", "batch.csv")
    assert done.returncode == 0, done.stderr
    before = made(project, "small")
    words = command("batch", "run", "batch.csv", "--force", "--cluster", "local:2")
    with subprocess.Popen(words, cwd=project, stderr=subprocess.PIPE, encoding="utf-8") as process:
        victim = busy_worker(process.pid)
        os.kill(victim.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "3 klara, 0 misslyckades" in said
    assert "Traceback" not in said
    assert made(project, "small") == before
    assert not [name for name in tree(project / "reports") if name.startswith(".building")]


def busy_worker(pid: int) -> psutil.Process:
    """A worker whose server has forked a maker."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        with suppress(psutil.NoSuchProcess):
            for each in psutil.Process(pid).children(recursive=True):
                if each.cmdline()[2:3] == [MAIN] and each.children():
                    return each.parent() or each
        time.sleep(0.05)
    raise AssertionError("no worker began")


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Where]:
    """A cluster with certificates of its own."""
    security = Security.temporary()
    facts = security.get_tls_config_for_role("client")
    files = {}
    for name, trait in (("ca", "ca_file"), ("cert", "cert"), ("key", "key")):
        files[name] = tmp_path / f"{name}.pem"
        files[name].write_text(facts[trait], encoding="ascii")
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tls",
        host="127.0.0.1",
        security=security,
        dashboard_address="127.0.0.1:0",
    ) as running:
        yield Where(running.scheduler_address, None, **files)


def test_cleaning_on_a_cluster_gives_the_same_bytes(tmp_path: Path, tls: Where) -> None:
    project = make_product(tmp_path / "p")
    settings = read_settings(project)
    folder, _ = make_example("forsorjningsstod", settings, messy=True, seed=0, n=60)

    def everything() -> dict[str, bytes]:
        return {**tree(settings.processed), **tree(folder)}

    clean("forsorjningsstod", settings=settings)
    alone = everything()
    (folder / "damaged.csv").write_bytes(b"")
    with pytest.raises(UserError) as said_alone:
        clean("forsorjningsstod", settings=settings)
    with cluster.connected(tls, project) as running:
        with pytest.raises(UserError) as said:
            clean("forsorjningsstod", settings=settings, each=running.map)
        assert str(said.value) == str(said_alone.value)
        (folder / "damaged.csv").unlink()
        shutil.rmtree(settings.processed)
        clean("forsorjningsstod", settings=settings, each=running.map)
    assert [name for name in alone if name.endswith(".parquet")]
    assert everything() == alone
