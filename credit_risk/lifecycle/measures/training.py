"""What candidates of an amount or a fraction are fitted on, and the classing of its predictors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.bins import Code
from credit_risk.binning.mean_table import MeanTable
from credit_risk.binning.means import class_means
from credit_risk.lifecycle.candidates.training import Screens
from credit_risk.lifecycle.classing import Prepared, derive_steps, model_inputs, named_clusters
from credit_risk.lifecycle.trends import declared_trends
from credit_risk.models.assemble import InputColumn
from credit_risk.models.glm_spec import GlmSpec
from credit_risk.plan import Plan

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasureTraining:
    """What candidates are fitted on. frame: (n, columns) of inputs; y, weights (n,); exposure (n,) of amounts, or None.

    tables: classing of predictors; inputs: every column that a model may read; derive_steps: steps that make derived
    characteristics of them; specials: codes by column; clusters (n,) or None; screens: what selection is told besides.
    """

    kind: str
    frame: pd.DataFrame
    y: Floats
    weights: Floats
    exposure: Floats | None
    tables: Mapping[str, MeanTable]
    inputs: Mapping[str, InputColumn]
    derive_steps: Mapping[str, dict[str, Any]]
    specials: Mapping[str, list[Code]]
    clusters: NDArray[np.int64] | None = None
    screens: Screens = field(default_factory=Screens)


def class_measures(plan: Plan, prepared: Prepared) -> MeasureTraining:
    """Class every predictor on the mean of development. Columns that are offsets are no predictors."""
    intake, rows = prepared.intake, prepared.development
    beside = beside_columns(plan)
    names = [name for name in intake.predictors if name not in beside]
    frame = intake.frame.loc[rows].reset_index(drop=True)
    y, weights, exposure = intake.outcome[rows], prepared.weights[rows], amount_exposure(plan, prepared)
    inside = None if exposure is None else exposure[rows]
    specials: dict[str, list[Code]] = {name: list(intake.specials.get(name, {})) for name in names}
    tables = class_means(
        frame[names],
        y,
        intake.kind,
        settings=plan.classing,
        weights=weights,
        exposure=inside,
        trends=declared_trends(plan, names),
        specials=specials,
    )
    return MeasureTraining(
        intake.kind,
        frame,
        y,
        weights,
        inside,
        tables,
        model_inputs(intake, beside),
        derive_steps(plan, intake),
        specials,
        named_clusters(prepared.clusters[rows]),
    )


def beside_columns(plan: Plan) -> list[str]:
    """Columns that models read otherwise than as characteristics: the exposure of amounts, and offsets."""
    exposure = [plan.outcome.exposure] if plan.outcome.type == "amount" and plan.outcome.exposure is not None else []
    offsets = [spec.offset for spec in plan.models if isinstance(spec, GlmSpec) and spec.offset is not None]
    return list(dict.fromkeys([*exposure, *offsets]))


def amount_exposure(plan: Plan, prepared: Prepared) -> Floats | None:
    """Exposure (n,) that amounts are proportional to; None where there is none, and of fractions."""
    return prepared.intake.decided.exposure if plan.outcome.type == "amount" else None
