"""Margins of conservatism and the registers of the plan: sizes, steps, effects and expiries, computed our own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special, stats

from validation.comparisons.long_run import averages_of, cohorts_of_package
from validation.rebuild.workspace import DEVELOPMENT, Workspace

MARGINS, OVERLAYS, LIMITATIONS = (
    "calibration.margin_of_conservatism",
    "judgement.overlays",
    "limitations.register",
)
OUTPUT = "probability_with_margin"
Record = Mapping[str, Any]


def compare_margins(space: Workspace) -> None:
    """Compare the margins of the plan with their evidence and with what the model makes of its best estimate."""
    entries = space.package.plan.get("margin_of_conservatism") or []
    table = space.package.rows_of(MARGINS)
    space.ledger.words(MARGINS, "declared", [table is not None], [bool(entries)], "table")
    sizes = [_size(space, entry) for entry in entries]
    if table is not None and entries:
        _compare_entries(space, table, entries, sizes)
    _compare_model(space, entries, sizes)


def _size(space: Workspace, entry: Record) -> float:
    if entry.get("size") is not None:
        return float(entry["size"])
    found = cohorts_of_package(space)
    averages = None if found is None else averages_of(space, found[0], found[1])
    if averages is None:
        return float("nan")
    told = averages.get("adjusted") or averages["mean_of_cohorts"]
    return float(stats.t.ppf(entry["confidence"], told["degrees"]) * told["standard_error"] / told["value"])


def _compare_entries(space: Workspace, table: list[Any], entries: Sequence[Record], sizes: Sequence[float]) -> None:
    labels = [f"margin {place + 1}" for place in range(len(entries))]
    names = ("category", "deficiency", "kind", "quantified", "confidence", "owner", "date", "expiry", "applied")
    defaults = {"kind": "relative", "applied": True}
    for name in names:
        stated = [entry.get(name, defaults.get(name)) for entry in entries]
        space.ledger.words(MARGINS, name, [row[name] for row in table], stated, labels)
    space.ledger.numbers(MARGINS, "size", "standard_error", [row["size"] for row in table], sizes, labels)
    ended = [expired(entry.get("expiry"), as_of(space)) for entry in entries]
    space.ledger.words(MARGINS, "expired", [row["expired"] for row in table], ended, labels)
    best = space.output(space.package.champion_id, "probability")
    rows = space.rows.get(DEVELOPMENT)
    if best is None or rows is None:
        return
    p, w = best.data[rows], space.weight[rows]
    before: list[float | None] = []
    after: list[float | None] = []
    for entry, size in zip(entries, sizes, strict=True):
        if not entry.get("applied", True):
            before.append(None)
            after.append(None)
            continue
        before.append(float(w @ p / w.sum()))
        p = moved(p, entry.get("kind", "relative"), size)
        after.append(float(w @ p / w.sum()))
    for name, own in (("mean_before", before), ("mean_after", after)):
        space.ledger.numbers(MARGINS, name, "mean_probability", [row[name] for row in table], own, labels)


def moved(p: np.ndarray, kind: str, size: float) -> np.ndarray:
    """Return probabilities with a margin; they end at 1."""
    if kind == "log_odds":
        return np.asarray(special.expit(np.log(p) - np.log1p(-p) + size))
    return np.minimum(p * (1.0 + size) if kind == "relative" else p + size, 1.0)


def _compare_model(space: Workspace, entries: Sequence[Record], sizes: Sequence[float]) -> None:
    """The probability with margin that the model gives must be its best estimate with the margins that are applied."""
    applied = [(e.get("kind", "relative"), s) for e, s in zip(entries, sizes, strict=True) if e.get("applied", True)]
    given, best = (
        space.output(space.package.champion_id, OUTPUT),
        space.output(space.package.champion_id, "probability"),
    )
    area = "model.json: probability with margin"
    space.ledger.words(area, "published", [given is not None], [bool(applied)], "output", [MARGINS])
    if given is None or best is None or not applied:
        return
    p = best.data
    for kind, size in applied:
        p = moved(p, kind, size)
    told = (area, "value", "calibrated_probability")
    space.ledger.numbers(*told, given.data, p, "row", [MARGINS], applicants=True)


def as_of(space: Workspace) -> str | None:
    """Return the date on which the plan stands, or None."""
    value = (space.package.plan.get("model") or {}).get("as_of")
    return value if isinstance(value, str) else None


def expired(expiry: str | None, today: str | None) -> bool | None:
    """Return whether the last day lies before the date of the plan; None where one of them is not declared."""
    if expiry is None or today is None:
        return None
    return tuple(map(int, expiry.split("-"))) < tuple(map(int, today.split("-")))


def compare_registers(space: Workspace) -> None:
    """Compare the registers of overlays and limitations with what the plan declares."""
    plan = space.package.plan
    overlays = [{**one, "overlay": one.get("id")} for one in plan.get("overlays") or []]
    words = ("overlay", "scope", "kind", "reason", "owner", "approved_by", "date", "expiry")
    _compare_register(space, OVERLAYS, overlays, words, ("size",))
    stated = (plan.get("model") or {}).get("limitations") or []
    limitations = [{**one, "limitation": place + 1} for place, one in enumerate(stated)]
    words = ("limitation", "text", "significance", "mitigant", "owner", "author", "date", "expiry")
    _compare_register(space, LIMITATIONS, limitations, words, ())


def _compare_register(
    space: Workspace, area: str, declared: Sequence[Record], words: Sequence[str], numbers: Sequence[str]
) -> None:
    table = space.package.rows_of(area) or []
    space.ledger.numbers(area, "entries", "rows", [len(table)], [len(declared)], ["register"])
    if len(table) != len(declared):
        return
    labels = [f"entry {place + 1}" for place in range(len(declared))]
    for name in words:
        space.ledger.words(area, name, [row[name] for row in table], [one.get(name) for one in declared], labels)
    for name in numbers:
        space.ledger.numbers(area, name, "share", [row[name] for row in table], [one[name] for one in declared], labels)
    ended = [expired(one.get("expiry"), as_of(space)) for one in declared]
    space.ledger.words(area, "expired", [row["expired"] for row in table], ended, labels)
