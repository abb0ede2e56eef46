"""The comparison against the functions it is made of, against counting, and against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc, brier_score, delong_interval
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.bayesian import bayesian_auc
from credit_risk.reject_inference.comparison import COLUMNS, comparison_table
from tests.credit_risk.reject_inference.four_worlds import World, logistic, world


def methods(one: World) -> dict[str, np.ndarray]:
    table, known = np.column_stack([np.ones(len(one.x)), one.x]), one.decided.known
    weights = 1 / np.maximum(one.acceptance[known], 0.02)
    return {
        "none": one.probability,
        "reweighting": expit(table @ logistic(table[known], one.bad[known], weights)),
        "upside_down": 1 - one.probability,
    }


def test_cells_are_those_of_their_functions():
    one = world("mar_misspecified", 2_000, 1, weights=np.random.default_rng(2).uniform(0.5, 2, 2_000))
    models, held = methods(one), np.arange(2_000) % 3 == 0
    frame = comparison_table(one.decided, models, one.probability, one.acceptance, held_out=held, draws=10, seed=5)
    assert list(frame.columns) == COLUMNS
    row = frame.set_index("method").loc["reweighting"]
    p, w, test = models["reweighting"], one.decided.weights, one.decided.known & held
    area = delong_interval(one.bad[test], p[test], w[test])
    assert (row["auc"], row["auc_lower"], row["auc_upper"]) == pytest.approx((area.auc, area.lower, area.upper))
    inverse = w / np.maximum(one.acceptance, 0.02)
    assert row["reweighted_auc"] == pytest.approx(auc(one.bad[test], p[test], inverse[test]))
    assert row["reweighted_brier"] == pytest.approx(brier_score(one.bad[test], p[test], inverse[test]))
    drawn = bayesian_auc(one.decided.y, p, one.probability, w, draws=10, seed=5)
    assert (row["bayesian_auc"], row["bayesian_auc_lower"]) == (drawn.estimate, drawn.lower)
    assert row["mean_probability"] == pytest.approx(np.average(p, weights=w))
    assert row["rank_correlation"] == pytest.approx(stats.spearmanr(p, one.probability)[0])
    assert (row["rows"], row["bad"]) == (test.sum(), one.bad[test].sum())
    assert not [note for note in frame.attrs["notes"] if "in sample" in note]


def test_the_base_changes_nothing_and_its_reverse_everything_it_can():
    one = world("mar", 1_000, 3)
    frame = comparison_table(one.decided, methods(one), one.probability, one.acceptance, draws=5).set_index("method")
    assert frame["changed_decisions"]["none"] == 0.0
    assert frame["rank_correlation"]["none"] == 1.0
    assert frame["rank_correlation"]["upside_down"] == pytest.approx(-1.0)
    share = one.accepted.mean()
    assert frame["changed_decisions"]["upside_down"] == pytest.approx(2 * min(share, 1 - share), abs=0.003)
    assert (
        "in sample"
        in comparison_table(one.decided, methods(one), one.probability, one.acceptance, draws=2).attrs["notes"][-1]
    )


def test_expected_bad_rate_of_the_approved_is_that_of_counting():
    y = np.array([0, 1, np.nan, np.nan, np.nan, np.nan])
    decided = Decided(y, [1, 1, 1, 0, 0, 0])
    s = np.array([0.1, 0.5, 0.2, 0.3, 0.6, 0.7])
    other = np.array([0.9, 0.1, 0.2, 0.3, 0.8, 0.7])
    frame = comparison_table(decided, {"none": s, "other": other}, s, np.full(6, 0.5), draws=2).set_index("method")
    assert frame["approved_bad_rate"].tolist() == pytest.approx([(0 + 0.2 + 0.3) / 3, (1 + 0.2 + 0.3) / 3])
    assert frame["known_bad_rate"].tolist() == [0.5, 0.5]
    assert frame["changed_decisions"]["other"] == pytest.approx(2 / 6)


def test_coefficients_that_move_most_are_named():
    one = world("mar", 300, 4)
    coefficients = {
        "none": {"a": 1.0, "b": 2.0},
        "reweighting": {"a": 0.5, "c": 0.25},
        "upside_down": {"a": 1.0, "b": 2.0},
    }
    args = one.decided, methods(one), one.probability, one.acceptance
    frame = comparison_table(*args, coefficients=coefficients, draws=2).set_index("method")
    assert (frame["largest_shift"]["reweighting"], frame["shifted_term"]["reweighting"]) == (-2.0, "b")
    assert frame["largest_shift"]["upside_down"] == 0.0
    assert pd.isna(frame["shifted_term"]["upside_down"])
    assert comparison_table(*args, draws=2)["largest_shift"].isna().all()


def test_reweighted_measures_find_the_better_model_where_plain_ones_do_not():
    """A square is left out: on all applicants reweighting is better, on known outcomes worse (METHODS section 1)."""
    one = world("mar_misspecified", 30_000, 5)
    models = methods(one)
    del models["upside_down"]
    frame = comparison_table(one.decided, models, one.probability, one.acceptance, draws=2).set_index("method")
    assert auc(one.bad, models["reweighting"]) > auc(one.bad, models["none"]) + 0.005
    assert frame["reweighted_auc"]["reweighting"] > frame["reweighted_auc"]["none"]
    assert frame["auc"]["reweighting"] < frame["auc"]["none"]
    for name, p in models.items():
        assert frame["reweighted_auc"][name] == pytest.approx(auc(one.bad, p), abs=0.02)


def test_repeated_applicants_are_not_taken_for_new_ones():
    one = world("mar", 500, 6)
    twice = np.tile(np.arange(500), 2)
    frames = [
        comparison_table(
            Decided(one.decided.y[rows], one.accepted[rows], clusters=clusters),
            {"none": one.probability[rows]},
            one.probability[rows],
            one.acceptance[rows],
            draws=2,
        )
        for rows, clusters in ((np.arange(500), None), (twice, twice), (twice, None))
    ]
    width = [float(frame["auc_upper"][0] - frame["auc_lower"][0]) for frame in frames]
    assert width[1] == pytest.approx(width[0], rel=0.02)
    assert width[2] < 0.8 * width[0]


def test_bad_input_is_told_at_once():
    one = world("mar", 200, 7)
    with pytest.raises(CreditRiskError, match="no such method"):
        comparison_table(one.decided, {"other": one.probability}, one.probability, one.acceptance)
    with pytest.raises(CreditRiskError, match="no held-out good or no held-out bad"):
        comparison_table(
            one.decided, {"none": one.probability}, one.probability, one.acceptance, held_out=np.arange(200) < 1
        )
    with pytest.raises(CreditRiskError) as told:
        comparison_table(one.decided, {"none": one.probability}, one.probability + 1, one.acceptance[:3])
    assert [fault.path for fault in told.value.faults] == ["probability", "acceptance"]
