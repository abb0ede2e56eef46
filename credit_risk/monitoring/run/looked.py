"""Looks at challengers that were scored in shadow, each with what was known on its day, and what the rules then say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.grades import GradePolicy
from credit_risk.evaluation.stability import population_stability_index
from credit_risk.monitoring.challenger.recommendation import challenger_measures, recommend, significant_inversions
from credit_risk.monitoring.challenger.schedule import SCHEDULED_COLUMNS, Schedule, Scheduled, months_from, scheduled
from credit_risk.monitoring.challenger.shadow import SHADOW_COLUMNS
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.performance.calibration import CALIBRATION_COLUMNS, LEVEL_COLUMNS
from credit_risk.monitoring.rows.measures import level_of, two_scores
from credit_risk.monitoring.rows.spool import Folder, Spool
from credit_risk.monitoring.run.compared import challengers_of
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.run.shadow_rows import BANDS, ShadowRows, as_of, shadow_rows
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


@dataclass(frozen=True, slots=True)
class Looked:
    """Frames, or why there is none: SCHEDULED_COLUMNS with `challenger`, and RECOMMENDED_COLUMNS."""

    looks: pd.DataFrame | str
    recommendations: pd.DataFrame | str


def looked(package: Package, source: SqlSource, settings: Settings, late: bool, warned: dict[str, str]) -> Looked:
    """The looks that the plan declares, as far as they have been taken; where it declares none, always-valid ones.

    warned: what has to be read before the recommendation on a challenger, by its identifier.
    """
    names = challengers_of(source)
    if not names:
        return Looked(*("production holds no challenger that was scored in shadow",) * 2)
    if not late or settings.window is None:
        return Looked(*("a comparison needs outcomes, and their window",) * 2)
    with TemporaryDirectory(prefix="credit-risk-") as place:
        return _looked(package, source, settings, names, warned, Folder(Path(place)))


def _looked(
    package: Package,
    source: SqlSource,
    settings: Settings,
    names: Mapping[str, str],
    warned: Mapping[str, str],
    folder: Folder,
) -> Looked:
    looks, advised = [], []
    rules = _rules(package)
    for identifier, column in names.items():
        rows = shadow_rows(source, column, settings, folder)
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
            psi = _stability(package, identifier, latest["production"])
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


def _stability(package: Package, identifier: str, production: Spool) -> float | None:
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
    counted = np.zeros(len(edges) + 2)
    for records in production.chunks():
        counted += np.bincount(bands(records["challenger"], edges), minlength=len(counted))
    held = np.flatnonzero(counted)
    ids = {"d": bands(base[fine], edges), "p": held}
    weights = {"d": rows["_weight"].to_numpy(np.float64)[fine], "p": counted[held]}
    counts = bin_counts(ids, weights)
    return float(population_stability_index(counts["d"], counts["p"]).psi)


def _scheduled(rows: ShadowRows, settings: Settings, begun: str) -> Scheduled:
    """begun: the first month of production, from which looks are counted where the plan does not name their months."""
    first, until = rows.first, rows.until
    if until is None or first is None:
        return scheduled(Schedule(spending=ALWAYS_VALID), [], lambda _: None)
    seen = [f"{day:%Y-%m}" for day in pd.date_range(first, until, freq="ME")]
    return scheduled(_schedule(settings, begun), seen, _taker(rows, settings))


def _schedule(settings: Settings, first: str) -> Schedule:
    spec = settings.spec.challengers
    if spec is None:
        return Schedule(spending=ALWAYS_VALID, significance=settings.spec.significance)
    months = spec.look_months or months_from(first, spec.months_between_looks, spec.looks)
    level = settings.spec.significance if spec.error is None else spec.error
    shares = spec.look_information
    return Schedule(() if shares else months, shares, spec.spending, spec.planned_error, level)


def _taker(rows: ShadowRows, settings: Settings) -> Callable[[str], dict[str, Any] | None]:
    @cache
    def taken(month: str) -> dict[str, Any] | None:
        return _look(rows, pd.Period(month, "M").end_time.normalize().tz_localize("UTC"), settings)

    return taken


def _look(rows: ShadowRows, day: pd.Timestamp, settings: Settings) -> dict[str, Any] | None:
    """The comparison with what was known on a day, None where it is not evaluable."""
    assert settings.window is not None
    known = as_of(rows, day, settings)
    if known is None or not known.plain.usable:
        return None
    window, least, kept = float(settings.window), settings.least, known.kept
    values = two_scores(kept, "champion", "challenger", window, least)
    row = dict(zip(SHADOW_COLUMNS, (ALL, ALL, known.basis, window, kept.rows, *values, known.warning), strict=True))
    if row["status"] != "evaluable":
        return None
    mean = known.mean
    rho = settings.correlation
    level = (ALL, ALL, *level_of(known.plain, "challenger", mean, window, rho, least))
    by_band = pd.DataFrame(known.by_band(window, GradePolicy(asset_correlation=rho)), columns=CALIBRATION_COLUMNS)
    told = {"level": pd.DataFrame([level], columns=LEVEL_COLUMNS), "bands": by_band, "production": known.every}
    return {**row, "at": f"{day:%Y-%m}", **told}
