"""Looks at challengers that were scored in shadow, each with what was known on its day, and what the rules then say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.evaluation.stability import population_stability_index
from credit_risk.monitoring.challenger.looks import outcomes_as_of
from credit_risk.monitoring.challenger.recommendation import challenger_measures, recommend, significant_inversions
from credit_risk.monitoring.challenger.schedule import SCHEDULED_COLUMNS, Schedule, Scheduled, months_from, scheduled
from credit_risk.monitoring.challenger.shadow import accepted_by_plan, shadow_comparison
from credit_risk.monitoring.performance.calibration import SCORE_BAND, calibration_level, calibration_table
from credit_risk.monitoring.performance.labels import label_outcomes
from credit_risk.monitoring.run.compared import challengers_of
from credit_risk.monitoring.run.labelled import OUTCOMES
from credit_risk.monitoring.run.settings import Settings, applicants, held, truth
from credit_risk.monitoring.source import SqlSource
from credit_risk.package import Package
from credit_risk.scoring import compile_model
from credit_risk.strategy.always_valid import ALWAYS_VALID
from credit_risk.strategy.cut_offs import cut_offs_of
from credit_risk.strategy.matrix import bands
from credit_risk.strategy.redeployment import Rules

RECOMMENDED_COLUMNS = ["challenger", "verdict", "reasons", "warnings"]
NO_LOOK = "no look is evaluable yet"
NO_RULES = "the plan states no rules of redeployment (strategy.redeployment)"
BANDS = 10


@dataclass(frozen=True, slots=True)
class Looked:
    """Frames, or why there is none: SCHEDULED_COLUMNS with `challenger`, and RECOMMENDED_COLUMNS."""

    looks: pd.DataFrame | str
    recommendations: pd.DataFrame | str


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of all months: days, probabilities of champion and challenger, who was accepted at random, applicants,
    and scores where accepts are weighted."""

    days: pd.DataFrame
    champion: NDArray[np.float64]
    challenger: NDArray[np.float64]
    random: NDArray[np.bool_] | None
    applicant: NDArray[np.object_] | None
    score: NDArray[np.float64] | None


def looked(package: Package, source: SqlSource, settings: Settings, late: bool, warned: dict[str, str]) -> Looked:
    """The looks that the plan declares, as far as they have been taken; where it declares none, always-valid ones.

    warned: what has to be read before the recommendation on a challenger, by its identifier.
    """
    names = challengers_of(source)
    if not names:
        return Looked(*("production holds no challenger that was scored in shadow",) * 2)
    if not late or settings.window is None:
        return Looked(*("a comparison needs outcomes, and their window",) * 2)
    looks, advised = [], []
    rules = _rules(package)
    for identifier, column in names.items():
        rows = _rows(source, column, settings)
        found = _scheduled(rows, settings, source.periods[0])
        if len(found.table):
            looks.append(found.table.assign(challenger=identifier))
        if rules is not None and found.taken:
            latest = dict(found.taken[-1])
            last = pd.DataFrame([latest])
            if identifier in warned:
                told = "; ".join(one for one in (last.iloc[0]["warning"], warned[identifier]) if isinstance(one, str))
                last = last.assign(warning=told)
            inversions = significant_inversions(latest["bands"])
            psi = _stability(package, identifier, rows.challenger[latest["places"]])
            measures = challenger_measures(last, latest["level"], psi, inversions, found.test)
            advised.append(recommend(identifier, rules, measures, last, found.test).frame())
    return Looked(
        pd.concat(looks, ignore_index=True)[["challenger", *SCHEDULED_COLUMNS]] if looks else NO_LOOK,
        NO_RULES if rules is None else pd.concat(advised, ignore_index=True) if advised else NO_LOOK,
    )


def _rules(package: Package) -> Rules | None:
    spec = (package.plan.get("strategy") or {}).get("redeployment")
    if spec is None:
        return None
    accept, reject = ({k: v for k, v in spec[name].items() if v is not None} for name in ("auto_accept", "reject"))
    return Rules(accept, reject, spec["accepts_only"])


def _rows(source: SqlSource, column: str, settings: Settings) -> _Rows:
    spec = settings.spec.challengers
    random = held(source, None if spec is None else spec.random_accepts)
    weighted = spec is not None and spec.random_share is not None and "score" in source.quantities
    own = [*held(source, settings.applicant), *(["score"] if weighted else [])]
    wanted = ["_time", *OUTCOMES, "probability", column, *random, *own]
    frames = [source.rows(period, list(dict.fromkeys(wanted))).to_pandas() for period in source.periods]
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[np.isfinite(frame["probability"]) & np.isfinite(frame[column])].reset_index(drop=True)
    by_chance = (truth(frame[random[0]]) == True) if random else None  # noqa: E712
    p, q = frame["probability"].to_numpy(np.float64), frame[column].to_numpy(np.float64)
    score = frame["score"].to_numpy(np.float64) if weighted else None
    return _Rows(frame[["_time", *OUTCOMES]], p, q, by_chance, applicants(frame, settings), score)


def _stability(package: Package, identifier: str, production: NDArray[np.float64]) -> float | None:
    """Index of the challenger's probabilities on ten bands of development, None where the data do not travel."""
    if not package.manifest["snapshot"]["included"]:
        return None
    snapshot = package.snapshot()
    rows = snapshot[snapshot["_sample"] == "development"].reset_index(drop=True)
    model = compile_model(package.challengers[identifier])
    if not set(model.input_names) <= set(rows.columns):
        return None
    base = model.score(rows[model.input_names])["probability"].to_numpy(np.float64)
    fine = np.isfinite(base)
    edges = cut_offs_of(base[fine], BANDS, rows["_weight"].to_numpy(np.float64)[fine])
    ids = {"d": bands(base[fine], edges), "p": bands(production, edges)}
    weights = {"d": rows["_weight"].to_numpy(np.float64)[fine], "p": np.ones(len(production))}
    counts = bin_counts(ids, weights)
    return float(population_stability_index(counts["d"], counts["p"]).psi)


def _scheduled(rows: _Rows, settings: Settings, begun: str) -> Scheduled:
    """begun: the first month of production, from which looks are counted where the plan does not name their months."""
    first = pd.to_datetime(rows.days["_time"], utc=True).min()
    until = pd.to_datetime(rows.days["observed_until"], utc=True).max()
    if pd.isna(until) or pd.isna(first):
        return scheduled(Schedule(spending=ALWAYS_VALID), [], lambda _: None)
    seen = [f"{day:%Y-%m}" for day in pd.date_range(first.normalize(), until, freq="ME")]
    return scheduled(_schedule(settings, begun), seen, _taker(rows, settings))


def _schedule(settings: Settings, first: str) -> Schedule:
    spec = settings.spec.challengers
    if spec is None:
        return Schedule(spending=ALWAYS_VALID, significance=settings.spec.significance)
    months = spec.look_months or months_from(first, spec.months_between_looks, spec.looks)
    level = settings.spec.significance if spec.error is None else spec.error
    shares = spec.look_information
    return Schedule(() if shares else months, shares, spec.spending, spec.planned_error, level)


def _taker(rows: _Rows, settings: Settings) -> Callable[[str], dict[str, Any] | None]:
    @cache
    def taken(month: str) -> dict[str, Any] | None:
        return _look(rows, pd.Period(month, "M").end_time.normalize().tz_localize("UTC"), settings)

    return taken


def _look(rows: _Rows, day: pd.Timestamp, settings: Settings) -> dict[str, Any] | None:
    """The comparison with what was known on a day, None where it is not evaluable."""
    assert settings.window is not None
    known = rows.days
    places, start, bad, until = outcomes_as_of(known["_time"], known["bad_date"], known["observed_until"], day)
    if not len(places):
        return None
    labels, _ = label_outcomes(start, bad, until, settings.window)
    labels = labels.of_applicants(None if rows.applicant is None else rows.applicant[places])
    if not labels.usable.any():
        return None
    spec = settings.spec.challengers
    random = None if rows.random is None else rows.random[places]
    score = None if rows.score is None else rows.score[places]
    accepted = accepted_by_plan(random, score, settings.cut_off, None if spec is None else spec.random_share)
    row = shadow_comparison(
        labels, rows.champion[places], rows.challenger[places], accepted, least=settings.least
    ).iloc[0]
    if row["status"] != "evaluable":
        return None
    level = calibration_level(
        labels, rows.challenger[places], asset_correlation=settings.correlation, least=settings.least
    )
    q = rows.challenger[places]
    band = bands(q, cut_offs_of(q, BANDS))
    policy = GradePolicy(asset_correlation=settings.correlation)
    order = [str(one) for one in sorted(set(band.tolist()))]
    by_band = calibration_table(labels, q, band.astype(str), scheme=SCORE_BAND, order=order, policy=policy)
    return {**row.to_dict(), "at": f"{day:%Y-%m}", "level": level, "bands": by_band, "places": places}
