"""A peer of which nothing is known but its address; everything else about it is as for a peer in a document that says no more.

It knows no file and no command line.
"""

from __future__ import annotations

import json

from dicomjobs.config.build_peers import build_peer
from dicomjobs.config.cursor import Cursor, Findings
from dicomjobs.config.documents import parse_document
from dicomjobs.config.schema import check_shape, document_schema
from dicomjobs.diagnostics import stop_on_errors
from dicomjobs.model.peer import Peer


def peer_at(*, called_ae_title: str, host: str, port: int) -> Peer:
    """Return the peer at an address, with the schema's defaults; its name is `AET@host:port`.

    Raises InvalidInput for what no document could say.
    """
    written = {"dicomjobs": 1, "peers": {"it": {"host": host, "port": port, "called_ae_title": called_ae_title}}}
    read, unread = parse_document(json.dumps(written).encode("ascii"), f"{called_ae_title}@{host}:{port}")
    stop_on_errors(unread)
    assert read is not None
    document, places, misshapen = check_shape(read.root, schema=document_schema())
    stop_on_errors(misshapen)
    root = Cursor(value=document, pointer=(), findings=Findings(places=places))
    return build_peer(root["peers"]["it"], name=None)
