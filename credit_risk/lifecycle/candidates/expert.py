"""An expert scorecard: classing and points as the plan gives them, held against development, and its probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Cell, Evidence, key_values, table
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable, tabulate
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.reasons import refuse_untold, scorecard_reasons
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Candidate, FitContext, Training, own_training
from credit_risk.models.assemble import ValueNames, document, linear_score_of_points, link_step, value_names
from credit_risk.models.covariance import chosen_covariance
from credit_risk.models.expert import agreement_frame, ordering_frame
from credit_risk.models.expert_bins import ExpertBins, points_trend, read_bins
from credit_risk.models.expert_spec import ExpertScorecardSpec
from credit_risk.models.logistic import LogisticFit, fit_logistic
from credit_risk.scaling.points import PointsTable, bounds_frame, points_frame
from credit_risk.scoring import compile_model
from credit_risk.scoring.steps import classify_bins

GIVEN = "given by hand"
STATED = "stated by the points and the scaling of the plan"
FITTED = "fitted on development on top of what the points state"
TERM = "stated log-odds"
Step = dict[str, Any]


def fit_expert_scorecard(spec: ExpertScorecardSpec, context: FitContext) -> Candidate:
    """The scorecard of the plan with its evidence. Raises ModelError with all that the data tell against its bins."""
    plan, training = context.plan, context.training
    read = _read(spec, training, rounded=training.scaling.rounding != "none")
    tables = {name: expert_table(name, bins, training, plan.classing) for name, bins in read.items()}
    ids = {name: one.assign(training.frame[name].to_numpy()) for name, one in tables.items()}
    given = {name: bins.points for name, bins in read.items()}
    points = PointsTable(training.scaling, spec.base_points, spec.base_points, given, given)
    own = own_training(training, tables)
    reasons = scorecard_reasons(plan, own, points, ids)
    if spec.champion:
        refuse_untold(plan, spec.id, reasons)
    total = points.base_points + np.sum([given[name][ids[name]] for name in given], axis=0)
    fit = _recalibration(spec, training, (training.scaling.offset - total) / training.scaling.factor)
    names = list(read)
    derived, inputs = derivations(names, training), read_inputs(names, training)
    values = value_names(taken_names(inputs, derived))
    classing = [tables[name].step() for name in names]
    steps = [*derived, *classing, points.step(values.score), *_probability(points, fit, spec, values)]
    outputs = {
        "linear_score": values.linear_score,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": values.reasons,
    }
    identity = context.identity(spec)
    model = document(identity, spec.type, inputs, [*steps, *reasons.steps(values.reasons)], outputs)
    evidence = _evidence(spec, context.model_file(spec), own, points, ids, read, fit)
    return Candidate(
        spec.id,
        spec.type,
        model,
        compile_model(model),
        evidence,
        tuple(names),
        values.linear_score,
        points,
        reasons,
        remark=_remark(evidence),
        tables=tables,
    )


def _read(spec: ExpertScorecardSpec, training: Training, rounded: bool) -> dict[str, ExpertBins]:
    found: dict[str, ExpertBins] = {}
    faults: list[Fault] = []
    for name, given in spec.characteristics.items():
        path = f"models.{spec.id}.characteristics.{name}"
        if name not in training.tables:
            allowed = ", ".join(training.tables)
            faults.append(Fault(f"{name} is no predictor", "unknown_characteristic", path=path, allowed=allowed))
            continue
        specials = training.inputs[name].specials if name in training.inputs else {}
        read, wrong = read_bins(given, specials, rounded=rounded)
        faults += [
            Fault(fault.message, fault.code, path=path, found=fault.found, remedy=fault.remedy) for _, fault in wrong
        ]
        if read is None:
            continue
        if read.kind != training.tables[name].kind:
            message = f"{name!r} is {training.tables[name].kind}, and its bins are {read.kind}"
            faults.append(Fault(message, "expert_bins", path=path, remedy="give the other kind of bins"))
        elif lacking := _not_named(read, training.frame[name].to_numpy(dtype=object)):
            message = f"categories of development stand in no bin, and unseen is what development has not: {lacking}"
            faults.append(Fault(message, "expert_bins", path=path, remedy="give them points"))
        found[name] = read
    if faults:
        raise ModelError(faults)
    return found


def _not_named(read: ExpertBins, values: NDArray[np.object_]) -> str:
    """Categories of development that no bin names, in words; nothing for numbers."""
    if read.kind == "numeric":
        return ""
    known = {value for b in read.bins for value in (*b.values, *b.codes)}
    return ", ".join(sorted({str(v) for v in values if isinstance(v, str)} - known))


def expert_table(name: str, read: ExpertBins, training: Training, classing: ClassingSpec) -> BinningTable:
    """The bins counted on development. Their weights of evidence are told and not scored."""
    step = {"kind": read.kind, "bins": [one.as_dict(0.0) for one in read.bins]}
    ids = classify_bins(step, training.frame[name].to_numpy())
    cells, result = tabulate(ids, training.y, training.weights, read.bins, zero_cell=classing.zero_cell)
    trend, order = points_trend(read), training.tables[name].order
    return BinningTable(name, read.kind, read.bins, cells, result, trend, GIVEN, GIVEN, GIVEN, 0.0, order=order)


def _recalibration(spec: ExpertScorecardSpec, training: Training, stated: NDArray[np.float64]) -> LogisticFit:
    """ln(p/(1−p)) = intercept + slope·(log-odds that the points state) on development: 0 and 1 where they hold."""
    rows = chosen_covariance("auto", training.clusters)
    x, y, weights = stated.reshape(-1, 1), training.y, training.weights
    fit = fit_logistic(x, y, [TERM], weights=weights, confidence=spec.confidence, dependence=rows)
    slope = fit.coefficient(TERM)
    if spec.calibrate is not None and not slope > 0:
        message = f"the more points, the more bads in development: the slope of the calibration is {slope!r}"
        path = f"models.{spec.id}.calibrate"
        raise ModelError(
            Fault(message, "expert_order", path=path, remedy="look at the points: they rank the wrong way")
        )
    return fit


def _probability(points: PointsTable, fit: LogisticFit, spec: ExpertScorecardSpec, values: ValueNames) -> list[Step]:
    """From the score to log-odds as stated, perhaps calibrated, to the probability."""
    stated = linear_score_of_points(points.scaling, values)
    link = link_step(values.linear_score, values.probability)
    if spec.calibrate is None:
        return [{**stated, "output": values.linear_score}, link]
    calibrate: Step = {
        "id": "calibration",
        "type": "calibrate",
        "method": "logistic",
        "scale": "log_odds",
        "slope": fit.coefficient(TERM),
        "intercept": fit.intercept,
        "input": values.linear_score_of_points,
        "output": values.linear_score,
    }
    return [stated, calibrate, link]


def _evidence(
    spec: ExpertScorecardSpec,
    file: str,
    own: Training,
    points: PointsTable,
    ids: Mapping[str, NDArray[np.int64]],
    read: Mapping[str, ExpertBins],
    fit: LogisticFit,
) -> tuple[Evidence, ...]:
    parts = [(name, bins, own.tables[name].cells) for name, bins in read.items()]
    tables = {name: own.tables[name] for name in read}
    agreement = agreement_frame(parts, points.scaling.factor, spec.confidence)
    ordering = ordering_frame(parts, spec.confidence)
    named: dict[str, Any] = {"parameter": spec.id}
    return (
        table("scorecard.points.{model}", points_frame(points, tables), inputs=(file, "plan.json"), **named),
        table("scorecard.bounds.{model}", bounds_frame(points, ids, own.weights), inputs=SNAPSHOT, **named),
        key_values("expert.calibration.{model}", calibration_items(spec, fit), inputs=SNAPSHOT, **named),
        table("expert.agreement.{model}", agreement, inputs=(file, *SNAPSHOT), **named),
        table("expert.ordering.{model}", ordering, inputs=(file, *SNAPSHOT), **named),
    )


def calibration_items(spec: ExpertScorecardSpec, fit: LogisticFit) -> dict[str, Cell]:
    """Evidence `expert.calibration.{model}`: where the probability comes from, and whether the stated one holds."""
    used = spec.calibrate is not None
    words = {"origin of the probability": FITTED if used else STATED}
    numbers = {}
    for place, name in enumerate(("intercept", "slope")):
        numbers[name] = fit.coef[place]
        numbers[f"{name}, standard error"] = fit.standard_error[place]
        numbers[f"{name}, lower bound"] = fit.lower[place]
        numbers[f"{name}, upper bound"] = fit.upper[place]
    return {
        **words,
        "covariance": fit.dependence.kind,
        **{name: repr(float(value)) for name, value in numbers.items()},
        "intercept used": repr(fit.intercept if used else 0.0),
        "slope used": repr(float(fit.coef[1]) if used else 1.0),
    }


def _remark(evidence: tuple[Evidence, ...]) -> str:
    """What a modeller must hear at once: points that the data contradict."""
    agreement = next(item for item in evidence if item.id.startswith("expert.agreement.")).frame()
    wrong = agreement[agreement["verdict"] == "contradicted"]
    told = [f"{row.characteristic} {row.label}" for row in wrong.itertuples()]
    return f"points against the data: {', '.join(told)}" if told else ""
