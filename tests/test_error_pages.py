"""Every message that a user can meet leads to a page that says how it is mended."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import umea_eval
from tests.conftest import Run
from umea_eval.error_pages import code_of, messages, pages
from umea_eval.errors import UserError
from umea_eval.language import LANGUAGES, catalogue, rooms

PACKAGE = Path(umea_eval.__file__).parent
KEYS = {key for room in (None, *rooms()) for key in catalogue(room)}


def raised(tree: ast.Module) -> Iterator[str]:
    """The keys that a module gives its UserErrors; those that are made at run time, by their start.

    A key that comes by a variable can be any that the function spells out, or else the module.
    """
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not call.args:
            continue
        if call.func.id not in ("UserError", "Withheld"):
            continue
        given = call.args[0]
        if isinstance(given, ast.Constant):
            yield given.value
        elif isinstance(given, ast.JoinedStr):
            start = given.values[0]
            assert isinstance(start, ast.Constant)
            yield from (key for key in KEYS if key.startswith(start.value))
        else:
            around = [node for node in functions if call in ast.walk(node)]
            yield from next(keys for node in (*around, tree) if (keys := spelt_out(node)))


def spelt_out(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value in KEYS
    }


def all_raised() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "UserError(" in source or "Withheld(" in source:
            found |= set(raised(ast.parse(source)))
    return found


def test_every_error_has_a_page_in_both_languages() -> None:
    keys = all_raised()
    assert len(keys) > 300
    assert sorted(key for key in keys if code_of(key) is None) == []
    for page in pages().values():
        for language in LANGUAGES:
            assert page.title[language], page.code
            assert page.why[language], page.code
            assert page.mend[language], page.code


def test_every_page_is_reached_by_a_message_and_every_key_of_it_exists() -> None:
    for page in pages().values():
        assert re.fullmatch(r"E[1-8]\d\d", page.code)
        assert messages(page.code, "sv"), page.code
        for given in page.keys:
            assert any(
                key == given or (given[-1] in "._" and key.startswith(given)) for key in KEYS
            ), f"{page.code}: {given}"
    named = [given for page in pages().values() for given in page.keys]
    assert len(named) == len(set(named))


def test_a_template_is_shown_without_its_fields() -> None:
    shown = "\n".join(line for code in pages() for line in messages(code, "sv"))
    assert "{{" not in shown
    assert not re.search(r"\{\w+(:[^}]*)?\}", shown)


def test_an_error_tells_where_to_read_more_in_a_traceback_too() -> None:
    error = UserError("intake.password", file="a.xlsx")
    assert error.code == "E103"
    assert str(error).startswith("Filen a.xlsx är skyddad med lösenord.")
    with pytest.raises(UserError) as caught:
        raise error
    assert caught.value.__notes__ == ["Läs mer: umea-eval help E103"]
    assert error.more("en") == "Read more: umea-eval help E103"


def test_the_terminal_shows_code_and_page(tmp_path: Path, umea_eval: Run) -> None:
    failed = umea_eval(tmp_path, "clean")
    assert failed.returncode == 2
    assert failed.stderr.splitlines()[-1] == "Läs mer: umea-eval help E401"
    page = umea_eval(tmp_path, "--language", "en", "help", "e401")
    assert page.returncode == 0
    assert page.stdout.startswith("E401  You are not in a project\n")
    assert "  1. Go to the project's folder" in page.stdout
    every = umea_eval(tmp_path, "help").stdout.splitlines()
    assert [line.split()[0] for line in every] == list(pages())
    unknown = umea_eval(tmp_path, "help", "E999")
    assert unknown.returncode == 2
    assert "E999" in unknown.stderr
