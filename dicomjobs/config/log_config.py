"""The file of `--log-config`: a configuration of Python's logging (logging.config.dictConfig) in YAML or JSON; it is not applied here."""

from __future__ import annotations

from typing import Any

import yaml

from dicomjobs.config.documents import LARGEST_FILE, small_file


def read_log_config(path: str) -> dict[str, Any]:
    """Return what a file says; raises ValueError in a sentence, for a file that cannot be read as well."""
    try:
        content = small_file(path)
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > LARGEST_FILE:
        raise ValueError("it is larger than 1 MiB")
    try:
        found = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"it is neither YAML nor JSON: {_first_line(error)}") from error
    if not isinstance(found, dict):
        raise ValueError("it is no mapping: a configuration begins with `version: 1`")  # noqa: TRY004  a mistake in a file
    return {"disable_existing_loggers": False} | found


def _first_line(error: BaseException) -> str:
    """Return the first line of what a library says."""
    return str(error).partition("\n")[0]
