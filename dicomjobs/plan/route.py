"""Which accepted presentation context an instance goes on, and whether it must be converted for it; pure, knows no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from dicomjobs.dicom.transfer_syntaxes import CONVERSION_ORDER, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, is_native
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.association import AcceptedContext


class NativeRoute(Enum):
    """Which accepted context a file with native pixel data takes first: one in its own transfer syntax, or a deflated one."""

    OWN_SYNTAX = "own_syntax"
    DEFLATED = "deflated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The context to use; `convert` when the accepted transfer syntax is not the file's own."""

    context_id: int
    transfer_syntax: str
    convert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoute:
    """No accepted context can carry the instance; `words` say what was accepted."""

    words: str


def choose_route(
    *, sop_class_uid: str, transfer_syntax: str, accepted: Iterable[AcceptedContext], natives: NativeRoute
) -> Route | NoRoute:
    """Prefer the file's own transfer syntax, then convert among the native ones; encapsulated data is never decoded."""
    offers = [context for context in accepted if context.abstract_syntax == sop_class_uid]
    for wanted in wanted_syntaxes(transfer_syntax, natives):
        for context in offers:
            if context.transfer_syntax in wanted:
                return Route(
                    context_id=context.context_id,
                    transfer_syntax=context.transfer_syntax,
                    convert=context.transfer_syntax != transfer_syntax,
                )
    return NoRoute(words=_explain(sop_class_uid, transfer_syntax, offers))


def wanted_syntaxes(transfer_syntax: str, natives: NativeRoute) -> tuple[frozenset[str], ...]:
    """Return what a file in this transfer syntax can be sent in, best first, any of a set being as good as another.

    The order is that of DCMTK, where a preference for deflated takes the place of the file's own transfer syntax.
    """
    if not is_native(transfer_syntax):
        return (frozenset({transfer_syntax}),)
    first = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN if natives is NativeRoute.DEFLATED else transfer_syntax
    return (frozenset({first}), *CONVERSION_ORDER)


def _explain(sop_class_uid: str, transfer_syntax: str, offers: list[AcceptedContext]) -> str:
    """Say what the file would need and what there is."""
    need = f"{name_of(sop_class_uid)} in {name_of(transfer_syntax)}"
    if not offers:
        return f"no presentation context was accepted for {need}"
    have = ", ".join(dict.fromkeys(name_of(c.transfer_syntax) for c in offers))
    return f"no presentation context was accepted for {need}; for this SOP class the peer accepted only {have}"
