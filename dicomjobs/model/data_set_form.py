"""The form in which a data set is sent when it is not sent as it lies in its file; it knows no bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NewVrs(Enum):
    """What becomes of the VRs that came to the standard after the first ones (UN, UT and later) where VRs are written."""

    KEEP = "keep"
    AS_OB = "as_ob"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetForm:
    """Transfer syntax, zlib's compression level (0 to 9) where that deflates, and VRs.

    `replaced` are texts for top-level attributes, by tag as 0xGGGGEEEE, where the data set has them.
    """

    transfer_syntax: str
    compression_level: int = 6
    new_vrs: NewVrs = NewVrs.KEEP
    replaced: tuple[tuple[int, str], ...] = ()
