"""Domain classifier: keeps its level without drift, sees drift of dependence that no characteristic shows alone."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.columns import DOMAIN_COLUMNS, IMPORTANCE_COLUMNS
from credit_risk.monitoring.drift.domain import DomainPolicy, domain_check, domain_frames


def test_size_without_drift() -> None:
    """80 unchanged pairs, weights of evidence with ties: at most 5 % beyond the chance level (+ 2 errors)."""
    random = np.random.default_rng(1)
    policy = DomainPolicy(folds=3)
    found = [domain_check(random.integers(0, 6, (300, 4)), random.integers(0, 6, (150, 4)), policy) for _ in range(80)]
    beyond = np.mean([own.p_value <= 0.05 for own in found])
    assert beyond <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 80)
    assert [own.p_value <= 0.05 for own in found] == [own.auc >= own.chance_level for own in found]
    assert np.mean([own.auc for own in found]) == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize("method", ["logistic", "boosting"])
def test_area_of_a_known_shift(method: str) -> None:
    """Two normals one deviation apart: area of Phi(1/sqrt 2) = 0.760 at best; the one that moved is named."""
    random = np.random.default_rng(2)
    first, second = random.normal(size=(3000, 3)), random.normal([0.0, 1.0, 0.0], 1.0, (2000, 3))
    found = domain_check(first, second, DomainPolicy(method=method))  # type: ignore[arg-type]
    assert found.auc == pytest.approx(0.760, abs=0.02)
    assert found.lower < found.auc < found.upper
    assert found.upper - found.lower < 0.04
    assert np.argmax(found.auc_lost) == np.argmax(found.auc_alone) == 1
    assert found.auc_alone[1] == pytest.approx(0.760, abs=0.02)
    assert found.auc_alone[[0, 2]] == pytest.approx([0.5, 0.5], abs=0.03)


def test_dependence_that_no_characteristic_shows_alone() -> None:
    random = np.random.default_rng(3)
    first = random.normal(size=(3000, 2))
    common = random.normal(size=3000)
    second = np.column_stack([common, 0.8 * common + 0.6 * random.normal(size=3000)])
    found = domain_check(first, second, DomainPolicy(method="boosting"))
    assert found.p_value < 1e-6
    assert found.auc > 0.6
    assert found.auc_alone == pytest.approx([0.5, 0.5], abs=0.03)


def test_missing_values_are_a_branch_of_boosting_and_refused_by_the_logistic_model() -> None:
    random = np.random.default_rng(4)
    first, second = random.normal(size=(800, 2)), random.normal(size=(800, 2))
    second[random.random(800) < 0.3, 0] = np.nan
    found = domain_check(first, second, DomainPolicy(method="boosting"))
    assert found.p_value < 1e-6
    with pytest.raises(CreditRiskError, match="weights of evidence, in which missing has a value"):
        domain_check(first, second)


def test_samples_are_capped_seeded_and_told() -> None:
    random = np.random.default_rng(5)
    first, second = random.normal(size=(900, 2)), random.normal(0.3, 1.0, (700, 2))
    policy = DomainPolicy(cap=250, seed=7, folds=3)
    frame, importance = domain_frames(["a", "b"], first, [("2026-01", second), ("2026-02", second[:50])], policy)
    assert list(frame.columns) == DOMAIN_COLUMNS
    assert list(importance.columns) == IMPORTANCE_COLUMNS
    assert (frame["expected_used"][0], frame["actual_used"][0], frame["seed"][0]) == (250, 250, 7)
    assert (frame["verdict"][1], frame["reason"][1]) == ("grey", "50 rows, fewer than 200")
    again, _ = domain_frames(["a", "b"], first, [("2026-01", second)], policy)
    assert again["auc"][0] == frame["auc"][0]
    other, _ = domain_frames(["a", "b"], first, [("2026-01", second)], DomainPolicy(cap=250, seed=8, folds=3))
    assert other["auc"][0] != frame["auc"][0]


def test_verdicts_and_faults() -> None:
    random = np.random.default_rng(6)
    first = random.normal(size=(4000, 1))
    periods = [("2026-01", random.normal(2.0, 1.0, (500, 1))), ("2026-02", random.normal(0.15, 1.0, (4000, 1)))]
    frame, _ = domain_frames(["a"], first, periods)
    assert list(frame["verdict"]) == ["red", "green"]
    assert frame["reason"][1] == "area below 0.6, though beyond chance"
    with pytest.raises(CreditRiskError, match="no two matrices"):
        domain_check(first, np.ones((30, 2)))
    with pytest.raises(CreditRiskError, match="twice the folds"):
        domain_check(first, first[:4])
    with pytest.raises(CreditRiskError) as caught:
        DomainPolicy(folds=1, cap=2)
    assert len(caught.value.faults) == 2
