"""What does a report depend on, and which of it has changed since the report was made?

A report depends on its notebook, its parameters, the code that the notebook really uses, the code
and templates that make its page, the environment (Python and packages), the settings, and data.
All but the data are known before a run (``Key``); the data are what the run registered and read
(``kept_of``). Both stand in the report's manifest.

The code that a notebook uses is found by reading, not by running: the modules that its cells
import, those that these import, and so on, also within functions, with the words and templates that
lie beside them. Packages of others are known by their versions.
"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from umea_eval.report.provenance import CODE, PACKAGE, python_version
from umea_eval.runs.cells import cell_source, is_injected, notebook_cells
from umea_eval.runs.parameters import Value, as_code
from umea_eval.settings import FILE, Settings

# What runs cells, and what makes a page of them: every report depends on these modules.
KERNEL = "umea_eval.runs.kernel"
PAGE = ("umea_eval.report.page", "umea_eval.runs.produce", "umea_eval.report.tables")
# A file changed this shortly before it was read may change again without its time telling.
_SETTLED_NS = 2_000_000_000

Stamp = tuple[int, int, int]
Known = tuple[Stamp, str, tuple[str, ...] | None]
"""A file's stamp, SHA-256 and, for Python, the modules that it imports."""


@dataclass(frozen=True)
class Key:
    """A hash of each thing that is known before a run."""

    notebook: str
    parameters: str
    code: str
    template: str
    environment: str
    settings: str


PARTS = tuple(Key.__dataclass_fields__)
DATA = "data"


class Sources:
    """Files of a project with their hashes. What is remembered of an unchanged file is not read.

    ``known`` remembers between runs: a mapping from path.
    """

    def __init__(self, root: Path, known: MutableMapping[str, Known] | None = None) -> None:
        self.root = root
        self.known: MutableMapping[str, Known] = {} if known is None else known
        self._modules: dict[str, Path | None] = {}
        self._code: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {}
        self._trusted: set[str] = set()

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file. Raises OSError."""
        return self._facts(path)[1]

    def imports(self, path: Path) -> tuple[str, ...]:
        """The modules that a Python file imports anywhere, by their full names."""
        return self._facts(path)[2] or ()

    def data(self, path: Path) -> str:
        """SHA-256 of a file or folder, as the report object computes it; empty if there is none."""
        try:
            if not path.is_dir():
                return self.sha256(path)
            digest = hashlib.sha256()
            for file in sorted(path.rglob("*"), key=lambda own: own.relative_to(path).as_posix()):
                own = file.relative_to(path)
                if file.is_file() and not any(part.startswith(".") for part in own.parts):
                    digest.update(f"{self.sha256(file)}  {own.as_posix()}\n".encode())
            return digest.hexdigest()
        except OSError:
            return ""

    def code(self, modules: Iterable[str]) -> tuple[str, tuple[str, ...]]:
        """SHA-256 of all our own code that ``modules`` use, and what it imports.

        Some of the names imported are no modules, but names in one.
        """
        wanted = tuple(sorted(set(modules)))
        if wanted not in self._code:
            self._code[wanted] = self._code_of(wanted)
        return self._code[wanted]

    def _code_of(self, modules: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        files: set[Path] = set()
        waiting, seen = list(modules), set(modules)
        while waiting:
            name = waiting.pop()
            path = self._module(name)
            if path is None:
                package, _, inner = name.rpartition(".")
                home = _exports().get(inner) if package == PACKAGE.name else None
                if home is not None and home not in seen:
                    seen.add(home)
                    waiting.append(home)
                continue
            files.add(path)
            files.update(_beside(path))
            # A module's packages are imported before it.
            parents = name.split(".")[:-1]
            outer = [".".join(parents[: count + 1]) for count in range(len(parents))]
            new = {*outer, *self.imports(path)} - seen
            seen |= new
            waiting += new
        digest = hashlib.sha256()
        for path in sorted(files, key=self._named):
            digest.update(f"{self.sha256(path)}  {self._named(path)}\n".encode())
        return digest.hexdigest(), tuple(sorted(filter(self._importable_before, seen)))

    def _importable_before(self, name: str) -> bool:
        """Whether a server may import a module before the run that will use it.

        Not the project's own: what such a module reads when it is imported is for the run to see.
        """
        path = self._module(name)
        if path is not None:
            return path.is_relative_to(PACKAGE)
        return not self._own(name)

    def _named(self, path: Path) -> str:
        for folder in (PACKAGE.parent, self.root):
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return path.as_posix()

    def _own(self, name: str) -> bool:
        """Whether a name that is no module lies in a module of ours: a function, a class."""
        return "." in name and self._module(name.rpartition(".")[0]) is not None

    def _module(self, name: str) -> Path | None:
        """The file of a module of ours or the project's."""
        if name not in self._modules:
            self._modules[name] = next(
                (
                    candidate
                    for folder in (PACKAGE.parent, self.root)
                    if folder == self.root or name.partition(".")[0] == PACKAGE.name
                    for candidate in _candidates(folder, name)
                    if candidate.is_file()
                ),
                None,
            )
        return self._modules[name]

    def _facts(self, path: Path) -> Known:
        name = str(path)
        if name in self._trusted:
            return self.known[name]
        facts = path.stat()
        stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        known = self.known.get(name)
        if known is None or known[0] != stamp:
            content = path.read_bytes()
            # Any line ending is the same code, as in `code_sha256`; data are what they are.
            ours = path.suffix in CODE and path.is_relative_to(PACKAGE)
            plain = content.replace(b"\r\n", b"\n") if ours else content
            imports = _imports(content, self._package(path)) if path.suffix == ".py" else None
            if time.time_ns() - facts.st_mtime_ns < _SETTLED_NS:
                stamp = (0, 0, 0)  # read it again next time
            known = (stamp, hashlib.sha256(plain).hexdigest(), imports)
            self.known[name] = known
        self._trusted.add(name)
        return known

    def _package(self, path: Path) -> str:
        return ".".join(Path(self._named(path)).parent.parts)


def _candidates(folder: Path, name: str) -> tuple[Path, Path]:
    place = folder.joinpath(*name.split("."))
    return place.with_name(f"{place.name}.py"), place / "__init__.py"


def _beside(path: Path) -> Iterator[Path]:
    """Words and templates beside a module: in its folder, and in folders there without modules."""
    for entry in _entries(path.parent):
        if entry.suffix in CODE and entry.suffix != ".py":
            yield entry


@cache
def _entries(folder: Path) -> tuple[Path, ...]:
    if not folder.is_relative_to(PACKAGE):
        return ()
    found: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.is_file():
            found.append(entry)
        elif entry.name != "__pycache__" and not any(entry.glob("*.py")):
            found += [file for file in sorted(entry.rglob("*")) if file.is_file()]
    return tuple(found)


def _imports(source: bytes, package: str) -> tuple[str, ...]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()  # it says so itself when it is run
    return tuple(sorted(set(_imported(tree, package))))


def _imported(tree: ast.AST, package: str) -> Iterator[str]:
    ours = {PACKAGE.name}
    for node in _at_run_time(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            ours |= {alias.asname or "" for alias in node.names if alias.name == PACKAGE.name}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                outer = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*outer, base] if base else outer)
            yield base
            # What is imported may be a module or a name in one.
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Attribute) and _called(node.value) in ours:
            # `ue.Report`: a name that our package imports when it is asked for.
            yield f"{PACKAGE.name}.{node.attr}"


def _called(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those that only a type checker reads, from the top of the text down."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        yield node
        nevertheless = _type_checked(node)
        waiting += ast.iter_child_nodes(node) if nevertheless is None else nevertheless


def _type_checked(node: ast.AST) -> list[ast.stmt] | None:
    """For ``if TYPE_CHECKING:`` what runs nevertheless; None for any other node."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name):
        return node.orelse if node.test.id == "TYPE_CHECKING" else None
    return None


@cache
def _exports() -> Mapping[str, str]:
    """The names that our package imports when they are asked for, each with its module."""
    tree = ast.parse((PACKAGE / "__init__.py").read_bytes())
    return {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def notebook_imports(cells: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The modules that the cells of a notebook import, and the names of ours that they use."""
    statements: list[ast.stmt] = []
    for cell in cells:
        if cell.get("cell_type") == "code":
            # A line that only IPython understands (%magic, !command) hides no import of others.
            lines = [
                line if not line.lstrip().startswith(("%", "!", "?")) else ""
                for line in cell_source(cell).splitlines()
            ]
            with suppress(SyntaxError, ValueError):  # it says so itself when it is run
                statements += ast.parse("\n".join(lines)).body
    # As one program: a cell uses what another has imported (`ue.Report`).
    return tuple(sorted(set(_imported(ast.Module(statements, []), ""))))


def key_of(
    notebook: Path, values: Mapping[str, Value], settings: Settings, sources: Sources
) -> Key:
    """What a report of ``notebook`` with ``values`` depends on before it is run."""
    return part_of(notebook, settings, sources).with_values(values)


@dataclass(frozen=True)
class Part:
    """What all reports of one notebook depend on alike."""

    notebook: str
    code: str
    template: str
    environment: str
    settings: str
    modules: tuple[str, ...]
    """What the notebook and our code for it import; some are names in a module, not modules."""

    def with_values(self, values: Mapping[str, Value]) -> Key:
        """The key of one report."""
        return Key(
            notebook=self.notebook,
            parameters=_sha256(as_code(values)),
            code=self.code,
            template=self.template,
            environment=self.environment,
            settings=self.settings,
        )


def part_of(notebook: Path, settings: Settings, sources: Sources) -> Part:
    """What all reports of ``notebook`` depend on alike. Raises UserError if it is no notebook."""
    cells = notebook_cells(notebook)
    own = notebook_imports(cells)
    code, imported = sources.code((*own, KERNEL))
    return Part(
        notebook=_cells_sha256(cells),
        code=code,
        template=sources.code(PAGE)[0],
        environment=environment_sha256(),
        # A command may have chosen other formats than the file.
        settings=_sha256(",".join([sources.sha256(settings.root / FILE), *settings.formats])),
        modules=imported,
    )


def _cells_sha256(cells: Sequence[Mapping[str, Any]]) -> str:
    """What of a notebook reaches the report: no outputs, no counts. Opening it changes nothing."""
    kept = [
        [cell.get("id"), cell.get("cell_type"), cell.get("metadata"), cell_source(cell)]
        for cell in cells
        if not is_injected(cell)
    ]
    return _sha256(json.dumps(kept, sort_keys=True, ensure_ascii=False))


@cache
def environment_sha256() -> str:
    """SHA-256 of Python's version, the system and every installed package's version."""
    found = {
        entry.name.casefold()
        for folder in sys.path
        if folder and Path(folder).is_dir()
        for entry in Path(folder).glob("*.dist-info")
        if not entry.name.startswith("umea_eval-")  # our own code is hashed itself
    }
    return _sha256("\n".join([python_version(), sys.platform, platform.machine(), *sorted(found)]))


def kept_of(
    key: Key, inputs: Iterable[Mapping[str, Any]], reads: Iterable[str], sources: Sources
) -> dict[str, Any]:
    """What a report's manifest keeps of its dependencies.

    ``inputs`` are what the report object registered, ``reads`` the files that Python opened. The
    names of the files beside each of them are kept as well: a notebook may look for a file that was
    not there.
    """
    data = {entry["path"]: entry["sha256"] for entry in inputs}
    for name in reads:
        path = Path(name)
        shown = path.relative_to(sources.root).as_posix()
        if shown not in data and not _generated(path, sources.root):
            data[shown] = sources.data(path)
    folders = sorted({(sources.root / name).parent for name in data})
    return {
        **asdict(key),
        DATA: data,
        "beside": {_shown(folder, sources.root): _names(folder) for folder in folders},
    }


def _generated(path: Path, root: Path) -> bool:
    """Code is known by its imports, the settings by themselves; hidden files are nobody's data."""
    if path.is_relative_to(PACKAGE) or path.is_relative_to(sys.prefix):
        return True
    own = path.relative_to(root)
    return path.suffix in (".py", ".pyc") or own.parts[0] == FILE or own.parts[0].startswith(".")


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.name


def _names(folder: Path) -> str:
    try:
        names = sorted(
            entry.name
            for entry in folder.iterdir()
            if not entry.name.startswith(".") and entry.is_file()
        )
    except OSError:
        return ""
    return _sha256("\n".join(names))


def changes(kept: Mapping[str, Any], key: Key, sources: Sources) -> list[str]:
    """Which of a report's dependencies have changed: names of ``PARTS``, and files of data."""
    changed = [name for name, value in asdict(key).items() if kept.get(name) != value]
    data: Mapping[str, str] = kept.get(DATA, {})
    changed += [name for name, sha in data.items() if sources.data(sources.root / name) != sha]
    beside: Mapping[str, str] = kept.get("beside", {})
    changed += [
        f"{folder}/" for folder, names in beside.items() if _names(sources.root / folder) != names
    ]
    return changed


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
