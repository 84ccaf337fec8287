"""A listener for storage commitment results: an SCP that reports on an association of its own comes here (PS3.4 J.3.3).

It takes N-EVENT-REPORT and C-ECHO and nothing else. It knows nothing of what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from dicomjobs.dicom.sop_classes import STORAGE_COMMITMENT_PUSH_MODEL, VERIFICATION
from dicomjobs.dicom.transfer_syntaxes import FALLBACK
from dicomjobs.model.dimse import EventReport, OnReport
from dicomjobs.wire.receive_server import Server, quiet_entity, start_server

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.events import Event

MOST_ASSOCIATIONS: Final = 8
MOST_BYTES: Final = 16 * 1024 * 1024
"""Bytes that may come on one association; the result for a thousand instances has some 200 KiB. Together the most memory taken."""


def listen_for_reports(on_report: OnReport, *, ae_title: str, host: str, port: int) -> Server:
    """Listen as `ae_title`, by which alone we may be called; `on_report` is called in a thread of its own. Raises OSError."""
    from pynetdicom import evt

    entity = quiet_entity(ae_title)
    entity.require_called_aet = True
    entity.maximum_associations = MOST_ASSOCIATIONS
    entity.add_supported_context(VERIFICATION, list(FALLBACK))
    entity.add_supported_context(STORAGE_COMMITMENT_PUSH_MODEL, list(FALLBACK), scu_role=True, scp_role=True)
    handlers = [(evt.EVT_N_EVENT_REPORT, _report, [on_report])]
    return start_server(entity, host, port, handlers, most_bytes=MOST_BYTES)


def _report(event: Event, on_report: OnReport) -> tuple[int, Dataset | None]:
    """Hand a report on and answer it; the reply has no data set (PS3.4 J.3.3.2)."""
    request: Any = event.request
    data = request.EventInformation
    report = EventReport(
        sop_class_uid=str(request.AffectedSOPClassUID),
        sop_instance_uid=str(request.AffectedSOPInstanceUID),
        event_type=int(request.EventTypeID),
        transfer_syntax=str(event.context.transfer_syntax),
        data=cast("bytes", data.getvalue()) if data else b"",
    )
    return on_report(report), None
