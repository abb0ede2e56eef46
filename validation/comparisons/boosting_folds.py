"""How the number of trees and the settings of boosting were chosen: the folds dealt and trained again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild import metrics
from validation.rebuild.boosting.cuts import in_few_values
from validation.rebuild.boosting.differences import as_stated
from validation.rebuild.boosting.remembered import trained
from validation.rebuild.boosting.rows import TrainingRows
from validation.rebuild.boosting.settings import Settings
from validation.rebuild.calibration_choice import dealt_folds
from validation.rebuild.workspace import Workspace
from validation.steps.trees import leaves

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rows = list[dict[str, Any]]
MOST_WORK = 3e8
"""Most values of features that trees of folds are grown on, over all trees: beyond it folds are not trained again."""
FOLDS, PATIENCE = 5, 20


@dataclass(frozen=True, slots=True)
class Folded:
    """Rows of development in few values, and the fold (n,) of each."""

    rows: TrainingRows
    fold: Integers


def compare_folds(
    space: Workspace, name: str, spec: Mapping[str, Any], rows: TrainingRows, cluster: Integers, settings: Settings
) -> None:
    """Compare the curve of early stopping, and the folds of the chosen trial and simpler model, with our own.

    spec: what the plan says of the candidate; cluster (n,) of the rows; settings: those before simpler models.
    """
    stopping = space.package.rows_of(f"boosting.early_stopping.{name}")
    search = space.package.rows_of(f"boosting.search.{name}")
    simpler = space.package.rows_of(f"boosting.simplicity.{name}")
    tables = {"early_stopping": stopping, "search": search, "simplicity": simpler}
    areas = [f"boosting.{key}.{name}" for key, table in tables.items() if table]
    if not areas:
        return
    count = int(spec.get("folds", FOLDS))
    seed = (space.package.plan.get("samples") or {}).get("seed")
    if not isinstance(seed, int):
        for area in areas:
            space.ledger.not_evaluable(f"{area}: folds trained again", "the plan states no seed (samples.seed)")
        return
    few = np.column_stack([in_few_values(c, settings.most_values).astype(np.float64) for c in rows.features.T])
    every = np.arange(len(rows.bad), dtype=np.int64)
    folded = Folded(replace(rows, features=few), dealt_folds(rows.bad, cluster, every, count, seed))
    if stopping is not None:
        _compare_stopping(space, name, spec, stopping, folded, settings)
    if search is not None:
        _compare_trial(space, name, spec, search, folded, settings)
    if simpler is not None:
        _compare_simpler(space, name, simpler, folded, settings)


def _too_much(space: Workspace, area: str, folded: Folded, rounds: int) -> bool:
    size = folded.rows.features.size * (np.max(folded.fold) + 1) * rounds
    if size <= MOST_WORK:
        return False
    reason = f"folds of {size:.1e} values of features over all trees are beyond what is trained again ({MOST_WORK:.0e})"
    space.ledger.not_evaluable(f"{area}: folds trained again", reason)
    return True


def _compare_stopping(
    space: Workspace, name: str, spec: Mapping[str, Any], table: Rows, folded: Folded, settings: Settings
) -> None:
    area, own = f"boosting.early_stopping.{name}", spec.get("early_stopping") or {}
    if _too_much(space, area, folded, len(table)):
        return
    metric = str(own.get("metric", "log_loss"))
    values = curve(folded, replace(settings, rounds=len(table)), range(1, len(table) + 1), metric)
    mean = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    labels = [f"{row['trees']} trees" for row in table]
    columns = {"mean": mean, "lower": mean - error, "upper": mean + error}
    for column, numbers in columns.items():
        space.ledger.numbers(area, column, "fold_value", [row[column] for row in table], numbers, labels, [area])
    better = mean if metric == "log_loss" else -mean
    chosen = [place == int(np.argmin(better)) for place in range(len(table))]
    if _close(better):
        space.ledger.not_evaluable(f"{area}: chosen", "two numbers of trees are as good to within the tolerance")
    else:
        space.ledger.words(area, "chosen by folds trained again", [r["chosen"] for r in table], chosen, labels, [area])
    most, patience = int(spec.get("trees", len(table))), int(own.get("patience", PATIENCE))
    ended = len(table) == most or stopping_place(better, patience) == len(table) - 1
    space.ledger.words(area, "growing ended as the plan says", [True], [ended], [f"{len(table)} trees"], [area])


def _close(better: Floats) -> bool:
    """Whether the second best lies so near the best that the last bit decides."""
    return len(better) > 1 and bool(np.partition(better, 1)[1] - np.min(better) < 1e-9)


def stopping_place(better: Floats, patience: int) -> int | None:
    """Return the first place at which the least value so far lies `patience` places back; None: nowhere."""
    best = 0
    for place, value in enumerate(better.tolist()):
        best = place if value < better[best] else best
        if place - best >= patience:
            return place
    return None


def _compare_trial(
    space: Workspace, name: str, spec: Mapping[str, Any], table: Rows, folded: Folded, settings: Settings
) -> None:
    """The chosen trial is trained again on every fold; the others are as the package states them."""
    area = f"boosting.search.{name}"
    chosen = [row for row in table if row["chosen"] and row["mean"] is not None]
    if len(chosen) != 1 or _too_much(space, area, folded, chosen[0]["trees"]):
        return
    row = chosen[0]
    tried = replace(
        settings,
        rounds=row["trees"],
        depth=row["depth"],
        leaves=row["leaves"],
        learning_rate=row["learning_rate"],
        least_hessian=row["min_child_weight"],
        l2=row["reg_lambda"],
        least_gain=row["gamma"],
    )
    metric = str((spec.get("search") or {}).get("metric", "auc"))
    own = curve(folded, tried, [row["trees"]], metric)[:, 0]
    stated = [float(value) for value in row["folds"].split("; ")]
    labels = [f"trial {row['trial']}, fold {k}" for k in range(len(own))]
    space.ledger.numbers(area, "folds of the chosen trial, trained again", "fold_value", stated, own, labels, [area])
    if len(table) > 1:
        reason = (
            f"{len(table) - 1} trials that were not chosen are not trained again; their order is that of the stated"
        )
        space.ledger.not_evaluable(f"{area}: other trials", reason)


def _compare_simpler(space: Workspace, name: str, table: Rows, folded: Folded, settings: Settings) -> None:
    """The Gini on the folds of the chosen model; the others are as the package states them."""
    area = f"boosting.simplicity.{name}"
    chosen = [row for row in table if row["chosen"]]
    if len(chosen) != 1 or _too_much(space, area, folded, chosen[0]["trees"]):
        return
    row = chosen[0]
    own = replace(settings, rounds=row["trees"], depth=row["depth"], leaves=row["leaves_allowed"])
    values = 2.0 * curve(folded, own, [row["trees"]], "auc")[:, 0] - 1.0
    error = values.std(ddof=1) / np.sqrt(len(values))
    for column, number in (("gini_folds", float(values.mean())), ("standard_error", float(error))):
        space.ledger.numbers(area, column, "fold_value", [row[column]], [number], ["chosen"], [area])
    if len(table) > 1:
        reason = f"{len(table) - 1} models that were not chosen are not trained again on the folds"
        space.ledger.not_evaluable(f"{area}: other models on the folds", reason)


def curve(folded: Folded, settings: Settings, rounds: Any, metric: str) -> Floats:
    """Return the metric on each fold left out after each number of trees in `rounds`: (folds, rounds)."""
    measure = _MEASURES[metric]
    wanted = list(rounds)
    found = []
    for k in range(int(np.max(folded.fold)) + 1):
        kept, out = folded.rows.part(folded.fold != k), folded.rows.part(folded.fold == k)
        forest = trained(kept.features, kept.bad, settings, share=kept.share, weight=kept.weight, offset=kept.offset)
        margin = np.full(len(out.bad), kept.log_odds) if out.offset is None else out.offset
        values = []
        for number, tree in enumerate(forest.trees, start=1):
            margin = margin + tree.value.astype(np.float64)[leaves(as_stated(tree), out.features)]
            if number in wanted:
                values.append(measure(out.bad, margin, out.weight))
        found.append(values)
    return np.array(found)


def _log_loss(bad: Floats, margin: Floats, weight: Floats) -> float:
    return float(np.average(np.logaddexp(0.0, margin) - bad * margin, weights=weight))


def _auc(bad: Floats, margin: Floats, weight: Floats) -> float:
    return float(metrics.auc(bad, margin, weight).auc)


_MEASURES: dict[str, Callable[[Floats, Floats, Floats], float]] = {"log_loss": _log_loss, "auc": _auc}
