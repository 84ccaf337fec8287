"""The files that the lines of the table send: every encoding, and what a folder of a real site has lying about."""

from __future__ import annotations

from pathlib import Path

from pydicom import uid

from dicomjobs.dicom.sop_classes import DCMTK_64
from tests.support.instances import Elements, encode_data_set, file_meta, make_instance, make_uid

ENCODINGS = {
    "explicit": uid.ExplicitVRLittleEndian,
    "implicit": uid.ImplicitVRLittleEndian,
    "big": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
    "jpeg8": uid.JPEGBaseline8Bit,
    "jpeg12": uid.JPEGExtended12Bit,
    "lossless": uid.JPEGLosslessSV1,
    "j2k": uid.JPEG2000Lossless,
    "j2k_lossy": uid.JPEG2000,
    "jls": uid.JPEGLSLossless,
    "jls_lossy": uid.JPEGLSNearLossless,
    "rle": uid.RLELossless,
    "mpeg2": uid.MPEG2MPML,
    "mpeg2_high": uid.MPEG2MPHL,
    "mpeg4": uid.MPEG4HP41,
    "mpeg4_bd": uid.MPEG4HP41BD,
    "mpeg4_2d": uid.MPEG4HP422D,
    "mpeg4_3d": uid.MPEG4HP423D,
    "mpeg4_st": uid.MPEG4HP42STEREO,
    "hevc": uid.HEVCMP51,
    "hevc10": uid.HEVCM10P51,
}
"""The name of a file and the transfer syntax that it has."""


NEW_VRS: Elements = (
    (0x00080119, "UC", "a long code value"),
    (0x00080120, "UR", "urn:oid:1.2.3"),
    (0x00091001, "UN", b"anything"),
    (0x0040A160, "UT", "unlimited text"),
    (0x00660016, "OF", b"\0\1\2\3"),
    (0x00660022, "OD", bytes(8)),
    (0x00660040, "OL", bytes(4)),
    (0x7FE00001, "OV", bytes(8)),
)
"""Elements with VRs younger than 1993, and one of no known VR."""

SEQUENCES: Elements = (
    (0x00081140, "SQ", []),
    (
        0x00400275,
        "SQ",
        [
            [(0x00400007, "LO", "first"), (0x00400008, "SQ", [[(0x00080100, "SH", "CODE")]])],
            [(0x00400007, "LO", "second")],
        ],
    ),
)

CONFIG = """\
[[TransferSyntaxes]]
[Plain]
TransferSyntax1 = LittleEndianExplicit
TransferSyntax2 = LittleEndianImplicit
[Lossless]
TransferSyntax1 = JPEGLossless:Non-hierarchical-1stOrderPrediction
[Deflated]
TransferSyntax1 = DeflatedLittleEndianExplicit
[[PresentationContexts]]
[Few]
PresentationContext1 = CTImageStorage\\Lossless
PresentationContext2 = CTImageStorage\\Plain
PresentationContext3 = MRImageStorage\\Plain
[Private]
PresentationContext1 = 1.2.3.4.5\\Plain
[Deflated]
PresentationContext1 = CTImageStorage\\Deflated
[[SCPSCURoleSelection]]
[Both]
Role1 = CTImageStorage\\BOTH
Role2 = MRImageStorage\\SCP
[[ExtendedNegotiation]]
[Levels]
ExtendedNegotiation1 = CTImageStorage\\020003000000
[[Profiles]]
[small]
PresentationContexts = Few
[roles]
PresentationContexts = Few
SCPSCURoleSelection = Both
ExtendedNegotiation = Levels
[private]
PresentationContexts = Private
[deflated]
PresentationContexts = Deflated
"""
"""An association configuration file with profiles for the lines; the backslashes are DCMTK's."""


def make_files(folder: Path) -> None:
    """Write them all."""
    for number, (name, syntax) in enumerate(ENCODINGS.items(), start=1):
        make_instance(folder / f"{name}.dcm", number=number, transfer_syntax=syntax, rows=8)
    for number in range(1, 6):
        make_instance(folder / f"ct{number}.dcm", series=2, number=number, rows=8)
    make_instance(folder / "mr.dcm", study=2, sop_class_uid=uid.MRImageStorage, modality="MR", rows=8)
    make_instance(folder / "seg.dcm", study=2, sop_class_uid=uid.SegmentationStorage, modality="SEG", rows=8)
    make_instance(folder / "private.dcm", study=2, sop_class_uid="1.2.3.4.5", modality="OT", rows=8)
    _make_odd_ones(folder)
    _make_folders(folder)
    _make_what_options_name(folder)


def _make_odd_ones(folder: Path) -> None:
    """Write bare data sets, and files that are none."""
    for name, syntax in (("bare_implicit", uid.ImplicitVRLittleEndian), ("bare_explicit", uid.ExplicitVRLittleEndian)):
        elements = [
            (0x00080016, "UI", uid.CTImageStorage),
            (0x00080018, "UI", make_uid(name)),
            (0x00100020, "LO", "P1"),
            (0x0020000D, "UI", make_uid("study")),
            (0x0020000E, "UI", make_uid("series")),
        ]
        (folder / f"{name}.dcm").write_bytes(encode_data_set(elements, syntax))
    make_instance(folder / "new_vrs.dcm", number=90, rows=8, extra=NEW_VRS)
    make_instance(folder / "sequences.dcm", number=91, rows=8, extra=SEQUENCES)
    make_instance(folder / "padded.dcm", number=92, rows=8, sop_instance_uid=f"{make_uid('padded')[:20]}1")
    spaced = (folder / "padded.dcm").read_bytes().replace(b"1\0\x08\0 \0DA", b"1 \x08\0 \0DA")
    (folder / "spaced.dcm").write_bytes(spaced)
    (folder / "awkward.dcm").write_bytes(_awkward())
    (folder / "notes.txt").write_text("no DICOM at all\n", encoding="ascii")
    (folder / "empty.dcm").write_bytes(b"")


def _awkward() -> bytes:
    """A file with group lengths, items and sequences of undefined length, and padding at its end (PS3.5 7.2, 7.5; PS3.10 7.2)."""
    class_and_uid = [(0x00080016, "UI", uid.CTImageStorage), (0x00080018, "UI", make_uid("awkward"))]
    syntax = uid.ExplicitVRLittleEndian
    identifying = encode_data_set(class_and_uid, syntax)
    item = encode_data_set([(0x00400007, "LO", "step")], syntax)
    undefined, item_end, end = b"\xff" * 4, b"\xfe\xff\x0d\xe0" + bytes(4), b"\xfe\xff\xdd\xe0" + bytes(4)
    sequence = b"\x40\0\x75\x02SQ\0\0" + undefined + b"\xfe\xff\0\xe0" + undefined + item + item_end + end
    length = encode_data_set([(0x00080000, "UL", len(identifying))], syntax)
    rest = encode_data_set([(0x0020000D, "UI", make_uid("study")), (0x0020000E, "UI", make_uid("series"))], syntax)
    padding = encode_data_set([(0xFFFCFFFC, "OB", bytes(32))], syntax)
    meta = file_meta(sop_class_uid=uid.CTImageStorage, sop_instance_uid=make_uid("awkward"), transfer_syntax=syntax)
    return meta + length + identifying + rest + sequence + padding


def _make_folders(folder: Path) -> None:
    """Write a folder with one below it."""
    for name in ("scan", "scan/deeper"):
        (folder / name).mkdir()
        for number in range(1, 4):
            path = folder / name / f"{number}.dcm"
            make_instance(path, seed=name, study=3, number=number, rows=8)
    (folder / "many").mkdir()
    for number, sop_class in enumerate((*DCMTK_64, uid.SegmentationStorage)):
        make_instance(folder / "many" / f"{number}.dcm", number=number, sop_class_uid=sop_class, rows=0)
    (folder / "scan" / ".hidden.dcm").write_bytes((folder / "ct1.dcm").read_bytes())
    (folder / "scan" / "image.ima").write_bytes((folder / "ct2.dcm").read_bytes())


def _make_what_options_name(folder: Path) -> None:
    """Write what is no instance: configuration, credentials, a command file."""
    (folder / "small.cfg").write_text(CONFIG, encoding="ascii")
    (folder / "logger.cfg").write_text("log4cplus.rootLogger = INFO\n", encoding="ascii")
    (folder / "many.txt").write_text(" ".join(f"many/{number}.dcm" for number in range(65)), encoding="ascii")
    (folder / "line.txt").write_text("-aet \"TWO WORDS\" -R\n'explicit.dcm'", encoding="ascii")
    for name, content in (
        ("ticket.bin", bytes(range(256))),
        ("assertion.xml", b"<Assertion/>\n"),
        ("token.txt", b"a.b.c\n"),
    ):
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
