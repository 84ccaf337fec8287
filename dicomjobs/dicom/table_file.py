"""Where the shipped tables of this package are read; it knows nothing of their columns."""

from __future__ import annotations

from pkgutil import get_data


def table_text(name: str) -> str:
    """Return a table such as `uids.tsv`: lines of columns with tabs between them."""
    data = get_data("dicomjobs.dicom", name)
    assert data is not None  # only a loader that has no files says so
    return data.decode("ascii")
