"""What runs of monitoring kept of the log of alerts: its head, in their evidence, by which a later edit is found.

A chain shows an edit of any line but the last by itself; the last, or all lines from some point on, can be written
anew so that the chain holds. Each run therefore keeps how many lines there were and the hash of the last: the line of
that number must still have that hash. Lines that were added after the last run (acknowledged, closed) are held by the
next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk._core.hash_chain import START, Chain, read_chain
from credit_risk._core.hashing import sha256_bytes
from credit_risk.monitoring.alerts.log import ALERTS_FILE, AlertError

MANIFEST, RUN = "manifest.json", "evidence/monitoring.run.json"
HEAD, LINES, FIRST, PLACE = (
    "log of alerts ends in",
    "lines of the log of alerts",
    "log of alerts begins with",
    "log of alerts stands",
)
"""Items of evidence `monitoring.run`."""
BESIDE, ELSEWHERE = "beside the run", "elsewhere"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a run kept: its folder, hash of the last line and number of lines then, hash of the first line, and whether
    the log stood in the folder `alerts` beside the run."""

    run: Path
    head: str
    lines: int
    first: str
    beside: bool


def anchor_items(folder: Path, *, beside: bool) -> dict[str, str]:
    """Items of `monitoring.run` that hold the log of a folder. Raises AlertError where its chain is at fault."""
    chain = _chain(folder)
    first = chain.hashes[0] if chain.hashes else START
    told = BESIDE if beside else ELSEWHERE
    return {HEAD: chain.head, LINES: str(len(chain.events)), FIRST: first, PLACE: told}


def anchor_of(run: Path) -> Anchor | None:
    """What a run kept; None where the folder is no run of monitoring, or one that kept nothing yet.

    Raises AlertError where its evidence cannot be read, or is not what its manifest lists.
    """
    path, manifest = run / RUN, _manifest(run / MANIFEST)
    if manifest.get("kind") != "monitoring":
        return None
    listed = manifest.get("files", {}).get(RUN, {}).get("sha256")
    if not path.is_file() or sha256_bytes(path.read_bytes()) != listed:
        message = "the evidence of the run is not what its manifest lists: what it kept of the log cannot be trusted"
        raise AlertError(Fault(message, "anchor", str(path), remedy="restore the run from where it is kept"))
    items = dict(canonical_json.from_bytes(path.read_bytes(), RUN).get("rows", []))
    if HEAD not in items:
        return None
    return Anchor(run, items[HEAD], int(items[LINES]), items[FIRST], items[PLACE] == BESIDE)


def anchors_beside(folder: Path) -> list[Anchor]:
    """Of all runs that stand beside a log of alerts and wrote into it, by name of their folder."""
    runs = sorted(one for one in folder.resolve().parent.iterdir() if one.is_dir() and one.name != folder.name)
    return [anchor for one in runs if (anchor := anchor_of(one)) is not None and anchor.beside]


def check_anchors(folder: Path, anchors: Iterable[Anchor]) -> int:
    """How many anchors the log of a folder was held against. Raises AlertError with all that do not fit."""
    chain, faults, count = _chain(folder), [], 0
    for anchor in anchors:
        count += 1
        faults += list(_faults(chain, anchor))
    if faults:
        raise AlertError(faults)
    return count


def check_before_run(folder: Path, out: Path, *, beside: bool) -> int:
    """Hold the log against what earlier runs kept of it, before a run writes into it: how many there were.

    Of a log beside the run all runs there; of another the run that `out` replaces, where it began with the same line.
    Raises AlertError where the log was written anew since.
    """
    if beside:
        parent = folder.resolve().parent
        return check_anchors(folder, anchors_beside(folder)) if parent.is_dir() else 0
    former = anchor_of(out)
    chain = _chain(folder)
    same = former is not None and chain.hashes[:1] == (former.first,)
    return check_anchors(folder, [former]) if same and former is not None else 0


def _faults(chain: Chain, anchor: Anchor) -> Iterator[Fault]:
    found = START if anchor.lines == 0 else None
    if 0 < anchor.lines <= len(chain.hashes):
        found = chain.hashes[anchor.lines - 1]
    if found != anchor.head:
        what = f"has {len(chain.hashes)} lines" if found is None else f"line {anchor.lines} has the hash {found}"
        told = "lines were changed, taken out or written anew"
        yield Fault(
            f"the log is not the one that the run {anchor.run.name} kept: {told}",
            "anchor",
            ALERTS_FILE,
            row=anchor.lines or None,
            found=what,
            allowed=f"{anchor.lines} lines, the last with the hash {anchor.head}",
            remedy="restore the log from where it is kept; a log that is begun anew has another folder (--alerts)",
        )


def _chain(folder: Path) -> Chain:
    chain = read_chain(folder / ALERTS_FILE)
    if chain.faults:
        raise AlertError(chain.faults)
    return chain


def _manifest(path: Path) -> Mapping[str, Any]:
    """Manifest of a folder that may be a run; empty where it is none that can be read."""
    try:
        found = canonical_json.from_bytes(path.read_bytes(), MANIFEST) if path.is_file() else {}
    except (CreditRiskError, OSError):
        return {}
    return found if isinstance(found, dict) else {}
