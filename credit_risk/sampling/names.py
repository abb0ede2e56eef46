"""Names that the model package gives to its own values, and that no column of a source may bear."""

from __future__ import annotations

import re

RESERVED = re.compile(r"_(key|sample|outcome|status|weight|cluster)\Z|(bin|woe|points|in)[:(].*\Z", re.DOTALL)
RESERVED_WORDS = (
    "_key, _sample, _outcome, _status, _weight, _cluster, nor a name that begins with bin, woe, points or in "
    "and goes on with ( or :"
)


def is_reserved(name: str) -> bool:
    """Whether the package uses `name` for something else."""
    return RESERVED.match(name) is not None
