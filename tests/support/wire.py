"""What a test of the network needs besides a peer: a Peer value with short timeouts, a proposal, payloads and a stop signal."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest

from dicomjobs.dicom.tls_profiles import TlsProfile
from dicomjobs.model.association import Proposal, ProposedContext
from dicomjobs.model.dimse import Response, StoreRequest
from dicomjobs.model.peer import AddressFamily, MaximumPdu, Peer, Timeouts, UserIdentity
from dicomjobs.model.secret import SecretReference
from dicomjobs.model.stop import StopSignal, StopState
from dicomjobs.model.tls import CertificateFormat, TlsSettings
from dicomjobs.wire.association import Association
from dicomjobs.wire.connect import connect

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
VERIFICATION = "1.2.840.10008.1.1"
STUDY_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
IMPLICIT_LITTLE, EXPLICIT_LITTLE = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
STORE_CT = StoreRequest(sop_class_uid=CT, sop_instance_uid="1.2.3.4")

SHORT = 0.4
"""Seconds of every clock in a test that waits for one of them to run out."""


class Stop:
    """A stop signal that a test sets, from any thread."""

    def __init__(self) -> None:
        self.state = StopState.RUNNING
        self._finish, self._abort = os.pipe(), os.pipe()
        self.finish_fd, self.abort_fd = self._finish[0], self._abort[0]

    def finish(self) -> None:
        """Move to FINISHING."""
        self.state = StopState.FINISHING
        os.write(self._finish[1], b"x")

    def abort(self) -> None:
        """Move to ABORTING."""
        self.state = StopState.ABORTING
        os.write(self._finish[1], b"x")
        os.write(self._abort[1], b"x")

    def close(self) -> None:
        """Close the descriptors."""
        for fd in (*self._finish, *self._abort):
            os.close(fd)


class Bytes:
    """A payload of chunks in memory that counts how often it was closed."""

    def __init__(self, *chunks: bytes, length: int | None = None) -> None:
        self.length = sum(map(len, chunks)) if length is None else length
        self.closed = 0
        self._chunks = chunks

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Give the chunks."""
        yield from self._chunks

    def close(self) -> None:
        """Count."""
        self.closed += 1


def a_peer(port: int, *, seconds: float = 5.0, **changes: Any) -> Peer:
    """A peer on loopback; `seconds` go to every clock that is not changed."""
    peer = Peer(
        name="archive",
        host="127.0.0.1",
        port=port,
        called_ae_title="ANY-SCP",
        calling_ae_title="DICOMJOBS",
        address_family=AddressFamily.AUTO,
        timeouts=Timeouts(connect=seconds, acse=seconds, dimse=seconds, network=seconds),
        max_pdu=MaximumPdu(receive=131072, send=131072),
        max_associations=1,
        character_set="ISO_IR 192",
        tls=None,
        user_identity=None,
        allow=frozenset(),
        embedded_directory=None,
        reports_at=None,
        queries_at=None,
    )
    return replace(peer, **changes)


def timeouts(seconds: float, **changes: float) -> Timeouts:
    """Timeouts of which only some differ."""
    return replace(Timeouts(connect=seconds, acse=seconds, dimse=seconds, network=seconds), **changes)


def proposing(
    *abstract_syntaxes: str, transfer_syntaxes: Sequence[str] = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
) -> Proposal:
    """A proposal of one context for each abstract syntax, IDs 1, 3, 5 and so on."""
    return Proposal(
        contexts=tuple(
            ProposedContext(context_id=2 * index + 1, abstract_syntax=uid, transfer_syntaxes=tuple(transfer_syntaxes))
            for index, uid in enumerate(abstract_syntaxes or (CT,))
        )
    )


def an_identity(**changes: Any) -> UserIdentity:
    """A user identity that has nothing but what is given; no confirmation is asked for."""
    nothing = UserIdentity(username=None, passcode=None, kerberos=None, saml=None, jwt=None, positive_response=False)
    return replace(nothing, **changes)


def tls_settings(**changes: Any) -> TlsSettings:
    """TLS as it is without a key, which trusts nobody; `changes` say what a document would."""
    settings = TlsSettings(
        certificate=None,
        key=None,
        key_password=None,
        format=CertificateFormat.PEM,
        anonymous=False,
        trust=(),
        system_trust=False,
        crl=(),
        crl_check=None,
        profile=TlsProfile.BCP195_RFC8996,
        ciphers=(),
        server_name=None,
        verify_peer=True,
        verify_host_name=True,
        pinned_sha256=(),
    )
    return replace(settings, **changes)


def need_ipv6() -> None:
    """Skip a test on a machine, or in a container, whose loopback has no IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")


def no_secret(reference: SecretReference) -> bytes:
    """For peers that have none."""
    raise AssertionError(f"no secret was to be opened, but {reference}")


@contextmanager
def associated(peer: Peer, proposal: Proposal | None = None, stop: StopSignal | None = None) -> Iterator[Association]:
    """An association that is aborted at the end if it still stands."""
    own = Stop()
    try:
        association = connect(peer, proposal or proposing(CT), open_secret=no_secret, stop=stop or own)
        try:
            yield association
        finally:
            association.abort()
    finally:
        own.close()


def store(association: Association, data: bytes = bytes(1000), *, request: StoreRequest = STORE_CT) -> Response:
    """Send one instance and give the answer."""
    (answer,) = association.answers(association.send(request, 1, Bytes(data)))
    return answer


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return monotonic() - self._began
