"""From YAML to the outputs of a query: each a file, or a folder for a format that has a file a match."""

from __future__ import annotations

from dicomjobs.config.attribute_paths import NotAnAttribute, parse_path
from dicomjobs.config.cursor import Cursor
from dicomjobs.dicom.attributes import Attribute, by_keyword, keyword_of
from dicomjobs.dicom.data_dictionary import DataDictionary, in_block
from dicomjobs.model.job import FILE_EACH, TABLES, IfExists, Output, OutputFormat, Split
from dicomjobs.model.query import Identifier, Query


def build_output(at: Cursor, query: Query, dictionary: DataDictionary) -> Output:
    """Return one output of a query; a bare name stays one and lands in the run directory."""
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
        columns=tuple(_column(each, query.identifier, dictionary) for each in columns.items()),
        if_exists=at["if_exists"].word(IfExists),
    )


def build_split(at: Cursor) -> Split | None:
    """Return how a query is cut into windows, None for one that is not."""
    split = at.get("split")
    if split is None:
        return None
    by = split["by"].text()
    attribute = by_keyword(by)
    if attribute is None or attribute.vr != "DA":
        split["by"].error("DJ577", f"`{by}` is no attribute that holds a date", hint="for example StudyDate")
    for key in ("cancel_after", "repeat"):
        if at[key].whole() > (key == "repeat"):
            at[key].error("DJ577", f"`{key}` and `split` exclude each other", hint=f"leave `{key}` out", at_key=True)
    return Split(by=by, cap=split["cap"].whole())


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


def _column(at: Cursor, identifier: Identifier, dictionary: DataDictionary) -> str:
    """Return a column: a keyword, the tag of an attribute that has none, or a path of them into sequences.

    Before one that the standard has no name for stands the name that the user has, with `=` between them.
    """
    path = parse_path(at.text(), dictionary)
    if isinstance(path, NotAnAttribute):
        at.error("DJ501", path.summary, hint=path.hint)
        return at.text()
    steps: list[str] = []
    for step in path:
        tag = _tag_in(identifier, step.attribute)
        if tag is None:
            words = f"the query asks for nothing of {step.attribute.creator}, so nobody knows the tag of `{at.text()}`"
            at.error("DJ501", words, hint=f"add `{at.text()}` to the keys of the query, or write its tag")
            return at.text()
        steps.append((keyword_of(tag) or f"{tag:08X}") + ("" if step.item is None else f"[{step.item}]"))
        items = next((element.items for element in identifier if element.tag == tag), ())
        identifier = items[0] if items else ()
    written, name = ".".join(steps), path[-1].attribute.keyword
    return written if not name or by_keyword(name) else f"{name}={written}"


def _tag_in(identifier: Identifier, attribute: Attribute) -> int | None:
    """Return the tag of an attribute, a private one in the block that a query has for its creator; None when it has none."""
    if not attribute.creator:
        return attribute.tag
    reserving = (element.tag for element in identifier if element.values == (attribute.creator,))
    return next((placed for tag in reserving if (placed := in_block(attribute.tag, tag)) is not None), None)
