"""Evidence on reject inference: who was decided on, what was chosen, the model of the decision, and the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import Scored
from credit_risk.lifecycle.rejects.compared import IDS as COMPARED
from credit_risk.lifecycle.rejects.compared import compared_evidence
from credit_risk.lifecycle.rejects.diagnosis import IDS as DIAGNOSIS
from credit_risk.lifecycle.rejects.diagnosis import diagnosis_evidence
from credit_risk.lifecycle.rejects.errors import COEFFICIENTS, errors_evidence
from credit_risk.lifecycle.rejects.inference import WEIGHTING, Applicants, Inference
from credit_risk.lifecycle.rejects.models import AcceptanceModel
from credit_risk.package.layout import ACCEPTANCE_FILE, APPLICANTS_FILE, KNOWN_OUTCOMES_FILE, ROWS_FILE
from credit_risk.plan import Plan
from credit_risk.reject_inference import Decided, InferredRows
from credit_risk.reject_inference.spec import RejectInferenceSpec
from credit_risk.sampling.applicants import ACCEPTED, REJECTED
from credit_risk.sampling.clusters import cluster_numbers, repeats
from credit_risk.sampling.samples import SAMPLES

Floats = NDArray[np.float64]
DECISIONS, CHOICE = "reject_inference.decisions", "reject_inference.choice"
MODEL, POWER = "reject_inference.acceptance_model", "reject_inference.acceptance_power"
WEIGHTS = "reject_inference.weights"
IDS = (DECISIONS, CHOICE, MODEL, POWER, WEIGHTS)
NONE = "the plan asks for no reject inference (reject_inference): models are of the known outcomes alone"
SNAPSHOT = "data/snapshot.parquet"
OUTSIDE = "in no sample"
QUANTILES: Mapping[str, float] = {"least": 0.0, "p05": 0.05, "median": 0.5, "p95": 0.95, "greatest": 1.0}
WEIGHT_COLUMNS = (
    *("method", "rows", "known_rows", "inferred_rows", "known_weight", "inferred_weight", "inferred_bad_rate"),
    *(*QUANTILES, "trimmed_rows", "trimmed_share", "effective_rows", "effective_share"),
)
WEIGHED = "where the plan calibrates, known outcomes by inverse acceptance, so that they stand for all applicants"
AS_THEY_ARE = "where the plan calibrates, known outcomes as they are, and so of accepted applicants"
OF_DECISION = "of the decision to accept or reject, not of take-up; withdrawn applications have no decision"
ASSUMPTIONS: Mapping[str, str] = {
    "none": "the known outcomes stand for all applicants",
    "reweighting": "given the characteristics of the model of the decision, the decision knew nothing else of the "
    "outcome (missing at random)",
    "score_bands": "within a band of the score, rejected applicants are like accepted ones (missing at random)",
    "extrapolation": "rejected applicants are like accepted ones of the same characteristics (missing at random)",
    "fuzzy_augmentation": "the odds of bad of rejected applicants are those of accepted ones alike, times prudence",
    "parcelling": "the bad rate of rejected applicants is that of accepted ones of the band, times prudence",
    "hard_cut_off": "a cut-off of the score tells who would have been bad: biased, for comparison",
    "bivariate_probit": "decision and outcome are jointly normal given the characteristics, and the instrument bears "
    "on the decision alone",
    "self_learning": "rejected applicants with extreme scores would have turned out as the score says",
    "external_outcomes": "outcomes observed elsewhere are those that the applicants would have had here",
}


def inference_evidence(
    plan: Plan, prepared: Prepared, inference: Inference | None, candidates: Sequence[Candidate], scored: Scored
) -> list[Evidence]:
    """All evidence `reject_inference.*`; prepared: the rows as they came; scored: by the candidates."""
    if inference is None:
        every = (*IDS, *DIAGNOSIS, *COMPARED, COEFFICIENTS)
        return [absent(identifier, "not_applicable", NONE) for identifier in every]
    compared, tipping = compared_evidence(plan, prepared, inference, scored)
    return [
        *_basis(plan, prepared, inference),
        *diagnosis_evidence(plan, prepared, inference, tipping),
        *compared,
        *errors_evidence(plan, prepared, inference, candidates),
    ]


def _basis(plan: Plan, prepared: Prepared, inference: Inference) -> list[Evidence]:
    """Evidence on decisions, choice, model of the decision and weights."""
    confidence = plan.evaluation.confidence
    applicants, files = inference.applicants, (SNAPSHOT, APPLICANTS_FILE)
    power = power_frame(applicants, prepared, confidence)
    return [
        table(DECISIONS, decisions_frame(applicants, prepared), inputs=files, notes=(OF_DECISION,)),
        key_values(CHOICE, choice_items(plan.reject_inference, inference), inputs=("plan.json", ROWS_FILE)),
        table(MODEL, model_frame(inference.acceptance), inputs=(*files, ACCEPTANCE_FILE), notes=_model_notes()),
        table(POWER, power, inputs=(*files, ACCEPTANCE_FILE)),
        table(
            WEIGHTS,
            weights_frame(plan.reject_inference, inference),
            inputs=(*files, ROWS_FILE, KNOWN_OUTCOMES_FILE),
            notes=_weights_notes(inference),
        ),
    ]


def decisions_frame(applicants: Applicants, prepared: Prepared) -> pd.DataFrame:
    """One row a sample and status; rows of no sample last. Bad rates are weighted and of known outcomes."""
    status, y, w = prepared.intake.status, prepared.intake.outcome, prepared.weights
    assert status is not None
    sample = np.full(len(y), OUTSIDE, dtype=object)
    sample[applicants.row] = applicants.sample
    rows = []
    for name in (*SAMPLES, OUTSIDE):
        inside = sample == name
        for one in sorted(set(status[inside].tolist())):
            mine = inside & (status == one)
            known = mine & np.isfinite(y)
            decision = "accepted" if one in ACCEPTED else "rejected" if one in REJECTED else "none"
            rate = float(w[known] @ y[known] / w[known].sum()) if known.any() else None
            counts = (int(mine.sum()), float(w[mine].sum() / w[inside].sum()), int(known.sum()), int(y[known].sum()))
            rows.append((name, one, decision, *counts, rate))
    columns = ["sample", "status", "decision", "rows", "share", "known", "bad", "bad_rate"]
    return pd.DataFrame(rows, columns=columns)


def choice_items(spec: RejectInferenceSpec, inference: Inference) -> dict[str, str | int | float | None]:
    """The method with what it assumes and its settings, in words."""
    decided, rows = inference.decided, inference.rows
    listed = spec.acceptance.characteristics
    items: dict[str, str | int | float | None] = {
        "Method": spec.method.replace("_", " "),
        "Assumes": ASSUMPTIONS[spec.method],
        "Tried beside": ", ".join(name.replace("_", " ") for name in inference.tried if name != spec.method) or "none",
        "Tried in vain": "; ".join(f"{name.replace('_', ' ')}: {why}" for name, why in inference.failed.items())
        or "none",
        "Applicants of development": f"{len(decided):,}",
        "Accepted": f"{int(decided.accepted.sum()):,}",
        "Rejected": f"{int(decided.rejected.sum()):,}",
        "Known outcomes": f"{int(decided.known.sum()):,}",
        "Rows that candidates are fitted on": f"{len(rows):,}",
        "Supposed outcomes among them": f"{int(rows.inferred.sum()):,}",
        "Decision modelled on": "all predictors" if listed is None else ", ".join(listed),
        "Least probability of acceptance": repr(spec.acceptance.floor),
        "Score bands": f"{spec.bands}",
        "Prudence": repr(spec.prudence),
        "Cut-off of hard cut-off": "twice the bad rate" if spec.cut_off is None else repr(spec.cut_off),
        "Instrument": spec.instrument or "none",
        "Why the instrument cannot bear on the outcome": spec.instrument_reason or "not applicable",
        "Outcomes elsewhere": _external(spec),
        "Performance": "from known outcomes alone, with the plan's weights",
        "Calibration": WEIGHED if spec.weighs_calibration else AS_THEY_ARE,
    }
    return items | {f"Note {number}": note for number, note in enumerate(rows.notes, 1)}


def _external(spec: RejectInferenceSpec) -> str:
    if spec.external is None:
        return "none"
    return f"{spec.external.column}, by {spec.external.source}, {spec.external.date}"


def model_frame(found: AcceptanceModel) -> pd.DataFrame:
    """Coefficients of the log-odds of rejection, then the characteristics that are left out, with why."""
    fit = found.fit
    rows = []
    for i, term in enumerate(fit.terms):
        binning = found.tables.get(term)
        shape = (None, None) if binning is None else (len(binning.bins), binning.information_value)
        figures = (fit.coef[i], fit.standard_error[i], fit.z[i], fit.p_value[i], fit.lower[i], fit.upper[i])
        rows.append((term, *shape, *figures, None))
    rows += [(name, None, None, *[None] * 6, reason) for name, reason in found.left_out.items()]
    columns = ["term", "bins", "information_value", "coefficient", "standard_error", "z", "p_value", "lower", "upper"]
    return pd.DataFrame(rows, columns=[*columns, "left_out"])


def power_frame(applicants: Applicants, prepared: Prepared, confidence: float) -> pd.DataFrame:
    """How well the model of the decision tells rejected from accepted applicants, on every sample."""
    rows = []
    for sample in SAMPLES:
        inside = applicants.of(sample)
        rejected = (~applicants.accepted[inside]).astype(np.float64)
        if not inside.any():
            continue
        place = applicants.row[inside]
        w, risk = prepared.weights[place], 1.0 - applicants.acceptance[inside]
        accept = float(w @ (1.0 - rejected) / w.sum())
        expected = float(w @ applicants.acceptance[inside] / w.sum())
        area: tuple[float | None, ...] = (None, None, None)
        if 0 < rejected.sum() < len(rejected):
            clusters = prepared.clusters[place]
            found = (
                clustered_auc_interval(rejected, risk, cluster_numbers(clusters), w, confidence)
                if repeats(clusters)
                else delong_interval(rejected, risk, w, confidence)
            )
            area = (found.auc, found.lower, found.upper)
        rows.append((sample, len(place), int(rejected.sum()), accept, expected, *area))
    columns = ["sample", "applicants", "rejected", "accept_rate", "mean_acceptance", "auc", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)


def weights_frame(spec: RejectInferenceSpec, inference: Inference) -> pd.DataFrame:
    """One row a method: its rows, and the weights of known outcomes over their sampling weights."""
    decided, acceptance = inference.decided, inference.applicants.acceptance[inference.applicants.of("development")]
    made = [_weights_row(spec, decided, acceptance, rows) for rows in inference.tried.values()]
    return pd.DataFrame(made, columns=list(WEIGHT_COLUMNS))


def _weights_row(
    spec: RejectInferenceSpec, decided: Decided, acceptance: Floats, rows: InferredRows
) -> tuple[object, ...]:
    known, inferred = ~rows.inferred, rows.inferred
    w, place = rows.weight[known], rows.place[known]
    factor = w / decided.weights[place]
    inferred_weight = float(rows.weight[inferred].sum())
    rate = float(rows.weight[inferred] @ rows.y[inferred] / inferred_weight) if inferred.any() else None
    trimmed: tuple[int | None, float | None] = (None, None)
    if rows.method == "reweighting":
        low = acceptance[place] < spec.acceptance.floor
        sampling = decided.weights[place]
        trimmed = (int(low.sum()), float(sampling[low].sum() / sampling.sum()))
    return (
        rows.method,
        len(rows),
        int(known.sum()),
        int(inferred.sum()),
        float(w.sum()),
        inferred_weight,
        rate,
        *(float(value) for value in np.quantile(factor, list(QUANTILES.values()))),
        *trimmed,
        rows.effective_rows,
        rows.effective_rows / int(known.sum()),
    )


def _model_notes() -> tuple[str, ...]:
    return (
        "log-odds of rejection on weights of evidence of rejection; plain maximum likelihood, signs free; Wald "
        "intervals take applicants as independent",
        OF_DECISION,
    )


def _weights_notes(inference: Inference) -> tuple[str, ...]:
    quantiles = "least to greatest: weight of a known outcome over its sampling weight, quantiles over rows"
    used = (
        f"candidates are fitted on the rows of {inference.rows.method.replace('_', ' ')}; the others are for comparison"
    )
    kish = "effective rows: Kish's, of the weights of known outcomes"
    return (
        quantiles,
        kish,
        used,
        f"{', '.join(WEIGHTING).replace('_', ' ')} suppose no outcome: they weigh known ones",
    )
