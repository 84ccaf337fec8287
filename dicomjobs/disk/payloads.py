"""What is sent of an instance: bytes that are in memory, or that stay in the file; it does not know how they come about."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator

from dicomjobs.errors import NotSendable
from dicomjobs.model.resume import DigestPolicy
from dicomjobs.plan.inventory import SurveyedFile
from dicomjobs.plan.plan import PlannedInstance

CHUNK_BYTES = 1024 * 1024


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
        self._source_hash = hashlib.sha256() if digest is DigestPolicy.ALWAYS and head else None
        self.sha256 = self.source_sha256 = ""
        self._instance = instance
        self._head = head
        self._begin = instance.offset if begin < 0 else begin
        self._buffers = buffers
        try:
            self._buffer = buffers.pop()
        except IndexError:  # not asked for first: another lane may have taken the last one in between
            self._buffer = bytearray(CHUNK_BYTES)
        self._padding = padding(instance)

    @property
    def length(self) -> int:
        """Bytes in all."""
        return len(self._head) + self._instance.size - self._begin + len(self._padding)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The bytes in order, at most 1 MiB at a time, each chunk valid until the next is asked for.

        Raises NotSendable before the last chunk when the file changed or cannot be read.
        """
        position, end = self._begin, self._instance.size
        view = memoryview(self._buffer)
        if self._head:
            self._digest_head()
            yield self._head
        while position < end:
            read = self._read(view[: end - position], position)
            position += read
            if position == end:
                check_unchanged(os.fstat(self._fd), self._instance, "changed_while_sending")
            self._digest(view[:read], is_last=position == end and not self._padding)
            yield view[:read]
        if self._padding:
            self._digest(self._padding, is_last=True)
            yield self._padding

    def _digest_head(self) -> None:
        """Digest the head, and what it stands for in the file."""
        if self._hash and self._source_hash:
            self._hash.update(self._head)
            position = self._instance.offset
            while position < self._begin:
                read = self._read(memoryview(self._buffer)[: self._begin - position], position)
                self._source_hash.update(self._buffer[:read])
                position += read

    def _digest(self, chunk: bytes | memoryview, *, is_last: bool) -> None:
        """Digest a chunk; after the last one the digests are known."""
        if self._hash:
            self._hash.update(chunk)
            if self._source_hash:
                self._source_hash.update(chunk)
            if is_last:
                self.sha256 = self._hash.hexdigest()
                self.source_sha256 = (self._source_hash or self._hash).hexdigest()

    def _read(self, target: memoryview, position: int) -> int:
        """Fill the target from the file and return how many bytes came, at least one; raises NotSendable."""
        try:
            read = os.preadv(self._fd, [target], position)
        except OSError as error:
            raise unreadable(error) from error
        if not read:
            raise NotSendable("changed_while_sending", "the file became shorter while it was being sent")
        return read

    def close(self) -> None:
        """Close the file and give the buffer back."""
        os.close(self._fd)
        self._buffers.append(self._buffer)


def check_unchanged(
    status: os.stat_result, instance: PlannedInstance | SurveyedFile, reason: str = "changed_since_plan"
) -> None:
    """Raise NotSendable with a reason unless the file is the regular file that was planned, as old and as long."""
    if not stat.S_ISREG(status.st_mode):
        raise NotSendable(reason, "what is there now is not a regular file")
    if status.st_size != instance.size:
        words = f"the file had {instance.size} bytes when the plan was made and has {status.st_size} now"
        raise NotSendable(reason, words)
    if status.st_mtime_ns != instance.mtime_ns:
        raise NotSendable(reason, "the file was written to since the plan was made")


def padding(instance: PlannedInstance) -> bytes:
    """Return what makes the data set's length even: a deflated one may lack the byte that PS3.5 A.5 asks for."""
    return b"\0" * ((instance.size - instance.offset) % 2)


def unreadable(error: OSError) -> NotSendable:
    """Return the operating system's refusal as the reason why an instance cannot be sent."""
    return NotSendable("unreadable", error.strerror or type(error).__name__)
