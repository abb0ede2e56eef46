"""Reject inference in a notebook: both models, the rows, and what they are fitted on, from one call."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pydantic import ValidationError
from sklearn.base import clone

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk.binning.frames import columns_of, is_frame
from credit_risk.binning.inputs import input_names
from credit_risk.models.scorecard_classifier import ScorecardClassifier
from credit_risk.reject_inference._inputs import check_prudence
from credit_risk.reject_inference.applicant_rows import (
    Applicants,
    applicants_of,
    checked_table,
    keys_of,
    rows_of,
    vectors_of,
    without,
)
from credit_risk.reject_inference.dispatch import NEEDS, infer_rows
from credit_risk.reject_inference.given_rejection import given_rejection, probit_rows
from credit_risk.reject_inference.perfect_decision import perfect_predictors
from credit_risk.reject_inference.procedure_errors import ProcedureErrors, bootstrap_procedure
from credit_risk.reject_inference.rows import Floats, InferredRows, Mask, Places
from credit_risk.reject_inference.spec import Method, RejectInferenceSpec

SUMMARY_COLUMNS = ("rows", "outcome", "count", "weight", "bad_rate")
ON_EVIDENCE = ("bivariate_probit", "self_learning")
"""Methods that stand on the weights of evidence of the models' scorecards."""


@dataclass(frozen=True, slots=True, eq=False)
class RejectInference:
    """Weighted rows for any classifier, and the models that made them. `fit(r.take(X), r.y, sample_weight=r.weight)`.

    place (m,): row of X of each row, from 0; y (m,) 1 bad, 0 good; weight (m,); inferred (m,): whether the method
    supposes the outcome. acceptance and probability (n,): of acceptance by the model of the decision, and of bad by the
    model of known outcomes, for all rows of X; NaN where there is no such model. decision_model (its second class is
    rejected) and known_outcomes_model: fitted classifiers, or None. applicants: those with a decision, and their rows
    of X. notes: what was assumed, trimmed or left out.
    """

    method: Method
    place: Places
    y: Floats
    weight: Floats
    inferred: Mask
    acceptance: Floats
    probability: Floats
    decision_model: Any
    known_outcomes_model: Any
    applicants: Applicants
    spec: RejectInferenceSpec
    notes: tuple[str, ...]

    def take(self, X: Any) -> Any:
        """Rows of X (n, k), frame or array, as the inferred rows need them, without the instrument.

        Raises CreditRiskError where X has another number of rows.
        """
        n = len(self.acceptance)
        if len(X) != n:
            found, allowed = f"{len(X)} rows", f"{n} rows"
            text = "not the rows of the inference"
            raise CreditRiskError(Fault(text, "length", path="X", found=found, allowed=allowed))
        return rows_of(without(X, self.spec.instrument), self.place)

    def frame(self) -> pd.DataFrame:
        """One row an inferred row: row (of X, from 0), outcome, weight, inferred."""
        return pd.DataFrame({"row": self.place, "outcome": self.y, "weight": self.weight, "inferred": self.inferred})

    def summary(self) -> pd.DataFrame:
        """Rows with known and with inferred outcomes, by outcome: `SUMMARY_COLUMNS`; bad_rate: weighted, of both."""
        found = []
        for name, inside in (("known outcome", ~self.inferred), ("inferred", self.inferred)):
            if not inside.any():
                continue
            for outcome in (0.0, 1.0):
                rows = inside & (self.y == outcome)
                total = float(self.weight[inside].sum())
                rate = float(self.weight[inside] @ self.y[inside]) / total
                label = "bad" if outcome else "good"
                found.append((name, label, int(np.count_nonzero(rows)), float(self.weight[rows].sum()), rate))
        return pd.DataFrame(found, columns=list(SUMMARY_COLUMNS))

    def coefficient_errors(
        self, X: Any, scorecard: ScorecardClassifier, *, replicates: int | None = None, confidence: float = 0.95
    ) -> ProcedureErrors:
        """`bootstrap_procedure` on the weights of evidence of a scorecard fitted on these rows, with fixed classing.

        X (n, k) as it was inferred on. Raises CreditRiskError where the decision model is no scorecard, and as
        `bootstrap_procedure` does.
        """
        place, decision, instrument = self.applicants.place, None, self.spec.instrument
        probit = self.method == "bivariate_probit"
        if "acceptance" in NEEDS[self.method] or probit:
            decision = weights_of_evidence(_scorecard(self.decision_model, "the decision"), X)[place]
        return bootstrap_procedure(
            self.spec,
            self.applicants.decided,
            weights_of_evidence(scorecard, without(X, instrument))[place],
            list(scorecard.tables_),
            decision_x=decision,
            given_rejection=given_rejection(list(self.decision_model.tables_), list(scorecard.tables_), instrument)
            if probit
            else None,
            replicates=replicates,
            confidence=confidence,
        )

    def __repr__(self) -> str:
        inferred = int(np.count_nonzero(self.inferred))
        known = len(self.y) - inferred
        return f"RejectInference({self.method}: {known:,} rows with known outcomes, {inferred:,} inferred)"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(
            index=False,
            na_rep="–",
            formatters={"count": "{:,}".format, "weight": "{:,.1f}".format, "bad_rate": "{:.1%}".format},
        )
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return f"<div><p><b>{escape(repr(self))}</b></p>{table}<ul>{notes}</ul></div>"


def infer_rejects(
    X: Any,
    y: ArrayLike,
    accepted: ArrayLike,
    *,
    method: Method | None = None,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    keys: ArrayLike | None = None,
    instrument: str | None = None,
    external: ArrayLike | None = None,
    prudence: float | None = None,
    spec: RejectInferenceSpec | None = None,
    known_outcomes_model: Any = None,
    decision_model: Any = None,
    seed: int = 0,
) -> RejectInference:
    """Weighted rows by a method of reject inference, with the models of the decision and of known outcomes.

    X (n, k): frame or array of all applicants; y (n,): 1 bad, 0 good, missing where not known; accepted (n,): 1 or
    true, 0 or false, missing where there was no decision (withdrawn), which stand in no row; weights (n,): sampling
    weights; clusters (n,): equal where rows belong together; keys (n,): distinct names, in whose order labels are drawn
    (None: the index of a pandas frame where it is distinct). external (n,): outcomes of rejects elsewhere, 1 bad,
    0 good, missing. spec: settings as in a plan (`external` of it not needed); method, instrument (a column of X that
    the decision alone is modelled on) and prudence override it. known_outcomes_model and decision_model: classifiers
    that are cloned and fitted with sample_weight; None: ScorecardClassifier(). A model that the method does without and
    that cannot be fitted is None, which the notes tell.

    Raises CreditRiskError on no rejects, only rejects, outcomes of rejects and other faults of the input, ModelError
    where a model that the method needs cannot be fitted, such as of a decision that is predicted perfectly.
    """
    chosen = _settings(spec, method, instrument, prudence)
    X = checked_table(X, chosen.instrument)
    given = vectors_of(len(X), y, accepted, weights=weights, clusters=clusters, keys=keys, external=external)
    people = applicants_of(given)
    models = _both_models(X, people, chosen, decision_model, known_outcomes_model)
    place = people.place
    rows = _rows(X, people, chosen, models, seed, keys_of(X, given, place), given.external)
    return RejectInference(
        method=chosen.method,
        place=place[rows.place],
        y=rows.y,
        weight=rows.weight,
        inferred=rows.inferred,
        acceptance=models.acceptance,
        probability=models.probability,
        decision_model=models.decision,
        known_outcomes_model=models.known_outcomes,
        applicants=people,
        spec=chosen,
        notes=(*rows.notes, *people.notes, *models.notes),
    )


@dataclass(frozen=True, slots=True)
class _Models:
    """Fitted models or None, and what they say of all rows of X (n,); NaN where there is none."""

    decision: Any
    known_outcomes: Any
    acceptance: Floats
    probability: Floats
    notes: tuple[str, ...]


def _settings(
    spec: RejectInferenceSpec | None, method: Method | None, instrument: str | None, prudence: float | None
) -> RejectInferenceSpec:
    if prudence is not None:
        check_prudence(prudence)
    given = {"method": method, "instrument": instrument, "prudence": None if prudence is None else float(prudence)}
    found = (spec or RejectInferenceSpec()).model_dump() | {k: v for k, v in given.items() if v is not None}
    try:
        return RejectInferenceSpec.model_validate(found)
    except ValidationError as error:
        remedy = "see RejectInferenceSpec"
        raise CreditRiskError(
            [
                Fault(
                    told["msg"],
                    "setting",
                    path=".".join(map(str, told["loc"])),
                    found=repr(told["input"]),
                    remedy=remedy,
                )
                for told in error.errors()
            ]
        ) from error


def _both_models(
    X: Any, people: Applicants, spec: RejectInferenceSpec, decision_model: Any, known_outcomes_model: Any
) -> _Models:
    decided, place = people.decided, people.place
    needs, on_evidence = NEEDS[spec.method], spec.method in ON_EVIDENCE
    seen, n = without(X, spec.instrument), len(X)
    notes = _perfect(X, people, "acceptance" in needs or spec.method == "bivariate_probit")
    decision = _fitted(
        decision_model,
        (rows_of(X, place), (~decided.accepted).astype(np.int64), decided.weights),
        "the model of the decision",
        "acceptance" in needs or spec.method == "bivariate_probit",
        notes,
    )
    known = decided.known
    outcomes = _fitted(
        known_outcomes_model,
        (rows_of(seen, place[known]), decided.y[known].astype(np.int64), decided.weights[known]),
        "the model of known outcomes",
        "probability" in needs or on_evidence,
        notes,
    )
    notes += [f"{name} leaves out {told}" for name, told in _left_out(decision, outcomes)]
    acceptance = np.full(n, np.nan) if decision is None else decision.predict_proba(X)[:, 0]
    probability = np.full(n, np.nan) if outcomes is None else outcomes.predict_proba(seen)[:, 1]
    return _Models(decision, outcomes, acceptance, probability, tuple(notes))


def _perfect(X: Any, people: Applicants, needed: bool) -> list[str]:
    """Notes of characteristics that decide by themselves; refused where the method needs the model of the decision."""
    frame = (
        pd.DataFrame(rows_of(X, people.place)) if not is_frame(X) else nw.from_native(X).to_pandas().iloc[people.place]
    )
    perfect = perfect_predictors(frame, people.decided.accepted)
    if perfect and needed:
        text = "it predicts the decision perfectly: there is no overlap of accepted and rejected applicants"
        remedy = "leave it out where it is the decision in other words; else use outcomes observed elsewhere"
        raise ModelError([Fault(text, "no_overlap", path=name, remedy=remedy) for name in perfect])
    return [f"{name} predicts the decision perfectly: no accepted applicant is like a rejected one" for name in perfect]


def _left_out(decision: Any, outcomes: Any) -> list[tuple[str, str]]:
    """Characteristics that a scorecard left out, by model, in words."""
    found = []
    for name, model in (("the model of the decision", decision), ("the model of known outcomes", outcomes)):
        if isinstance(model, ScorecardClassifier) and len(model.left_out_):
            told = (f"{row.characteristic} ({row.reason})" for row in model.left_out_.itertuples())
            found.append((name, "; ".join(told)))
    return found


def _fitted(model: Any, rows: tuple[Any, Any, Floats], name: str, needed: bool, notes: list[str]) -> Any:
    """A clone fitted on X, y, weights; where it is not needed and cannot be fitted, None, which the notes tell."""
    X, y, weights = rows
    try:
        return (ScorecardClassifier() if model is None else clone(model)).fit(X, y, sample_weight=weights)
    except (ValueError, CreditRiskError) as error:
        if not needed:
            notes.append(f"{name} could not be fitted, and the method does without: {str(error).splitlines()[0]}")
            return None
        remedy = "where classes are separated there is no overlap: leave the characteristic out, or use another method"
        raise ModelError(Fault(f"{name} cannot be fitted", "no_model", found=str(error), remedy=remedy)) from error


def _rows(
    X: Any,
    people: Applicants,
    spec: RejectInferenceSpec,
    models: _Models,
    seed: int,
    keys: ArrayLike | None,
    external: Floats | None,
) -> InferredRows:
    place, needs = people.place, NEEDS[spec.method]
    features: Floats | None = None
    if spec.method in ON_EVIDENCE:
        knower = _scorecard(models.known_outcomes, "known outcomes")
        features = weights_of_evidence(knower, without(X, spec.instrument))[place]
    if spec.method == "bivariate_probit" and features is not None:
        decider = _scorecard(models.decision, "the decision")
        decision = weights_of_evidence(decider, X)[place]
        return probit_rows(
            people.decided, decision, list(decider.tables_), features, list(knower.tables_), spec.instrument
        )
    return infer_rows(
        spec,
        people.decided,
        acceptance=models.acceptance[place] if "acceptance" in needs else None,
        probability=models.probability[place] if "probability" in needs else None,
        seed=seed,
        keys=keys,
        external=None if external is None else external[place],
        features=features,
    )


def weights_of_evidence(scorecard: ScorecardClassifier, X: Any) -> Floats:
    """Weights of evidence (n, m) of X by the classing of a fitted scorecard, in the order of its `tables_`."""
    frame = columns_of(X, input_names(scorecard))
    return np.column_stack([t.result.woe[t.assign(frame[n].to_numpy())] for n, t in scorecard.tables_.items()])


def _scorecard(model: Any, of: str) -> ScorecardClassifier:
    if not isinstance(model, ScorecardClassifier):
        text, remedy = f"the model of {of} needs weights of evidence", "use a ScorecardClassifier"
        raise CreditRiskError(Fault(text, "no_scorecard", found=type(model).__name__, remedy=remedy))
    return model
