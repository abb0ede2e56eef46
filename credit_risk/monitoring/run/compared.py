"""Decisions, objectives, and challengers that were scored in shadow, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.challenger.shadow import Accepted, shadow_comparison
from credit_risk.monitoring.development import Development
from credit_risk.monitoring.performance.decisions import approved_of, decision_table
from credit_risk.monitoring.performance.development_evidence import development_rates
from credit_risk.monitoring.performance.labels import label_outcomes
from credit_risk.monitoring.performance.objectives import Objective, objective_table
from credit_risk.monitoring.run.labelled import OUTCOMES
from credit_risk.monitoring.run.settings import Settings, evidence_rows
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import CHALLENGER, DECISION
from credit_risk.package import Package

NO_DECISIONS = "production holds no decisions: map the column, and say which words approve and which decline"


@dataclass(frozen=True, slots=True)
class Words:
    """The bank's words for what was done with an applicant."""

    approved: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Frames, or why there is none."""

    decisions: pd.DataFrame | str
    objectives: pd.DataFrame | str
    challengers: pd.DataFrame | str


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
        frame = source.rows(period, [DECISION, *(["score"] if cut is not None else []), *segments]).to_pandas()
        done = approved_of(frame[DECISION].to_numpy(object), words.approved, words.declined)
        said = None if cut is None else _said(frame["score"].to_numpy(np.float64), cut)
        by = {name: frame[name].to_numpy(object) for name in segments}
        table = decision_table(done.approved, said, segments=by, development=base, least_rows=settings.spec.min_rows)
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
    specs = settings.spec.objectives
    if not specs:
        return "the plan declares no objectives"
    needed = {name for one in specs for name in one.columns}
    lost = sorted(name for name in needed if name not in source.columns)
    if lost:
        return f"production does not hold the columns {', '.join(lost)}"
    objectives = [Objective(o.id, o.area, o.measure, o.direction, o.target, o.columns, o.value, o.level) for o in specs]
    parts = []
    for period in source.periods:
        frame = source.rows(period, ["_key", *sorted(needed), *segments]).to_pandas()
        columns = {name: frame[name].to_numpy() for name in needed}
        by = {name: frame[name].to_numpy(object) for name in segments}
        parts.append(objective_table(objectives, columns, len(frame), segments=by).assign(period=period))
    return pd.concat(parts, ignore_index=True) if parts else "production has no counted row"


def _challengers(source: SqlSource, late: bool, settings: Settings, segments: Sequence[str]) -> pd.DataFrame | str:
    spec = settings.spec.challengers
    names = challengers_of(source)
    if not names:
        return "production holds no challenger that was scored in shadow"
    if not late or settings.window is None:
        return "a comparison needs outcomes, and their window"
    random = spec.random_accepts if spec is not None else None
    held = random is not None and random in source.columns
    parts: list[pd.DataFrame] = []
    for period in source.periods:
        extra = [str(random)] if held else []
        frame = source.rows(period, ["_time", *OUTCOMES, "probability", *names.values(), *extra, *segments]).to_pandas()
        labels, _ = label_outcomes(frame["_time"], frame["bad_date"], frame["observed_until"], settings.window)
        by: dict[str, Any] = {name: frame[name].to_numpy(object) for name in segments}
        accepted = Accepted(random=frame[str(random)].to_numpy() == 1) if held else Accepted()
        for identifier, name in names.items():
            both = np.isfinite(frame["probability"].to_numpy(float)) & np.isfinite(frame[name].to_numpy(float))
            rows = np.flatnonzero(both)
            table = shadow_comparison(
                labels.part(rows),
                frame["probability"].to_numpy(float)[rows],
                frame[name].to_numpy(float)[rows],
                accepted,
                segments={segment: values[rows] for segment, values in by.items()},
                least=settings.least,
            )
            parts.append(table.assign(period=period, challenger=identifier))
    return pd.concat(parts, ignore_index=True) if parts else "production has no counted row"
