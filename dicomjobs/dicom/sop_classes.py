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
