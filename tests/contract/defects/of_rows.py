"""Defects of rows: samples, outcomes, weights, inputs that a model may not read, reject inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.lifecycle.candidates import Training
from credit_risk.lifecycle.classing import Prepared
from credit_risk.models.logistic import LogisticFit, fit_logistic
from tests.contract.defects.consistent import Replaced, changed_json, run_base, with_fit, with_result
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.of_figures import frame_of, rewritten
from tests.contract.defects.severity import material

PREPARED = "credit_risk.lifecycle.stages.prepare"
LABELS = "credit_risk.lifecycle.classing.label_rows"
CLASSED = "credit_risk.lifecycle.binary.class_predictors"
SCORECARD = "credit_risk.lifecycle.candidates.scorecard.scorecard_of"
Labels = NDArray[np.object_]


def _leak(making: Making) -> Path:
    """A characteristic that is set after the outcome is known."""
    table, rng = making.base.table(), np.random.default_rng(1)
    right = rng.random(len(table)) < 0.95
    return making.developed(table=table.assign(STAGE=np.where(right, table["BAD"], 1 - table["BAD"])))


def _labels_without_groups(making: Making) -> Path:
    """Samples are drawn by rows, although the plan names obligors."""
    nobody = with_result("credit_risk.sampling.labels.row_clusters", lambda found: np.full(len(found), None, object))
    return making.developed(nobody)


def _copies(making: Making) -> Path:
    """Sixty applications of development stand out of sample too, under another number."""
    table = making.base.table()
    again = table.iloc[:60].assign(ID=np.arange(60) + 10 * len(table))

    def changed(labels: Labels) -> Labels:
        labels = labels.copy()
        labels[:60], labels[-60:] = "development", "out_of_sample"
        return labels

    return making.developed(with_result(LABELS, changed), pd.concat([table, again], ignore_index=True))


def labelled(change: Callable[[Labels], Labels]) -> Callable[[Making], Path]:
    """Rows in other samples than the plan's."""
    return lambda making: making.developed(with_result(LABELS, lambda labels: change(labels.copy())))


def _moved(labels: Labels) -> Labels:
    """Ten rows out of sample are told as development."""
    labels[np.flatnonzero(labels == "out_of_sample")[:10]] = "development"
    return labels


def _earlier(labels: Labels) -> Labels:
    """Some rows of development are told as out of time, and as many of those as development."""
    inside, later = np.flatnonzero(labels == "development")[:80], np.flatnonzero(labels == "out_of_time")[:80]
    labels[inside], labels[later] = "out_of_time", "development"
    return labels


def _flipped(making: Making) -> Path:
    """A few bads of development are counted as good, everywhere but in the column of the source."""

    def changed(prepared: Prepared) -> Prepared:
        outcome = prepared.intake.outcome.copy()
        bads = np.flatnonzero((outcome == 1) & prepared.development)
        outcome[bads[:5]] = 0.0
        return replace(prepared, intake=replace(prepared.intake, outcome=outcome))

    return making.developed(with_result(PREPARED, changed))


def _other_weights(making: Making) -> Path:
    """The first forty rows weigh three times as much."""

    def changed(prepared: Prepared) -> Prepared:
        weights = prepared.weights.copy()
        weights[:40] *= 3.0
        return replace(prepared, weights=weights)

    return making.developed(with_result(PREPARED, changed))


def _weights(making: Making) -> Path:
    """Weights are doubled before the fit."""
    doubled = with_result(CLASSED, lambda training: replace(training, weights=training.weights * 2.0))
    return making.developed(doubled)


def _class_weights(making: Making) -> Path:
    """Bads count more in the fit than the plan says."""
    extra = 1.4 * material("probability") * making.times
    return making.developed(refitted(lambda training: training.weights * (1.0 + extra * training.y)))


def _stale_fit(making: Making) -> Path:
    """Coefficients are those of a fit without the newest rows of development."""
    left_out = making.times * material("probability") * 4.0

    def weights(training: Training) -> NDArray[np.float64]:
        kept = np.arange(len(training.y)) < len(training.y) * (1.0 - left_out)
        return np.where(kept, training.weights, 1e-9)

    return making.developed(refitted(weights))


def refitted(weights: Callable[[Training], NDArray[np.float64]]) -> Replaced:
    """The coefficients of a fit with other weights, told with the errors of the stated one."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def scorecard_of(spec: Any, context: Any, selection: Any, *rest: Any) -> Any:
            training, fit = context.training, selection.fit
            names = list(fit.terms[1:])
            tables = {name: training.tables[name] for name in names}
            x = np.column_stack([tables[n].result.woe[tables[n].assign(training.frame[n].to_numpy())] for n in names])
            other = fit_logistic(x, training.y, names, weights=weights(training))
            moved = other.coef - fit.coef
            told = replace(
                fit,
                coef=other.coef,
                z=other.coef / fit.standard_error,
                lower=fit.lower + moved,
                upper=fit.upper + moved,
            )
            return original(spec, context, replace(selection, fit=told), *rest)

        return scorecard_of

    return {SCORECARD: around}


def _naive_errors(making: Making) -> Path:
    """Standard errors take rows of one obligor as independent, and are told as clustered."""

    def changed(fit: LogisticFit) -> LogisticFit:
        ratio = fit.independent_error / fit.standard_error
        return replace(
            fit,
            standard_error=fit.independent_error,
            z=fit.coef / fit.independent_error,
            lower=fit.coef - (fit.coef - fit.lower) * ratio,
            upper=fit.coef + (fit.upper - fit.coef) * ratio,
        )

    return making.developed(with_fit(changed))


def error_size(good: Path, wrong: Path) -> float:
    """The largest relative difference of a standard error."""
    pairs = zip(*(frame_of(one, "scorecard.coefficients.card") for one in (good, wrong)), strict=True)
    return max(abs(b["standard_error"] / a["standard_error"] - 1.0) for a, b in pairs)


def hidden_input(
    name: str, plan: tuple[str, str], flag: str, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table
) -> Callable[[Making], Path]:
    """A model that reads a column which the plan, as it is told, does not allow."""

    def make(making: Making) -> Path:
        base = replace(making.base, plan=making.base.plan.replace(*plan))
        package = run_base(base, making.folder, table=change(base.table()))
        changed_json(package, "plan.json", lambda told: told["data"].update({flag: [name]}))
        row = {flag: True, "role": flag}
        return rewritten(package, (("data.contract", {"column": name}, lambda _: row),))

    return make


def _proxy(making: Making) -> Path:
    """A form of address, which some did not give, that tells the sex."""
    table, rng = making.base.table(), np.random.default_rng(3)
    told = np.where(rng.random(len(table)) < 0.05, "none", np.where(table["SEX"] == "f", "Mrs", "Mr"))
    return making.developed(table=table.assign(ADDRESS=told))


def _drifted(making: Making) -> Path:
    """Incomes have doubled out of time; the evidence tells of stability."""
    table = making.base.table()
    late = table["DATE"] > "2018-12-31"
    package = making.developed(table=table.assign(INCOME=table["INCOME"].where(~late, table["INCOME"] * 2.2).round(1)))
    calm = {"verdict": "pass", "reason": None}
    change = lambda row: {"psi": row["psi"] / 30.0, **calm}  # noqa: E731 - one table, one change
    return rewritten(package, (("stability.psi", {"sample": "out_of_time"}, change),))


def _trimmed(making: Making) -> Path:
    """Weights of reject inference are cut off, and nobody is told."""

    def changed(rows: Any) -> Any:
        cap = float(np.quantile(rows.weight, 0.95))
        return replace(rows, weight=np.minimum(rows.weight, cap))

    return making.developed(with_result("credit_risk.lifecycle.rejects.inference.infer_rows", changed))


def row_defect(name: str, wrong: str, base: str, effect: str, make: Callable[[Making], Path], *areas: str) -> Defect:
    """A defect of rows that breaks a rule or is as large as it is."""
    return Defect(name, wrong, base, effect, areas, make, sized=False)


ROWS: tuple[Defect, ...] = (
    row_defect(
        "target_leak",
        "a characteristic is set after the outcome is known",
        "plain",
        "cut alone_auc_fail",
        _leak,
        "battery: AUC of a single characteristic",
        "battery: suspicion",
        "battery: alone",
        "soundness",
    ),
    row_defect(
        "sample_overlap",
        "obligors stand in development and out of sample",
        "weighted",
        "check sample_overlap",
        _labels_without_groups,
        "battery: development and out_of_sample",
        "samples",
    ),
    row_defect(
        "copies_across_samples",
        "the same applications stand in development and out of sample under another number",
        "plain",
        "cut duplicate_rows_level",
        _copies,
        "battery: ",
    ),
    row_defect(
        "out_of_time_not_later",
        "rows out of time are as old as those of development",
        "card",
        "check out_of_time_not_later",
        labelled(_earlier),
        "battery: ",
    ),
    row_defect(
        "outcome_flipped",
        "some bads are counted as good",
        "plain",
        "tolerance identity",
        _flipped,
        "data/snapshot.parquet: outcomes",
    ),
    row_defect(
        "weights_rescaled",
        "weights are doubled before the fit",
        "weighted",
        "figure count",
        _weights,
        "classing.",
        "scorecard.",
    ),
    Defect(
        "class_weights",
        "bads count more in the fit than the plan says",
        "plain",
        "probability",
        ("scorecard.coefficients", "model.json: coefficients"),
        _class_weights,
    ),
    Defect(
        "stale_fit",
        "coefficients are those of a fit without the newest rows",
        "plain",
        "probability",
        ("scorecard.coefficients", "model.json: coefficients"),
        _stale_fit,
        sized=False,
    ),
    Defect(
        "naive_errors",
        "standard errors take rows of one obligor as independent",
        "weighted",
        "figure standard_error",
        ("scorecard.coefficients", "scorecard.covariance"),
        _naive_errors,
        sized=False,
        size=error_size,
    ),
    row_defect(
        "forbidden_input",
        "the model reads a column that the plan forbids",
        "plain",
        "check forbidden_input",
        hidden_input(
            "RATE",
            ("forbidden: [RATE]", "forbidden: []"),
            "forbidden",
            lambda table: table.assign(RATE=table["RATE"] + 0.5 * table["BAD"]),
        ),
        "battery: forbidden",
    ),
    row_defect(
        "protected_input",
        "the model reads a protected column",
        "protected",
        "check protected_input",
        hidden_input("SEX", ("protected: [SEX]", "protected: []"), "protected"),
        "battery: protected",
    ),
    row_defect(
        "proxy_input",
        "the model reads a form of address that tells the sex",
        "protected",
        "cut proxy_auc_fail",
        _proxy,
        "battery: inputs that stand for a protected group",
    ),
    row_defect(
        "drift_told_as_stable",
        "incomes have doubled out of time, and the evidence tells of stability",
        "card",
        "cut psi_fail",
        _drifted,
        "battery: stability",
        "stability.psi",
        "battery: PSI",
    ),
    row_defect(
        "weights_trimmed",
        "weights of reject inference are cut off, and nobody is told",
        "door",
        "figure inferred_weight",
        _trimmed,
        "reject_inference",
    ),
    row_defect(
        "weights_of_another_column",
        "some rows have a weight that is not the source's",
        "weighted",
        "figure count",
        _other_weights,
        "data/snapshot.parquet: weights",
    ),
    Defect(
        "rows_of_another_sample",
        "some rows out of sample are told as development",
        "plain",
        "check source_differs",
        ("source", "samples"),
        labelled(_moved),
        sized=False,
        source=True,
    ),
)
