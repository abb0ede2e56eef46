"""Each drift switch does what it says, from the month it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from credit_risk.datasets import ConceptDrift, DataQualityBreak, PopulationShift
from credit_risk.datasets.drift import intensity

START, BREAK, END = "2018-01", "2019-07", "2020-06"


def _periods(portfolio):
    """Rows before the drift, in it, and after its end."""
    date = portfolio.applications["application_date"]
    first, last = pd.Timestamp(f"{BREAK}-01"), pd.Timestamp(f"{END}-01")
    return (date < first).to_numpy(), date.between(first, last).to_numpy(), (date > last).to_numpy()


def _indices(kit, portfolio, rows, others):
    """PSI of every characteristic between two sets of rows."""
    names = portfolio.columns.query("table == 'applications' and role == 'characteristic'")["column"]
    table = portfolio.applications
    return pd.Series({name: kit.psi(table[name][rows], table[name][others]) for name in names})


@pytest.fixture(scope="module")
def undisturbed(kit):
    return kit.plain()


@pytest.mark.parametrize(
    "drift",
    [
        PopulationShift(BREAK, END, bureau=0.8),
        ConceptDrift(BREAK, END, decay=0.7, level=0.1),
        DataQualityBreak(BREAK, END, column="income"),
    ],
    ids=lambda drift: type(drift).__name__,
)
def test_nothing_changes_before_and_after(kit, undisturbed, drift):
    portfolio = kit.plain(drift=drift)
    before, during, after = _periods(portfolio)
    same = before | after
    assert min(before.sum(), during.sum(), after.sum()) > 10_000
    for name in ("applications", "truth"):
        changed, original = getattr(portfolio, name), getattr(undisturbed, name)
        pd.testing.assert_frame_equal(changed[same], original[same], check_exact=True)
    touched = portfolio.applications if isinstance(drift, DataQualityBreak) else portfolio.truth
    original = undisturbed.applications if isinstance(drift, DataQualityBreak) else undisturbed.truth
    assert not touched[during].equals(original[during])
    pd.testing.assert_frame_equal(portfolio.parameters, undisturbed.parameters)
    assert portfolio.drift["start"].tolist() == [BREAK]


def test_without_drift_no_characteristic_moves(kit, undisturbed):
    before, during, _ = _periods(undisturbed)
    assert _indices(kit, undisturbed, before, during).max() < 0.003
    assert len(undisturbed.drift) == 0


def test_population_shift_changes_who_applies_and_not_the_law(kit):
    portfolio = kit.plain(drift=PopulationShift(BREAK, END, bureau=0.8, income=-0.4, broker_share=0.3))
    before, during, _ = _periods(portfolio)
    moved = _indices(kit, portfolio, before, during)
    assert set(moved.index[moved > 0.02]) == {
        "bureau_score", "income", "channel", "inquiries_6m", "delinquencies_24m", "months_since_delinquency"
    }  # fmt: skip
    assert moved["bureau_score"] > 0.25
    calm = ["utilisation", "months_at_address", "employment", "housing", "occupation", "region", "purpose"]
    assert moved[calm].max() < 0.005
    table = portfolio.applications
    broker = (table["channel"] == "broker").to_numpy()
    assert abs(broker[before].mean() - 0.15) < 0.01
    assert abs(broker[during].mean() - (0.15 + 0.3 * 0.85)) < 0.01
    latent = (650 - table["bureau_score"].where(table["bureau_score"] > 0)) / 80
    assert abs(latent[during].median() - latent[before].median() - 0.8) < 0.03
    assert kit.wald(portfolio, before) > 1e-3
    assert kit.wald(portfolio, during) > 1e-3
    assert portfolio.truth["bad"][during].mean() > 1.4 * portfolio.truth["bad"][before].mean()


def test_concept_drift_changes_the_law_and_not_who_applies(kit, undisturbed):
    portfolio = kit.plain(drift=ConceptDrift(BREAK, END, decay=0.7))
    before, during, _ = _periods(portfolio)
    assert _indices(kit, portfolio, before, during).max() < 0.003
    pd.testing.assert_frame_equal(portfolio.applications.iloc[:, :29], undisturbed.applications.iloc[:, :29])
    assert kit.wald(portfolio, before) > 1e-3
    assert kit.wald(portfolio, during) < 1e-12
    bad, score = portfolio.truth["bad"], -portfolio.applications["old_score"]
    assert roc_auc_score(bad[before], score[before]) - roc_auc_score(bad[during], score[during]) > 0.08
    fit = sm.GLM(
        bad[during], kit.design(portfolio)[during], family=sm.families.Binomial(sm.families.links.Probit())
    ).fit()
    truth = kit.coefficients(portfolio, "outcome")
    for name in ("bureau", "capacity"):
        assert abs(fit.params[name] - 0.3 * truth[name]) < 4 * fit.bse[name]
    assert abs(fit.params["indebtedness"] - truth["indebtedness"]) < 4 * fit.bse["indebtedness"]


def test_level_drift_moves_everyone_alike(kit, undisturbed):
    portfolio = kit.plain(drift=ConceptDrift(BREAK, END, decay=0.0, level=0.25))
    before, during, after = _periods(portfolio)
    gap = portfolio.truth["outcome_index"] - undisturbed.truth["outcome_index"]
    np.testing.assert_allclose(gap[during], 0.25, atol=1e-12)
    assert (gap[before | after] == 0).all()


@pytest.mark.parametrize(
    ("drift", "column"),
    [
        (DataQualityBreak(BREAK, END, column="income", fault="missing", share=0.4), "income"),
        (DataQualityBreak(BREAK, END, column="bureau_score", fault="missing"), "bureau_score"),
        (DataQualityBreak(BREAK, END, column="utilisation", fault="scaled", factor=0.01), "utilisation"),
        (DataQualityBreak(BREAK, END, column="channel", fault="unseen_category", share=0.5), "channel"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_data_quality_break_spoils_one_column_of_the_record(kit, undisturbed, drift, column):
    portfolio = kit.plain(drift=drift)
    before, during, _ = _periods(portfolio)
    moved = _indices(kit, portfolio, before, during)
    assert moved.idxmax() == column
    assert moved[column] > 0.25
    assert moved.drop(column).max() < 0.003
    for name in ("true_pd", "bad", "outcome_index", "unobserved_outcome", "months_to_default"):
        pd.testing.assert_series_equal(portfolio.truth[name], undisturbed.truth[name], check_exact=True)
    new, old = portfolio.applications[column][during], undisturbed.applications[column][during]
    if drift.fault == "missing":
        struck = new.isna() & old.notna()
        assert abs(struck.sum() / old.notna().sum() - drift.share) < 0.01
        assert new[~struck].equals(old[~struck])
    elif drift.fault == "scaled":
        assert new.equals(old.where(old < 0, old * 0.01).where(old.notna()))
        assert (new == -8).sum() > 100
    else:
        assert abs((new == "unrecognised").mean() - 0.5) < 0.02
        assert new[new != "unrecognised"].equals(old[new != "unrecognised"])
    decided = (portfolio.applications["decision"] != "none").to_numpy() & during
    accepted = (portfolio.applications["decision"] == "accepted").to_numpy()
    probability = portfolio.truth["acceptance_probability"].to_numpy()
    assert kit.calibrated(probability[decided], accepted[decided]) > 1e-4  # the old score read the spoilt record


def test_switches_add_up_and_do_not_disturb_each_other(kit):
    shift, spoil = PopulationShift(BREAK, bureau=0.6), DataQualityBreak("2020-01", column="housing")
    both, one = kit.plain(drift=(shift, spoil)), kit.plain(drift=(shift,))
    names = [name for name in one.applications.columns[:24] if name != "housing"]
    pd.testing.assert_frame_equal(both.applications[names], one.applications[names])
    pd.testing.assert_series_equal(both.truth["bad"], one.truth["bad"])
    assert both.drift["kind"].tolist() == ["PopulationShift", "DataQualityBreak"]


@given(since=st.integers(0, 35), ramp=st.integers(0, 12), length=st.none() | st.integers(0, 20))
def test_intensity_ramps_evenly_and_ends(since, ramp, length):
    def month(number):
        return f"{2018 + number // 12}-{number % 12 + 1:02d}"

    end = None if length is None else month(since + length)
    found = intensity(ConceptDrift(month(since), end, ramp=ramp), START, 36)
    for number, value in enumerate(found):
        steps = number - since + 1
        expected = 0.0 if steps <= 0 or (length is not None and steps > length + 1) else min(steps / (ramp + 1), 1.0)
        assert value == pytest.approx(expected)
