"""What a peer was found to accept, as a document that stands alone and that a job file can include.

The same findings give the same document, but for the time in its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from dicomjobs.dcmtk.job_text import literal, scalar, visible
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.acceptance import Acceptance
from dicomjobs.model.peer import Peer

_LONGEST = 64
"""Characters of what a peer says of itself; more than the standard allows is nobody's name."""
_NAME = re.compile(r"[^\s./\\:@${}-][^\s/\\:@${}]{0,63}")


def acceptance_lines(acceptance: Acceptance, *, peer: Peer, at: datetime) -> Iterator[str]:
    """Yield the lines without their ends; `at` is when the peer was asked."""
    yield f"# What {visible(peer.name)} accepts: dicomjobs probe, {at:%Y-%m-%d %H:%M} UTC."
    yield "dicomjobs: 1"
    yield "peers:"
    yield f"  {scalar(literal(_peer_name(peer)))}:"
    yield from _address(peer)
    yield "    accepts:"
    yield f"      max_pdu: {acceptance.max_pdu}"
    for key, text in (
        ("implementation_class_uid", acceptance.implementation_class_uid),
        ("implementation_version", acceptance.implementation_version),
    ):
        if text:
            yield f"      {key}: {scalar(literal(visible(text[:_LONGEST])))}"
    window = acceptance.asynchronous_window
    yield f"      asynchronous_window: {{invoked: {window.invoked}, performed: {window.performed}}}"
    if acceptance.scp_role:
        yield "      scp_role:"
        yield from (f"        - {name_of(uid)}" for uid in acceptance.scp_role)
    yield from _storage(acceptance)


def _address(peer: Peer) -> Iterator[str]:
    """Yield who was asked."""
    if peer.embedded_directory:
        yield f"    embedded: {{directory: {scalar(literal(peer.embedded_directory))}}}"
    else:
        yield f"    host: {scalar(literal(peer.host))}"
        yield f"    port: {peer.port}"
    yield f"    called_ae_title: {scalar(literal(peer.called_ae_title))}"


def _storage(acceptance: Acceptance) -> Iterator[str]:
    """Yield the classes that are accepted in the same transfer syntaxes together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for uid, syntaxes in acceptance.storage.items():
        groups.setdefault(syntaxes, []).append(uid)
    yield "      storage:" if groups else "      storage: []"
    for syntaxes, classes in groups.items():
        yield "        - sop_classes:"
        yield from (f"            - {name_of(uid)}" for uid in classes)
        yield "          transfer_syntaxes:"
        yield from (f"            - {name_of(uid)}" for uid in syntaxes)


def _peer_name(peer: Peer) -> str:
    """Return the name under which a document can have the peer: its own, or one made of its AE title."""
    if _NAME.fullmatch(peer.name):
        return peer.name
    return re.sub(r"[^A-Za-z0-9_-]", "_", peer.called_ae_title.strip()).lstrip("-") or "peer"
