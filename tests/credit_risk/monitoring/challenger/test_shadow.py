"""Shadow comparison: against DeLong, on accepts, on a random stratum, weighted, and on immature rows."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc, delong_difference
from credit_risk.monitoring.challenger.shadow import (
    ACCEPTS,
    RANDOM,
    SHADOW_COLUMNS,
    Accepted,
    acceptance_probability,
    accepted_by_plan,
    shadow_comparison,
)
from credit_risk.monitoring.performance.labels import labels_of_months
from tests.credit_risk.monitoring.challenger.two_models import applicants
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages


def test_with_everything_known_it_is_the_paired_delong() -> None:
    one = applicants(1, 4000)
    frame = shadow_comparison(one.labels, one.champion, one.challenger, Accepted(everyone=True))
    assert list(frame.columns) == SHADOW_COLUMNS
    row, told = frame.iloc[0], delong_difference(one.bad.astype(float), one.champion, one.challenger)
    for name, value in (
        ("auc_champion", told.auc_a),
        ("auc_challenger", told.auc_b),
        ("difference", told.difference),
        ("standard_error", told.standard_error),
        ("lower", told.lower),
        ("upper", told.upper),
        ("p_value", told.p_value),
    ):
        assert row[name] == pytest.approx(value, rel=1e-9)
    assert row["warning"] is None


def test_the_same_rows_make_the_error_smaller() -> None:
    """METHODS section 8: .0079 against .0140, 3.1 times the data; 10,000 rows of which 690 are bad."""
    rows = [
        shadow_comparison(one.labels, one.champion, one.challenger, Accepted(everyone=True)).iloc[0]
        for one in (applicants(seed, 10_000) for seed in range(12))
    ]
    assert np.mean([row["standard_error"] for row in rows]) == pytest.approx(0.0079, abs=0.0003)
    assert np.mean([row["unpaired_error"] for row in rows]) == pytest.approx(0.0140, abs=0.0003)


def by_basis(seed: int, rows: int) -> dict[str, float]:
    """Difference in points of AUC of two equally good models, 60 % accepted and 20 % of all at random, by basis."""
    one = applicants(seed, rows, noise=0.7)
    accepts = one.champion <= np.quantile(one.champion, 0.6)
    drawn = one.rng.random(rows) < 0.2
    seen = accepts | drawn
    args = (one.labels.part(seen), one.champion[seen], one.challenger[seen])
    only = accepts[seen]
    bases = {
        "accepts": shadow_comparison(
            one.labels.part(accepts), one.champion[accepts], one.challenger[accepts], Accepted()
        ),
        "random": shadow_comparison(*args, Accepted(random=drawn[seen], champion=only)),
        "weighted": shadow_comparison(*args, Accepted(probability=acceptance_probability(only, 0.2))),
    }
    assert bases["accepts"]["basis"][0] == "champion's accepts"
    found = {name: 100 * float(frame["difference"][0]) for name, frame in bases.items()}
    return found | {f"{name} error": 100 * float(frame["standard_error"][0]) for name, frame in bases.items()}


def test_on_the_champions_accepts_an_equal_challenger_looks_better() -> None:
    """METHODS section 8: 2.2 points; nothing on a random stratum, nor weighted, which reads more rows."""
    runs = [by_basis(seed, 60_000) for seed in range(16)]
    mean = {name: float(np.mean([one[name] for one in runs])) for name in runs[0]}
    spread = {name: float(np.std([one[name] for one in runs])) for name in runs[0]}
    assert mean["accepts"] == pytest.approx(2.2, abs=0.5)
    for name in ("random", "weighted"):
        assert abs(mean[name]) < 3.5 * spread[name] / 4
        assert mean[f"{name} error"] == pytest.approx(spread[name], rel=0.5)
    assert mean["weighted error"] < mean["random error"]


def test_warnings_are_words() -> None:
    one = applicants(3, 3000)
    accepts = one.champion <= np.quantile(one.champion, 0.6)
    frame = shadow_comparison(one.labels.part(accepts), one.champion[accepts], one.challenger[accepts], Accepted())
    assert "an equally good challenger looks better" in frame["warning"][0]
    assert "random-accept stratum" in frame.attrs["notes"][1]
    below = Accepted(random=~accepts, champion=accepts)
    told = shadow_comparison(one.labels, one.champion, one.challenger, below)["warning"][0]
    assert "no random sample of applicants" in told
    above = Accepted(random=accepts, champion=accepts)
    assert "holds only applicants whom the champion accepts" in str(
        shadow_comparison(one.labels, one.champion, one.challenger, above)["warning"][0]
    )
    part = Accepted(probability=np.full(3000, 0.5), unreachable=0.1)
    assert "10.0% of applicants are never accepted" in str(
        shadow_comparison(one.labels, one.champion, one.challenger, part)["warning"][0]
    )


def immature(runs: int, each: int) -> tuple[float, float, float]:
    """Share of runs whose interval holds the true difference; mean error told and spread found."""
    inside, told, found = 0, [], []
    whole = vintages(77, 40_000)
    noisy = whole.risk + 0.6 * np.random.default_rng(177).normal(size=len(whole.risk))
    truth = auc(whole.outcome, noisy) - auc(whole.outcome, whole.risk)
    for seed in range(runs):
        one = vintages(seed, each)
        other = one.risk + 0.6 * np.random.default_rng(10_000 + seed).normal(size=len(one.risk))
        labels = labels_of_months(one.time, one.event, WINDOW)
        row = shadow_comparison(labels, one.risk, other, Accepted(everyone=True)).iloc[0]
        inside += row["lower"] <= truth <= row["upper"]
        told.append(row["standard_error"])
        found.append(row["difference"])
    return inside / runs, float(np.mean(told)), float(np.std(found))


def test_immature_rows_count_through_their_weights() -> None:
    covered, told, found = immature(100, 1500)
    assert covered >= 0.88
    assert told == pytest.approx(found, rel=0.25)


@pytest.mark.slow
def test_immature_comparison_covers_at_its_level() -> None:
    covered, told, found = immature(1200, 1500)
    assert 0.93 <= covered <= 0.97
    assert told == pytest.approx(found, rel=0.06)


def test_arguments_are_refused() -> None:
    one = applicants(4, 300)
    args = (one.labels, one.champion, one.challenger)
    with pytest.raises(CreditRiskError, match="exclude each other"):
        shadow_comparison(*args, Accepted(random=np.ones(300), probability=np.ones(300)))
    with pytest.raises(CreditRiskError, match="could not have been accepted"):
        shadow_comparison(*args, Accepted(probability=np.zeros(300)))
    none = shadow_comparison(*args, Accepted(random=np.zeros(300))).iloc[0]  # a month without one ends no run
    assert (none["rows"], none["status"], none["reason"]) == (
        0, "not evaluable", "no applicant was accepted at random",
    )  # fmt: skip
    with pytest.raises(CreditRiskError, match="missing or infinite"):
        shadow_comparison(one.labels, one.champion, np.full(300, np.nan), Accepted())
    with pytest.raises(CreditRiskError, match="not a share"):
        acceptance_probability([True], 0.0)
    few = shadow_comparison(*args, Accepted(everyone=True))
    assert few["status"][0] == "not evaluable"
    assert few["half_width"][0] > 0


def test_a_plan_says_how_rows_came_to_have_an_outcome() -> None:
    score, random = np.array([500.0, 600.0]), np.array([True, False])
    assert accepted_by_plan(None, score, 540.0, None).basis == ACCEPTS
    assert accepted_by_plan(random, score, 540.0, None).basis == RANDOM
    weighted = accepted_by_plan(random, score, 540.0, 0.2)
    assert np.asarray(weighted.probability).tolist() == [0.2, 1.0]
    assert accepted_by_plan(random, None, 540.0, 0.2).basis == RANDOM
