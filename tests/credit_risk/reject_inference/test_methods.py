"""The methods that make rows: identities, totals, order of rows, sampling weights, and what each tells or refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from credit_risk._core.errors import CreditRiskError
from credit_risk.models.logistic import fit_logistic
from credit_risk.reject_inference import (
    Decided,
    InferredRows,
    RejectInferenceSpec,
    band_table,
    external_outcomes,
    external_values,
    extrapolation,
    fuzzy_augmentation,
    hard_cut_off,
    infer_rows,
    parcelling,
    reweighting,
    score_bands,
)
from tests.credit_risk.reject_inference.worlds import NAMES, decision_model, known_outcomes_model, world

SPEC = RejectInferenceSpec.model_validate(
    {"prudence": 1.5, "external": {"column": "b", "bad": 1, "source": "a bureau", "date": "2020-01-01"}}
)
METHODS = (
    *("none", "reweighting", "score_bands", "extrapolation", "fuzzy_augmentation", "parcelling", "hard_cut_off"),
    *("bivariate_probit", "external_outcomes"),
)


def fit(x: np.ndarray, rows: InferredRows) -> np.ndarray:
    return fit_logistic(x[rows.place], rows.y, NAMES, weights=rows.weight).coef


def made_weights(rows: int) -> np.ndarray:
    return np.random.default_rng(99).choice([0.5, 1.0, 3.0], rows)


# ------------------------------------------------------------------------------------------------------ identities


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", ["extrapolation", "fuzzy_augmentation"])
def test_prudence_of_one_returns_the_coefficients_of_the_known_outcomes(method: str, weighted: bool) -> None:
    one = world(5_000, 3)
    w = made_weights(5_000) if weighted else None
    a = one.accepted
    known = fit_logistic(one.x[a], one.bad[a], NAMES, weights=None if w is None else w[a]).coef
    probability = known_outcomes_model(one, w)
    rows = infer_rows(RejectInferenceSpec(), one.decided(w), probability=probability, method=method)
    assert np.abs(fit(one.x, rows) - known).max() < 1e-10
    prudent = fuzzy_augmentation(one.decided(w), probability, prudence=1.5)
    assert np.abs(fit(one.x, prudent) - known).max() > 0.05


@pytest.mark.parametrize("acceptance", [0.37, 1 / 3, 0.9, 0.001])
@pytest.mark.parametrize("weighted", [False, True])
def test_constant_acceptance_is_the_unweighted_fit_to_the_last_bit(acceptance: float, weighted: bool) -> None:
    one = world(3_000, 4)
    w = made_weights(3_000) if weighted else None
    a = one.accepted
    plain = fit_logistic(one.x[a], one.bad[a], NAMES, weights=None if w is None else w[a])
    rows = reweighting(one.decided(w), np.full(3_000, acceptance))
    assert rows.weight.tobytes() == (np.ones(int(a.sum())) if w is None else w[a]).tobytes()
    again = fit_logistic(one.x[rows.place], rows.y, NAMES, weights=rows.weight)
    assert again.coef.tobytes() == plain.coef.tobytes()
    assert again.covariance.tobytes() == plain.covariance.tobytes()


def test_frequency_weights_are_repeated_rows() -> None:
    one = world(1_500, 5)
    w = np.random.default_rng(1).integers(1, 4, 1_500).astype(float)
    twice = np.repeat(np.arange(1_500), w.astype(int))
    pi, s = decision_model(one, w), known_outcomes_model(one, w)
    elsewhere = np.where(np.arange(1_500) % 3 == 0, one.bad, np.nan)
    repeated = Decided(one.y[twice], one.accepted[twice])
    for method in ("reweighting", "score_bands", "extrapolation", "fuzzy_augmentation", "hard_cut_off"):
        weighted = infer_rows(SPEC, one.decided(w), acceptance=pi, probability=s, method=method)
        plain = infer_rows(SPEC, repeated, acceptance=pi[twice], probability=s[twice], method=method)
        np.testing.assert_allclose(fit(one.x, weighted), fit(one.x[twice], plain), atol=1e-9, err_msg=method)
    weighted = external_outcomes(one.decided(w), elsewhere, s)
    plain = external_outcomes(repeated, elsewhere[twice], s[twice])
    np.testing.assert_allclose(fit(one.x, weighted), fit(one.x[twice], plain), atol=1e-9)


# ------------------------------------------------------------------------------------------------------ brute force


def test_weights_of_bands_against_a_loop() -> None:
    one = world(2_000, 6)
    p = known_outcomes_model(one)
    p[np.flatnonzero(~one.accepted)[:2]] = 0.0, 1.0
    decided = one.decided()
    rows = score_bands(decided, p, bands=8)
    known = np.sort(p[one.accepted])
    edges = [known[int(np.ceil(len(known) * j / 8)) - 1] for j in range(1, 8)]
    for place, weight in zip(rows.place[::37], rows.weight[::37], strict=True):
        band = sum(edge < p[place] for edge in edges)
        of_band = [i for i in range(2_000) if sum(edge < p[i] for edge in edges) == band]
        assert weight == pytest.approx(len(of_band) / sum(one.accepted[i] for i in of_band))
    for beyond, side in ((p < known[0], "below the safest"), (p > known[-1], "above the riskiest")):
        number = int((beyond & ~one.accepted).sum())
        assert number > 0
        assert any(note.startswith(f"{number} rejected applicant") and side in note for note in rows.notes)
    table = band_table(decided, p, bands=8)
    assert table["decided"].sum() == 2_000
    assert table["known"].sum() == one.accepted.sum()
    assert (table["decided"] == table["known"] + table["rejected"]).all()
    assert table["known"] @ table["bad_rate"] == pytest.approx(one.bad[one.accepted].sum())
    np.testing.assert_array_equal(np.unique(rows.weight), np.unique(table["factor"]))


def test_quantiles_that_coincide_make_one_band_and_are_told() -> None:
    decided = Decided([0, 1, 0, 0, 1, np.nan, np.nan], [1, 1, 1, 1, 1, 0, 0])
    p = [0.1, 0.1, 0.1, 0.1, 0.3, 0.3, 0.2]
    rows = score_bands(decided, p, bands=5)
    assert rows.weight.tolist() == [1.0, 1.0, 1.0, 1.0, 3.0]
    assert "5 bands were asked for: quantiles that coincide make one band" in rows.notes
    one_band = score_bands(decided, [0.1] * 7, bands=5)
    assert np.allclose(one_band.weight, 7 / 5)


def test_accepted_without_outcome_are_stood_for_by_weights_only() -> None:
    y = [0, 1, np.nan, np.nan]
    decided = Decided(y, [1, 1, 1, 0])
    assert score_bands(decided, [0.1, 0.1, 0.1, 0.1]).weight.tolist() == [2.0, 2.0]
    rows = extrapolation(decided, [0.1, 0.2, 0.3, 0.4])
    assert 2 not in rows.place
    assert rows.weight.sum() == pytest.approx(3.0)
    notes = reweighting(decided, [0.5] * 4).notes
    assert any("1 accepted applicant without a known outcome" in note for note in notes)


def test_trimming_is_counted() -> None:
    decided = Decided([0, 1, 0, np.nan], [1, 1, 1, 0], [1.0, 1.0, 2.0, 1.0])
    rows = reweighting(decided, [0.5, 0.25, 0.001, 0.5], floor=0.1)
    r = np.array([1.0, 2.0, 5.0])
    w = np.array([1.0, 1.0, 2.0])
    np.testing.assert_allclose(rows.weight, w * r / ((w * r).sum() / 4))
    assert any(note.startswith("trimmed: 1 known outcome of 3 (50.0 % of the weight)") for note in rows.notes)
    assert rows.weight.sum() == pytest.approx(4.0)


def test_parcelling_draws_at_the_rate_of_the_band_and_clips_aloud() -> None:
    one = world(60_000, 7)
    p = known_outcomes_model(one)
    table = band_table(one.decided(), p)
    rows = parcelling(one.decided(), p, prudence=1.5, seed=5)
    label = pd.Series(rows.y[rows.inferred])
    band = np.searchsorted(table["to_probability"][:-1], p[~one.accepted], side="left")
    for k, found in label.groupby(band):
        wanted = min(1.0, 1.5 * table["bad_rate"][k])
        assert abs(found.mean() - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / len(found)) + 1e-12
    assert not any("counts as 1" in note for note in rows.notes)
    clipped = parcelling(one.decided(), p, prudence=5.0)
    assert any("exceeds 1 and counts as 1" in note for note in clipped.notes)
    last = clipped.inferred & np.isin(clipped.place, np.flatnonzero(p > table["to_probability"].iloc[-2]))
    assert last.any()
    assert (clipped.y[last] == 1).all()


def test_labels_do_not_depend_on_the_order_of_rows() -> None:
    one = world(3_000, 8)
    p = known_outcomes_model(one)
    keys = np.array([f"applicant {k}" for k in range(3_000)])
    rows = parcelling(one.decided(), p, seed=3, keys=keys)
    shuffled = np.random.default_rng(2).permutation(3_000)
    moved = parcelling(Decided(one.y[shuffled], one.accepted[shuffled]), p[shuffled], seed=3, keys=keys[shuffled])
    first = dict(zip(keys[rows.place], rows.y, strict=True))
    assert first == dict(zip(keys[shuffled][moved.place], moved.y, strict=True))
    other = parcelling(one.decided(), p, seed=4, keys=keys)
    assert (other.y != rows.y).any()


def test_default_cut_gives_rejects_twice_the_bad_rate() -> None:
    one = world(5_000, 9)
    p = known_outcomes_model(one)
    rows = hard_cut_off(one.decided(), p)
    asked = 2 * one.bad[one.accepted].mean()
    rejects = int((~one.accepted).sum())
    assert asked <= rows.y[rows.inferred].mean() < asked + 1.5 / rejects
    assert rows.notes[0].startswith("biased")
    assert hard_cut_off(one.decided(), p, cut_off=0.4).y[-rejects:].tolist() == (p[~one.accepted] >= 0.4).tolist()
    many = Decided([1, 1, 0, np.nan, np.nan], [1, 1, 1, 0, 0])
    assert hard_cut_off(many, [0.5, 0.5, 0.5, 0.1, 0.2]).y.tolist() == [1, 1, 0, 1, 1]


def test_external_outcomes_stand_for_the_rejects_of_their_band() -> None:
    decided = Decided([0, 1, np.nan, np.nan, np.nan, np.nan], [1, 1, 0, 0, 0, 0], [1, 1, 1, 2, 1, 1])
    elsewhere = [1, np.nan, 1, np.nan, 0, np.nan]
    p = [0.1, 0.5, 0.2, 0.15, 0.4, 0.45]
    rows = external_outcomes(decided, elsewhere, p, bands=2, source="by a bureau")
    assert rows.place.tolist() == [0, 1, 2, 4]
    assert rows.y.tolist() == [0, 1, 1, 0]
    assert rows.weight.tolist() == [1, 1, 3, 2]
    assert rows.inferred.tolist() == [False, False, True, True]
    assert any("1 accepted applicant are not used" in note for note in rows.notes)
    assert "by a bureau" in rows.notes[0]


def test_values_of_outcomes_elsewhere() -> None:
    np.testing.assert_array_equal(external_values(["late", None, "paid"], "late"), [1, np.nan, 0])
    np.testing.assert_array_equal(external_values(pd.Series([1, pd.NA, 0], dtype="Int64"), 1), [1, np.nan, 0])
    for values, bad in ((["1", "0"], 1), ([True, False], 1), ([1, 1], 1), ([None, None], "late")):
        with pytest.raises(CreditRiskError) as told:
            external_values(values, bad)
        assert told.value.faults[0].code == "external_value"


def test_certain_probabilities_make_one_row_and_are_told() -> None:
    decided = Decided([0, 1, np.nan, np.nan], [1, 1, 0, 0])
    rows = fuzzy_augmentation(decided, [0.1, 0.9, 0.0, 1.0], prudence=2)
    assert rows.place.tolist() == [0, 1, 3, 2]
    assert "2 rejects surely bad or surely good: one row each" in rows.notes


# ------------------------------------------------------------------------------------------------------ properties


@st.composite
def applicants(draw: st.DrawFn) -> tuple[Decided, np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(4, 60))
    status = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 3)))
    status[:3] = 0, 1, 2  # good, bad, rejected; 3: accepted, outcome not known
    grid = st.sampled_from([0.001, 0.05, 0.05, 0.2, 0.5, 0.5, 0.9, 0.999])
    p, pi = draw(arrays.arrays(float, n, elements=grid)), draw(arrays.arrays(float, n, elements=grid))
    pi[2] = max(pi.min(), pi[2])
    pi[0] = pi[2]  # overlap
    w = draw(arrays.arrays(float, n, elements=st.sampled_from([0.1, 1.0, 2.5])))
    y = np.choose(status, [0.0, 1.0, np.nan, np.nan])
    elsewhere = np.where(draw(arrays.arrays(bool, n)), draw(arrays.arrays(bool, n)).astype(float), np.nan)
    elsewhere[2] = 1.0
    return Decided(y, status != 2, w), p, pi, elsewhere


@settings(max_examples=60, deadline=None)
@given(applicants(), st.sampled_from(METHODS), st.integers(0, 2**32 - 1))
def test_rows_of_every_method(made: tuple, method: str, shuffle: int) -> None:
    decided, p, pi, elsewhere = made
    n = len(decided)
    keys = np.arange(n)

    def of(order: np.ndarray) -> InferredRows:
        moved = Decided(decided.y[order], decided.accepted[order], decided.weights[order])
        more = {"external": elsewhere[order], "probability_if_rejected": p[order], "keys": keys[order]}
        return infer_rows(SPEC, moved, acceptance=pi[order], probability=p[order], seed=7, method=method, **more)

    rows = of(keys)
    assert (rows.weight > 0).all()
    assert np.isin(rows.y, [0, 1]).all()
    known = ~rows.inferred
    assert rows.place[known].tolist() == np.flatnonzero(decided.known).tolist()
    assert (rows.y[known] == decided.y[decided.known]).all()
    assert decided.rejected[rows.place[rows.inferred]].all()
    w = decided.weights
    everyone = w.sum()
    total = {"score_bands": everyone, "reweighting": w[decided.known].sum(), "none": w[decided.known].sum()}
    assert rows.weight.sum() == pytest.approx(total.get(method, w[decided.known | decided.rejected].sum()))
    assert rows.notes or method == "none"

    order = np.random.default_rng(shuffle).permutation(n)
    moved = of(order)
    first = sorted(zip(rows.place, rows.y, np.round(rows.weight, 9), strict=True))
    second = sorted(zip(order[moved.place], moved.y, np.round(moved.weight, 9), strict=True))
    assert np.allclose(first, second, atol=1e-8)


# ------------------------------------------------------------------------------------------------------ bad input

DECIDED = Decided([0, 1, np.nan], [1, 1, 0])
P = [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: fuzzy_augmentation(DECIDED, P, prudence=0.9), "prudence"),
        (lambda: parcelling(DECIDED, P, prudence=float("nan")), "prudence"),
        (lambda: fuzzy_augmentation(DECIDED, [0.1, 0.2]), "length"),
        (lambda: extrapolation(DECIDED, [0.1, 0.2, 1.2]), "range"),
        (lambda: extrapolation(DECIDED, [0.1, 0.2, np.nan]), "missing"),
        (lambda: reweighting(DECIDED, [0.9, 0.9, 0.1]), "no_overlap"),
        (lambda: reweighting(DECIDED, P, floor=0.0), "range"),
        (lambda: score_bands(DECIDED, P, bands=1), "bands"),
        (lambda: parcelling(DECIDED, P, keys=[1, 1, 2]), "repeated_key"),
        (lambda: parcelling(DECIDED, P, keys=[1, 2]), "shape"),
        (lambda: hard_cut_off(DECIDED, P, cut_off=1.0), "range"),
        (lambda: external_outcomes(DECIDED, [1, 0, np.nan], P), "no_external"),
        (lambda: external_outcomes(DECIDED, [1, 0, 2], P), "outcome_code"),
        (lambda: external_outcomes(DECIDED, [1, 0], P), "shape"),
        (lambda: infer_rows(RejectInferenceSpec(method="reweighting"), DECIDED, probability=P), "needed"),
        (lambda: infer_rows(RejectInferenceSpec(), DECIDED, method="external_outcomes"), "needed"),
        (lambda: infer_rows(RejectInferenceSpec(method="bivariate_probit"), DECIDED, probability=P), "needed"),
    ],
)
def test_bad_input_is_refused(call, code: str) -> None:
    with pytest.raises(CreditRiskError) as told:
        call()
    assert code in {fault.code for fault in told.value.faults}
