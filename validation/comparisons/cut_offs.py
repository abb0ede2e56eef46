"""Gains and lift, and measures at cut-offs of the champion, counted again."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.comparisons.ranking import few, sample_rows
from validation.rebuild import rates
from validation.rebuild.ranking import Rows
from validation.rebuild.workspace import DEVELOPMENT, Workspace

LIFT, CUT_OFFS = "performance.lift", "performance.cut_offs"
PARTS = 10
MEASURES = ("accept_rate", "accepted_bad_rate", "precision", "recall", "false_positive_rate", "f1", "lift")
GAINS = ("bad_rate", "lift", "captured", "cumulative_lift")
Table = list[dict[str, Any]]


def compare_cut_offs(space: Workspace) -> None:
    """Compare every part and every cut-off on every sample."""
    for area, compare in ((LIFT, _compare_lift), (CUT_OFFS, _compare_cut_offs)):
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
            continue
        compare(space, table)


def _compare_lift(space: Workspace, table: Table) -> None:
    told: Table = []
    own: list[dict[str, Any]] = []
    labels: list[str] = []
    for sample in space.rows:
        rows = sample_rows(space, space.package.champion_id, sample)
        if rows is None or len(np.unique(rows.outcome)) < 2:
            space.ledger.not_evaluable(f"{LIFT}: {sample}", "no linear score, or one class")
            continue
        mine = _parts(rows, space.confidence)
        stated = [row for row in table if row["sample"] == sample]
        places = [row["part"] for row in stated]
        space.ledger.words(LIFT, f"parts ({sample})", places, [m["part"] for m in mine], "part")
        if len(stated) == len(mine):
            told, own = told + stated, own + mine
            labels += [f"{sample} part {part}" for part in places]
    _numbers(space, LIFT, {"rows": "rows", "bad": "rows", "row_share": "share"}, GAINS, told, own, labels)


def _parts(rows: Rows, confidence: float) -> list[dict[str, Any]]:
    """Rows in parts of like weight, the riskiest first; an edge is the risk nearest to each tenth of the weight."""
    risks, at = np.unique(rows.risk, return_inverse=True)
    below = np.append(0.0, np.cumsum(np.bincount(at, rows.weight))[:-1])
    total = float(np.bincount(at, rows.weight).sum())
    edges = set()
    for k in range(1, PARTS):
        gaps = np.abs(below - k * (total / PARTS))
        nearest = np.flatnonzero(gaps == gaps.min())
        edges.add(int(nearest[-1]))
    cuts = risks[sorted(edges - {0})]
    number = len(cuts) - np.searchsorted(cuts, rows.risk, side="right")
    found = []
    for part in range(len(cuts) + 1):
        inside, above = number == part, number <= part
        line: dict[str, Any] = {"part": part + 1, "rows": int(inside.sum()), "bad": int((inside & rows.bad).sum())}
        line["row_share"] = float(np.sum(rows.weight[above])) / total
        values = (
            rates.share(rows, rows.bad, inside, confidence),
            rates.lift(rows, inside, confidence),
            rates.share(rows, above, rows.bad, confidence),
            rates.lift(rows, above, confidence),
        )
        found.append(line | dict(zip(GAINS, values, strict=True)))
    return found


def _compare_cut_offs(space: Workspace, table: Table) -> None:
    champion, plan = space.package.champion_id, (space.package.plan.get("strategy") or {}).get("cut_off")
    score = space.output(champion, "score")
    if score is None:
        space.ledger.not_evaluable(CUT_OFFS, "the champion publishes no score")
        return
    told, own, readings, labels = [], [], [], []
    for sample in space.rows:
        rows = sample_rows(space, champion, sample)
        if rows is None:
            continue
        points = score.data[space.judged(champion, sample)]
        for row in (one for one in table if one["sample"] == sample):
            at = plan if row["basis"] == "plan" else _cut_off_of(space, score.data, row["basis"])
            told.append(row)
            labels.append(f"{sample} {row['basis']}")
            mine, reading = _at(space, rows, points, at)
            own.append(mine)
            readings.append(reading)
    bases = [row["basis"] for row in table if row["sample"] == DEVELOPMENT]
    for sample in space.rows:
        mine_ = [row["basis"] for row in table if row["sample"] == sample]
        space.ledger.words(CUT_OFFS, f"cut-offs ({sample})", mine_, ["plan", *bases[1:]], "cut-off")
    head = {"cut_off": "mean", "rows": "rows", "bad": "rows", "accepted": "rows"}
    _numbers(space, CUT_OFFS, head, MEASURES, told, own, labels)
    space.ledger.words(CUT_OFFS, "reading", [row["reading"].split(":")[0] for row in told], readings, labels)


def _cut_off_of(space: Workspace, score: np.ndarray, basis: str) -> float:
    """The score of development that accepts nearest to the share in the words `accept n%`, the stricter of two."""
    wanted = float(basis.removeprefix("accept ").removesuffix("%")) / 100.0
    rows = space.judged(space.package.champion_id, DEVELOPMENT)
    scores, at = np.unique(score[rows], return_inverse=True)
    mass = np.bincount(at, space.weight[rows])
    accepted = np.cumsum(mass[::-1])[::-1] / np.sum(mass)
    gaps = np.abs(accepted - wanted)
    return float(scores[np.flatnonzero(gaps == gaps.min())[-1]])


def _at(space: Workspace, rows: Rows, score: np.ndarray, at: float | None) -> tuple[dict[str, Any], str]:
    found: dict[str, Any] = dict.fromkeys(MEASURES, rates.NONE)
    found |= {"cut_off": np.nan if at is None else at, "rows": len(rows.bad), "bad": int(rows.bad.sum())}
    if at is None:
        return found | {"accepted": np.nan}, "not evaluable"
    accepted = score >= at
    found["accepted"] = int(accepted.sum())
    if few(space, rows):
        return found, "not evaluable"
    level, every = space.confidence, np.ones(len(score), dtype=bool)
    values = (
        rates.share(rows, accepted, every, level),
        rates.share(rows, rows.bad, accepted, level),
        rates.share(rows, rows.bad, ~accepted, level),
        rates.share(rows, ~accepted, rows.bad, level),
        rates.share(rows, ~accepted, ~rows.bad, level),
        rates.f_score(rows, ~accepted, level),
        rates.lift(rows, ~accepted, level),
    )
    reading = "evaluated" if accepted.any() and not accepted.all() else "nobody is "
    if reading != "evaluated":
        reading += "rejected" if accepted.all() else "accepted"
    return found | dict(zip(MEASURES, values, strict=True)), reading


def _numbers(
    space: Workspace,
    area: str,
    head: dict[str, str],
    measures: tuple[str, ...],
    told: Table,
    own: list[dict[str, Any]],
    labels: list[str],
) -> None:
    for column, rule in head.items():
        space.ledger.numbers(area, column, rule, [r[column] for r in told], [m[column] for m in own], labels)
    for name in measures:
        for place, column in enumerate((name, f"{name}_lower", f"{name}_upper")):
            mine = [m[name][place] for m in own]
            space.ledger.numbers(area, column, "interval", [r[column] for r in told], mine, labels)
