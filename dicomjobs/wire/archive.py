"""A directory of received instances with its index: what the SCP of our own does with a C-STORE and a C-FIND.

It returns statuses and data sets; it knows nothing of pynetdicom, associations or threads other than its callers'.
"""

from __future__ import annotations

import errno
import struct
import threading
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from dicomjobs.dicom.transfer_syntaxes import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from dicomjobs.dicom.value_representations import NUMBERS
from dicomjobs.model.query import InformationModel, QueryLevel
from dicomjobs.wire.holdings import LAST_TAG, LEVEL_OF, Header, Holdings, is_supported
from dicomjobs.wire.received_files import NotPart10, ReceivedInstance, held_files, skip_file_meta, write_instance
from dicomjobs.wire.received_header import TextElement, read_elements

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
UNABLE_TO_PROCESS = 0xC000
PENDING = 0xFF00
PENDING_WITHOUT_SOME_KEYS = 0xFF01

_LEVELS = {
    InformationModel.PATIENT: tuple(QueryLevel),
    InformationModel.STUDY: (QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE),
    InformationModel.PATIENT_STUDY_ONLY: (QueryLevel.PATIENT, QueryLevel.STUDY),
}
_CHARACTER_SET, _LEVEL, _TIMEZONE = 0x00080005, 0x00080052, 0x00080201


class Refused(Exception):
    """A request that fails: its status (PS3.4 B.2.3, C.4.1.1.4), and an Error Comment of at most 64 characters."""

    def __init__(self, status: int, comment: str) -> None:
        """Keep both for the response."""
        super().__init__(comment)
        self.status = status
        self.comment = comment


class Archive:
    """Instances in a directory, those that were there before included; every method may be called from any thread."""

    def __init__(self, directory: str) -> None:
        """Make the directory (mode 0700) if it is missing; raises OSError. What it holds is read at the first query."""
        path = Path(directory)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        self.directory = str(path.resolve())
        self._holdings = Holdings()
        self._indexed = False
        self._indexing = threading.Lock()

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str, calling_ae_title: str, data: BytesIO
    ) -> None:
        """Write an instance to disk and return when it is durable; raises Refused."""
        data.seek(0)
        try:
            header = _header(data, transfer_syntax)
        except Exception as error:  # boundary: on bytes that are no data set pydicom raises whatever it meets
            raise Refused(UNABLE_TO_PROCESS, "the data set cannot be decoded") from error
        if header.unique(QueryLevel.IMAGE) != sop_instance_uid:
            raise Refused(DOES_NOT_MATCH, "SOP Instance UID of command and data set differ")
        if header.sop_class_uid != sop_class_uid:
            raise Refused(DOES_NOT_MATCH, "SOP Class UID of command and data set differ")
        with data.getbuffer() as content:
            instance = ReceivedInstance(
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                study_instance_uid=header.unique(QueryLevel.STUDY),
                transfer_syntax=transfer_syntax,
                calling_ae_title=calling_ae_title,
                data=content,
            )
            try:
                write_instance(self.directory, instance)
            except OSError as error:
                name = errno.errorcode.get(error.errno or 0, "unknown error")
                raise Refused(OUT_OF_RESOURCES, f"the instance cannot be written: {name}") from error
        self._holdings.add(header)

    def find(self, model: InformationModel, transfer_syntax: str, identifier: BytesIO) -> Iterator[tuple[int, Dataset]]:
        """Yield status and identifier of each match (PS3.4 C.4.1.3); raises Refused before the first."""
        identifier.seek(0)
        try:
            elements = list(read_elements(identifier, transfer_syntax))
        except Exception as error:  # boundary: on bytes that are no data set pydicom raises whatever it meets
            raise Refused(UNABLE_TO_PROCESS, "the identifier cannot be decoded") from error
        level = _level(model, elements)
        keys = [key for key in elements if key.tag not in {_CHARACTER_SET, _LEVEL, _TIMEZONE} and key.tag & 0xFFFF]
        supported = all(is_supported(key.tag, level) for key in keys)
        self._index()
        for values in self._holdings.find(level, keys):
            yield PENDING if supported else PENDING_WITHOUT_SOME_KEYS, _match(level, keys, values, transfer_syntax)

    def _index(self) -> None:
        """Read the headers of what was in the directory before we were, once."""
        with self._indexing:
            if self._indexed:
                return
            for path in held_files(self.directory):
                header = _header_of_file(path)
                if header is not None:
                    self._holdings.add(header)
            self._indexed = True


def _header(data: BytesIO, transfer_syntax: str) -> Header:
    """The header of an encoded data set; pydicom raises what it likes."""
    return Header.of(read_elements(data, transfer_syntax, last_tag=LAST_TAG, wanted=LEVEL_OF))


def _header_of_file(path: str) -> Header | None:
    """The header of a file, None when it is no instance or cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            transfer_syntax = skip_file_meta(stream)
            header = Header.of(read_elements(stream, transfer_syntax, last_tag=LAST_TAG, wanted=LEVEL_OF))
    except (OSError, NotPart10):
        return None
    except Exception:  # boundary: a damaged file is no reason to answer no query; pydicom raises whatever it meets
        return None
    return header if header.unique(QueryLevel.IMAGE) else None


def _level(model: InformationModel, elements: Sequence[TextElement]) -> QueryLevel:
    """The Query/Retrieve Level (0008,0052) of an identifier; raises Refused when the model has no such level (PS3.4 C.6)."""
    asked = next((element.values for element in elements if element.tag == _LEVEL), ())
    for level in _LEVELS[model]:
        if asked == (level.value,):
            return level
    raise Refused(DOES_NOT_MATCH, "Query/Retrieve Level is missing or not of this model")


def _match(
    level: QueryLevel, keys: Sequence[TextElement], values: Sequence[tuple[str, ...]], transfer_syntax: str
) -> Dataset:
    """The identifier of a match: the level and all keys as they were asked for, text as UTF-8 where ASCII does not do."""
    from pydicom.charset import convert_encodings, default_encoding
    from pydicom.dataelem import RawDataElement
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

    implicit, little = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax != EXPLICIT_VR_BIG_ENDIAN
    match = Dataset()
    match.set_original_encoding(implicit, little, default_encoding)  # equal to what it is written in: no decoding
    pairs = [(key.tag, key.vr, held) for key, held in zip(keys, values, strict=True)] + [(_LEVEL, "CS", (level.value,))]
    if not all(value.isascii() for _tag, _vr, held in pairs for value in held):
        pairs.append((_CHARACTER_SET, "CS", ("ISO_IR 192",)))
        match.set_original_encoding(implicit, little, convert_encodings("ISO_IR 192"))
    for tag, vr, held in pairs:
        raw = _encoded(vr, held, ">"[little:] or "<")
        match[BaseTag(tag)] = RawDataElement(BaseTag(tag), vr, len(raw), raw, 0, implicit, little)
    return match


def _encoded(vr: str, values: tuple[str, ...], order: str) -> bytes:
    """Values as the bytes of an element, padded to an even length (PS3.5 6.2)."""
    if vr in NUMBERS and values:
        return b"".join(struct.pack(order + NUMBERS[vr], int(value)) for value in values)
    raw = "\\".join(values).encode("utf-8")
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)
