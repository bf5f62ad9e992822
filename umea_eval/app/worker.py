"""The process that cleans, or makes a report, for the app.

The work is the first line of its input; its news are lines of JSON on its output. The end of the
input means that nobody wants the work any more.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from umea_eval.errors import UserError
from umea_eval.language import Language, text
from umea_eval.runs.failures import message
from umea_eval.settings import Settings, read_settings
from umea_eval.terminal import masked

Tell = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Do one piece of work and tell how it went."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked = json.loads(sys.stdin.readline())
    news = sys.stdout
    sys.stdout = sys.stderr

    def tell(facts: Mapping[str, Any]) -> None:
        news.write(json.dumps(facts) + "\n")
        news.flush()

    threading.Thread(target=_stop_at_the_end, daemon=True).start()
    try:
        tell({"outcome": "done", **_work(asked, tell)})
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - told to the app, which shows it
        exit_code = error.exit_code if isinstance(error, UserError) else 1
        said = masked(message(error, asked["language"]).strip())
        code = error.code if isinstance(error, UserError) else None
        tell({"outcome": "failed", "message": said, "exit_code": exit_code, "code": code or ""})


def _work(asked: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    language: Language = asked["language"]
    settings = read_settings(Path(asked["root"]))
    if asked["kind"] == "report":
        return _report(asked, settings, language, tell)
    settings = replace(settings, language=language)
    if asked["kind"] == "example":
        from umea_eval.processed.example import make_example  # noqa: PLC0415

        tell({"number": 0, "total": 0, "section": text("app.work.making_example", language)})
        make_example(asked["name"], settings, messy=True)
    return _clean(asked["name"], settings, tell)


def _clean(name: str, settings: Settings, tell: Tell) -> Mapping[str, Any]:
    from umea_eval.processed.clean import clean  # noqa: PLC0415 - the process has begun by now

    stages = iter(("reading", "checking"))

    def each(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        todo, stage = list(items), next(stages, "checking")
        for number, item in enumerate(todo, start=1):
            section = text(f"app.work.{stage}", settings.language)
            tell({"number": number, "total": len(todo), "section": section})
            yield work(item)

    clean(name, settings=settings, each=each)
    return {}


def _report(
    asked: Mapping[str, Any], settings: Settings, language: Language, tell: Tell
) -> Mapping[str, Any]:
    from umea_eval.runs.ahead import make_report  # noqa: PLC0415 - the process has begun by now
    from umea_eval.runs.produce import order  # noqa: PLC0415

    wanted = order(
        asked["name"],
        asked["assignments"],
        settings,
        language=language,
        report_language=asked["report_language"],
    )
    folder = make_report(
        wanted,
        settings,
        language=language,
        progress=lambda number, total, section: tell(
            {"number": number, "total": total, "section": section}
        ),
    )
    return {"folder": folder.relative_to(settings.reports).as_posix()}


def _stop_at_the_end() -> None:
    """Wait for the end of the input, then stop as Ctrl-C stops a command."""
    with suppress(OSError, ValueError):
        sys.stdin.read()
    if sys.platform == "win32":
        import _thread  # noqa: PLC0415

        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


if __name__ == "__main__":
    main()
