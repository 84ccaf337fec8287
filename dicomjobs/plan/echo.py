"""From an echo job to a step: the Verification SOP Class in the default transfer syntax (PS3.4 A.4)."""

from __future__ import annotations

from dicomjobs.dicom.sop_classes import VERIFICATION
from dicomjobs.dicom.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.model.association import ContextTemplate, Proposal
from dicomjobs.plan.contexts import number_contexts
from dicomjobs.plan.plan import EchoStep


def plan_echo() -> EchoStep:
    """Return the step of a verification."""
    template = ContextTemplate(abstract_syntax=VERIFICATION, transfer_syntaxes=(IMPLICIT_VR_LITTLE_ENDIAN,))
    return EchoStep(proposal=Proposal(contexts=number_contexts([template])))
