"""Instances as payloads: the data set's bytes unchanged from the file, or rewritten in another transfer syntax.

Source files are never mapped into memory: one that is truncated while it is sent would kill the process. Nothing here knows
of associations or of what a peer accepts.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable
from contextlib import closing

from dicomjobs.dicom.encoding import encoding_of
from dicomjobs.dicom.transfer_syntaxes import is_native
from dicomjobs.disk.completeness import check_complete
from dicomjobs.disk.payloads import BytesPayload, StreamedPayload, check_unchanged, padding, unreadable
from dicomjobs.disk.pixel_tail import PixelTail, head_of, pixel_tail
from dicomjobs.disk.window import Damaged, Window
from dicomjobs.errors import NotSendable
from dicomjobs.model.data_set_form import DataSetForm
from dicomjobs.model.resume import DigestPolicy
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import PlannedInstance

WHOLE_BYTES = 256 * 1024
"""A data set up to this size is read at once and given as one chunk."""
HEAD_BYTES = 64 * 1024
"""SOP Instance UID (0008,0018) is in front of all elements that may be longer than this."""
DIGEST_BYTES = 64 * 1024
"""A data set up to this size is digested; of a larger one the digest would cost more than the sending."""

Convert = Callable[[bytes, str, DataSetForm], bytes]
"""(data set, its transfer syntax, a form) -> the data set in that form; raises NotSendable."""

_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class FileStore:
    """The files of a plan's instances; fulfils execution's Files and may be used by several lanes at once."""

    def __init__(self, convert: Convert) -> None:
        """Take the function that rewrites a data set in another form."""
        self._convert = convert
        self._buffers: list[bytearray] = []

    def payload(
        self, instance: PlannedInstance, digest: DigestPolicy = DigestPolicy.AUTO
    ) -> BytesPayload | StreamedPayload:
        """Return the data set unchanged from the file; raises NotSendable when it is not whole, or not the one that was planned."""
        fd = _open(instance)
        try:
            if instance.size - instance.offset > WHOLE_BYTES:
                _check(Window(fd, instance.size, base=instance.offset), instance)
                _check_identity(os.pread(fd, HEAD_BYTES, instance.offset), instance)
                return StreamedPayload(os.dup(fd), instance, self._buffers, digest)
            data = _read_whole(fd, instance) + padding(instance)
            _check_identity(data, instance)
            sha256 = _digest(data, digest)
            return BytesPayload(data, sha256=sha256, source_sha256=sha256)
        except OSError as error:
            raise unreadable(error) from error
        finally:
            os.close(fd)

    def rewritten(
        self, instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.AUTO
    ) -> BytesPayload | StreamedPayload:
        """Return the data set in another form; raises NotSendable. Large pixel data stays in its file where its bytes are the same."""
        fd = _open(instance)
        try:
            tail = _large_tail(fd, instance, form)
            if tail:
                return self._with_tail(fd, instance, form, tail, digest)
            data = _read_whole(fd, instance)
        except OSError as error:
            raise unreadable(error) from error
        finally:
            os.close(fd)
        sent = self._convert(data, instance.transfer_syntax, form)
        return BytesPayload(sent, sha256=_digest(sent, digest), source_sha256=_digest(data + padding(instance), digest))

    def _with_tail(
        self, fd: int, instance: PlannedInstance, form: DataSetForm, tail: PixelTail, digest: DigestPolicy
    ) -> StreamedPayload:
        """Return a data set whose pixel data goes out from its file; raises NotSendable and OSError."""
        before = os.pread(fd, tail.start - instance.offset, instance.offset)
        source, target = encoding_of(instance.transfer_syntax), encoding_of(form.transfer_syntax)
        head, begin = head_of(tail, source, target)
        head = self._convert(before, instance.transfer_syntax, form) + head
        return StreamedPayload(os.dup(fd), instance, self._buffers, digest, head=head, begin=begin)

    @staticmethod
    def inode(instance: PlannedInstance) -> int:
        """Return the number of the file on its file system, 0 when it is not to be had."""
        try:
            return os.stat(instance.path).st_ino  # noqa: PTH116 - for every instance, and Path costs four times as much
        except OSError:
            return 0

    def sha256(self, instance: PlannedInstance) -> str:
        """Return the SHA-256 of the data set as it is in the file, in hexadecimal; reads all of it and raises NotSendable."""
        with closing(self.payload(instance, DigestPolicy.ALWAYS)) as payload:
            deque(payload.chunks(), maxlen=0)
            return payload.sha256


def check_whole(file: PlannedInstance | SurveyedFile) -> None:
    """Raise NotSendable unless a file is as it was found and its data set is complete; values are skipped, not read."""
    fd = _open(file)
    try:
        _check(Window(fd, file.size, base=file.offset), file)
    except OSError as error:
        raise unreadable(error) from error
    finally:
        os.close(fd)


def _large_tail(fd: int, instance: PlannedInstance, form: DataSetForm) -> PixelTail | None:
    """Return the pixel data of a data set that is too large to be read as a whole, None where it has to be; raises NotSendable."""
    source, target = encoding_of(instance.transfer_syntax), encoding_of(form.transfer_syntax)
    same_bytes = source.byte_order == target.byte_order and not (source.deflated or target.deflated)
    if not same_bytes or instance.size - instance.offset <= WHOLE_BYTES:
        return None
    _check(Window(fd, instance.size, base=instance.offset), instance)
    try:
        return pixel_tail(Window(fd, instance.size, base=instance.offset), instance.offset, source)
    except Damaged as damage:
        raise NotSendable("truncated_file", str(damage)) from damage


def _digest(data: bytes, policy: DigestPolicy) -> str:
    """Return the SHA-256 of a data set that is in memory where the policy wants it, else ""."""
    wanted = policy is DigestPolicy.ALWAYS or (policy is DigestPolicy.AUTO and len(data) <= DIGEST_BYTES)
    return hashlib.sha256(data).hexdigest() if wanted else ""


def _open(instance: PlannedInstance | SurveyedFile) -> int:
    """Open the file of an instance, which must be as it was when it was planned; raises NotSendable."""
    try:
        fd = os.open(instance.path, _OPEN_FLAGS)
    except FileNotFoundError as error:
        raise NotSendable("changed_since_plan", "the file is gone since the plan was made") from error
    except OSError as error:
        raise unreadable(error) from error
    try:
        check_unchanged(os.fstat(fd), instance)
    except NotSendable:
        os.close(fd)
        raise
    return fd


def _read_whole(fd: int, instance: PlannedInstance) -> bytes:
    """Return all bytes of the data set, checked; raises NotSendable and OSError."""
    wanted = instance.size - instance.offset
    parts: list[bytes] = []
    while wanted:
        part = os.pread(fd, wanted, instance.size - wanted)
        if not part:
            raise NotSendable("changed_since_plan", "the file became shorter while it was being read")
        parts.append(part)
        wanted -= len(part)
    data = b"".join(parts)
    check_unchanged(os.fstat(fd), instance)
    _check(Window(-1, instance.size, data, instance.offset), instance)
    return data


def _check_identity(head: bytes, instance: PlannedInstance) -> None:
    """Raise NotSendable when a file holds another instance now, which size and time of change do not tell."""
    if instance.sop_instance_uid.encode() not in head and not encoding_of(instance.transfer_syntax).deflated:
        raise NotSendable("changed_since_plan", "the file holds another instance since the plan was made")


def _check(window: Window, instance: PlannedInstance | SurveyedFile) -> None:
    """Raise NotSendable unless the data set is complete and can be sent as it is."""
    encoding = encoding_of(instance.transfer_syntax)
    if (instance.size - instance.offset) % 2 and not encoding.deflated:
        raise NotSendable("truncated_file", "the data set has an odd number of bytes, which no whole one has")
    try:
        check_complete(window, instance.offset, encoding, native=is_native(instance.transfer_syntax))
    except Damaged as damage:
        raise NotSendable("truncated_file", str(damage)) from damage
