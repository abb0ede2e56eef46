"""Decisions, objectives, and challengers that were scored in shadow, month by month."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.development import Development
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.decisions import (
    NO,
    OPEN,
    YES,
    Bases,
    Ternary,
    approved_of,
    development_bases,
)
from credit_risk.monitoring.performance.development_evidence import development_rates
from credit_risk.monitoring.performance.objectives import OBJECTIVE_COLUMNS, Objective
from credit_risk.monitoring.performance.vintages import NOT_EVALUABLE
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import clusters_of, numbers_of, texts_of
from credit_risk.monitoring.run.decided import DecisionRows
from credit_risk.monitoring.run.earned import profit_of
from credit_risk.monitoring.run.objective_rows import OF_ORDER, ObjectiveRows
from credit_risk.monitoring.run.settings import Settings, evidence_rows, held, truth
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
    bases = development_bases(development_rates(cut_offs, evidence_rows(package, "strategy.overrides")))
    parts = [_decided(source, period, settings, segments, words, cut, bases) for period in source.periods]
    if not parts:
        return "production has no counted row"
    found = pd.concat(parts, ignore_index=True)
    found.attrs["notes"] = (*parts[-1].attrs["notes"], _of_words(words, cut))
    return found


def _decided(
    source: SqlSource,
    period: str,
    settings: Settings,
    segments: Sequence[str],
    words: Words,
    cut_off: float | None,
    bases: Bases,
) -> pd.DataFrame:
    """DECISION_COLUMNS of a month, as of `decision_table`."""
    own, number = held(source, settings.applicant), 0
    asked = [DECISION, *(["score"] if cut_off is not None else []), *own, *segments]
    with TemporaryDirectory(prefix="credit-risk-") as place:
        rows = DecisionRows(Folder(Path(place)), clustered=bool(own))
        for table in source.batches(period, list(dict.fromkeys(asked)), ordered=False):
            done = approved_of(texts_of(table, DECISION), words.approved, words.declined).approved
            said = None if cut_off is None else _said(numbers_of(table, "score"), cut_off)
            cluster = clusters_of(table[own[0]], number) if own else None
            number += table.num_rows
            rows.add(done, said, {name: texts_of(table, name) for name in segments}, cluster)
        return rows.frame(period, bases, settings.spec.min_rows)


def _at_cut_off(applicants: Development, cut_off: float | None) -> pd.DataFrame | None:
    """Row of `strategy.cut_offs` of all applicants of development: the package's is of those with an outcome."""
    if cut_off is None or "score" not in applicants.outputs:
        return None
    score = applicants.outputs["score"].astype(np.float64)
    weights = np.ones(len(score)) if applicants.weights is None else applicants.weights
    rows = weights.sum() ** 2 / np.square(weights).sum()
    rate = float(np.average(score >= cut_off, weights=weights))
    return pd.DataFrame({"sample": ["development"], "declared": [True], "rows": [rows], "acceptance_rate": [rate]})


def _said(score: NDArray[np.float64], cut_off: float) -> Ternary:
    """What the score says: 1 at the cut-off or above, 0 below, -1 where there is none."""
    return np.where(np.isnan(score), OPEN, np.where(score >= cut_off, YES, NO)).astype(np.int8)


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
        parts.append(_aimed(source, period, objectives, names, flags, segments))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=OBJECTIVE_COLUMNS)


def _aimed(
    source: SqlSource,
    period: str,
    objectives: Sequence[Objective],
    names: Sequence[str],
    flags: Set[str],
    segments: Sequence[str],
) -> pd.DataFrame:
    """OBJECTIVE_COLUMNS of a month, as of `objective_table`; flags: columns of truth values."""
    with TemporaryDirectory(prefix="credit-risk-") as place:
        rows = ObjectiveRows(Folder(Path(place)), objectives)
        ordered = any(one.measure in OF_ORDER for one in objectives)
        for table in source.batches(period, ["_key", *held(source, *names), *segments], ordered=ordered):
            columns = {name: table[OTHER + name].to_pandas().to_numpy() for name in names}
            columns |= {name: truth(columns[name]) for name in flags & set(names)}
            rows.add(columns, table.num_rows, {name: texts_of(table, name) for name in segments})
        return rows.frame(period)


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
