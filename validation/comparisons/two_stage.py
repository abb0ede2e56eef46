"""Two-stage models: is the first stage that of the plan, what does the second add, and is the offset right in size?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.inference import covariance_of, setting_of
from validation.comparisons.regression import design
from validation.comparisons.whole import compare_whole
from validation.rebuild import clustered, metrics
from validation.rebuild.covariance import resolve
from validation.rebuild.logistic import LogisticFit, fit_logistic
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of, stages_of

Step = Mapping[str, Any]
STAGES, GAIN, CHECK = "two_stage.stages", "two_stage.gain", "two_stage.offset_check"
HELD, AGAIN = "second stage held", "second stage fitted again"


def compare_two_stage(space: Workspace, fits: Mapping[str, LogisticFit]) -> None:
    """Compare every model with an offset in the plan; fits: our refits of the regressions by model id."""
    for model_id, model in space.package.models.items():
        offset = setting_of(space, model_id, "offset")
        name = space.package.candidate_ids[model_id]
        stages = stages_of(model)
        if not isinstance(offset, Mapping):
            staged = len(stages) > 1
            space.ledger.words(f"{STAGES}.{name}", "two stages", [staged], [False], [name])
            continue
        if len(stages) < 2:
            space.ledger.words(f"{STAGES}.{name}", "two stages", [False], [True], [name])
            continue
        _compare_first(space, model_id, name, offset, stages)
        first, both = (space.scored[model_id][step["output"]].data for step in stages[-2:])
        _compare_gain(space, name, first, both, fits.get(model_id))
        _compare_slopes(space, model_id, name, first, both)


def _compare_first(space: Workspace, model_id: str, name: str, offset: Mapping[str, Any], stages: list[Step]) -> None:
    """The first stage must be the column, or the model of the package, that the plan names."""
    area, rows = f"{STAGES}.{name}", np.concatenate(list(space.rows.values()))
    own = space.scored[model_id][stages[-2]["output"]].data[rows]
    if offset.get("column") is not None:
        column = space.frame[offset["column"]].to_numpy(np.float64)[rows]
        expected = column
        if offset.get("points_to_double_odds") is not None:
            factor = offset["points_to_double_odds"] / math.log(2.0)
            expected = (offset["base_score"] - factor * math.log(offset["base_odds"]) - column) / factor
    else:
        ids = {candidate: one for one, candidate in space.package.candidate_ids.items()}
        first_id = ids.get(str(offset.get("model")))
        if first_id is None:
            space.ledger.not_evaluable(area, "the package does not hold the first stage as a model of its own")
            return
        last = stages_of(space.package.models[first_id])[-1]
        expected = space.scored[first_id][last["output"]].data[rows]
    told = (area, "log-odds of the first stage", "linear_score")
    space.ledger.numbers(*told, own, expected, "row", [area], applicants=True)


def _compare_gain(space: Workspace, name: str, first: np.ndarray, both: np.ndarray, fit: LogisticFit | None) -> None:
    area = f"{GAIN}.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    samples = [row["sample"] for row in table]
    space.ledger.words(area, "samples", sorted(samples), sorted(space.rows), "sample")
    known = [row for row in table if row["sample"] in space.rows]
    own = [_gain(space, row["sample"], first, both, fit) for row in known]
    labels = [row["sample"] for row in known]
    for column, rule in _GAINS.items():
        space.ledger.numbers(area, column, rule, [row[column] for row in known], [one[column] for one in own], labels)


_GAINS = {
    "rows": "rows",
    "bads": "rows",
    "auc_first": "auc",
    "auc": "auc",
    "auc_difference": "difference",
    "lower": "difference",
    "upper": "difference",
    "p_value": "p_value",
    "gini_difference": "difference",
    "log_loss_first": "log_loss",
    "log_loss": "log_loss",
    "likelihood_ratio": "log_likelihood",
    "degrees_of_freedom": "rows",
    "likelihood_ratio_p_value": "p_value",
}


def _gain(
    space: Workspace, sample: str, first: np.ndarray, both: np.ndarray, fit: LogisticFit | None
) -> dict[str, float | None]:
    rows = space.known(sample)
    y, one, two, weight = space.outcome[rows], first[rows], both[rows], space.weight[rows]
    difference, error, p_value = clustered.auc_difference(y, one, two, space.cluster[rows], weight)
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    ratio: tuple[float | None, ...] = (None, None, None)
    if sample == DEVELOPMENT and fit is not None:
        statistic, freedom = 2.0 * (fit.log_likelihood - fit.null_log_likelihood), fit.parameters - 1.0
        ratio = (statistic, freedom, float(special.chdtrc(freedom, statistic)))
    values = (
        len(rows),
        int(y.sum()),
        metrics.auc(y, one, weight).auc,
        metrics.auc(y, two, weight).auc,
        difference,
        difference - half,
        difference + half,
        p_value,
        2.0 * difference,
        metrics.log_loss(y, special.expit(one), weight),
        metrics.log_loss(y, special.expit(two), weight),
        *ratio,
    )
    return dict(zip(_GAINS, values, strict=True))


def _compare_slopes(space: Workspace, model_id: str, name: str, first: np.ndarray, both: np.ndarray) -> None:
    """The coefficient of the offset, once it is freed, by our own fits."""
    area = f"{CHECK}.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    fits_of = [HELD, AGAIN] if scorecard_of(space.package.models[model_id]) is not None else [HELD]
    wanted = [(sample, fit) for sample in space.rows for fit in (fits_of if sample == DEVELOPMENT else [HELD])]
    compare_whole(space, area, [(row["sample"], row["fit"]) for row in table], wanted)
    known = [row for row in table if row["sample"] in space.rows and row["slope"] is not None]
    left_out = [f"{row['sample']}, {row['fit']}" for row in table if row not in known]
    if left_out:
        space.ledger.not_evaluable(f"{area}: {'; '.join(left_out)}", "the package states no coefficient there")
    fits = [_freed(space, model_id, row, first, both) for row in known]
    labels = [f"{row['sample']}, {row['fit']}" for row in known]
    columns = {"slope": "coefficient", "standard_error": "standard_error", "lower": "coefficient"}
    columns["upper"] = "coefficient"
    for column, rule in columns.items():
        own = [getattr(fit, "coefficient" if column == "slope" else column)[1] for fit in fits]
        space.ledger.numbers(area, column, rule, [row[column] for row in known], own, labels)
    holds = [bool(fit.lower[1] <= 1.0 <= fit.upper[1]) for fit in fits]
    space.ledger.words(area, "holds 1", [row["covers_one"] for row in known], holds, labels)


def _freed(space: Workspace, model_id: str, row: Mapping[str, Any], first: np.ndarray, both: np.ndarray) -> LogisticFit:
    rows = space.known(row["sample"])
    y, weight, clusters = space.outcome[rows], space.weight[rows], space.cluster[rows]
    ones = np.ones(len(rows))
    if row["fit"] == HELD:
        x = np.column_stack([ones, first[rows]])
        kind = resolve("auto", clusters)
        return fit_logistic(x, y, weight, space.confidence, kind, clusters, both[rows] - first[rows])
    card = scorecard_of(space.package.models[model_id])
    assert card is not None
    free = [0, *(place for place, term in enumerate(card.terms, start=1) if term.coefficient != 0.0)]
    woe = design(space, model_id, card)[:, free]
    x = np.column_stack([ones, first[rows], woe[:, 1:]])
    return fit_logistic(x, y, weight, space.confidence, covariance_of(space, model_id), clusters)
