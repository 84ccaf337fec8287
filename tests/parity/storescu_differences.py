"""The one place where differences between storescu and an imported job are listed, each with its reason.

The options page shows this table; a line of the parity table that shows one of them says so, and then must show it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, by the names of exchange.py, and the reason, for people."""

    fields: frozenset[str]
    reason: str


def _differs(reason: str, *fields: str) -> Difference:
    """A difference in these fields."""
    return Difference(frozenset(fields), reason)


DIFFERENCES = {
    "folder_order": _differs(
        "storescu sends what is in a folder as the file system lists it; an imported job sends the same files by name, "
        "so that the same folder is sent the same way everywhere.",
        "order",
    ),
    "message_ids": _differs(
        "storescu counts a message ID for a file that it could not send, too; message IDs only have to be different.",
        "message_id",
    ),
    "known_before": _differs(
        "What cannot be sent (no context for it, unreadable) storescu finds out in the middle, when half the files are sent, and "
        "aborts. The plan knows before anything is sent, and with `on_failure: stop` nothing is.",
        "associations",
    ),
    "nothing_to_send": _differs(
        "When no file at all can be sent storescu -nh establishes an association and releases it again; an imported job asks nobody.",
        "associations",
    ),
    "without_pixels": _differs(
        "A data set without pixel data (a report, a presentation state) storescu sends in a compressed transfer syntax as well, when with "
        "+C that is what the peer chose. Such a transfer syntax says how pixel data is compressed, and here there is none to be: it fails.",
        "requests",
    ),
    "no_abort": _differs(
        "After an instance for which the peer accepted no usable context storescu halts with an A-ABORT, an imported job with "
        "an A-RELEASE: nothing is wrong with the association.",
        "ended",
    ),
    "closed": _differs(
        "storescu closes the connection without a word (no context accepted, identity not confirmed, socket timeout); an imported "
        "job releases or aborts the association first (PS3.8 7.2, 7.3).",
        "ended",
    ),
    "invented": _differs(
        "Invented UIDs, names and identifiers are new in every run; the same one stands wherever storescu has the same one.",
        "invented",
    ),
    "kept_for_later": _differs(
        "storescu +rn calls every file .bad that was not stored. A file that failed for a passing reason, as out of resources, keeps "
        "its name here, so that the next run sends it.",
        "names",
    ),
    "trailing_padding": _differs(
        "storescu leaves out Data Set Trailing Padding (FFFC,FFFC), which has no meaning (PS3.10 7.2). A data set that goes out in the "
        "transfer syntax of its file goes out as it is.",
        "elements",
    ),
    "numbers_of_unsent": _differs(
        "What storescu cannot send takes its invented numbers with it; here they are given to what is sent.",
        "command",
        "elements",
        "message_id",
    ),
    "unknown_classes": _differs(
        "With -R storescu refuses a SOP class that its table of storage classes lacks, private ones among them, or with -nh "
        "leaves the file out. `sop_classes: from_files` proposes what the files have.",
        "contexts",
        "requests",
    ),
    "unknown_classes_refused": _differs(
        "The same without -nh, where storescu then sends nothing at all.",
        "associations",
    ),
    "goes_on": _differs(
        "When the peer ends the association storescu -nh tries every remaining file on the dead connection; an imported job with "
        "`on_failure: continue` sends them on a new one.",
        "associations",
    ),
    "release_answered": _differs(
        "A peer that asks to release in the middle is answered, where storescu aborts.",
        "ended",
    ),
}
