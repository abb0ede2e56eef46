"""Quality of the data, the classifier of production against development, and the likeliest cause of what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.development import Development
from credit_risk.monitoring.drift.cause import CALIBRATION, RANKING, CauseRules, likeliest_cause
from credit_risk.monitoring.drift.columns import BREACH_COLUMNS, MOVED_COLUMNS
from credit_risk.monitoring.drift.contract import contract_breaches, contracts_of_plan
from credit_risk.monitoring.drift.domain import DomainPolicy, domain_frames
from credit_risk.monitoring.drift.quality import QualityPolicy, quality_frame
from credit_risk.monitoring.drift.units import unit_changes_of_moments
from credit_risk.monitoring.frames import ALL, MOMENT_COLUMNS
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.run.drifted import NO_ROWS, Drifted
from credit_risk.monitoring.run.labelled import Labelled
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import INPUT, PERIOD
from credit_risk.monitoring.variables import CHARACTERISTIC, Variable
from credit_risk.package import Package
from credit_risk.scoring import compile_model

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
        pd.concat(stability, ignore_index=True), quality, _moved(performance), CauseRules(outputs=outputs)
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
    findings = [_units(source, development, policy)]
    return quality_frame(
        rows,
        drift.counts,
        breaches=_breaches(package, source),
        findings=[one for one in findings if len(one)],
        policy=policy,
    )


def _breaches(package: Package, source: SqlSource) -> pd.DataFrame:
    """Rules of the contract, input by input, so that one column of one month is held at once."""
    types = {str(item["name"]): item["type"] == "number" for item in package.model["inputs"]}
    mapped = {name: types[name] for name in types if _is_there(source, INPUT + name)}
    contracts = contracts_of_plan(package.plan["data"].get("columns") or {}, mapped)
    parts = []
    for name, contract in contracts.items():
        for period in source.periods:
            frame = source.rows(period, [PERIOD, INPUT + name]).to_pandas()
            parts.append(contract_breaches(frame, {name: contract}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=BREACH_COLUMNS)


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
        frame = source.rows(period, [INPUT + name for name in inputs]).to_pandas()
        frame.columns = pd.Index(inputs)
        policy = DomainPolicy(seed=SEED)
        frame = frame.sample(min(len(frame), policy.cap), random_state=SEED).reset_index(drop=True)
        refused = compiled.rows_in_error(frame)
        periods.append((period, _matrix(used, compiled.values(frame[~refused].reset_index(drop=True)))))
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


def _moved(performance: Labelled) -> pd.DataFrame:
    """MOVED_COLUMNS: whether ranking and level differ from development, in size and beyond chance."""
    rows: list[tuple[Any, ...]] = []
    if not isinstance(performance.performance, str):
        own = performance.performance
        for row in own[(own["measure"] == "auc") & (own["period"] != ALL)].to_dict("records"):
            known = row["verdict"] != "not evaluable" and row["status"] == "evaluable"
            moved = row["verdict"] == "worse" if known else None
            rows.append((row["period"], row["segment"], RANKING, moved, f"AUC {row['value']:.3f}"))
    if not isinstance(performance.level, str):
        for row in performance.level[performance.level["period"] != ALL].to_dict("records"):
            known = row["status"] == "evaluable"
            moved = bool(row["ratio_lower"] > 1 or row["ratio_upper"] < 1) if known else None
            rows.append(
                (row["period"], row["segment"], CALIBRATION, moved, f"observed over predicted {row['ratio']:.2f}")
            )
    frame = pd.DataFrame(rows, columns=MOVED_COLUMNS)
    return frame.drop_duplicates(MOVED_COLUMNS[:3]).reset_index(drop=True)
