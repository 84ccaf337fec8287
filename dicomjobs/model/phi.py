"""How much reports and what is printed may tell of the instances that a run was about."""

from __future__ import annotations

from enum import Enum


class Phi(Enum):
    """Instances by nothing but their row in the plan, by their UIDs, or by the paths of their files as well."""

    NONE = "none"
    UIDS = "uids"
    PATHS = "paths"
