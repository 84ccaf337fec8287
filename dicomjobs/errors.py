"""The errors that end an association or an exchange, as one tree; everything a user wrote wrong is a diagnostic instead.

AssociationError                 the association cannot be established or cannot go on
├── ConnectionFailed             name resolution, TCP connect, or the socket itself broke
│   └── HostUnknown              the name does not resolve
├── TlsHandshakeFailed           TLS said no (certificate, version, cipher, silent peer)
├── AssociationRejected          A-ASSOCIATE-RJ: result, source and reason (PS3.8 9.3.4)
├── AssociationAborted           A-ABORT or A-P-ABORT from the peer (PS3.8 9.3.8)
├── ReleasedByPeer               A-RELEASE-RQ while we waited for an answer
├── ConnectionLost               the peer closed or reset the connection
├── RequestTooLong               what is to be negotiated does not fit in an A-ASSOCIATE-RQ
├── NoContextAccepted            no proposed presentation context was accepted
├── CannotListen                 the port where the peer would report to us is not to be had
├── IdentityNotConfirmed         a positive response to the user identity was asked for and did not come
├── ProtocolError                bytes or answers that the standard does not allow
│   ├── MalformedPdu             a PDU that cannot be decoded (PS3.8 9.3)
│   └── NotDicom                 the port answers, but in another protocol
├── Timeout                      one of the four clocks ran out; `clock` says which
└── Interrupted                  we were told to stop while waiting
NotSendable                      a local file cannot become the data set of a C-STORE; `reason` is an instance reason
JournalUnavailable               the ledger cannot be read or written (disk full, damaged, wrong format)
"""

from __future__ import annotations

from enum import Enum


class Remedy(Enum):
    """What may be tried after an error: the retry class of the fault (transient, permanent, configuration)."""

    TRY_AGAIN = "transient"
    GIVE_UP = "permanent"
    FIX_CONFIGURATION = "configuration"


class AssociationError(Exception):
    """The association cannot be established or cannot go on; `words` say what happened, `hint` what to try."""

    reason = "association_failed"
    remedy = Remedy.TRY_AGAIN
    requested = False
    """Whether the connection stood, so that presentation contexts were proposed on it."""
    refused = 0
    """How many presentation contexts the peer refused, where it accepted the association and none of them."""

    def __init__(self, words: str, *, hint: str = "") -> None:
        """Keep the sentence for the report and the advice that goes with it."""
        super().__init__(words)
        self.words = words
        self.hint = hint


class ConnectionFailed(AssociationError):
    """TCP connect failed, or the local socket could not be made."""

    reason = "connection_failed"


class HostUnknown(ConnectionFailed):
    """The host name does not resolve."""

    reason = "host_unknown"
    remedy = Remedy.FIX_CONFIGURATION


class TlsHandshakeFailed(AssociationError):
    """The TLS handshake failed."""

    reason = "tls_failed"
    remedy = Remedy.FIX_CONFIGURATION


class AssociationRejected(AssociationError):
    """A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    reason = "association_rejected"

    def __init__(self, words: str, *, hint: str, result: int, source: int, diagnostic: int) -> None:
        """Keep the three octets of the PDU beside the words for them."""
        super().__init__(words, hint=hint)
        self.result, self.source, self.diagnostic = result, source, diagnostic
        self.remedy = Remedy.TRY_AGAIN if result == 2 else Remedy.FIX_CONFIGURATION


class AssociationAborted(AssociationError):
    """A-ABORT (source 0) or A-P-ABORT (source 2) from the peer (PS3.8 9.3.8)."""

    reason = "association_aborted"

    def __init__(self, words: str, *, hint: str = "", source: int, diagnostic: int) -> None:
        """Keep the source and reason octets of the PDU."""
        super().__init__(words, hint=hint)
        self.source, self.diagnostic = source, diagnostic


class ReleasedByPeer(AssociationError):
    """The peer asked to release the association while an answer was due."""

    reason = "released_by_peer"


class ConnectionLost(AssociationError):
    """The peer closed or reset the connection without an A-ABORT or A-RELEASE."""

    reason = "connection_lost"


class RequestTooLong(AssociationError):
    """An item of the A-ASSOCIATE-RQ is longer than its two-byte length can say (PS3.8 9.3.2)."""

    reason = "request_too_long"
    remedy = Remedy.FIX_CONFIGURATION


class NoContextAccepted(AssociationError):
    """The peer accepted the association but none of its presentation contexts."""

    reason = "no_context_accepted"
    remedy = Remedy.GIVE_UP


class CannotListen(AssociationError):
    """The local port on which a peer reports to us cannot be opened."""

    reason = "cannot_listen"
    remedy = Remedy.FIX_CONFIGURATION


class IdentityNotConfirmed(AssociationError):
    """The peer did not send the positive user identity response that was asked for (PS3.7 D.3.3.7)."""

    reason = "identity_not_confirmed"
    remedy = Remedy.FIX_CONFIGURATION


class ProtocolError(AssociationError):
    """The peer sent what the standard does not allow, or an answer to another request."""

    reason = "protocol_error"
    remedy = Remedy.GIVE_UP


class MalformedPdu(ProtocolError):
    """A PDU whose bytes cannot be decoded (PS3.8 9.3)."""

    reason = "malformed_pdu"


class NotDicom(ProtocolError):
    """The port answers an A-ASSOCIATE-RQ in another protocol."""

    reason = "not_dicom"
    remedy = Remedy.FIX_CONFIGURATION


class Timeout(AssociationError):
    """A deadline passed; `clock` is connect, acse, dimse or network, the key under `timeouts:` that set it."""

    reason = "timeout"

    def __init__(self, words: str, *, hint: str = "", clock: str) -> None:
        """Keep which of the four clocks ran out."""
        super().__init__(words, hint=hint)
        self.clock = clock


class Interrupted(AssociationError):
    """We were told to stop while waiting for the peer."""

    reason = "interrupted"


class NotSendable(Exception):
    """A local file cannot become the data set of a C-STORE; `reason` is one of the instance reasons in events.py."""

    def __init__(self, reason: str, words: str) -> None:
        """Keep the reason's name and the sentence for the report."""
        super().__init__(words)
        self.reason = reason
        self.words = words


class JournalUnavailable(Exception):
    """The ledger cannot be read or written; the run must not send another byte."""
