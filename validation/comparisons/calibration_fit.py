"""The calibration of a model as the plan says it, fitted again: pooled or by segment, with its level or its rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.comparisons.calibration_external import external_of
from validation.comparisons.calibration_level import level_of
from validation.comparisons.calibration_moments import moments_of
from validation.comparisons.derived import planned_value
from validation.rebuild.calibration_anchor import OwnLevel, shifted
from validation.rebuild.calibration_external import OwnExternal
from validation.rebuild.calibration_maps import OwnMap, fit_own
from validation.rebuild.calibration_moments import OwnMoments
from validation.rebuild.calibration_segments import OwnSegments, OwnSwitch, fit_segments, log_odds_of, segment_names
from validation.rebuild.workspace import Workspace

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model's calibration by our own fit. rows: of the sample; score (n,): of all rows; own: with its level.

    switch: where maps differ by a column, with their level; own is then the map of all other rows. segments: before
    any level.
    """

    model_id: str
    name: str
    rows: Integers
    score: Floats
    own: OwnMap
    level: OwnLevel | None = None
    external: OwnExternal | None = None
    moments: OwnMoments | None = None
    switch: OwnSwitch | None = None
    segments: OwnSegments | None = None

    def probability(self, rows: Integers) -> Floats:
        """Return the probability of some rows of the snapshot."""
        if self.switch is None:
            return self.own.probability(self.score[rows])
        return self.switch.probability(self.score, rows)

    def determined(self, rows: Integers) -> NDArray[np.bool_]:
        """Return which of some rows have a score at which their map is determined."""
        if self.switch is not None:
            return self.switch.determined(self.score, rows)
        if self.own.only_at is None:
            return np.ones(len(rows), dtype=bool)
        return np.isin(self.score[rows], self.own.only_at)


def fitted(space: Workspace, model_id: str, name: str, method: str, rows: Integers) -> Fitted:
    """Fit a method to some rows as the plan says. Raises NotFitted."""
    value = space.output(model_id, "linear_score")
    assert value is not None
    score, by = value.data, (space.package.plan.get("calibration") or {}).get("by")
    names = None if by is None else names_of(space, model_id, by)
    segments, switch = None, None
    if by is not None and names is not None:
        segments, switch = fit_segments(by, method, names, rows, (score, space.outcome, space.weight))
        own, switch = segments.pooled, switch if switch.names else None
    else:
        own = fit_own(method, score[rows], space.outcome[rows], space.weight[rows])
    external = external_of(space, own, score)
    if external is not None:
        return Fitted(model_id, name, rows, score, external.map, external=external, switch=external.switch)
    moments = moments_of(space, score, rows)
    if moments is not None:
        return Fitted(model_id, name, rows, score, moments.map, moments=moments)
    found = Fitted(model_id, name, rows, score, own, switch=switch, segments=segments)
    log_odds = log_odds_of(own, score[rows]) if switch is None else special.logit(found.probability(rows))
    level = level_of(space, log_odds, rows)
    if level is None:
        return found
    moved = None if switch is None else switch.moved(level.shift)
    return replace(found, own=shifted(own, level.shift), level=level, switch=moved)


def names_of(space: Workspace, model_id: str, by: Mapping[str, Any]) -> list[str] | None:
    """Return the segment of each row, '' without one; None where the column is derived from what is not there.

    A derived column is the model's own, or made by the plan's words where the model has no map that reads it.
    """
    column, plan = str(by["column"]), space.package.plan
    declared = ((plan.get("data") or {}).get("columns") or {}).get(column) or {}
    if column in space.frame.columns:
        values = space.frame[column]
        codes = [float(code) for code in declared.get("specials") or {}] if values.dtype.kind in "if" else []
        return segment_names(values.tolist(), by.get("edges"), codes)
    derived = space.scored[model_id].get(column) or planned_value(space, column)
    return None if derived is None else segment_names(derived.data.tolist(), by.get("edges"), [])
