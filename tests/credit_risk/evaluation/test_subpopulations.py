"""Subpopulations by hand: level, discrimination, difference to the rest, bands, and what is not evaluable."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import ScoredSample, delong_interval, ks, wilson_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.evaluation.subpopulations import COLUMNS, NO_REST, subpopulation_table

RNG = np.random.default_rng(5)
RISK = RNG.normal(-1.0, 1.0, 1200)
P = 1 / (1 + np.exp(-RISK))
Y = (RNG.random(1200) < P).astype(float)
AGE = RNG.integers(20, 70, 1200).astype(float)
REGION = RNG.choice(["north", "south", "east"], 1200, p=[0.55, 0.42, 0.03])


def sample(**options: object) -> dict[str, ScoredSample]:
    return {"development": ScoredSample(Y, 600 - RISK, P, RISK, **options)}


def test_a_group_by_hand() -> None:
    frame = subpopulation_table(sample(), {"REGION": {"development": REGION}}).set_index("group")
    row, inside = frame.loc["north"], REGION == "north"
    bads, count = int(Y[inside].sum()), int(inside.sum())
    assert (row["rows"], row["bad"], row["evaluable"], row["reading"]) == (count, bads, True, "evaluated")
    lower, upper = wilson_interval([bads], [count])
    mean = P[inside].mean()
    assert row["bad_rate_lower"] == pytest.approx(lower[0], rel=1e-12)
    assert row["ratio"] == pytest.approx(bads / count / mean, rel=1e-12)
    assert row["ratio_upper"] == pytest.approx(upper[0] / mean, rel=1e-12)
    assert row["jeffreys_p_value"] == pytest.approx(stats.beta.cdf(mean, bads + 0.5, count - bads + 0.5), rel=1e-9)
    own, rest = delong_interval(Y[inside], RISK[inside]), delong_interval(Y[~inside], RISK[~inside])
    assert (row["auc"], row["auc_lower"]) == (own.auc, own.lower)
    assert row["ks_upper"] == ks(Y[inside], RISK[inside]).upper
    difference, error = own.auc - rest.auc, np.hypot(own.standard_error, rest.standard_error)
    assert row["auc_difference"] == pytest.approx(difference, abs=1e-12)
    assert row["difference_p_value"] == pytest.approx(2 * stats.norm.sf(abs(difference) / error), rel=1e-9)
    assert row["difference_lower"] == pytest.approx(difference - stats.norm.ppf(0.975) * error, rel=1e-9)


def test_a_small_group_is_not_evaluable_and_says_why() -> None:
    frame = subpopulation_table(sample(), {"REGION": {"development": REGION}}).set_index("group")
    row = frame.loc["east"]
    bads = int(Y[REGION == "east"].sum())
    assert row["reading"] == f"not evaluable: {bads} bads, fewer than 30"
    assert not row["evaluable"]
    measures = [c for c in COLUMNS if c not in ("attribute", "group", "sample", "rows", "bad", "evaluable", "reading")]
    assert row[measures].isna().all()
    alone = subpopulation_table(sample(), {"ONE": {"development": np.where(REGION == "east", "few", "most")}})
    assert alone.set_index("group").loc["most", "reading"] == NO_REST


def test_bands_are_declared_or_quarters_of_development() -> None:
    frame = subpopulation_table(sample(), {"AGE": {"development": AGE}}, edges={"AGE": [30, 50]})
    assert frame["group"].tolist() == ["< 30", "[30, 50)", "≥ 50"]
    assert frame["rows"].tolist() == [
        int((AGE < 30).sum()),
        int(((AGE >= 30) & (AGE < 50)).sum()),
        int((AGE >= 50).sum()),
    ]
    assert any("declared edges" in note for note in frame.attrs["notes"])
    plain = subpopulation_table(sample(), {"AGE": {"development": AGE}})
    assert len(plain) == 4
    assert any("quantiles of development" in note for note in plain.attrs["notes"])


def test_weights_and_clusters() -> None:
    w, clusters = RNG.uniform(0.5, 2.0, 1200), np.arange(1200) // 3
    columns = {"REGION": {"development": REGION}}
    inside = REGION == "north"
    row = subpopulation_table(sample(weights=w), columns).set_index("group").loc["north"]
    assert row["bad_rate"] == pytest.approx(np.average(Y[inside], weights=w[inside]), rel=1e-12)
    assert row["auc_lower"] == delong_interval(Y[inside], RISK[inside], w[inside]).lower
    row = subpopulation_table(sample(clusters=clusters), columns).set_index("group").loc["north"]
    expected = clustered_auc_interval(Y[inside], RISK[inside], clusters[inside])
    assert row["auc_lower"] == pytest.approx(expected.lower, rel=1e-12)
    copies = {
        "development": ScoredSample(*(np.repeat(v, 4) for v in (Y, RISK, P, RISK)), clusters=np.repeat(clusters, 4))
    }
    again = (
        subpopulation_table(copies, {"REGION": {"development": np.repeat(REGION, 4)}}).set_index("group").loc["north"]
    )
    for name in ("bad_rate_lower", "jeffreys_p_value"):
        assert again[name] == pytest.approx(row[name], rel=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(CreditRiskError, match="values do not fit"):
        subpopulation_table(sample(), {"AGE": {"development": AGE[:5]}})
    with pytest.raises(CreditRiskError, match="no such column"):
        subpopulation_table(sample(), {"AGE": {"development": AGE}}, edges={"AGO": [1]})
    with pytest.raises(CreditRiskError, match="finite numbers"):
        subpopulation_table(sample(), {"REGION": {"development": REGION}}, edges={"REGION": [1]})
