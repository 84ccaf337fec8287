"""The identities that a job invents for what it sends: patients, studies, series and instances, counted in sending order.

The same seed gives the same identities, so that a plan says what will be on the wire. It knows no data sets.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from uuid import NAMESPACE_OID, uuid5

from dicomjobs.model.job import Invention

_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_SOP_INSTANCE_UID, _STUDY_INSTANCE_UID, _SERIES_INSTANCE_UID = 0x00080018, 0x0020000D, 0x0020000E
_STUDY_ID, _SERIES_NUMBER, _INSTANCE_NUMBER = 0x00200010, 0x00200011, 0x00200013

_TOKEN_CHARACTERS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an instance is: UIDs, numbers from 0 within what they count, and a patient."""

    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    instance_number: int
    series_number: int
    study_id: str
    patient_id: str
    patient_name: str

    @property
    def texts(self) -> tuple[tuple[int, str], ...]:
        """The attributes that say so, by tag as 0xGGGGEEEE."""
        return (
            (_SOP_INSTANCE_UID, self.sop_instance_uid),
            (_PATIENT_NAME, self.patient_name),
            (_PATIENT_ID, self.patient_id),
            (_STUDY_INSTANCE_UID, self.study_instance_uid),
            (_SERIES_INSTANCE_UID, self.series_instance_uid),
            (_STUDY_ID, self.study_id),
            (_SERIES_NUMBER, str(self.series_number)),
            (_INSTANCE_NUMBER, str(self.instance_number)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventor:
    """Invents the identity of each instance from its number; `seed` is what tells one job's inventions from another's."""

    seed: str
    invention: Invention

    def identity(self, number: int) -> Identity:
        """Return the identity of the instance that is sent as this one, counted from 0."""
        counts = self.invention
        series, image = divmod(number, counts.instances_per_series)
        study, series_in_study = divmod(series, counts.series_per_study)
        patient = study // counts.studies_per_patient
        token = self.seed[:_TOKEN_CHARACTERS].upper()
        return Identity(
            sop_instance_uid=_uid(self.seed, "instance", number),
            series_instance_uid=_shared_uid(self.seed, "series", series),
            study_instance_uid=_shared_uid(self.seed, "study", study),
            instance_number=image,
            series_number=series_in_study,
            study_id=f"SID_{token}_{study}"[:16],  # as long as an SH may be (PS3.5 6.2)
            patient_id=f"PID_{token}_{patient}",
            patient_name=f"DICOMJOBS^TEST_PN_{token}_{patient}",
        )

    def studies(self, first: int, count: int) -> int:
        """Return how many studies the `count` instances from number `first` on are of."""
        per_study = self.invention.instances_per_series * self.invention.series_per_study
        return (first + count - 1) // per_study - first // per_study + 1


def seed_of(*parts: str) -> str:
    """Return a seed, in hexadecimal digits, that is another wherever one of the parts is."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _uid(seed: str, level: str, number: int) -> str:
    """Return a UID that is made from a UUID, and that from what it is for (PS3.5 B.2)."""
    return f"2.25.{uuid5(NAMESPACE_OID, f'{seed}/{level}/{number}').int}"


_shared_uid = lru_cache(maxsize=64)(_uid)
