"""Migration matrices counted from rows, bandwidth by its ends, z against simulation; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.migration import matrix_weighted_bandwidth, migration_matrix, migration_table


def test_matrix_counts_rows_and_weights() -> None:
    first, second = ["a", "a", "b", "c"], ["a", "b", "b", "a"]
    assert migration_matrix(first, second, "abc").tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    weighted = migration_matrix(first, second, "abc", [2, 0.5, 1, 3])
    assert weighted.tolist() == [[2, 0.5, 0], [0, 1, 0], [3, 0, 0]]


def test_bandwidth_ends() -> None:
    still = matrix_weighted_bandwidth(np.diag([5, 5, 5]))
    assert np.isnan(still.upper)
    assert np.isnan(still.lower)
    far = np.zeros((4, 4))
    far[0, 3], far[3, 0] = 7, 2
    assert matrix_weighted_bandwidth(far).upper == matrix_weighted_bandwidth(far).lower == 1.0
    near = np.diag([4.0, 4, 4], 1)
    assert matrix_weighted_bandwidth(near).upper == pytest.approx((1 + 1 + 1) / (3 + 2 + 2))


def test_z_has_its_size_where_both_grades_are_alike() -> None:
    rng = np.random.default_rng(4)
    beyond, worlds = 0, 500
    for row in rng.multinomial(400, [0.6, 0.2, 0.2], size=worlds):
        counts = np.vstack([row, [0, 1, 0], [0, 0, 1]])
        found = migration_table(counts).set_index(["from", "to"]).loc[(1, 3), "p_value"]
        beyond += found < 0.05
    low, high = stats.binom.ppf([0.001, 0.999], worlds, 0.05)
    assert low <= beyond <= high


def test_table_by_hand() -> None:
    frame = migration_table([[80, 15, 5], [10, 70, 20], [0, 0, 0]], ["A", "B", "C"]).set_index(["from", "to"])
    near, far = 0.15, 0.05
    z = (near - far) / np.sqrt((far * (1 - far) + near * (1 - near) + 2 * far * near) / 100)
    assert frame.loc[("A", "C"), "statistic"] == pytest.approx(z)
    assert frame.loc[("A", "C"), "p_value"] == pytest.approx(stats.norm.cdf(z))
    assert frame.loc[("A", "B"), "neighbour_rate"] == 0.8
    assert frame.loc[("B", "A"), "neighbour_rate"] == 0.7
    assert np.isnan(frame.loc[("A", "A"), "p_value"])
    assert frame.loc["C"]["rate"].isna().all()


def test_refusals() -> None:
    with pytest.raises(CreditRiskError, match="not a square"):
        matrix_weighted_bandwidth([[1, 2]])
    with pytest.raises(CreditRiskError, match="negative"):
        matrix_weighted_bandwidth([[1, -2], [0, 1]])
    with pytest.raises(CreditRiskError) as caught:
        migration_matrix(["a", "z"], ["q", "a"], "ab", [1.0, 0.0])
    assert {fault.path for fault in caught.value.faults} == {"first", "second", "weights"}
    with pytest.raises(CreditRiskError, match="grades differ"):
        migration_table([[1, 0], [0, 1]], ["A"])
