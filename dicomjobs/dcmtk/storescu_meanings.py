"""What each option of storescu becomes here: one table, of which the options page and the comments of imports are made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dicomjobs.dcmtk.meanings import Meaning
from dicomjobs.dcmtk.shared_meanings import CONNECTION_MEANINGS, GENERAL_MEANINGS, TLS_MEANINGS
from dicomjobs.dcmtk.storescu_proposals import PROPOSALS, has_fallback, preferred_of


def _proposal(option: str) -> Meaning:
    """Return what a -x option becomes."""
    fallback = "uncompressed" if has_fallback(option) else "none"
    return Meaning(
        ("propose.preferred", "propose.fallback"), f"`preferred: [{preferred_of(option)}]`, `fallback: {fallback}`"
    )


_INVENTS = ("store.invent",)

STORESCU_MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "peer": Meaning(("peer.host",), ""),
        "port": Meaning(("peer.port",), ""),
        "dcmfile-in": Meaning(
            ("send_set.paths",),
            "in the order of the line; characters that mean something in a pattern are written so that they do not",
        ),
        **GENERAL_MEANINGS,
        "--verbose-pc": Meaning((), "is not part of a job: `dicomjobs plan -v` shows every context"),
        "--read-file": Meaning(("send_set.read",), "`auto`"),
        "--read-file-only": Meaning(("send_set.read",), "`file`"),
        "--read-dataset": Meaning(("send_set.read",), "`data_set`"),
        "--scan-directories": Meaning(
            ("send_set.paths", "send_set.symlinks"),
            "a folder is looked into anyway, so without +sd an import leaves folders out, as storescu does; "
            "links are followed",
        ),
        "--scan-pattern": Meaning(("send_set.pattern",), "for the files of folders, by name"),
        "--no-recurse": Meaning(("send_set.recursive",), "`false`, storescu's default"),
        "--recurse": Meaning(("send_set.recursive",), "`true`"),
        "--no-rename": Meaning(("store.sent_files",), "`keep`"),
        "--rename": Meaning(
            ("store.sent_files",),
            "`rename`: `.done`, or `.bad` for what failed for good; what failed for a passing reason keeps "
            "its name for the next run",
        ),
        **CONNECTION_MEANINGS,
        "--config-file": Meaning(("association_profile.asconfig",), "file and profile, read with DCMTK's own rules"),
        **{option: _proposal(option) for option in PROPOSALS},
        "--required": Meaning(("propose.sop_classes",), "`from_files`; without it `dcmtk_64`"),
        "--combine": Meaning(("propose.combine",), "`true`"),
        "--enable-new-vr": Meaning(("store.new_vrs",), "`keep`, the default"),
        "--disable-new-vr": Meaning(("store.new_vrs",), "`as_ob`"),
        "--compression-level": Meaning(("store.compression_level",), ""),
        "--user": Meaning(("user_identity.username",), "without TLS the peer says `allow: [identity_without_tls]`"),
        "--password": Meaning(
            ("user_identity.passcode",), "`{env: DICOMJOBS_PASSCODE}`: the password itself is never written"
        ),
        "--empty-password": Meaning(("user_identity.passcode",), "`{empty: true}`"),
        "--kerberos": Meaning(("user_identity.kerberos",), "`{file: …}`, which must be readable by its owner alone"),
        "--saml": Meaning(("user_identity.saml",), "`{file: …}`, which must be readable by its owner alone"),
        "--jwt": Meaning(("user_identity.jwt",), "`{file: …}`, which must be readable by its owner alone"),
        "--pos-response": Meaning(
            ("user_identity.positive_response",),
            "`true`; a missing answer ends the association for every type, with storescu only for user names",
        ),
        "--max-send-pdu": Meaning(
            ("peer.max_pdu.send",), "131072 unless given; made even, for storescu cannot send with an odd one"
        ),
        "--repeat": Meaning(("store.repeat",), "each file so many times, one after the other"),
        "--abort": Meaning(("store.end_with",), "`abort`"),
        "--no-halt": Meaning(
            ("store.on_failure",),
            "`continue`; without it `stop`, and what was not sent is in the report. The exit code tells the "
            "truth in both",
        ),
        "--uid-padding": Meaning((), "changes nothing: a UID never goes out with a blank at its end"),
        "--invent-instance": Meaning(
            _INVENTS, "with storescu's thresholds: 100 instances a series, 50 series a study, 25 studies a patient"
        ),
        "--invent-series": Meaning(_INVENTS, "`instances_per_series`"),
        "--invent-study": Meaning(_INVENTS, "`series_per_study`"),
        "--invent-patient": Meaning(_INVENTS, "`studies_per_patient`"),
        **TLS_MEANINGS,
    }
)
"""Every parameter and option of storescu and what it becomes."""
