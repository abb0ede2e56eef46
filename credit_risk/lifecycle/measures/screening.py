"""What is known of each characteristic classed on a mean before selection: leakage, expectation, stability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Screens
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.measures.training import MeasureTraining
from credit_risk.lifecycle.screening import known_numbers, stability_rows
from credit_risk.lifecycle.trends import declared_trends
from credit_risk.plan import Plan
from credit_risk.selection.leakage import suspicions
from credit_risk.selection.measure_leakage import mean_expectation_frame, measure_leakage_frame


def screen_measures(
    plan: Plan, prepared: Prepared, training: MeasureTraining
) -> tuple[MeasureTraining, tuple[Evidence, ...]]:
    """`training` with what the screens found, and the evidence `data.leakage`, `classing.mean_expectations`,
    `selection.stability`.
    """
    rates = training.y if training.exposure is None else training.y / training.exposure
    names = list(training.tables)
    fine = {name: classed.fine_gini for name, classed in training.tables.items()}
    leakage = measure_leakage_frame(training.frame[names], rates, fine)
    expected = _expectations(plan, training, rates)
    stable = stability_rows(plan, prepared, training.tables)
    # the rule of selection refuses below one half, as of an AUC: half of one plus a rank correlation is on that scale
    bounds = {name: (1 + upper) / 2 for name, upper in known_numbers(expected, "upper").items()}
    screens = Screens(
        suspicions=suspicions(leakage),
        expectation=bounds,
        psi=known_numbers(stable, "sample_psi"),
        psi_over_time=known_numbers(stable, "period_psi"),
    )
    evidence = (
        table("data.leakage", leakage, inputs=SNAPSHOT),
        _told(expected),
        table("selection.stability", stable, inputs=SNAPSHOT),
    )
    return replace(training, screens=screens), evidence


def _expectations(plan: Plan, training: MeasureTraining, rates: np.ndarray) -> pd.DataFrame:
    expected = {name: trend.name for name, trend in declared_trends(plan, list(training.tables)).items()}
    numeric = {n: training.frame[n].to_numpy(float) for n, t in training.tables.items() if t.kind == "numeric"}
    codes = {name: [float(code) for code in training.specials.get(name, [])] for name in numeric}
    return mean_expectation_frame(expected, numeric, codes, rates, plan.evaluation.confidence, training.weights)


def _told(frame: pd.DataFrame) -> Evidence:
    if frame.empty:
        reason = "the plan declares no ascending or descending trend of a numeric characteristic"
        return absent("classing.mean_expectations", "not_applicable", reason)
    return table("classing.mean_expectations", frame, inputs=SNAPSHOT)
