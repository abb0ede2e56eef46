"""Anchor of an inventory's audit trail, which a bank gives the validator to keep in his annex: read as text alone."""

from __future__ import annotations

import re
from pathlib import Path

from validation.errors import Fault, ValidationInputError

ANCHOR = re.compile(
    r"audit trail [0-9a-f]{64}, event [1-9][0-9]{0,17} of \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z: [0-9a-f]{64}"
)


def read_anchor(given: str) -> str:
    """Return the one anchor that a text holds, or the file that it names (`governance.json`, what
    `credit-risk audit anchor` prints). Raises ValidationInputError where there is none, or several."""
    text = given
    try:
        if not ANCHOR.search(text) and Path(given).is_file():
            text = Path(given).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ValidationInputError(Fault("anchor_invalid", f"cannot be read: {error}", given[:200])) from error
    found = set(ANCHOR.findall(text))
    if len(found) != 1:
        remedy = "give the line that `credit-risk audit anchor` prints, or a file that holds it"
        message = f"holds {len(found)} anchors of an audit trail, where one is needed"
        raise ValidationInputError(Fault("anchor_invalid", message, given[:200], remedy=remedy))
    return found.pop()
