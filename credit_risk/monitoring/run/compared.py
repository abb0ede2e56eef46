"""Decisions, objectives, and challengers that were scored in shadow, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.development import Development
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.decisions import approved_of, decision_table
from credit_risk.monitoring.performance.development_evidence import development_rates
from credit_risk.monitoring.performance.objectives import OBJECTIVE_COLUMNS, Objective, objective_table
from credit_risk.monitoring.performance.vintages import NOT_EVALUABLE
from credit_risk.monitoring.run.earned import profit_of
from credit_risk.monitoring.run.settings import Settings, evidence_rows, held, truth
from credit_risk.monitoring.run.settings import applicants as applicants_of
from credit_risk.monitoring.run.shadow_months import shadow_months
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import CHALLENGER, DECISION, OTHER
from credit_risk.monitoring.spec import ObjectiveSpec
from credit_risk.package import Package

NO_DECISIONS = "production holds no decisions: map the column, and say which words approve and which decline"


@dataclass(frozen=True, slots=True)
class Compared:
    """Frames, or why there is none."""

    decisions: pd.DataFrame | str
    objectives: pd.DataFrame | str
    challengers: pd.DataFrame | str
    profit: pd.DataFrame | str


def compared(
    package: Package,
    source: SqlSource,
    late: bool,
    settings: Settings,
    segments: Sequence[str],
    words: Words,
    applicants: Development | None = None,
) -> Compared:
    """What was decided, what was aimed at, and who ranks better.

    applicants: all who applied in development, where production is held against them; None: against booked accounts.
    """
    return Compared(
        _decisions(package, source, settings, segments, words, applicants),
        _objectives(source, settings, segments),
        _challengers(source, late, settings, segments),
        profit_of(source, late, settings, segments, words),
    )


def challengers_of(source: SqlSource) -> dict[str, str]:
    """Column of the probabilities of each challenger that was scored in shadow, by its identifier."""
    tail = ":probability"
    columns = sorted(one for one in source.quantities if one.startswith(CHALLENGER) and one.endswith(tail))
    return {one.removeprefix(CHALLENGER).removesuffix(tail): one for one in columns}


def _decisions(
    package: Package,
    source: SqlSource,
    settings: Settings,
    segments: Sequence[str],
    words: Words,
    applicants: Development | None,
) -> pd.DataFrame | str:
    if DECISION not in source.columns or not (words.approved and words.declined):
        return NO_DECISIONS
    cut_off = (package.plan.get("strategy") or {}).get("cut_off")
    cut = float(cut_off) if cut_off is not None and "score" in source.quantities else None
    cut_offs = evidence_rows(package, "strategy.cut_offs") if applicants is None else _at_cut_off(applicants, cut)
    base = development_rates(cut_offs, evidence_rows(package, "strategy.overrides"))
    parts = []
    for period in source.periods:
        own = held(source, settings.applicant)
        frame = source.rows(period, [DECISION, *(["score"] if cut is not None else []), *own, *segments]).to_pandas()
        done = approved_of(frame[DECISION].to_numpy(object), words.approved, words.declined)
        said = None if cut is None else _said(frame["score"].to_numpy(np.float64), cut)
        by = {name: frame[name].to_numpy(object) for name in segments}
        table = decision_table(
            done.approved, said, segments=by, applicants=applicants_of(frame, settings), development=base,
            least_rows=settings.spec.min_rows,
        )  # fmt: skip
        notes = table.attrs.get("notes", ())
        parts.append(table.assign(period=period))
    if not parts:
        return "production has no counted row"
    found = pd.concat(parts, ignore_index=True)
    found.attrs["notes"] = (*notes, _of_words(words, cut))
    return found


def _at_cut_off(applicants: Development, cut_off: float | None) -> pd.DataFrame | None:
    """Row of `strategy.cut_offs` of all applicants of development: the package's is of those with an outcome."""
    if cut_off is None or "score" not in applicants.outputs:
        return None
    score = applicants.outputs["score"].astype(np.float64)
    weights = np.ones(len(score)) if applicants.weights is None else applicants.weights
    rows = weights.sum() ** 2 / np.square(weights).sum()
    rate = float(np.average(score >= cut_off, weights=weights))
    return pd.DataFrame({"sample": ["development"], "declared": [True], "rows": [rows], "acceptance_rate": [rate]})


def _said(score: NDArray[np.float64], cut_off: float) -> NDArray[np.int64]:
    """What the score says: 1 at the cut-off or above, 0 below, -1 where there is none."""
    return np.where(np.isnan(score), -1, (score >= cut_off).astype(np.int64))


def _of_words(words: Words, cut_off: float | None) -> str:
    told = (
        f"approved: {', '.join(words.approved)}; declined: {', '.join(words.declined)}; any other word is no decision"
    )
    return told if cut_off is None else f"{told}; overrides are against the cut-off {cut_off:g} of the plan"


def _objectives(source: SqlSource, settings: Settings, segments: Sequence[str]) -> pd.DataFrame | str:
    """Of objectives on columns; those on metrics follow from the values of metrics."""
    if not settings.spec.objectives:
        return "the plan declares no objectives"
    specs = [one for one in settings.spec.objectives if one.measure != "metric"]
    lost = {one.id: [name for name in one.columns if not held(source, name)] for one in specs}
    names = sorted({name for one in specs if not lost[one.id] for name in one.columns})
    flags = {name for one in specs for name in one.columns if isinstance(one.value, bool)}
    objectives = [
        Objective(o.id, o.area, cast(Any, o.measure), o.direction, o.target, o.columns, o.value, o.level)
        for o in specs
        if not lost[o.id]
    ]
    parts = [_without(one, period, lost[one.id]) for period in source.periods for one in specs if lost[one.id]]
    for period in source.periods if objectives else ():
        frame = source.rows(period, ["_key", *held(source, *names), *segments]).to_pandas()
        columns = {name: frame[OTHER + name].to_numpy() for name in names}
        columns |= {name: truth(columns[name]) for name in flags & set(names)}
        by = {name: frame[name].to_numpy(object) for name in segments}
        parts.append(objective_table(objectives, columns, len(frame), segments=by).assign(period=period))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=OBJECTIVE_COLUMNS)


def _without(one: ObjectiveSpec, period: str, lost: Sequence[str]) -> pd.DataFrame:
    """The row of an objective whose columns production does not hold."""
    reason = f"production does not hold the column {', '.join(map(repr, lost))}"
    head = (period, ALL, one.id, one.area, one.measure, 0, 0, *(np.nan,) * 3, one.direction, float(one.target))
    return pd.DataFrame([(*head, NOT_EVALUABLE, None, reason)], columns=OBJECTIVE_COLUMNS)


def _challengers(source: SqlSource, late: bool, settings: Settings, segments: Sequence[str]) -> pd.DataFrame | str:
    names = challengers_of(source)
    if not names:
        return "production holds no challenger that was scored in shadow"
    if not late or settings.window is None:
        return "a comparison needs outcomes, and their window"
    return shadow_months(source, settings, names, segments)
