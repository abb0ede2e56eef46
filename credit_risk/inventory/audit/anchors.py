"""Anchors: the head of a trail at a moment, kept where the owner of the database cannot write.

Whoever owns a database can write its trail anew, hashes included; nothing in it then shows. An anchor that lies
elsewhere (a file on another system, a signed PDF, an annex of a package, a signed statement) does.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from credit_risk._core.errors import Fault
from credit_risk._core.hash_chain import line_of
from credit_risk.inventory.audit.event import HASH, MOMENT
from credit_risk.inventory.errors import AuditError

_TEXT = re.compile(
    r"audittrail([0-9a-f]{64}),event([1-9][0-9]{0,17})of(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z):([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Head of the trail `log` (hash of its first event) at a moment; `source` says where the anchor was found."""

    log: str
    sequence: int
    hash: str
    at: str
    source: str = ""

    def text(self) -> str:
        """The anchor in one line, for PDFs, annexes and letters; `read_anchor_text` finds it again."""
        return f"audit trail {self.log}, event {self.sequence} of {self.at}: {self.hash}"


def read_anchor_text(text: str, source: str = "") -> tuple[Anchor, ...]:
    """All anchors in a text; blanks and breaks of lines do not matter."""
    groups = (found.groups() for found in _TEXT.finditer(re.sub(r"\s+", "", text)))
    return tuple(Anchor(log, int(number), digest, at, source) for log, number, at, digest in groups)


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Append an anchor to a file of anchors (one line of JSON each) and force it to the disk.

    Raises AuditError where the file cannot be written, or is not a file of anchors.
    """
    path = Path(path)
    if path.exists():
        read_anchors(path)
    record = {name: value for name, value in asdict(anchor).items() if name != "source"}
    try:
        with path.open("ab") as stream:
            stream.write(line_of(record) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise AuditError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(path))) from error


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """The anchors of a file. Raises AuditError with every line that is none."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(Fault(f"cannot be read ({error})", "unreadable", str(path))) from error
    anchors, faults = [], []
    for row, line in enumerate(lines, 1):
        anchor = _anchor(line, f"{Path(path).name}:{row}")
        if anchor is None:
            faults.append(Fault("is not an anchor", "not_an_anchor", str(path), row=row))
        else:
            anchors.append(anchor)
    if faults:
        raise AuditError(faults)
    return tuple(anchors)


def _anchor(line: str, source: str) -> Anchor | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    if not isinstance(record, dict) or set(record) != {"log", "sequence", "hash", "at"}:
        return None
    texts = (record["log"], HASH), (record["hash"], HASH), (record["at"], MOMENT)
    if not all(isinstance(value, str) and form.fullmatch(value) for value, form in texts):
        return None
    if not isinstance(record["sequence"], int) or isinstance(record["sequence"], bool) or record["sequence"] < 1:
        return None
    return Anchor(**record, source=source)
