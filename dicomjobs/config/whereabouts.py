"""Where in a document and the files that it includes something is said, for whoever finds out later that it does not hold.

It knows places, and not what they are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dicomjobs.config.documents import Document, with_source_lines
from dicomjobs.config.places import Places, Pointer, nearest_place
from dicomjobs.diagnostics import Diagnostic
from dicomjobs.model.peer import Peer
from dicomjobs.model.send_set import SendSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The files that were read, the places of all that stands in them, and where peers and send sets are declared."""

    documents: tuple[Document, ...]
    places: Places
    declared: Mapping[Peer | SendSet, Pointer]

    def located(self, diagnostic: Diagnostic, pointer: Pointer) -> Diagnostic:
        """Return a diagnostic with a place, or that of the nearest thing around it, and the line that stands there."""
        place = nearest_place(self.places, pointer)
        placed = replace(diagnostic, location=place.value if place else None)
        return with_source_lines((placed,), self.documents)[0]
