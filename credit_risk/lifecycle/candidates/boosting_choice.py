"""Settings of boosting before it is fitted on all of development: searched, stopped early, made simpler; each told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk._core.hashing import sha256_bytes
from credit_risk.lifecycle.candidates.training import SNAPSHOT
from credit_risk.models.boosting import Bounds
from credit_risk.models.boosting_folds import FoldCurve, fold_curve, make_folds
from credit_risk.models.boosting_rows import BoostingRows
from credit_risk.models.boosting_search import search_frame, search_settings, with_settings
from credit_risk.models.boosting_spec import MonotoneBoostingSpec
from credit_risk.models.simplicity import compare_simpler, simplicity_frame

Folds = NDArray[np.int64]
STOPPING, SEARCH, SIMPLICITY = (f"boosting.{name}.{{model}}" for name in ("early_stopping", "search", "simplicity"))
CURVE_COLUMNS = ["trees", "mean", "lower", "upper", "chosen"]
CHART = {
    "type": "line",
    "x": "trees",
    "y": ["mean", "lower", "upper"],
    "x_title": "Trees",
    "y_title": "Mean of the folds left out",
}
FOLD_NOTE = (
    "features, among them weights of evidence and directions that were mined, were made on all of development; the "
    "folds measure the trees alone"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that all of development is fitted with, what settled them, and the evidence."""

    spec: MonotoneBoostingSpec
    settled: dict[str, str]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the choice works on. seed: of the plan; clusters (n,) in the order that the rows were given in, or None."""

    rows: BoostingRows
    bounds: Bounds
    seed: int
    clusters: NDArray[np.int64] | None
    journal: Path | None
    report: Callable[[str], None]


def choose_settings(spec: MonotoneBoostingSpec, inputs: Inputs) -> Choice:
    """Search, early stopping and simplicity, as far as the plan asks for them, all on the same folds of development."""
    asked = (spec.search, spec.early_stopping, spec.simplicity)
    if all(one is None for one in asked):
        return Choice(spec, {"settled by": "the plan"}, tuple(_not_asked(spec, name) for name in _NAMES))
    y = np.empty(len(inputs.rows.y))
    y[inputs.rows.source] = inputs.rows.y
    folds = make_folds(y, spec.folds, inputs.seed, inputs.clusters)
    settled = {"folds": f"{spec.folds} of development, by the seed of the plan"}
    chosen, searched = _searched(spec, folds, inputs, settled)
    chosen, stopped = _stopped(chosen, folds, inputs, settled)
    chosen, simpler = _simpler(chosen, folds, inputs, settled)
    return Choice(chosen, settled, (stopped, searched, simpler))


def _searched(
    spec: MonotoneBoostingSpec, folds: Folds, inputs: Inputs, settled: dict[str, str]
) -> tuple[MonotoneBoostingSpec, Evidence]:
    if spec.search is None:
        return spec, _not_asked(spec, "search")
    metric = spec.search.metric

    def objective(tried: MonotoneBoostingSpec) -> FoldCurve:
        patience = None if spec.early_stopping is None else spec.early_stopping.patience
        rounds = [tried.trees] if patience is None else None
        return fold_curve(inputs.rows, folds, inputs.bounds, tried, metric=metric, rounds=rounds, patience=patience)

    journal = None if inputs.journal is None else inputs.journal / f"{spec.id}.jsonl"
    key = _key(inputs, folds)
    found = search_settings(spec, spec.search, objective, inputs.seed, journal=journal, key=key, report=inputs.report)
    settled["search"] = f"trial {found.chosen.number} of {len(found.trials)}, the best mean {metric} of the folds"
    notes = (f"mean, of the folds left out: {metric}", FOLD_NOTE, "trial 0 has the settings of the plan")
    evidence = table(SEARCH, search_frame(found, spec), parameter=spec.id, inputs=SNAPSHOT, notes=notes)
    taken = with_settings(spec, found.chosen.settings)
    return (taken if spec.early_stopping is None else with_settings(taken, {"trees": spec.trees})), evidence


def _stopped(
    spec: MonotoneBoostingSpec, folds: Folds, inputs: Inputs, settled: dict[str, str]
) -> tuple[MonotoneBoostingSpec, Evidence]:
    """The curve of the settings that stand, by its own metric, and the number of trees that it ends with."""
    stopping = spec.early_stopping
    if stopping is None:
        return spec, _not_asked(spec, "early_stopping")
    patience = stopping.patience
    curve = fold_curve(inputs.rows, folds, inputs.bounds, spec, metric=stopping.metric, patience=patience)
    trees = curve.rounds[curve.best]
    most = ", the most that it may have" if trees == spec.trees else ""
    settled["early_stopping"] = f"{trees} trees{most}, the best mean {stopping.metric} of the folds"
    settled["refitted"] = "on all of development, with that many trees"
    notes = (f"mean of the folds left out: {stopping.metric}", FOLD_NOTE)
    evidence = table(STOPPING, curve_frame(curve), parameter=spec.id, inputs=SNAPSHOT, notes=notes, chart=CHART)
    return spec.model_copy(update={"trees": trees}), evidence


def _simpler(
    spec: MonotoneBoostingSpec, folds: Folds, inputs: Inputs, settled: dict[str, str]
) -> tuple[MonotoneBoostingSpec, Evidence]:
    if spec.simplicity is None:
        return spec, _not_asked(spec, "simplicity")
    found = compare_simpler(inputs.rows, folds, inputs.bounds, spec, spec.simplicity, inputs.report)
    taken = found.models[found.taken]
    settled["simplicity"] = f"rule {spec.simplicity.rule}: depth {taken.depth}, {taken.trees} trees"
    evidence = table(SIMPLICITY, simplicity_frame(found), parameter=spec.id, inputs=SNAPSHOT, notes=(FOLD_NOTE,))
    update = {"depth": taken.depth, "leaves": taken.leaves_allowed, "trees": taken.trees}
    return spec.model_copy(update=update), evidence


def curve_frame(curve: FoldCurve) -> pd.DataFrame:
    """Evidence `boosting.early_stopping.{model}`: mean of the folds left out after each number of trees."""
    mean, error = curve.mean, curve.standard_error
    place = np.arange(len(mean))
    columns = (curve.rounds, mean, mean - error, mean + error, place == curve.best)
    return pd.DataFrame(dict(zip(CURVE_COLUMNS, columns, strict=True)))


_NAMES = ("early_stopping", "search", "simplicity")


def _not_asked(spec: MonotoneBoostingSpec, name: str) -> Evidence:
    reason = f"the plan does not ask for it (models.{spec.id}.{name})"
    return absent(f"boosting.{name}.{{model}}", "not_applicable", reason, parameter=spec.id)


def _key(inputs: Inputs, folds: Folds) -> str:
    """Hash of all that a trial depends on besides its settings."""
    rows = inputs.rows
    arrays: list[NDArray[Any]] = [rows.x, rows.y, rows.source, folds]
    arrays += [a for a in (rows.weights, rows.offset) if a is not None]
    described = repr((rows.features, inputs.bounds, [a.shape for a in arrays])).encode()
    return sha256_bytes(b"".join([described, *(np.ascontiguousarray(a).tobytes() for a in arrays)]))
