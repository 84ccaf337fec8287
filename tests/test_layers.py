"""The import law: which package may import which, and which library is named in one place only."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1] / "dicomjobs"

ALLOWED: dict[str, set[str]] = {
    "dicom": {"dicom", "errors"},
    "diagnostics": set(),
    "errors": set(),
    "resources": set(),
    "model": {"model", "dicom"},
    "config": {"config", "dcmtk", "model", "dicom", "diagnostics", "resources"},
    "dcmtk": {"dcmtk", "model", "dicom", "diagnostics", "errors"},
    "plan": {"plan", "model", "dicom", "diagnostics"},
    "events": {"plan", "model", "dicom", "errors"},
    "disk": {"disk", "dcmtk", "plan", "model", "dicom", "errors", "diagnostics"},
    "answers": {"answers", "model", "dicom", "errors"},
    "wire": {"wire", "answers", "events", "model", "dicom", "errors"},
    "pixels": {"pixels", "model", "dicom", "errors"},
    "ledger": {"ledger", "execute.ports", "events", "plan", "model", "errors"},
    "report": {"report", "answers", "events", "plan", "model", "dicom"},
    "execute": {"execute", "plan", "events", "model", "dicom", "errors"},
    "cli": {
        "answers",
        "cli",
        "config",
        "dcmtk",
        "plan",
        "disk",
        "wire",
        "pixels",
        "ledger",
        "report",
        "execute",
        "events",
        "model",
        "dicom",
    }
    | {"diagnostics", "errors", "resources", "__init__"},
    "__main__": {"cli"},
    "__init__": set(),
}
"""Each part of dicomjobs and the parts it may import."""

LIBRARIES: dict[str, set[str]] = {
    "socket": {"wire"},
    "ssl": {"wire"},
    "selectors": {"wire"},
    "pynetdicom": {"wire.receive", "wire.receive_server", "wire.receive_reports"},
    "pydicom": {"disk", "pixels", "wire"},
    "sqlite3": {"ledger"},
    "rich": {"cli"},
    "shtab": {"cli"},
    "platformdirs": {"cli"},
    "yaml": {"config"},
    "jsonschema": {"config"},
    "referencing": {"config"},
}
"""Libraries with one translation point, and where that is; any other third party is in nobody's list."""

PURE = ("answers", "model", "plan", "events", "execute", "report")
"""Parts that do no I/O of their own."""

DOES_IO = frozenset({"os", "pathlib", "io", "tempfile", "shutil", "subprocess", "socket", "ssl", "sqlite3", "time"})


def _modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(ROOT.rglob("*.py"))


def _name(path: Path) -> str:
    """Return a module's name below dicomjobs, dotted."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _first(name: str) -> str:
    """Return the first part of a dotted name."""
    return name.split(".", maxsplit=1)[0]


def _part(path: Path) -> str:
    """Return the part of the package that a module belongs to."""
    return _first(_name(path))


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Return the names of all modules that a module imports, also inside functions."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return (*plain, *(node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)))


def _within(name: str, allowed: set[str]) -> bool:
    """Tell whether a dotted name is one of the allowed parts or inside one."""
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def test_a_module_imports_only_what_its_layer_may() -> None:
    """The house has one direction: up."""
    wrong = [
        f"{_name(path)} imports {ours}"
        for path in _modules()
        for name in _imports(path)
        if name.startswith("dicomjobs")
        if not _within(ours := name[len("dicomjobs.") :] or "__init__", ALLOWED[_part(path)])
    ]

    assert wrong == []


def test_a_library_is_imported_only_at_its_translation_point() -> None:
    """One place knows sockets, one knows SQLite, and so on."""
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules()
        for name in _imports(path)
        if (library := _first(name)) in LIBRARIES and not _within(_name(path), LIBRARIES[library])
    ]

    assert wrong == []


def test_the_pure_parts_do_no_input_or_output() -> None:
    """They are handed what they need."""
    wrong = [
        f"{_name(path)} imports {name}"
        for path in _modules()
        for name in _imports(path)
        if _part(path) in PURE and _first(name) in DOES_IO
    ]

    assert wrong == []


def test_every_part_of_the_package_has_its_row_in_the_law() -> None:
    """A new folder has to be thought about."""
    parts = {_part(path) for path in _modules()}

    assert parts == set(ALLOWED)


def test_the_law_would_notice_a_forbidden_import() -> None:
    """The check itself can fail."""
    assert not _within("wire.connect", ALLOWED["execute"])
    assert _within("execute.ports", ALLOWED["ledger"])
    assert not _within("execute.executor", ALLOWED["ledger"])
