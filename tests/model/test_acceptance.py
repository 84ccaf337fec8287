"""What changed between two probes."""

from __future__ import annotations

from dataclasses import replace

from dicomjobs.model.acceptance import Acceptance, changes
from dicomjobs.model.association import AsynchronousWindow

CT, MR, US = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.6.1"
EXPLICIT, IMPLICIT, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.90"
BEFORE = Acceptance(
    storage={CT: (EXPLICIT, IMPLICIT), MR: (IMPLICIT,)},
    scp_role=(CT,),
    max_pdu=16384,
    implementation_class_uid="1.2.3",
    implementation_version="PEER_1",
    asynchronous_window=AsynchronousWindow(invoked=1, performed=1),
)


def test_nothing_changed() -> None:
    """In whatever order it was found."""
    again = replace(BEFORE, storage={MR: (IMPLICIT,), CT: (IMPLICIT, EXPLICIT)})

    assert tuple(changes(BEFORE, again)) == ()


def test_everything_that_changed_is_told() -> None:
    """A line for each class, and for each fact about the peer."""
    after = Acceptance(
        storage={CT: (EXPLICIT, J2K), US: (IMPLICIT,)},
        scp_role=(US,),
        max_pdu=0,
        implementation_class_uid="1.2.4",
        implementation_version="PEER_2",
        asynchronous_window=AsynchronousWindow(invoked=4, performed=0),
    )

    assert tuple(changes(BEFORE, after)) == (
        "+ CTImageStorage: JPEG2000Lossless",
        "- CTImageStorage: ImplicitVRLittleEndian",
        "- MRImageStorage: not accepted any more",
        "+ UltrasoundImageStorage: ImplicitVRLittleEndian",
        "+ UltrasoundImageStorage: we may be the SCP",
        "- CTImageStorage: we may no longer be the SCP",
        "~ maximum PDU length: 16384 → 0",
        "~ implementation class UID: 1.2.3 → 1.2.4",
        "~ implementation version: PEER_1 → PEER_2",
        "~ operations at once: 1 → 4",
        "~ operations asked of us at once: 1 → 0",
    )


def test_classes_that_are_probed_are_judged() -> None:
    """The absence of a private class says nothing."""
    assert BEFORE.judges(US)
    assert BEFORE.judges(CT)
    assert not BEFORE.judges("1.2.276.0.99.1")
    assert not BEFORE.judges("1.2.840.10008.1.1")
