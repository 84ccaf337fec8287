"""From YAML to the outputs of a query: each a file, or a folder for a format that has a file a match."""

from __future__ import annotations

from dicomjobs.config.attribute_paths import NotAnAttribute, parse_path
from dicomjobs.config.cursor import Cursor
from dicomjobs.model.job import FILE_EACH, TABLES, IfExists, Output, OutputFormat


def build_output(at: Cursor) -> Output:
    """Return one output; a bare name stays one and lands in the run directory."""
    written = at["format"].word(OutputFormat)
    columns = at["columns"]
    if written not in TABLES and any(columns.items()):
        columns.error(
            "DJ571", f"`{written.value}` holds whole matches and has no columns", hint="leave the columns out"
        )
    place = _place(at, written)
    return Output(
        format=written,
        file=None if written in FILE_EACH else place,
        directory=place if written in FILE_EACH else None,
        columns=tuple(map(_column, columns.items())),
        if_exists=at["if_exists"].word(IfExists),
    )


def _place(at: Cursor, written: OutputFormat) -> str:
    """Return the file or folder of an output, "" after a mistake."""
    needed, other = ("directory", "file") if written in FILE_EACH else ("file", "directory")
    place, wrong = at.get(needed), at.get(other)
    if place is None or wrong is not None:
        what = "a file for each match" if written in FILE_EACH else "one file"
        at.error(
            "DJ570",
            f"`format: {written.value}` writes {what}",
            hint=f"say where with `{needed}:`" + _instead(wrong, other),
        )
        return ""
    return place.path() if "/" in place.text() else place.text()


def _instead(wrong: Cursor | None, other: str) -> str:
    """Return what to say of a key that does not belong."""
    return f" instead of `{other}:`" if wrong is not None else ""


def _column(at: Cursor) -> str:
    """Return the heading of a column: a keyword, the tag of an attribute that has none, or a path of them into sequences."""
    path = parse_path(at.text())
    if isinstance(path, NotAnAttribute):
        at.error("DJ501", path.summary, hint=path.hint)
        return at.text()
    steps = (
        (step.attribute.keyword or f"{step.attribute.tag:08X}") + ("" if step.item is None else f"[{step.item}]")
        for step in path
    )
    return ".".join(steps)
