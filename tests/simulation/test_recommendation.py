"""The recommendation is what the Monte Carlo of METHODS section 1 supports, in at least 90 of 100 worlds.

Under MAR with a right model reweighting gains nothing; with a square left out it wins back most of the AUC; under
selection on the unobserved it harms, and a bivariate probit with an instrument repairs. CI runs a few worlds.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from credit_risk import WoeTransformer
from credit_risk.datasets import simulate_portfolio
from credit_risk.datasets.spec import Selection
from credit_risk.evaluation import auc
from credit_risk.reject_inference import Decided, recommend
from tests.credit_risk.reject_inference.four_worlds import NAMES, logistic, world

CHARACTERISTICS = (
    *("bureau_score", "income", "utilisation", "months_at_address", "months_at_job", "inquiries_6m"),
    *("delinquencies_24m", "months_since_delinquency", "oldest_trade_months", "open_accounts", "dependants"),
    *("amount_requested", "term_months", "employment", "housing", "occupation", "purpose", "channel", "region"),
)

SUPPORTED = {
    "mar": "known_outcomes",
    "mar_misspecified": "reweighting",
    "mnar_instrument": "bivariate_probit",
    "mnar": "known_outcomes",
}


def independent(table: np.ndarray) -> list[int]:
    """Columns that neither a constant nor those before them span."""
    kept: list[int] = []
    for place in range(table.shape[1]):
        tried = np.column_stack([np.ones(len(table)), table[:, [*kept, place]]])
        if np.linalg.matrix_rank(tried, tol=1e-6 * len(table) ** 0.5) == tried.shape[1]:
            kept.append(place)
    return kept


@pytest.mark.parametrize("rows", [4_000, 16_000])
@pytest.mark.parametrize("name", SUPPORTED)
@pytest.mark.parametrize("worlds", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_recommendation_is_what_the_simulation_supports(name: str, rows: int, worlds: int):
    actions = []
    for seed in range(worlds):
        one = world(name, rows, 1_000 + seed)
        actions.append(recommend(one.decided, one.x, one.acceptance, NAMES, instrument=one.instrument).action)
    assert actions.count(SUPPORTED[name]) >= 0.9 * worlds, {one: actions.count(one) for one in set(actions)}


@pytest.mark.parametrize(
    ("selection", "instrument", "action"),
    [
        ("mar", False, "known_outcomes"),
        ("mar_misspecified", False, "known_outcomes"),  # classes bend where the square does
        ("mnar", True, "bivariate_probit"),
        ("mnar", False, "known_outcomes"),
    ],
)
def test_reweighting_is_not_recommended_where_it_harms(selection: Selection, instrument: bool, action: str):
    """Applicants of a simulated portfolio in classes; the true outcomes of the rejected say what reweighting does."""
    portfolio = simulate_portfolio(
        applicants=24_000, months=24, history_months=0, selection=selection, instrument=instrument, seed=4
    )
    held = portfolio.applications["decision"].ne("none").to_numpy()
    table, bad = portfolio.applications[held], portfolio.truth["bad"].to_numpy(float)[held]
    accepted = table["decision"].eq("accepted").to_numpy()
    booked = accepted & table["status"].isin(["booked", "overridden_low"]).to_numpy()
    decided = Decided(np.where(booked, bad, np.nan), accepted, clusters=table["applicant_id"].to_numpy())
    names = list(CHARACTERISTICS)
    outcome, decision = (
        WoeTransformer().fit(table.loc[rows, names], y[rows]).transform(table[names]).to_numpy(float)
        for rows, y in ((booked, bad), (held[held], 1.0 - accepted))
    )
    kept = independent(outcome[booked])
    x, z = outcome[:, kept], decision[:, independent(decision)]
    constant = np.ones((len(table), 1))
    moved, rows = np.hstack([constant, z]), np.hstack([constant, x])
    acceptance = expit(moved @ logistic(moved, accepted.astype(float)))
    lever = table["underwriter_leniency"].to_numpy() if instrument else None
    found = recommend(decided, x, acceptance, [names[place] for place in kept], instrument=lever, decision_design=z)
    known, reweighted = (
        auc(bad, rows @ logistic(rows[booked], bad[booked], w[booked]))
        for w in (np.ones(len(table)), 1.0 / np.maximum(acceptance, 0.02))
    )
    assert reweighted < known
    assert found.action == action, found.table.to_string()
