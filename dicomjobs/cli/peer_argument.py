"""The PEER of `echo`, `probe` and `find`: the name of a peer in a document, or AET@host:port; it knows nothing of what is asked of it."""

from __future__ import annotations

import re
from dataclasses import replace

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.address import peer_at
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.config.workspace import MissingParameters, Workspace
from dicomjobs.dicom.ae_title import ae_title_problem
from dicomjobs.model.peer import Peer

_FORM = "write the name of a peer with -f FILE, or AET@host:port, as ARCHIVE@pacs.example.org:104"
_ADDRESS = re.compile(
    r"(?P<title>.*)@(?:\[(?P<bracketed>[0-9A-Fa-f:.%]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})"
)


def peer_of(arguments: Arguments) -> Peer:
    """Return the peer that PEER means, a name being looked up in the document of -f; raises InvalidInput.

    A name has neither `@` nor `:`, so that what is meant is never in doubt. An address takes nothing from a document.
    """
    text = arguments.peer
    if "@" in text or ":" in text:
        if arguments.file:
            hint = f"leave out -f {arguments.file}, or write the name that the peer has there"
            raise refusal("DJ612", f"`{text}` is an address, which no document has to explain", hint=hint)
        return _at_address(text)
    if not arguments.file:
        raise refusal("DJ612", f"`{text}` is the name of a peer, and no document that knows it was given", hint=_FORM)
    return _named(text, read_workspace(arguments, missing_parameters=MissingParameters.REFUSE))


def _named(name: str, workspace: Workspace) -> Peer:
    """Return a peer by its name in a document."""
    peers = {peer.name: peer for peer in workspace.peers}
    if name not in peers:
        hint = did_you_mean(name, peers) if peers else "the document declares no peers"
        raise refusal("DJ612", f"there is no peer `{name}` in {workspace.file}", hint=hint)
    return peers[name]


def _at_address(text: str) -> Peer:
    """Return the peer at AET@host:port; an IPv6 address stands in brackets."""
    parts = _ADDRESS.fullmatch(text)
    if parts is None:
        raise refusal("DJ612", f"`{text}` is not AET@host:port", hint=_FORM)
    title, port = parts["title"], int(parts["port"])
    if problem := ae_title_problem(title):
        raise refusal("DJ612", f"`{text}`: the AE title {problem}", hint=_FORM)
    if not 1 <= port <= 65_535:
        raise refusal("DJ612", f"`{text}`: {port} is no port: 1 to 65535 are")
    peer = peer_at(called_ae_title=title, host=parts["bracketed"] or parts["host"], port=port)
    return replace(peer, name=text)
