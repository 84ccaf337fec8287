"""A ledger that an earlier version of dicomjobs made, brought to the present format; what it was is kept beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dicomjobs.ledger import schema
from dicomjobs.ledger.statements import transaction

STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (
        "ALTER TABLE claim ADD COLUMN inode INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE claim ADD COLUMN data_set_bytes INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE instance ADD COLUMN inode INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE instance ADD COLUMN data_set_bytes INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE instance ADD COLUMN proof TEXT NOT NULL DEFAULT ''",
        "UPDATE instance SET proof = 'status' WHERE outcome IN ('delivered', 'delivered_with_warning')",
    ),
    2: (
        "DROP INDEX claim_of_instance",
        "ALTER TABLE instance ADD COLUMN older_copy INTEGER NOT NULL DEFAULT 0",
        # What was tried more than once may have been tried with other content: nobody noted it then.
        """
        UPDATE instance SET older_copy = 1
        WHERE attempts > 1 AND outcome NOT IN ('delivered', 'delivered_with_warning')""",
    ),
}
"""What turns a format into the one after it."""


def migrate(connection: sqlite3.Connection, path: Path, *, version: int) -> None:
    """Bring the file from a format to the present one, all or nothing, after copying it; raises sqlite3.Error, OSError."""
    backup = path.with_name(f"{path.stem}.format-{version}{path.suffix}")
    backup.unlink(missing_ok=True)  # of a migration that was cut off
    connection.execute("VACUUM INTO ?", (str(backup),))
    backup.chmod(0o600)
    with transaction(connection):
        for number in range(version, schema.USER_VERSION):
            for statement in STEPS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.USER_VERSION}")
