"""BASL against a plain re-telling of its rounds with scikit-learn, its shares and thresholds; recalibration."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation import brier_score
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.bayesian import bayesian_auc
from credit_risk.reject_inference.isolation_forest import grow_forest
from credit_risk.reject_inference.self_learning import (
    COLUMNS,
    LAST,
    NO_GAIN,
    STAGE,
    fit_self_learning,
    recalibrate,
    self_learning,
    self_learning_table,
)
from credit_risk.reject_inference.spec import SelfLearningSpec


def applicants(n=3000, seed=0, weights=None):
    """Features, decision by a noisy score, outcome of the accepted; and everybody's outcome."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3))
    bad = (random.random(n) < 1 / (1 + np.exp(0.8 - x @ [1.0, 0.7, -0.4]))).astype(float)
    score = x @ [0.8, 0.6, -0.2] + random.normal(0, 0.7, n)
    accepted = score < np.quantile(score, 0.4)
    return Decided(np.where(accepted, bad, np.nan), accepted, weights), x, bad


@pytest.fixture(scope="module")
def run():
    decided, x, _ = applicants()
    return decided, x, fit_self_learning(decided, x, SelfLearningSpec(rounds=3), seed=5)


def retold(decided, x, spec, seed):
    """The rounds told again with numpy and scikit-learn, unweighted; labels (n,), Bayesian AUC by round."""
    bits = stage_generator(seed, STAGE).bit_generator

    def lots(places):
        return places[np.argsort(bits.random_raw(len(places)), kind="stable")]

    known, rejects = np.flatnonzero(decided.known), np.flatnonzero(decided.rejected)
    held = [np.sort(lots(p)[: int(np.floor(spec.holdout * len(p) + 0.5))]) for p in (known, rejects)]
    train, left = np.setdiff1d(known, held[0]), np.setdiff1d(rejects, held[1])
    score = grow_forest(x[train], np.ones(len(train)), seed=seed, stage=f"{STAGE}/forest").score(x[left])
    low, high = np.quantile(score, spec.filter, method="inverted_cdf")
    left = left[(score >= low) & (score <= high)]
    labels, places, areas, prior = np.full(len(x), np.nan), np.concatenate(held), [], None
    for number in range(spec.rounds + 1):
        rows = np.concatenate([train, np.flatnonzero(np.isfinite(labels))])
        y = np.where(np.isfinite(labels), labels, decided.y)[rows]
        model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[rows], y)
        p = model.predict_proba(x)[:, 1]
        prior = p[places] if prior is None else prior
        areas.append(bayesian_auc(decided.y[places], p[places], prior, draws=100, seed=seed).estimate)
        if number == spec.rounds or (number > 1 and areas[-1] <= areas[-2]) or (number == 1 and areas[1] <= areas[0]):
            break
        drawn = lots(left)[: int(np.floor(spec.sampling * len(left) + 0.5))]
        most_bad = spec.label_share * len(drawn)
        most_good = most_bad / spec.imbalance
        if number == 0:
            ordered = np.sort(p[drawn])
            bad_from = ordered[-int(np.floor(most_bad + 0.5))]
            good_to = ordered[int(np.floor(most_good + 0.5)) - 1]
        bad = drawn[p[drawn] >= bad_from][: int(np.floor(most_bad + 0.5))]
        good = drawn[p[drawn] <= good_to][: int(np.floor(most_good + 0.5))]
        labels[bad], labels[good] = 1.0, 0.0
        left = np.setdiff1d(left, np.r_[bad, good])
    return labels, areas


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_it_is_what_a_plain_retelling_gives(seed):
    decided, x, _ = applicants(seed=seed)
    spec = SelfLearningSpec(rounds=3)
    labels, areas = retold(decided, x, spec, seed)
    found = fit_self_learning(decided, x, spec, seed=seed)
    ours = np.full(len(x), np.nan)
    inferred = found.rows.inferred
    ours[found.rows.place[inferred]] = found.rows.y[inferred]
    assert np.array_equal(ours, labels, equal_nan=True)
    assert [one.evaluated.estimate for one in found.rounds] == pytest.approx(areas, abs=1e-9)


def test_rows_and_shares(run):
    decided, _, found = run
    rows = found.rows
    known = int(decided.known.sum())
    assert np.array_equal(rows.place[:known], np.flatnonzero(decided.known))
    assert not rows.inferred[:known].any()
    assert rows.inferred[known:].all()
    assert decided.rejected[rows.place[known:]].all()
    assert np.all(np.diff(rows.place[known:]) > 0)
    first = found.rounds[1]
    assert first.sampled == int(0.8 * found.kept + 0.5)
    assert first.labelled_bad == int(0.1 * first.sampled + 0.5)
    assert first.labelled_good == int(0.05 * first.sampled + 0.5)
    assert first.left == found.kept - first.labelled_bad - first.labelled_good
    assert found.kept / found.candidates == pytest.approx(0.98, abs=0.005)
    labelled = sum(one.labelled_bad + one.labelled_good for one in found.rounds)
    assert len(rows) == known + labelled


def test_frame_tells_the_rounds(run):
    _, _, found = run
    frame = self_learning_table(found)
    assert tuple(frame.columns) == COLUMNS
    assert frame["round"].tolist() == list(range(len(found.rounds)))
    assert frame["stopped"].isna().tolist() == [True] * (len(frame) - 1) + [False]
    assert frame["stopped"].iloc[-1] in (LAST, NO_GAIN)
    if frame["stopped"].iloc[-1] == NO_GAIN:
        assert frame["bayesian_auc"].iloc[-1] <= frame["bayesian_auc"].iloc[-2]


def test_weights_are_of_the_rows_and_count_in_the_shares():
    random = np.random.default_rng(3)
    w = random.uniform(0.2, 5.0, 3000)
    decided, x, _ = applicants(weights=w)
    found = fit_self_learning(decided, x, SelfLearningSpec(rounds=1), seed=2)
    rows = found.rows
    assert np.array_equal(rows.weight, w[rows.place])
    inferred = rows.inferred
    bad = rows.weight[inferred & (rows.y == 1)].sum()
    good = rows.weight[inferred & (rows.y == 0)].sum()
    assert bad / good == pytest.approx(2.0, abs=0.15)
    threefold = Decided(decided.y, decided.accepted, np.full(3000, 3.0))
    plain = Decided(decided.y, decided.accepted)
    assert np.array_equal(self_learning(threefold, x, seed=2).place, self_learning(plain, x, seed=2).place)


def test_labels_are_the_same_on_any_number_of_threads():
    decided, x, _ = applicants(n=1500)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(fit_self_learning(decided, x, seed=3))
    one, two = found
    assert np.array_equal(one.rows.place, two.rows.place)
    assert np.array_equal(one.rows.y, two.rows.y)
    assert one.rounds[-1].evaluated.estimate == two.rounds[-1].evaluated.estimate


def test_ties_are_ties():
    """Weights of evidence repeat: all rows of the pattern at a threshold are beyond it, and lots choose among them."""
    decided, x, _ = applicants(n=3000, seed=2)
    coarse = np.round(x)
    run = fit_self_learning(decided, coarse, SelfLearningSpec(rounds=1), seed=4)
    labels, areas = retold(decided, coarse, SelfLearningSpec(rounds=1), 4)
    inferred = run.rows.inferred
    assert run.rounds[1].labelled_bad == int(0.1 * run.rounds[1].sampled + 0.5)
    assert np.array_equal(np.flatnonzero(np.isfinite(labels)), run.rows.place[inferred])
    assert run.rounds[1].evaluated.estimate == pytest.approx(areas[1], abs=1e-9)


def test_draws_of_their_own_differ_by_round():
    decided, x, _ = applicants(n=2000)
    same, anew = (fit_self_learning(decided, x, SelfLearningSpec(rounds=1), seed=3, draw_anew=one) for one in (0, 1))
    assert np.array_equal(same.rows.place, anew.rows.place)
    assert same.rounds[1].evaluated.estimate != anew.rounds[1].evaluated.estimate


def test_labels_damage_the_calibration_and_recalibration_mends_it():
    decided, x, bad = applicants(n=20_000, seed=4)
    rows = self_learning(decided, x, SelfLearningSpec(rounds=5), seed=1)
    model = LogisticRegression(C=np.inf).fit(x[rows.place], rows.y)
    p = model.predict_proba(x)[:, 1]
    gate = LogisticRegression(C=np.inf).fit(x, decided.accepted).predict_proba(x)[:, 1]
    known = decided.known
    alone = LogisticRegression(C=np.inf).fit(x[known], decided.y[known]).predict_proba(x)[:, 1]
    score = np.log(p / (1 - p))
    mended = recalibrate(decided, p, gate).map.probability(score)
    assert brier_score(bad, p) > brier_score(bad, alone) + 0.003
    assert brier_score(bad, mended) == pytest.approx(brier_score(bad, alone), abs=0.003)
    assert abs(mended.mean() - bad.mean()) < abs(p.mean() - bad.mean())
    of_known = recalibrate(decided, p).map.probability(score)
    assert of_known[known].mean() == pytest.approx(decided.y[known].mean(), abs=1e-9)
    with pytest.raises(CreditRiskError, match="have no log-odds"):
        recalibrate(decided, np.where(known, 0.0, p))


def test_accepted_without_an_outcome_take_no_part():
    decided, x, _ = applicants()
    y = decided.y.copy()
    gone = np.flatnonzero(decided.known)[::5]
    y[gone] = np.nan
    rows = self_learning(Decided(y, decided.accepted), x, seed=1)
    assert not np.isin(gone, rows.place).any()


def test_bad_input_is_told():
    decided, x, _ = applicants(n=400)
    with pytest.raises(CreditRiskError) as told:
        fit_self_learning(decided, x[:-1])
    assert told.value.faults[0].code == "shape"
    worse = np.column_stack([x, np.full(400, 2.0), np.where(np.arange(400) == 7, np.nan, x[:, 0] ** 2)])
    with pytest.raises(CreditRiskError) as told:
        fit_self_learning(decided, worse)
    assert [fault.code for fault in told.value.faults] == ["constant_term", "missing"]
    with pytest.raises(CreditRiskError) as told:
        fit_self_learning(decided, np.column_stack([x, x[:, 0] - x[:, 1]]))
    assert told.value.faults[0].code == "collinearity"
    separated = np.column_stack([x, np.where(decided.known, np.nan_to_num(decided.y), 0.5)])
    with pytest.raises(ModelError) as told:
        fit_self_learning(decided, separated)
    assert told.value.faults[0].code == "separated"
    rare = decided.y.copy()
    rare[np.flatnonzero(rare == 1)[2:]] = 0
    with pytest.raises(CreditRiskError) as told:
        fit_self_learning(Decided(rare, decided.accepted), x, seed=1)
    assert told.value.faults[0].code == "one_class"
