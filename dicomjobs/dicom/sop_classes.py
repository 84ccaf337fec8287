"""The SOP classes that the program itself has to name.

It knows nothing of presentation contexts or services.
"""

from __future__ import annotations

from typing import Final

VERIFICATION: Final = "1.2.840.10008.1.1"
"""Verification SOP Class (PS3.4 A.4)."""

PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
PATIENT_STUDY_ONLY_FIND: Final = "1.2.840.10008.5.1.4.1.2.3.1"
"""Query/Retrieve Information Model - FIND (PS3.4 C.6.1.3, C.6.2.3; the last one retired)."""

MODALITY_WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"
"""Modality Worklist Information Model - FIND (PS3.4 K.7)."""

_DCMTK_64 = """
9.1.3 88.11 9.4.1 11.4 9.3.1 88.65 88.69 11.2 88.33 1 2 1.3 1.3.1 1.2 1.2.1 1.1 1.1.1 104.1 2.1 4.1 88.22
12.1.1 12.2.1 9.1.2 11.1 9.2.1 88.59 88.50 4 4.2 7.2 7.3 7.1 7.4 20 77.1.5.2 77.1.5.1 77.1.5.4 128 88.40
11.3 66 67 481.4 481.6 481.2 481.1 481.5 481.3 481.7 7 66.2 66.1 77.1.5.3 9.1.1 6.1 3.1 77.1.1 77.1.2 77.1.4
77.1.3 12.1 88.67 12.2
"""

DCMTK_64: Final = tuple(f"1.2.840.10008.5.1.4.1.1.{number}" for number in _DCMTK_64.split())
"""The storage SOP classes that DCMTK's storescu proposes when it does not look at the files, in its order."""

STORAGE_COMMITMENT_PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
"""Storage Commitment Push Model SOP Class, and its well-known SOP Instance (PS3.4 J.3.5)."""
