"""How this implementation names itself to peers and in files (PS3.7 D.3.3.2, PS3.10 7.1)."""

from __future__ import annotations

from typing import Final

IMPLEMENTATION_CLASS_UID: Final = "2.25.169314836536406225894580216566989691128"
IMPLEMENTATION_VERSION_NAME: Final = "DICOMJOBS_010"
