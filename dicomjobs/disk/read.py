"""Instances as payloads: the data set's bytes unchanged from the file, or rewritten in another transfer syntax.

Source files are never mapped into memory: one that is truncated while it is sent would kill the process. Nothing here knows
of associations or of what a peer accepts.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing

from dicomjobs.dicom.encoding import encoding_of
from dicomjobs.dicom.transfer_syntaxes import is_native
from dicomjobs.disk.completeness import check_complete
from dicomjobs.disk.splice import spliced_head
from dicomjobs.disk.window import Damaged, Window
from dicomjobs.errors import NotSendable
from dicomjobs.model.data_set_form import DataSetForm, NewVrs
from dicomjobs.model.resume import DigestPolicy
from dicomjobs.plan.plan import PlannedInstance

WHOLE_BYTES = 256 * 1024
"""A data set up to this size is read at once and given as one chunk."""
CHUNK_BYTES = 1024 * 1024
DIGEST_BYTES = 64 * 1024
"""A data set up to this size is digested; of a larger one the digest would cost more than the sending."""

Convert = Callable[[bytes, str, DataSetForm], bytes]
"""(data set, its transfer syntax, a form) -> the data set in that form; raises NotSendable."""

_OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_PAD = b"\0"


class BytesPayload:
    """A data set that is in memory; fulfils execution's FilePayload."""

    __slots__ = ("_data", "sha256", "source_sha256")

    def __init__(self, data: bytes, *, sha256: str, source_sha256: str) -> None:
        """Take the bytes, an even number of them, with the digests of themselves and of what they were made from ("": none taken)."""
        self._data = data
        self.sha256 = sha256
        self.source_sha256 = source_sha256

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def chunks(self) -> Iterator[bytes]:
        """The bytes, at once."""
        yield self._data

    def close(self) -> None:
        """Let go of the bytes."""
        self._data = b""


class StreamedPayload:
    """A large data set that stays in its file but for a head that may be another; fulfils execution's FilePayload."""

    def __init__(
        self,
        fd: int,
        instance: PlannedInstance,
        buffers: list[bytearray],
        digest: DigestPolicy,
        *,
        head: bytes = b"",
        begin: int = -1,
    ) -> None:
        """Take over an open file, of which `head` stands for all before `begin`; `close` gives back what is taken of `buffers`."""
        self._fd = fd
        self._hash = hashlib.sha256() if digest is DigestPolicy.ALWAYS else None
        self.sha256 = ""
        self._instance = instance
        self._head = head
        self._begin = instance.offset if begin < 0 else begin
        self._buffers = buffers
        try:
            self._buffer = buffers.pop()
        except IndexError:  # not asked for first: another lane may have taken the last one in between
            self._buffer = bytearray(CHUNK_BYTES)
        self._padding = _padding(instance)

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self._head) + self._instance.size - self._begin + len(self._padding)

    @property
    def source_sha256(self) -> str:
        """The same where the bytes are those of the file; "" until all were given, or when none is taken."""
        return "" if self._head else self.sha256

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The bytes in order, at most 1 MiB at a time, each chunk valid until the next is asked for.

        Raises NotSendable before the last chunk when the file changed or cannot be read.
        """
        position, end = self._begin, self._instance.size
        view = memoryview(self._buffer)
        if self._head:
            if self._hash:
                self._hash.update(self._head)
            yield self._head
        while position < end:
            read = self._read(view[: end - position], position)
            position += read
            if position == end:
                _check_unchanged(os.fstat(self._fd), self._instance, "changed_while_sending")
            if self._hash:
                self._hash.update(view[:read])
                self.sha256 = self._hash.hexdigest() if position == end and not self._padding else ""
            yield view[:read]
        if self._padding:
            if self._hash:
                self._hash.update(self._padding)
                self.sha256 = self._hash.hexdigest()
            yield self._padding

    def _read(self, target: memoryview, position: int) -> int:
        """Fill the target from the file and return how many bytes came, at least one; raises NotSendable."""
        try:
            read = os.preadv(self._fd, [target], position)
        except OSError as error:
            raise _unreadable(error) from error
        if not read:
            raise NotSendable("changed_while_sending", "the file became shorter while it was being sent")
        return read

    def close(self) -> None:
        """Close the file and give the buffer back."""
        os.close(self._fd)
        self._buffers.append(self._buffer)


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
                return StreamedPayload(os.dup(fd), instance, self._buffers, digest)
            data = _read_whole(fd, instance) + _padding(instance)
            sha256 = _digest(data, digest)
            return BytesPayload(data, sha256=sha256, source_sha256=sha256)
        except OSError as error:
            raise _unreadable(error) from error
        finally:
            os.close(fd)

    def rewritten(
        self, instance: PlannedInstance, form: DataSetForm, digest: DigestPolicy = DigestPolicy.AUTO
    ) -> BytesPayload | StreamedPayload:
        """Return the data set in another form, all of it in memory unless only values are replaced; raises NotSendable."""
        fd = _open(instance)
        try:
            if _is_spliced(instance, form):
                return self._spliced(fd, instance, dict(form.replaced), digest)
            data = _read_whole(fd, instance)
        except OSError as error:
            raise _unreadable(error) from error
        finally:
            os.close(fd)
        sent = self._convert(data, instance.transfer_syntax, form)
        return BytesPayload(
            sent, sha256=_digest(sent, digest), source_sha256=_digest(data + _padding(instance), digest)
        )

    def _spliced(
        self, fd: int, instance: PlannedInstance, texts: dict[int, str], digest: DigestPolicy
    ) -> BytesPayload | StreamedPayload:
        """Return the data set with other values and the rest from its file; raises NotSendable and OSError."""
        data = b""
        if instance.size - instance.offset > WHOLE_BYTES:
            _check(Window(fd, instance.size, base=instance.offset), instance)
        else:
            data = _read_whole(fd, instance)
        window = Window(fd, instance.size, base=instance.offset)
        try:
            head, begin = spliced_head(window, instance.offset, encoding_of(instance.transfer_syntax), texts)
        except Damaged as damage:
            raise NotSendable("not_convertible", str(damage)) from damage
        if not data:
            return StreamedPayload(os.dup(fd), instance, self._buffers, digest, head=head, begin=begin)
        sent = head + data[begin - instance.offset :]
        return BytesPayload(sent, sha256=_digest(sent, digest), source_sha256=_digest(data, digest))

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


def _is_spliced(instance: PlannedInstance, form: DataSetForm) -> bool:
    """Say whether a form asks for nothing but other values, in a data set whose bytes can be taken apart as they are."""
    same = form.transfer_syntax == instance.transfer_syntax and form.new_vrs is NewVrs.KEEP
    return same and bool(form.replaced) and not encoding_of(instance.transfer_syntax).deflated


def _digest(data: bytes, policy: DigestPolicy) -> str:
    """Return the SHA-256 of a data set that is in memory where the policy wants it, else ""."""
    wanted = policy is DigestPolicy.ALWAYS or (policy is DigestPolicy.AUTO and len(data) <= DIGEST_BYTES)
    return hashlib.sha256(data).hexdigest() if wanted else ""


def _open(instance: PlannedInstance) -> int:
    """Open the file of an instance, which must be as it was when it was planned; raises NotSendable."""
    try:
        fd = os.open(instance.path, _OPEN_FLAGS)
    except FileNotFoundError as error:
        raise NotSendable("changed_since_plan", "the file is gone since the plan was made") from error
    except OSError as error:
        raise _unreadable(error) from error
    try:
        _check_unchanged(os.fstat(fd), instance)
    except NotSendable:
        os.close(fd)
        raise
    return fd


def _check_unchanged(status: os.stat_result, instance: PlannedInstance, reason: str = "changed_since_plan") -> None:
    """Raise NotSendable with a reason unless the file is the regular file that was planned, as old and as long."""
    if not stat.S_ISREG(status.st_mode):
        raise NotSendable(reason, "what is there now is not a regular file")
    if status.st_size != instance.size:
        words = f"the file had {instance.size} bytes when the plan was made and has {status.st_size} now"
        raise NotSendable(reason, words)
    if status.st_mtime_ns != instance.mtime_ns:
        raise NotSendable(reason, "the file was written to since the plan was made")


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
    _check_unchanged(os.fstat(fd), instance)
    _check(Window(-1, instance.size, data, instance.offset), instance)
    return data


def _check(window: Window, instance: PlannedInstance) -> None:
    """Raise NotSendable unless the data set is complete and can be sent as it is."""
    encoding = encoding_of(instance.transfer_syntax)
    if (instance.size - instance.offset) % 2 and not encoding.deflated:
        raise NotSendable("truncated_file", "the data set has an odd number of bytes, which no whole one has")
    try:
        check_complete(window, instance.offset, encoding, native=is_native(instance.transfer_syntax))
    except Damaged as damage:
        raise NotSendable("truncated_file", str(damage)) from damage


def _padding(instance: PlannedInstance) -> bytes:
    """Return what makes the data set's length even: a deflated one may lack the byte that PS3.5 A.5 asks for."""
    return _PAD * ((instance.size - instance.offset) % 2)


def _unreadable(error: OSError) -> NotSendable:
    """Return the operating system's refusal as the reason why an instance cannot be sent."""
    return NotSendable("unreadable", error.strerror or type(error).__name__)
