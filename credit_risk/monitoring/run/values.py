"""The tidy values that rules are held against (`metrics.VALUE_COLUMNS`), from all tables of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from credit_risk.monitoring import metric_values as of
from credit_risk.monitoring.drift.columns import SCORE as SCORE_NAME
from credit_risk.monitoring.frames import ALL, MOMENT_COLUMNS
from credit_risk.monitoring.performance.calibration import GRADE as GRADE_SCHEME
from credit_risk.monitoring.performance.metric_values import calibration_values, decision_values, performance_values
from credit_risk.monitoring.performance.objectives import metric_objectives
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.replay import Replayed
from credit_risk.monitoring.run.checked import Checked
from credit_risk.monitoring.run.compared import Compared
from credit_risk.monitoring.run.drifted import Drifted
from credit_risk.monitoring.run.labelled import Labelled
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.variables import GRADE, SCORE


def values_of(
    source: SqlSource,
    reference: Reference,
    drift: Drifted,
    performance: Labelled,
    check: Checked,
    compare: Compared,
    again: Replayed | str,
    settings: Settings,
) -> tuple[pd.DataFrame, pd.DataFrame | str]:
    """VALUE_COLUMNS, sorted: every metric that this run can tell; and all objectives, those on metrics among them."""
    parts = [
        *_of_drift(reference, drift, check, settings),
        *_of_outcomes(source, performance, settings),
        *_of_decisions(compare, settings),
        of.of_faults(source.faults, source.periods),
        *([] if isinstance(again, str) else [again.values()]),
    ]
    frame = of.joined(one for one in parts if len(one))
    objectives = compare.objectives
    if not isinstance(objectives, str):
        aimed = [one for one in settings.spec.objectives if one.metric is not None]
        told = [one for one in (objectives, metric_objectives(aimed, frame, source.periods)) if len(one)]
        objectives = pd.concat(told, ignore_index=True) if told else "no objective of the plan could be measured"
        if not isinstance(objectives, str):
            frame = of.joined(one for one in (frame, of.of_objectives(objectives)) if len(one))
    ordered = frame.sort_values(["period", "segment", "metric", "subject"], kind="stable").reset_index(drop=True)
    return ordered, objectives


def _of_drift(reference: Reference, drift: Drifted, check: Checked, settings: Settings) -> Iterator[pd.DataFrame]:
    roles = {SCORE: SCORE_NAME, GRADE: GRADE_SCHEME}
    names = {one.name: roles[one.role] for one in reference.variables if one.role in roles}
    for stability in (drift.score, drift.characteristics):
        if not isinstance(stability, str):
            yield of.of_stability(stability.assign(variable=stability["variable"].replace(names)))
    if not isinstance(drift.distances, str):
        yield of.of_distances(drift.distances, settings.spec.significance)
    if not isinstance(check.domain, str):
        yield of.of_domain(check.domain)
    if not isinstance(check.quality, str):
        yield of.of_quality(check.quality)
    base = drift.moments.loc[drift.moments["quantity"] == "probability", "development_mean"]
    if len(base) and base.notna().all():
        yield of.of_moments(drift.moments[MOMENT_COLUMNS], {ALL: float(base.iloc[0])})


def _of_outcomes(source: SqlSource, performance: Labelled, settings: Settings) -> Iterator[pd.DataFrame]:
    """Grades are of the mature months of a year together, told at the last month."""
    if not isinstance(performance.performance, str) and settings.window is not None:
        like = None if isinstance(performance.like, str) else performance.like
        yield performance_values(performance.performance, float(settings.window), like=like)
    if not isinstance(performance.level, str):
        grades = None
        if not isinstance(performance.calibration, str):
            mine = performance.calibration[performance.calibration["scheme"] == GRADE_SCHEME]
            grades = mine.assign(period=source.periods[-1])
        yield calibration_values(performance.level, grades)


def _of_decisions(compare: Compared, settings: Settings) -> Iterator[pd.DataFrame]:
    if not isinstance(compare.decisions, str):
        yield decision_values(compare.decisions)
        yield of.of_adverse_impact(
            compare.decisions, settings.protected & set(settings.spec.segments), settings.references
        )
    if not isinstance(compare.profit, str):
        yield of.of_profit(compare.profit)
