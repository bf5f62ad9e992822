"""No address outside this machine is ever contacted: every command with the network refused."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import Run
from tests.projects import make_product

# Runs in every Python process of a command, the kernel's too, before anything of ours.
REFUSE = """
import os, sys

LOOPBACK = ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", "::")

def hook(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        outside = isinstance(address, tuple) and address[0] not in LOOPBACK
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        outside = (arguments[0] or "") not in LOOPBACK
    elif event in ("urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect"):
        outside = True
    else:
        return
    with open(os.environ["NETWORK_LOG"], "a") as log:
        log.write(("outside " if outside else "here ") + event + "\\n")
    if outside:
        raise PermissionError(event)

sys.addaudithook(hook)
"""


def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(REFUSE, encoding="utf-8")
    (tmp_path / "log").touch()
    proxy = "http://127.0.0.1:9"  # whatever goes round Python would have to ask here
    return {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "site"),
        "NETWORK_LOG": str(tmp_path / "log"),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
    }


def test_commands_contact_nobody(tmp_path: Path, umea_eval: Run) -> None:
    project = make_product(tmp_path / "project")
    own = environment(tmp_path)
    for arguments in (
        ("example", "forsorjningsstod", "--messy", "--n", "60"),
        ("clean",),
        ("report", "official_statistics"),
        ("scan", "--source", "notebooks"),
        ("release", "reports/official_statistics/sv", "--by", "FoU-ledare"),
        ("log", "verify"),
    ):
        done = umea_eval(project, *arguments, env=own)
        assert done.returncode == 0, (arguments, done.stderr)
    assert "outside" not in (tmp_path / "log").read_text()


def test_the_refusal_is_one(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=2)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert "PermissionError" in done.stderr
    assert "outside urllib.Request" in (tmp_path / "log").read_text()
