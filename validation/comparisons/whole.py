"""Whether a table of evidence has every row that it must have, and each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from validation.compare import in_order
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace

TEST, CHECK = "evidence: rows told once", "row_repeated"


def compare_whole(space: Workspace, area: str, stated: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Compare the keys of the rows of a table with those that it must have, in any order; whether they are the same."""
    found = space.ledger.words(
        area,
        "rows of the table",
        [_text(one) for one in in_order(stated, wanted)],
        [_text(one) for one in wanted],
        _labels(wanted),
    )
    return found is None or not found.breaches


def _labels(wanted: Sequence[Any]) -> list[str]:
    return [_text(one) for one in wanted]


def _text(key: Any) -> str:
    return " ".join("" if one is None else str(one) for one in key) if isinstance(key, tuple) else str(key)


def compare_repeated(space: Workspace) -> None:
    """No table tells a row twice, in whatever order its rows stand; points of a figure may lie on one another."""
    wrong: dict[str, str] = {}
    compared = 0
    for evidence_id, item in space.package.evidence.items():
        if item["kind"] != "table":
            continue
        compared += 1
        seen: set[tuple[Any, ...]] = set()
        for row in item["rows"]:
            key = tuple(row)
            if key in seen:
                wrong.setdefault(evidence_id, ", ".join(str(cell) for cell in row if cell is not None))
            seen.add(key)
    if not wrong:
        space.ledger.check(Outcome(TEST, "pass", compared, "each row once", None))
        return
    shown = list(wrong)[:5]
    finding = Finding(
        test=TEST,
        severity=space.policy.checks[CHECK],
        quantity="rows that a table repeats",
        developer_value=len(wrong),
        validator_value=0,
        tolerance=None,
        statement=f"{len(wrong)} tables tell a row twice: {', '.join(f'{one} ({wrong[one][:80]})' for one in shown)}.",
        remedy="Tell each row once, or explain why it stands there twice.",
        evidence=tuple(shown),
    )
    space.ledger.check(Outcome(TEST, "fail", compared, "each row once", None, finding))


GRIDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fairness.error_rates": (("attribute", "group", "sample"), ("measure",)),
    "fairness.proxies": (("sample",), ("attribute", "predictor")),
    "reasons.frequency": (("sample",), ("reason_code",)),
    "samples.representativeness": (("sample",), ("characteristic",)),
    "stability.psi": (("sample",), ("quantity",)),
}
"""Tables that tell the same of every group: columns of the group, and of what is told of it."""
CURVES = ("performance.roc", "performance.cap", "performance.precision_recall", "performance.reliability")
DISCRIMINATION = "performance.discrimination"


def compare_grids(space: Workspace) -> None:
    """A table that tells the same of every sample or group leaves none of it out."""
    for area, (groups, told) in GRIDS.items():
        table = space.package.rows_of(area)
        if not table:
            continue
        keys = [tuple(row[name] for name in (*groups, *told)) for row in table]
        firsts = dict.fromkeys(key[: len(groups)] for key in keys)
        seconds = dict.fromkeys(key[len(groups) :] for key in keys)
        compare_whole(space, area, keys, [(*first, *second) for first in firsts for second in seconds])
    _compare_samples(space)


def _compare_samples(space: Workspace) -> None:
    """Every sample on which the champion's ranking is told has its curves, and no other has."""
    champion = space.package.candidate_ids[space.package.champion_id]
    judged = [row["sample"] for row in space.package.rows_of(DISCRIMINATION) or [] if row["model"] == champion]
    for area in (*CURVES, *GRIDS):
        table = space.package.rows_of(area)
        if table:
            stated = [one for one in dict.fromkeys(row["sample"] for row in table) if one not in space.rows]
            space.ledger.words(area, "samples that there are", stated, [None] * len(stated), stated)
        if table and judged and area in CURVES:
            compare_whole(space, area, list(dict.fromkeys(row["sample"] for row in table)), list(dict.fromkeys(judged)))
