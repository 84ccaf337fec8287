"""The real storescu as the judge of association configurations: what it refuses, in its words, and what it proposes.

with asconfig_judge(tmp_path) as judge:
    verdict = judge(path, "Default")  # verdict.refused, or verdict.request
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dicomjobs.model.association import ExtendedNegotiation, ProposedContext
from dicomjobs.wire.pdu import AssociateRequest, RoleItem
from tests.support.instances import make_instance
from tests.support.peers import run_program
from tests.support.recording_scp import recording_scp


@dataclass(frozen=True, slots=True, kw_only=True)
class Negotiated:
    """What of an A-ASSOCIATE-RQ comes from a profile."""

    contexts: tuple[ProposedContext, ...]
    roles: tuple[RoleItem, ...]
    extended_negotiation: tuple[ExtendedNegotiation, ...]


def negotiated(request: AssociateRequest) -> Negotiated:
    """Return what a profile is responsible for; hexadecimal digits in small letters."""
    return Negotiated(
        contexts=request.contexts,
        roles=request.user.roles,
        extended_negotiation=tuple(
            ExtendedNegotiation(sop_class_uid=item.sop_class_uid, information=item.information.lower())
            for item in request.user.extended_negotiation
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What storescu made of a file and a profile: its reason for refusing, "" with what it proposed instead."""

    refused: str
    proposed: Negotiated | None


Judge = Callable[[Path, str], Verdict]

_REASON = re.compile(r"[EF]: (?:reading config file: |[0-9a-f]{4}:[0-9a-f]{4} )(.*)", re.DOTALL)


@contextmanager
def asconfig_judge(tmp_path: Path) -> Iterator[Judge]:
    """Let storescu propose to a recording SCP."""
    instance = make_instance(tmp_path / "ct.dcm").path
    with recording_scp() as scp:

        def judge(path: Path, profile: str) -> Verdict:
            before = len(scp.requests)
            ended = run_program("storescu", "-xf", path, profile, "127.0.0.1", scp.port, instance)
            reason = _REASON.search(ended.stderr)
            if len(scp.requests) == before and reason:
                assert ended.returncode == 1, ended.stderr
                return Verdict(refused=reason[1].rstrip("\n").replace("\nE: ", "\n"), proposed=None)
            scp.next_end()
            assert len(scp.requests) == before + 1, ended.stderr
            return Verdict(refused="", proposed=negotiated(scp.requests[before]))

        yield judge
