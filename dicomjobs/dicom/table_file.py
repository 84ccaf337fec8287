"""Where the shipped tables of this package are read; it knows nothing of their columns."""

from __future__ import annotations

from pkgutil import get_data


def table_text(name: str) -> str:
    """Return a table such as `uids.tsv`: lines of columns with tabs between them."""
    data = get_data("dicomjobs.dicom", name)
    if data is None:
        raise FileNotFoundError(name)
    return data.decode("ascii")
