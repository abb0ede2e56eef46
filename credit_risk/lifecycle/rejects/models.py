"""The two models behind reject inference: of the decision (acceptance), and of the known outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.classing import class_frame
from credit_risk.binning.finish import finished
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.scorecard import fit_scorecard, select
from credit_risk.lifecycle.candidates.training import Candidate, FitContext
from credit_risk.lifecycle.classing import Prepared, class_predictors, derive_steps, model_inputs
from credit_risk.lifecycle.screening import screen
from credit_risk.lifecycle.trends import declared_orders
from credit_risk.models.assemble import Identity, InputColumn, document, scorecard_steps, value_names
from credit_risk.models.logistic import LogisticFit, fit_logistic
from credit_risk.models.separation import Labels, bin_labels
from credit_risk.models.spec import ScorecardSpec
from credit_risk.plan import Plan
from credit_risk.reject_inference import perfect_predictors
from credit_risk.sampling import Intake
from credit_risk.scaling.points import Scaling, points_table
from credit_risk.scoring import CompiledModel, compile_model

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ACCEPTANCE, KNOWN_OUTCOMES = "acceptance", "known_outcomes"
DEPENDENT = 1e-7
ONE_BIN, LINEAR = "one bin: tells nothing of the decision", "linear combination of those above"


@dataclass(frozen=True, slots=True)
class AcceptanceModel:
    """The model of the decision: log-odds of rejection from weights of evidence. left_out: characteristics, with why.

    woe (n, k) of the development applicants, in the order of the fit's terms; rejected, weights (n,).
    """

    model: dict[str, Any]
    compiled: CompiledModel
    fit: LogisticFit
    tables: Mapping[str, BinningTable]
    left_out: Mapping[str, str]
    woe: Floats
    rejected: Floats
    weights: Floats

    def acceptance(self, frame: pd.DataFrame) -> Floats:
        """Probability of acceptance (n,) of raw rows."""
        return 1.0 - probabilities(self.compiled, frame)


@dataclass(frozen=True, slots=True)
class _Sources:
    inputs: Mapping[str, InputColumn]
    derive_steps: Mapping[str, dict[str, Any]]


def probabilities(compiled: CompiledModel, frame: pd.DataFrame) -> Floats:
    """Probability (n,) that a model publishes, of raw rows."""
    return compiled.score(frame, outputs=["probability"])["probability"].to_numpy(float)


def fit_acceptance(plan: Plan, prepared: Prepared, rows: NDArray[np.int64], rejected: Floats) -> AcceptanceModel:
    """The model of the decision on the applicants at `rows` (n,) of all; rejected (n,): 1 rejected, 0 accepted.

    Raises ModelError where the characteristics predict the decision perfectly, or tell nothing of it.
    """
    spec, instrument = plan.reject_inference.acceptance, plan.reject_inference.instrument
    intake = prepared.intake if instrument is None else _with_instrument(prepared.intake, instrument)
    names = _names(intake, spec.characteristics, instrument)
    frame, weights = intake.frame.iloc[rows].reset_index(drop=True), prepared.weights[rows]
    _refuse_perfect(frame[names], rejected)
    settings = acceptance_classing(plan)
    specials = {name: list(intake.specials.get(name, {})) for name in names}
    orders = declared_orders(plan)
    found = class_frame(frame[names], rejected, settings=settings, weights=weights, specials=specials, orders=orders)
    tables = {name: finished(table, settings.of(name)) for name, table in found.items()}
    kept, left_out, woe = _independent(tables, frame)
    if not kept:
        text = "no characteristic tells anything of the decision, so all applicants are accepted alike"
        raise ModelError(Fault(text, "no_selection", path="reject_inference.acceptance", remedy="use no method"))
    labels = bin_labels({name: tables[name] for name in kept})
    fit = fit_decision(woe, rejected, kept, weights, labels)
    model = _document(plan, intake, fit, {name: tables[name] for name in kept})
    return AcceptanceModel(
        model, compile_model(model), fit, {n: tables[n] for n in kept}, left_out, woe, rejected, weights
    )


def fit_decision(woe: Floats, rejected: Floats, names: Sequence[str], weights: Floats, labels: Labels) -> LogisticFit:
    """The log-odds of rejection (n,) on weights of evidence (n, k). Raises ModelError where there is no overlap."""
    try:
        return fit_logistic(woe, rejected, names, weights=weights, labels=labels)
    except ModelError as error:
        raise ModelError([_of_decision(fault) for fault in error.faults]) from error


@dataclass(frozen=True, slots=True)
class KnownModel:
    """The model of known outcomes, and weights of evidence (n, k) of applicants by its characteristics, `names`."""

    candidate: Candidate
    names: tuple[str, ...]
    woe: Floats


def evidence_columns(model: Mapping[str, Any], frame: pd.DataFrame) -> tuple[tuple[str, ...], Floats]:
    """Characteristics of a scorecard and their weights of evidence (n, k) of raw rows."""
    values = compile_model(model).values(frame)
    (step,) = (one for one in model["steps"] if one["id"] == "linear_score")
    by_value = {one["output_woe"]: one["input"] for one in model["steps"] if one["type"] == "classing"}
    read = [term["input"] for term in step["terms"]]
    columns = [np.asarray(values[name], dtype=np.float64) for name in read]
    return tuple(by_value[name] for name in read), np.column_stack(columns)


def acceptance_classing(plan: Plan) -> ClassingSpec:
    """The plan's classing without what it says of single characteristics, which is of the outcome."""
    return plan.classing.model_copy(update={"characteristics": {}, "monotonic": {}, "overrides": ()})


def fit_known_outcomes(plan: Plan, prepared: Prepared, report: Callable[[str], None]) -> Candidate:
    """The model of known outcomes: a plain scorecard on the known outcomes of development."""
    try:
        training, _ = screen(plan, prepared, class_predictors(plan, prepared))
        spec = ScorecardSpec(id=KNOWN_OUTCOMES, type="scorecard")
        context = FitContext(plan, training, {}, lambda a, o: select(plan, training, a, o), report)
        return fit_scorecard(spec, context)
    except ModelError as error:
        raise ModelError([_told(fault, "model of known outcomes") for fault in error.faults]) from error


def _with_instrument(intake: Intake, name: str) -> Intake:
    return replace(intake, roles={**intake.roles, name: "predictor"})


def _names(intake: Intake, asked: tuple[str, ...] | None, instrument: str | None) -> list[str]:
    """What the decision is modelled on. Raises ModelError where the plan names what is no predictor."""
    if asked is None:
        return list(intake.predictors)
    known = set(intake.predictors)
    if unknown := [name for name in asked if name not in known]:
        message, path = "is no predictor", "reject_inference.acceptance.characteristics"
        allowed = ", ".join(sorted(known)[:30])
        raise ModelError(
            [
                Fault(f"{n} {message}", code="unknown_characteristic", path=path, found=n, allowed=allowed)
                for n in unknown
            ]
        )
    return [*asked, *(() if instrument is None else (instrument,))]


def _refuse_perfect(frame: pd.DataFrame, rejected: Floats) -> None:
    """Raise ModelError with every characteristic that by itself tells all rejected from all accepted applicants.

    The classing would hide it: it joins values that hold one class only.
    """
    if found := perfect_predictors(frame, rejected == 0.0):
        raise ModelError([_of_decision(Fault(f"{n} separates them", "separation", path=n, found=n)) for n in found])


def _independent(tables: Mapping[str, BinningTable], frame: pd.DataFrame) -> tuple[list[str], dict[str, str], Floats]:
    """Characteristics in falling order of information value that are no linear combination of those before them."""
    order = sorted(tables, key=lambda name: (-tables[name].information_value, name))
    kept: list[str] = []
    left_out: dict[str, str] = {}
    columns: list[Floats] = []
    basis: list[Floats] = []
    for name in order:
        values = tables[name].transform(frame[name].to_numpy())
        centred = values - values.mean()
        length = float(np.linalg.norm(centred))
        if np.ptp(values) == 0.0:
            left_out[name] = ONE_BIN
            continue
        rest = centred.copy()
        for direction in (*basis, *basis):  # twice is enough (Kahan)
            rest -= direction * float(direction @ rest)
        size = float(np.linalg.norm(rest))
        if size < DEPENDENT * length:
            left_out[name] = LINEAR
            continue
        basis.append(rest / size)
        kept.append(name)
        columns.append(values)
    return kept, left_out, np.column_stack(columns) if columns else np.empty((len(frame), 0))


def _of_decision(fault: Fault) -> Fault:
    """A separated model of the decision is no overlap: say so."""
    if fault.code == "separation":
        told = _told(fault, "the decision is perfectly predicted, so accepted and rejected do not overlap")
        remedy = (
            "leave the characteristic out of reject_inference.acceptance.characteristics, or take the applicants whom "
            "a policy rule rejects out by outcome.exclusions"
        )
        return replace(told, code="no_overlap", path="reject_inference.acceptance", remedy=remedy)
    return _told(fault, "model of the decision")


def _told(fault: Fault, words: str) -> Fault:
    return replace(fault, message=f"{words}: {fault.message}")


def _document(plan: Plan, intake: Intake, fit: LogisticFit, tables: Mapping[str, BinningTable]) -> dict[str, Any]:
    sources = _Sources(model_inputs(intake), derive_steps(plan, intake))
    names = list(tables)
    inputs, derived = read_inputs(names, sources), derivations(names, sources)
    values = value_names(taken_names(inputs, derived))
    scaling = plan.scaling
    scale = Scaling(scaling.points_to_double_odds, scaling.base_score, scaling.base_odds, scaling.rounding)
    points = points_table(fit.intercept, {n: fit.coefficient(n) for n in names}, tables, scale)
    steps = scorecard_steps(fit, tables, points, values, probability_from="unrounded")
    outputs = {
        "linear_score": values.linear_score,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": None,
    }
    name = f"{plan.model.name}, model of the decision"
    identity = Identity(ACCEPTANCE, name, plan.model.version, "probability of rejection", "rejected")
    return document(identity, "scorecard", inputs, [*derived, *steps], outputs)
