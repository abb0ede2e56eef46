"""The interface of a notebook: what it fits, what it hands over, withdrawn applicants, both estimators, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import credit_risk as cr
from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.reject_inference import RejectInferenceSpec, fuzzy_augmentation, reweighting
from credit_risk.reject_inference.inference import RejectInference, infer_rejects, weights_of_evidence
from tests.credit_risk.reject_inference.worlds import NAMES, World, world

PLAIN = LogisticRegression(C=1e10, max_iter=1_000)
CARD = cr.ScorecardClassifier(cr.Binner(max_bins=4))


def table(one: World) -> pd.DataFrame:
    return pd.DataFrame(one.x, columns=list(NAMES)).assign(leniency=one.instrument)


def infer(one: World, **options: Any) -> RejectInference:
    given = {"instrument": "leniency", "known_outcomes_model": PLAIN, "decision_model": PLAIN} | options
    return infer_rejects(table(one), one.y, one.accepted, **given)


@pytest.fixture(scope="module")
def people() -> World:
    return world(2_000, 21, instrument=True)


def test_models_and_rows_are_those_of_the_functions(people: World) -> None:
    X = table(people)
    decision = PLAIN.fit(X, ~people.accepted).predict_proba(X)[:, 0]
    found = infer(people, method="reweighting")
    np.testing.assert_allclose(found.acceptance, decision, atol=1e-9)
    np.testing.assert_allclose(found.weight, reweighting(people.decided(), decision).weight, rtol=1e-8)
    a = people.accepted
    known = LogisticRegression(C=1e10, max_iter=1_000).fit(people.x[a], people.bad[a]).predict_proba(people.x)[:, 1]
    found = infer(people, method="fuzzy_augmentation", prudence=2)
    np.testing.assert_allclose(found.probability, known, atol=1e-6)
    expected = fuzzy_augmentation(people.decided(), known, prudence=2)
    assert found.place.tolist() == expected.place.tolist()
    np.testing.assert_allclose(found.weight, expected.weight, atol=1e-6)
    assert found.decision_model is not None  # for the diagnosis, though the method does without
    assert list(found.take(X).columns) == list(NAMES)
    np.testing.assert_array_equal(found.take(people.x), people.x[found.place])
    assert pl.DataFrame(found.take(pl.from_pandas(X))).equals(pl.from_pandas(found.take(X)))
    summary = found.summary()
    assert summary["count"].sum() == len(found.y)
    assert summary["weight"].sum() == pytest.approx(2_000)


@pytest.mark.parametrize("method", ["reweighting", "score_bands", "fuzzy_augmentation", "parcelling"])
def test_scorecards_and_boosting_fit_on_the_rows(people: World, method: str) -> None:
    X = table(people)
    rows = infer(people, method=method, prudence=1.5)
    card = cr.ScorecardClassifier(cr.Binner(max_bins=4)).fit(rows.take(X), rows.y, sample_weight=rows.weight)
    trees = cr.MonotoneBoostingClassifier(trees=20).fit(rows.take(X), rows.y, sample_weight=rows.weight)
    for model in (card, trees):
        assert cr.auc(people.bad, model.predict_proba(X[list(NAMES)])[:, 1]) > 0.7


def test_scorecards_stand_behind_by_default_and_their_errors_are_bootstrapped(people: World) -> None:
    X = table(people)
    rows = infer(people, method="reweighting", known_outcomes_model=CARD, decision_model=CARD)
    assert "leniency" in rows.decision_model.tables_
    assert "leniency" not in rows.known_outcomes_model.tables_
    card = cr.ScorecardClassifier(cr.Binner(max_bins=4)).fit(rows.take(X), rows.y, sample_weight=rows.weight)
    errors = rows.coefficient_errors(X, card, replicates=20)
    np.testing.assert_allclose(errors.coef, card.result_.coef, atol=1e-6)
    assert errors.replicates + errors.left_out == 20
    woe = weights_of_evidence(card, X[list(NAMES)])
    assert np.allclose(card.result_.intercept + woe @ card.result_.coef[1:], card.decision_function(X[list(NAMES)]))
    with pytest.raises(CreditRiskError, match="needs weights of evidence"):
        infer(people, method="reweighting").coefficient_errors(X, card)


def test_withdrawn_applicants_stand_in_no_row(people: World) -> None:
    X = table(people)
    accepted = pd.Series(people.accepted).astype("boolean")
    y = people.y.copy()
    gone = np.arange(2_000) % 7 == 0
    accepted[gone], y[gone] = pd.NA, np.nan
    options = {"method": "parcelling", "known_outcomes_model": PLAIN, "decision_model": PLAIN, "seed": 3}
    found = infer_rejects(X, y, accepted, **options)
    assert not np.isin(found.place, np.flatnonzero(gone)).any()
    assert len(found.y) == (~gone & (~people.accepted | np.isfinite(y))).sum()
    assert any("without a decision (withdrawn)" in note for note in found.notes)
    assert np.isfinite(found.probability).all()
    kept = infer_rejects(X[~gone], y[~gone], people.accepted[~gone], **options)
    np.testing.assert_array_equal(np.flatnonzero(~gone)[kept.place], found.place)
    np.testing.assert_array_equal(kept.y, found.y)
    shuffled = X.sample(frac=1, random_state=5)
    moved = infer_rejects(shuffled, y[shuffled.index], accepted[shuffled.index], **options)
    labels = dict(zip(shuffled.index[moved.place], moved.y, strict=True))
    assert np.mean([labels[k] == v for k, v in zip(found.place, found.y, strict=True)]) > 0.999


def test_outcomes_elsewhere_and_what_is_told(people: World) -> None:
    elsewhere = np.where(np.arange(2_000) % 3 == 0, people.bad, np.nan)
    found = infer(people, method="external_outcomes", external=elsewhere)
    assert (found.y[found.inferred] == people.bad[found.place[found.inferred]]).all()
    shown = found._repr_html_()
    assert "external_outcomes" in shown
    assert all(note.split()[0] in shown for note in found.notes)
    assert "inferred" in repr(found)


def test_the_bivariate_probit_stands_on_both_scorecards() -> None:
    one = world(4_000, 31, rho=-0.6, instrument=True)
    found = infer(one, method="bivariate_probit", known_outcomes_model=CARD, decision_model=CARD)
    rejected = ~one.accepted
    assumed = found.weight[found.inferred & (found.y == 1)].sum() / rejected.sum()
    door = infer(one, method="extrapolation", known_outcomes_model=CARD, decision_model=CARD)
    extrapolated = door.weight[door.inferred & (door.y == 1)].sum() / rejected.sum()
    truth = one.bad[rejected].mean()
    assert extrapolated + 0.08 < assumed < truth + 0.05  # four bins each: the indices are coarse, and the rate is short
    assert any(note.startswith("correlation -0.") for note in found.notes)
    card = cr.ScorecardClassifier(cr.Binner(max_bins=4))
    X = table(one)
    card.fit(found.take(X), found.y, sample_weight=found.weight)
    assert found.coefficient_errors(X, card, replicates=2).replicates == 2


# ------------------------------------------------------------------------------------------------------ bad input


def refused(one: World, **options: Any) -> set[str]:
    given = {"X": table(one), "y": one.y, "accepted": one.accepted} | options
    models = {"known_outcomes_model": PLAIN, "decision_model": PLAIN} | options
    with pytest.raises(CreditRiskError) as told:
        infer_rejects(
            given.pop("X"),
            given.pop("y"),
            given.pop("accepted"),
            **{k: v for k, v in models.items() if k not in ("X", "y", "accepted")},
        )
    return {fault.code for fault in told.value.faults}


def test_bad_input_is_refused(people: World) -> None:
    n = len(people.y)
    assert refused(people, accepted=np.ones(n), y=people.bad, method="reweighting") == {"no_rejects"}
    assert "only_rejects" in refused(people, accepted=np.zeros(n), y=np.full(n, np.nan), method="reweighting")
    assert refused(people, y=people.bad, method="reweighting") == {"rejected_outcome"}
    assert refused(people, method="fuzzy_augmentation", prudence=0.5) == {"prudence"}
    assert refused(people, method="reweighting", instrument="mood") == {"instrument"}
    assert refused(people, method="bogus") == {"setting"}
    assert refused(people, method="external_outcomes") == {"needed"}
    assert refused(people, accepted=people.accepted[1:], method="none") == {"length"}
    assert refused(people, accepted=np.where(people.accepted, "yes", "no"), method="none") == {"type"}
    assert refused(people, accepted=np.full(n, np.nan), y=np.full(n, np.nan), method="none") == {"no_decision"}
    odd = np.where(np.arange(n) == np.flatnonzero(people.accepted)[0], np.nan, people.accepted)
    assert refused(people, accepted=odd, method="none") == {"outcome_without_decision"}
    short = {"weights": np.ones(3), "external": np.full(n, "bad"), "keys": [1, 2], "accepted": people.accepted[1:]}
    assert refused(people, method="external_outcomes", **short) == {"length", "type"}
    with pytest.raises(CreditRiskError) as told:
        infer_rejects(table(people), people.y, method="external_outcomes", **short)
    assert [fault.path for fault in told.value.faults] == ["accepted", "weights", "keys", "external"]
    every = {"accepted": odd, "weights": np.where(np.arange(n) == 3, -1.0, 1.0)}
    assert refused(people, method="none", **every) == {"outcome_without_decision", "weight"}
    assert refused(people, X=table(people)["x1"], method="none") == {"shape"}
    assert refused(people, method="bivariate_probit", instrument="leniency") == {"no_scorecard"}


@pytest.mark.parametrize("kind", ["threshold", "text"])
def test_a_decision_that_is_predicted_perfectly_has_no_overlap(people: World, kind: str) -> None:
    """Classing would hide it: a bin of one class only is merged with its neighbour."""
    rule = np.where(people.accepted, "green", "red") if kind == "text" else people.accepted + people.x[:, 0] / 100
    X = table(people).assign(rule=rule)
    options = {"known_outcomes_model": CARD, "decision_model": CARD}
    with pytest.raises(ModelError, match="no overlap") as told:
        infer_rejects(X, people.y, people.accepted, method="reweighting", **options)
    assert {(fault.code, fault.path) for fault in told.value.faults} == {("no_overlap", "rule")}
    found = infer_rejects(X, people.y, people.accepted, method="fuzzy_augmentation", **options)
    assert any(note.startswith("rule predicts the decision perfectly") for note in found.notes)
    assert infer_rejects(table(people), people.y, people.accepted, method="reweighting", **options).notes


def test_what_scorecards_leave_out_is_told(people: World) -> None:
    X = table(people).assign(same=1.0)
    found = infer_rejects(X, people.y, people.accepted, method="reweighting", decision_model=CARD)
    assert any(note.startswith("the model of the decision leaves out same (") for note in found.notes)


def test_an_instrument_that_predicts_nothing_is_refused_by_the_probit(people: World) -> None:
    noise = np.random.default_rng(1).normal(size=2_000)
    options = {"method": "bivariate_probit", "known_outcomes_model": CARD, "decision_model": CARD}
    for instrument in (noise // 9, np.ones(2_000)):
        X = table(people).assign(leniency=instrument)
        with pytest.raises(CreditRiskError) as told:
            infer_rejects(X, people.y, people.accepted, instrument="leniency", **options)
        assert {fault.code for fault in told.value.faults} == {"instrument_predicts_nothing"}
    with pytest.raises(CreditRiskError) as told:
        infer_rejects(table(people), people.y, people.accepted, **options)
    assert {fault.code for fault in told.value.faults} == {"no_instrument"}


def test_take_refuses_other_rows(people: World) -> None:
    found = infer(people, method="none")
    with pytest.raises(CreditRiskError, match="not the rows of the inference"):
        found.take(table(people).iloc[1:])


def test_settings_of_a_plan_can_be_given_whole(people: World) -> None:
    spec = RejectInferenceSpec(method="score_bands", bands=4)
    found = infer(people, spec=spec)
    assert found.method == "score_bands"
    assert found.spec.bands == 4
    assert len(np.unique(np.round(found.weight, 9))) == 4


def test_self_learning_stands_on_the_scorecard_of_known_outcomes(people: World) -> None:
    X = table(people)
    found = infer(people, method="self_learning", known_outcomes_model=CARD)
    assert 0 < found.inferred.sum() < (~people.accepted).sum()
    assert any("extremes only" in note for note in found.notes)
    card = cr.ScorecardClassifier(cr.Binner(max_bins=4)).fit(found.take(X), found.y, sample_weight=found.weight)
    errors = found.coefficient_errors(X, card, replicates=3)
    assert errors.replicates + errors.left_out == 3
    assert refused(people, method="self_learning") == {"no_scorecard"}
