"""Quality of the data, the classifier of production against development, and the likeliest cause of what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.development import Development
from credit_risk.monitoring.drift.cause import CALIBRATION, RANKING, CauseRules, likeliest_cause
from credit_risk.monitoring.drift.columns import BREACH_COLUMNS
from credit_risk.monitoring.drift.contract import ColumnContract, contract_breaches, contracts_of_plan
from credit_risk.monitoring.drift.domain import DomainPolicy, domain_frames
from credit_risk.monitoring.drift.moved import GAP_COLUMNS, moved_frame
from credit_risk.monitoring.drift.quality import QualityPolicy, quality_frame
from credit_risk.monitoring.drift.units import far_from, undeclared_specials, unit_changes_of_moments
from credit_risk.monitoring.frames import ALL, MOMENT_COLUMNS
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.run.drifted import NO_ROWS, Drifted
from credit_risk.monitoring.run.labelled import Labelled
from credit_risk.monitoring.run.sampled import sample_of, scored_rows
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import INPUT, PERIOD
from credit_risk.monitoring.variables import CHARACTERISTIC, Variable
from credit_risk.package import Package
from credit_risk.scoring import compile_model

CONFIDENCE = 0.95
"""Of the bounds of the ratio of observed and predicted."""
SEED = 20261127
"""Of the rows that the classifier is trained on."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Frames, or why there is none."""

    quality: pd.DataFrame | str
    domain: pd.DataFrame | str
    domain_characteristics: pd.DataFrame | str
    cause: pd.DataFrame | str


def checked(
    package: Package,
    source: SqlSource,
    reference: Reference,
    development: Development,
    drift: Drifted,
    performance: Labelled,
    settings: Settings,
) -> Checked:
    """Quality, classifier and cause. Raises IntakeError where the engine fails."""
    if drift.counts.empty:
        return Checked(*(NO_ROWS,) * 4)
    quality = _quality(package, source, reference, development, drift, settings)
    domain, names = _domain(package, source, reference, development, settings)
    stability = [one for one in (drift.score, drift.characteristics) if not isinstance(one, str)]
    outputs = tuple(one.name for one in reference.variables if one.role != CHARACTERISTIC)
    if not stability or isinstance(quality, str):
        return Checked(quality, domain, names, "neither stability nor quality was measured")
    cause = likeliest_cause(
        pd.concat(stability, ignore_index=True), quality, _moved(performance, settings), CauseRules(outputs=outputs)
    )
    return Checked(quality, domain, names, cause)


def _quality(
    package: Package,
    source: SqlSource,
    reference: Reference,
    development: Development,
    drift: Drifted,
    settings: Settings,
) -> pd.DataFrame | str:
    rows = reference.frame()
    rows = rows[rows["rows"].notna() & rows["variable"].isin(set(source.variables))]
    outputs = tuple(one.name for one in reference.variables if one.role != CHARACTERISTIC)
    spec = settings.spec
    policy = QualityPolicy(level=spec.significance, least_rows=float(spec.min_rows), outputs=outputs)
    findings = [_units(source, development, policy), _undeclared(package, source, development, policy)]
    return quality_frame(
        rows,
        drift.counts,
        breaches=_breaches(package, source),
        findings=[one for one in findings if len(one)],
        policy=policy,
    )


def _breaches(package: Package, source: SqlSource) -> pd.DataFrame:
    """Rules of the contract, counted as rows come."""
    types = {str(item["name"]): item["type"] == "number" for item in package.model["inputs"]}
    mapped = {name: types[name] for name in types if _is_there(source, INPUT + name)}
    contracts = contracts_of_plan(package.plan["data"].get("columns") or {}, mapped)
    if not contracts:
        return pd.DataFrame(columns=BREACH_COLUMNS)
    parts = [_broken_rules(source, period, contracts) for period in source.periods]
    every = pd.concat(parts, ignore_index=True)
    order = {name: place for place, name in enumerate(contracts)}
    return every.sort_values("variable", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _broken_rules(source: SqlSource, period: str, contracts: Mapping[str, ColumnContract]) -> pd.DataFrame:
    """BREACH_COLUMNS of a month."""
    found: pd.DataFrame | None = None
    for table in source.batches(period, [PERIOD, *(INPUT + name for name in contracts)], ordered=False):
        own = contract_breaches(table.to_pandas(), contracts)
        if found is None:
            found = own
        else:
            found[["rows", "total"]] += own[["rows", "total"]].to_numpy()
    return pd.DataFrame(columns=BREACH_COLUMNS) if found is None else found


def _is_there(source: SqlSource, name: str) -> bool:
    return name in source.columns


def _units(source: SqlSource, development: Development, policy: QualityPolicy) -> pd.DataFrame:
    """Changes of the unit of numeric inputs, from means and deviations; special codes are in both alike."""
    names = [name for name in source.quantities if name.startswith(INPUT)]
    base = []
    for name in names:
        values = development.values.get(name.removeprefix(INPUT))
        if values is None or values.dtype != np.float64:
            continue
        known = values[np.isfinite(values)]
        if len(known) > 1:
            missing = len(values) - len(known)
            base.append(("", ALL, name, len(values), missing, known.mean(), known.var(ddof=1)))
    held = [one[2] for one in base]
    if not held:
        return pd.DataFrame()
    frame = pd.DataFrame(base, columns=MOMENT_COLUMNS).drop(columns="period")
    moments = source.moments(held)
    total = moments["rows"] + moments["missing"]  # of the source, `rows` have a value
    found = unit_changes_of_moments(frame, moments.assign(rows=total), policy)
    return found.assign(variable=found["variable"].str.removeprefix(INPUT)) if len(found) else found


def _undeclared(package: Package, source: SqlSource, development: Development, policy: QualityPolicy) -> pd.DataFrame:
    """Values far outside what development had, declared codes aside, that stand in too many rows; numeric inputs."""
    spans: dict[str, tuple[float, float, list[float]]] = {}
    for item in package.model["inputs"]:
        name, codes = str(item["name"]), [float(one["code"]) for one in item["specials"] if _is_number(one["code"])]
        values = development.values.get(name)
        if INPUT + name not in source.quantities or values is None or values.dtype != np.float64:
            continue
        known = values[np.isfinite(values) & ~np.isin(values, codes)]
        if len(known):
            spans[name] = float(known.min()), float(known.max()), codes
    if not spans:
        return pd.DataFrame()
    moments, parts = source.moments([INPUT + name for name in spans]), []
    for name, (low, high, codes) in spans.items():
        held = moments.loc[moments["quantity"] == INPUT + name, ["period", "rows"]]
        found = source.beyond(INPUT + name, *far_from(low, high), most=len(codes) + 1)
        found = found[~found["value"].isin(codes)]
        outside = held["period"].map(found.groupby("period")["rows"].sum()).fillna(0)
        inside = held.assign(value=low, rows=held["rows"] - outside)
        own = pd.concat([found, inside], ignore_index=True).assign(segment=ALL, variable=name)
        base = pd.DataFrame({"variable": name, "value": [low, high], "rows": 1.0})
        parts.append(undeclared_specials(base, own, policy))
    return pd.concat(parts, ignore_index=True)


def _is_number(code: object) -> bool:
    return isinstance(code, (int, float)) and not isinstance(code, bool)


def _domain(
    package: Package, source: SqlSource, reference: Reference, development: Development, settings: Settings
) -> tuple[pd.DataFrame | str, pd.DataFrame | str]:
    """Of the last months that persistence looks at: each characteristic as the place of its bin, or its effect."""
    used = [one for one in reference.variables if one.role == CHARACTERISTIC and one.within is None]
    used = [one for one in used if one.name in source.variables and one.value in development.values]
    inputs = [str(item["name"]) for item in package.model["inputs"]]
    if not used or not all(_is_there(source, INPUT + name) for name in inputs):
        reason = "production does not hold every input, or development does not travel with the package"
        return reason, reason
    first = _matrix(used, development.values)
    compiled = compile_model(package.model)
    periods = []
    for period in source.periods[-settings.spec.persistence.of :]:
        frame = sample_of(source, period, [INPUT + name for name in inputs], DomainPolicy().cap, SEED)
        frame.columns = pd.Index(inputs)
        frame = frame.sample(len(frame), random_state=SEED).reset_index(drop=True)
        fine = scored_rows(compiled, frame)
        periods.append((period, _matrix(used, compiled.values(frame.iloc[fine].reset_index(drop=True)))))
    try:
        domain, importance = domain_frames(
            [one.name for one in used],
            first,
            periods,
            DomainPolicy(seed=SEED, level=settings.spec.significance, least_rows=settings.spec.min_rows),
        )
    except CreditRiskError as error:
        reason = f"the classifier cannot be trained: {error.faults[0].message}"
        return reason, reason
    return domain, importance


def _matrix(variables: Sequence[Variable], values: Any) -> NDArray[np.float64]:
    """(n, k): the effect of the bin of each row, or its place among the bins where no effect is known."""
    columns = []
    for variable in variables:
        bins = variable.assign(values[variable.value])
        places = {one.id: place for place, one in enumerate(variable.bins)}
        effects = np.asarray(variable.effects, np.float64)
        worth = effects if np.isfinite(effects).all() else np.arange(len(effects), dtype=np.float64)
        columns.append(np.array([worth[places[one]] if one in places else 0.0 for one in bins.tolist()]))
    return np.column_stack(columns)


def _moved(performance: Labelled, settings: Settings) -> pd.DataFrame:
    """MOVED_COLUMNS: whether ranking and level differ from development, in size and beyond chance over both together.

    Ranking is the AUC, and the level observed over predicted, against development's among scores as those of the month
    where the package holds development's rows; else the AUC against development's as it stands, and the ratio against
    1. Sizes are those of `monitoring.retraining`.
    """
    sizes = settings.spec.retraining
    rows = list(_ranking(performance, sizes.ranking_fell))
    if not isinstance(performance.level, str):
        least, based = float(np.log1p(sizes.calibration_moved)), _levels(performance.like)
        for row in performance.level[performance.level["period"] != ALL].to_dict("records"):
            gap = error = float("nan")
            first, first_error = based.get((row["period"], row["segment"]), (1.0, 0.0))
            if row["status"] == "evaluable" and row["ratio"] > 0:
                gap = float(np.log(row["ratio"] / first))
                error = float(np.log(row["ratio_upper"] / row["ratio_lower"])) / (2.0 * normal_quantile(CONFIDENCE))
                error = float(np.hypot(error, first_error))
            told = f"observed over predicted {row['ratio']:.2f}, {first:.2f} in development"
            rows.append((row["period"], row["segment"], CALIBRATION, gap, error, least, told))
    return moved_frame(pd.DataFrame(rows, columns=GAP_COLUMNS), settings.spec.significance)


def _levels(like: pd.DataFrame | str) -> dict[tuple[str, str], tuple[float, float]]:
    """Development's observed over predicted among such scores, with the error of its logarithm, by period, segment."""
    if isinstance(like, str):
        return {}
    known = like[like["development_ratio"].notna() & (like["development_ratio"] > 0)]
    return {
        (row["period"], row["segment"]): (row["development_ratio"], row["ratio_error"])
        for row in known.to_dict("records")
    }


def _ranking(performance: Labelled, least: float) -> Iterator[tuple[Any, ...]]:
    frame, like = performance.performance, performance.like
    told = set()
    if not isinstance(like, str):
        for row in like[like["period"] != ALL].to_dict("records"):
            known = row["status"] == "evaluable"
            error = float(np.hypot(row["standard_error"], row["like_error"])) if known else float("nan")
            words = f"AUC {row['value']:.3f}, {row['development_like']:.3f} in development among such scores"
            told.add((row["period"], row["segment"]))
            yield row["period"], row["segment"], RANKING, row["difference"], error, least, words
    if isinstance(frame, str):
        return
    own = frame[(frame["measure"] == "auc") & (frame["period"] != ALL)]
    own = own.sort_values(["period", "segment", "horizon"], kind="stable")
    for row in own.drop_duplicates(["period", "segment"], keep="last").to_dict("records"):
        if (row["period"], row["segment"]) not in told:
            known = row["verdict"] != "not evaluable" and row["status"] == "evaluable"
            error = float(np.hypot(row["standard_error"], np.nan_to_num(row["development_error"])))
            words = f"AUC {row['value']:.3f}, {row['development']:.3f} in development"
            yield (
                row["period"], row["segment"], RANKING, row["difference"], error if known else float("nan"), least,
                words if known else "",
            )  # fmt: skip
