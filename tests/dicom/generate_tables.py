"""Make the tables that dicomjobs.dicom ships from the data dictionary of pydicom: `python -m tests.dicom.generate_tables`.

Only the tests use it; the package itself reads the files and never pydicom.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Mapping
from pathlib import Path

import pydicom
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

TABLES = Path(__file__).parents[2] / "dicomjobs" / "dicom"

UIDS: Mapping[str, tuple[str, str, str, str, str]] = runpy.run_path(
    str(Path(pydicom.__file__).with_name("_uid_dict.py"))
)["UID_dictionary"]
"""UID to name, type, information, "Retired" or "", and keyword; read afresh, because pynetdicom adds to the imported one."""

NOT_STORED = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage is named like a storage SOP class, but a DICOMDIR is never stored over a network (PS3.4 I.4)."""

AMBIGUOUS_VRS = {"US or SS": "US", "US or SS or OW": "US", "US or OW": "OW", "OB or OW": "OW"}
"""The VR that an identifier is encoded with where PS3.6 lets other attributes decide, which identifiers do not have."""


def uid_kind(uid: str, kind: str, keyword: str) -> str:
    """Return our kind of a UID, from the type that PS3.6 table A-1 gives it and its keyword."""
    if kind == "Transfer Syntax":
        return "transfer_syntax"
    if kind not in {"SOP Class", "Meta SOP Class"}:
        return "other"
    is_storage = re.search(r"Storage(ForPresentation|ForProcessing|Trial|Retired)?$", keyword) and uid != NOT_STORED
    return "storage" if is_storage else "sop_class"


def uid_table() -> str:
    """Return uids.tsv: UID, kind and keyword of every entry of PS3.6 annex A that has a keyword."""
    return "".join(
        f"{uid}\t{uid_kind(uid, kind, keyword)}\t{keyword}\n"
        for uid, (_, kind, _, _, keyword) in UIDS.items()
        if keyword
    )


def attribute_table() -> str:
    """Return attributes.tsv: tag, VR, VM and keyword of PS3.6 clauses 6 to 9, in order of tags, repeating groups with x for any digit."""
    rows = {f"{tag:08X}": entry for tag, entry in DicomDictionary.items()} | dict(RepeatersDictionary)
    return "".join(
        f"{tag}\t{AMBIGUOUS_VRS.get(vr, vr)}\t{vm}\t{keyword}\n"
        for tag, (vr, vm, _, _, keyword) in sorted(rows.items())
        if keyword and vr != "NONE"  # an item or its delimiter (PS3.5 7.5) is no attribute
    )


def retired_table() -> str:
    """Return retired_attributes.txt: the tags of attributes that PS3.6 lists as retired, as attributes.tsv writes them."""
    rows = {f"{tag:08X}": entry for tag, entry in DicomDictionary.items()} | dict(RepeatersDictionary)
    return "".join(f"{tag}\n" for tag, (_, _, _, retired, keyword) in sorted(rows.items()) if keyword and retired)


def main() -> None:
    """Write the tables."""
    (TABLES / "uids.tsv").write_text(uid_table(), encoding="ascii")
    (TABLES / "attributes.tsv").write_text(attribute_table(), encoding="ascii")
    (TABLES / "retired_attributes.txt").write_text(retired_table(), encoding="ascii")


if __name__ == "__main__":
    main()
