"""Stability of the score and of every characteristic of the model: rule of thumb and chance side by side.

Bins are those of the model; a characteristic without them is cut at deciles of development, or by its categories.
Missing values, special codes and values that development has not are bins of their own, and an empty bin stays in the
index (0.5 added to every count of both sides). Rows that share a cluster count as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, details, settle
from validation.rebuild import metrics
from validation.rebuild.characteristics import quantiles
from validation.rebuild.clusters import dense, repeat
from validation.rebuild.grades import holm
from validation.rebuild.recount import effective_counts
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

BINS = 10
CATEGORIES = 50
EVIDENCE = ("stability.psi",)
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shift:
    """Index of one quantity, p-value of no change, its 95 % point under no change, bins and empty cells."""

    psi: float
    p_value: float
    chance: float
    bins: int
    empty: int


def shift_of(expected: NDArray[np.float64], actual: NDArray[np.float64]) -> Shift:
    """Return the index of two sets of counts (k,); PSI/(1/n + 1/m) is about χ²(K − 1) under no change."""
    found = metrics.population_stability(expected, actual)
    unit = 1.0 / float(expected.sum()) + 1.0 / float(actual.sum())
    p_value = float(stats.chi2.sf(found.psi / unit, found.bins - 1)) if found.bins > 1 else 1.0
    return Shift(found.psi, p_value, found.chance_level, found.bins, found.empty_cells)


def check_stability(space: Workspace) -> None:
    """Judge every characteristic of the champion in every later sample; the score is judged with the performance."""
    held = characteristic_bins(space)
    for sample in space.rows:
        if sample == DEVELOPMENT:
            continue
        if not held:
            absent(space.ledger, "stability", "stability of characteristics", sample, "the champion has no input")
            continue
        _check_sample(space, sample, held)


def characteristic_bins(space: Workspace) -> dict[str, Integers]:
    """Return the bin (n,) of every row of the snapshot by characteristic: of the model's classings, else by input."""
    model = space.package.model
    scored = space.scored[space.package.champion_id]
    found = {step["input"]: scored[step["output_bin"]].data for step in steps_of(model, "classing")}
    if found:
        return found
    named = [item["name"] for item in model["inputs"] if item["name"] in space.frame.columns]
    return {name: raw_bins(space.frame[name].to_numpy(), space.rows[DEVELOPMENT]) for name in named}


def raw_bins(values: NDArray, development: Integers) -> Integers:
    """Return bins (n,) of a column: deciles of development or its categories, missing 0, unseen categories last.

    More than 50 categories are cut to the 49 most frequent of development and the others.
    """
    bins = np.zeros(len(values), dtype=np.int64)
    if values.dtype.kind in "fiub":
        numbers = values.astype(np.float64)
        held = np.isfinite(numbers)
        known = numbers[development][held[development]]
        edges = np.unique(quantiles(known, np.arange(1, BINS) / BINS)) if len(known) else np.zeros(0)
        bins[held] = 1 + np.searchsorted(edges, numbers[held], side="right")
        return bins
    texts = [None if item is None or item != item else str(item) for item in values.tolist()]
    names, counts = np.unique([texts[row] for row in development if texts[row] is not None], return_counts=True)
    order = np.lexsort((names, -counts))[: CATEGORIES - 1]
    places: Mapping[str, int] = {str(names[k]): 1 + number for number, k in enumerate(order)}
    rare, unseen = len(places) + 1, len(places) + 2
    every = {str(name) for name in names}
    told = (0 if one is None else places.get(one, rare if one in every else unseen) for one in texts)
    return np.fromiter(told, np.int64, len(texts))


def counts_of(space: Workspace, bins: Integers, sample: str) -> NDArray[np.float64]:
    """Return the count of each bin of a sample, which sums to its effective rows: clusters where they repeat."""
    rows = space.rows[sample]
    counts = effective_counts(bins[rows], space.weight[rows], int(bins.max()) + 1)
    clusters = space.cluster[rows]
    most = float(dense(clusters)[1]) if repeat(clusters) else math.inf
    return counts * min(1.0, most / float(counts.sum()))


def judged_shift(found: Shift, adjusted: float, cuts: tuple[float, float], chance: tuple[float, float]) -> str:
    """Return the outcome: beyond a cut and not by chance; not evaluable where chance alone reaches the first cut."""
    for word, cut, level in (("fail", cuts[1], chance[1]), ("review", cuts[0], chance[0])):
        if found.psi > cut and adjusted <= level:
            return word
    return "not_evaluable" if found.chance >= cuts[0] else "pass"


def check_score(space: Workspace, model_id: str, sample: str) -> None:
    """Judge the linear score on deciles of development; rows without a score are a bin of their own."""
    value = space.output(model_id, "linear_score")
    assert value is not None
    test = "stability of the score"
    if not all(np.isfinite(value.data[space.rows[name]]).any() for name in (DEVELOPMENT, sample)):
        absent(space.ledger, "stability", test, sample, "no scored row")
        return
    bins = raw_bins(value.data, space.rows[DEVELOPMENT])
    found = shift_of(*(counts_of(space, bins, one) for one in (DEVELOPMENT, sample)))
    policy = space.policy
    cuts = (policy.cuts["psi_review"].value, policy.cuts["psi_fail"].value)
    chance = (policy.cuts["chance_review"].value, policy.cuts["chance_fail"].value)
    outcome = judged_shift(found, found.p_value, cuts, chance)
    words = (
        f"review above {cuts[0]:g} at p of at most {chance[0]:g}, fail above {cuts[1]:g} at {chance[1]:g}; "
        f"chance alone reaches {found.chance:.4f}"
    )
    row = replace(_row("the score", sample, found, outcome, words), test=test)
    told = (
        f"The PSI of the score on {sample} is {found.psi:.4f}; an unchanged population stays below {found.chance:.4f} "
        "in 19 of 20 draws."
    )
    settle(space, row, "psi_fail", Words(told, "Find what shifted before the model is used.", EVIDENCE))


def _check_sample(space: Workspace, sample: str, held: Mapping[str, Integers]) -> None:
    values = {
        name: shift_of(*(counts_of(space, bins, one) for one in (DEVELOPMENT, sample))) for name, bins in held.items()
    }
    policy = space.policy
    cuts = (policy.cuts["csi_review"].value, policy.cuts["csi_fail"].value)
    chance = (policy.cuts["chance_review"].value, policy.cuts["chance_fail"].value)
    adjusted = dict(zip(values, holm([one.p_value for one in values.values()]), strict=True))
    words = (
        f"review above {cuts[0]:g} at p of at most {chance[0]:g}, fail above {cuts[1]:g} at {chance[1]:g}, "
        "Holm over characteristics"
    )
    rows = [
        _row(name, sample, one, judged_shift(one, adjusted[name], cuts, chance), words) for name, one in values.items()
    ]
    details(space, rows)
    worst = max(values, key=lambda name: values[name].psi)
    outcomes = {row.outcome for row in rows}
    outcome = next(word for word in ("fail", "review", "pass", "not_evaluable") if word in outcomes)
    few = [name for name, row in zip(values, rows, strict=True) if row.outcome == "not_evaluable"]
    reason = (
        f"an unchanged population reaches {cuts[0]:g} in {len(few)} of {len(rows)} characteristics" if few else None
    )
    moved = [
        f"{name} {values[name].psi:.3f}"
        for name, row in zip(values, rows, strict=True)
        if row.outcome in ("review", "fail")
    ]
    row = BatteryRow(
        area="stability",
        test="stability of characteristics",
        population=sample,
        statistic=f"greatest PSI, {worst}",
        outcome="not_evaluable" if outcome == "pass" and few else outcome,
        value=values[worst].psi,
        p_value=adjusted[worst],
        cut=words,
        reason=reason,
    )
    told = f"On {sample} {len(moved)} of {len(rows)} characteristics moved: {', '.join(moved)}."
    settle(
        space, row, "csi_fail", Words(told, "Find what shifted before the model is used.", EVIDENCE), compared=len(rows)
    )


def _row(name: str, sample: str, found: Shift, outcome: str, cut: str) -> BatteryRow:
    reason = None
    if outcome == "not_evaluable":
        reason = f"an unchanged population of this size reaches {found.chance:.4f} in one of 20 draws"
    empty = f", {found.empty} empty" if found.empty else ""
    return BatteryRow(
        area="stability",
        test=f"stability of {name}",
        population=sample,
        statistic=f"PSI of {found.bins} bins{empty}",
        outcome=outcome,
        value=found.psi,
        p_value=found.p_value,
        cut=cut,
        reason=reason,
    )
