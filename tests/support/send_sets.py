"""Send sets as a job file would declare them; it knows nothing of what is on the disk."""

from __future__ import annotations

from pathlib import Path

from dicomjobs.model.send_set import Condition, Order, ReadMode, SendSet, SendSetPath, Symlinks


def send_set_of(
    *paths: Path | str,
    recursive: bool = True,
    pattern: str = "*",
    symlinks: Symlinks = Symlinks.INSIDE,
    read: ReadMode = ReadMode.AUTO,
    order: Order = Order.BY_STUDY,
    where: tuple[Condition, ...] = (),
    minimum_age: float = 0.0,
) -> SendSet:
    """Return a send set of these paths, with the defaults of the schema."""
    return SendSet(
        name="inbox",
        paths=tuple(SendSetPath(path=str(path), written=str(path)) for path in paths),
        recursive=recursive,
        pattern=pattern,
        symlinks=symlinks,
        read=read,
        order=order,
        where=where,
        minimum_age=minimum_age,
    )
