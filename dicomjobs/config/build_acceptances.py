"""What a document says that a peer accepts, as a value; it knows how that is written and not what it is held against."""

from __future__ import annotations

from collections.abc import Iterator

from dicomjobs.config.build_profiles import abstract_syntax, transfer_syntax
from dicomjobs.config.cursor import Cursor
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.association import AsynchronousWindow


def build_acceptance(at: Cursor) -> Acceptance:
    """Return what a mapping means."""
    window = at["asynchronous_window"]
    return Acceptance(
        storage=dict(_storage(at["storage"])),
        scp_role=tuple(map(abstract_syntax, at["scp_role"].items())),
        max_pdu=at["max_pdu"].whole(),
        implementation_class_uid=_text(at, "implementation_class_uid"),
        implementation_version=_text(at, "implementation_version"),
        asynchronous_window=AsynchronousWindow(
            invoked=window["invoked"].whole(), performed=window["performed"].whole()
        ),
    )


def _storage(at: Cursor) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each class with its transfer syntaxes."""
    for group in at.items():
        syntaxes = tuple(map(transfer_syntax, group["transfer_syntaxes"].items()))
        for sop_class in group["sop_classes"].items():
            yield abstract_syntax(sop_class), syntaxes


def _text(at: Cursor, key: str) -> str:
    """Return a text that may be left out."""
    found = at.get(key)
    return found.text() if found else ""
