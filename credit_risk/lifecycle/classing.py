"""Samples and classing of a plan: trends, manual changes, everything that candidates are fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.classing import class_frame
from credit_risk.binning.finish import finished
from credit_risk.binning.overrides import apply_overrides
from credit_risk.binning.table import BinningTable
from credit_risk.lifecycle.candidates import Training
from credit_risk.lifecycle.candidates.reasons import words_of
from credit_risk.lifecycle.performance import DEVELOPMENT
from credit_risk.lifecycle.rules import policy_rules
from credit_risk.lifecycle.trends import declared_orders, declared_trends
from credit_risk.models.assemble import InputColumn
from credit_risk.models.spec import OffsetSpec
from credit_risk.plan import Plan
from credit_risk.sampling import Intake
from credit_risk.sampling.clusters import cluster_numbers, row_clusters
from credit_risk.sampling.labels import label_rows, row_weights
from credit_risk.scaling.points import Scaling
from credit_risk.scoring.expressions import references

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data with roles; sample labels, weights and clusters (None: by itself) of the rows, each (n,); which are
    development rows (n,). known: the rows as they were before reject inference, where it has made those of
    development; None where these are as they came. calibration (n,): weights of the rows that calibrations are fitted
    on, where they are not `weights`."""

    intake: Intake
    labels: NDArray[np.object_]
    weights: Floats
    clusters: NDArray[np.object_]
    development: NDArray[np.bool_]
    known: Prepared | None = None
    calibration: Floats | None = None

    @property
    def observed(self) -> Prepared:
        """The rows with known outcomes alone."""
        return self if self.known is None else self.known


def prepare(plan: Plan, intake: Intake) -> Prepared:
    """Divide the rows into samples, with the weights of the plan (1 where it names none).

    Columns that only group or weigh rows are no predictors, nor are those that a candidate starts from.
    """
    spec, frame = plan.samples, intake.frame
    labels = label_rows(intake, spec, plan.time_column)
    weights = (
        np.ones(len(labels)) if spec.weight is None else row_weights(frame[spec.weight], spec.weight, intake.source)
    )
    only = [n for n in (spec.group, spec.weight) if n is not None and intake.roles.get(n) == "predictor"]
    intake = _no_predictors(_told_rows(intake, labels), only, "sampling")
    intake = _no_predictors(intake, list(offset_columns(plan)), "offset")
    for name, role in plan.reject_inference.apart:
        intake = _no_predictors(intake, [name], role)
    return Prepared(intake, labels, weights, row_clusters(intake, spec), labels == DEVELOPMENT)


def _told_rows(intake: Intake, labels: NDArray[np.object_]) -> Intake:
    """The waterfall with the rows that a date and a group together keep out of every sample, where there are any."""
    lost = int(np.count_nonzero(np.isfinite(intake.outcome) & pd.isna(labels)))
    if lost == 0:
        return intake
    waterfall = intake.tables["data.waterfall"]
    reason = "in the development period, of a group that also stands out of time (samples.out_of_time.groups)"
    row = ["rows in no sample", lost, int(waterfall["remaining"].iloc[-1]) - lost, reason]
    told = pd.concat([waterfall, pd.DataFrame([row], columns=waterfall.columns)], ignore_index=True)
    return replace(intake, tables={**intake.tables, "data.waterfall": told})


def _no_predictors(intake: Intake, names: Sequence[str], role: str) -> Intake:
    """Columns with a role of their own: no predictors, and told so in the contract."""
    if not names:
        return intake
    contract = intake.tables["data.contract"].copy()
    contract.loc[contract["column"].isin(names), "role"] = role
    roles = {**intake.roles, **dict.fromkeys(names, role)}
    return replace(intake, roles=roles, tables={**intake.tables, "data.contract": contract})


def offset_columns(plan: Plan) -> list[str]:
    """Columns of the source that are the first stage of a candidate, each once."""
    offsets = (getattr(spec, "offset", None) for spec in plan.models)
    return list(dict.fromkeys(o.column for o in offsets if isinstance(o, OffsetSpec) and o.column is not None))


def class_predictors(plan: Plan, prepared: Prepared) -> Training:
    """Class every predictor on development."""
    intake, rows = prepared.intake, prepared.development
    names = list(intake.predictors)
    frame = intake.frame.loc[rows].reset_index(drop=True)
    y, weights = intake.outcome[rows], prepared.weights[rows]
    specials = {name: list(intake.specials.get(name, {})) for name in names}
    tables = class_frame(
        frame[names],
        y,
        settings=plan.classing,
        weights=weights,
        trends=declared_trends(plan, names),
        specials=specials,
        orders=declared_orders(plan),
    )
    tables, changes = override_classing(plan, tables, frame, y, weights)
    scaling = Scaling(
        plan.scaling.points_to_double_odds, plan.scaling.base_score, plan.scaling.base_odds, plan.scaling.rounding
    )
    return Training(
        frame,
        y,
        weights,
        tables,
        model_inputs(intake, offset_columns(plan)),
        derive_steps(plan, intake),
        scaling,
        {name: words_of(plan, name) for name in names},
        changes,
        named_clusters(prepared.clusters[rows]),
        rules=policy_rules(plan, intake),
    )


def named_clusters(clusters: NDArray[np.object_]) -> NDArray[np.int64] | None:
    """Clusters as whole numbers, or None where no row names one."""
    return cluster_numbers(clusters) if pd.notna(clusters).any() else None


def override_classing(
    plan: Plan, tables: Mapping[str, BinningTable], frame: pd.DataFrame, y: Floats, weights: Floats
) -> tuple[dict[str, BinningTable], tuple[dict[str, Any], ...]]:
    """Classing after the plan's manual changes, finished, and what they cost. Raises ModelError with all that fail."""
    changed = {name: finished(table, plan.classing.of(name)) for name, table in tables.items()}
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    names = dict.fromkeys(override.characteristic for override in plan.classing.overrides)
    for name in names:
        if name not in tables:
            remedy = f"predictors are {', '.join(list(tables)[:30])}"
            faults.append(Fault(f"{name!r} is no predictor", "override", path="classing.overrides", remedy=remedy))
            continue
        mine = {place: o for place, o in enumerate(plan.classing.overrides) if o.characteristic == name}
        values, settings = frame[name].to_numpy(), plan.classing.of(name)
        try:
            result = apply_overrides(
                tables[name], list(mine.values()), values, y, weights, settings=settings, places=list(mine)
            )
        except ModelError as error:
            faults += error.faults
            continue
        changed[name] = result.table
        rows += result.rows
    if faults:
        raise ModelError(faults)
    return changed, tuple(rows)


def model_inputs(intake: Intake, more: Sequence[str] = ()) -> dict[str, InputColumn]:
    """Columns that a model may read: predictors, what derived characteristics and rules read, and those of `more`."""
    found = {}
    expressions = (*intake.derived.values(), *intake.rules.values())
    measured = {*more, *(name for expression in expressions for name in references(expression))}
    for name in intake.contract_columns:
        if intake.roles[name] != "predictor" and name not in measured:
            continue
        kind = "number" if intake.types[name] == "numeric" else "string"
        found[name] = InputColumn(name, kind, intake.specials.get(name, {}), intake.descriptions.get(name, ""))
    return found


def derive_steps(plan: Plan, intake: Intake) -> dict[str, dict[str, Any]]:
    """Steps that make the derived characteristics, by name, in the order of the plan."""
    steps = {}
    for name, expression in intake.derived.items():
        kind = "number" if intake.types[name] == "numeric" else "string"
        steps[name] = {
            "id": f"derive({name})",
            "type": "derive",
            "output": name,
            "value_type": kind,
            "expression": expression,
            "description": plan.derived[name].words,
        }
    return steps
