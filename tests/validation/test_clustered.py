"""The validator's clustered variances: the published formula by pairs of rows; independent rows as a special case."""

from __future__ import annotations

import numpy as np
import pytest

from validation.rebuild import clustered, metrics


def world(seed: int, clusters: int = 30, rows: int = 5) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(clusters), rows)
    level = rng.normal(size=clusters)[code]
    y = (rng.normal(size=len(code)) + level > 0.6).astype(float)
    return y, np.round(y + level + rng.normal(size=len(code)), 1), code


def literal_error(y: np.ndarray, risk: np.ndarray, code: np.ndarray) -> float:
    """By the matrix of kernels: each cluster's share in rows of bads and columns of goods."""
    kernel = np.sign(risk[y == 1][:, None] - risk[y == 0][None, :]) / 2 + 0.5
    m, n = kernel.shape
    area = kernel.mean()
    bads, goods, names = code[y == 1], code[y == 0], np.unique(code)
    row, column = kernel.mean(axis=1) - area, kernel.mean(axis=0) - area
    a = np.array([row[bads == name].sum() for name in names])
    b = np.array([column[goods == name].sum() for name in names])
    i10, i01, i = len(set(bads)), len(set(goods)), len(names)
    s10, s01, s11 = i10 / (i10 - 1) / m * (a @ a), i01 / (i01 - 1) / n * (b @ b), i / (i - 1) * (a @ b)
    return float(np.sqrt(s10 / m + s01 / n + 2 * s11 / (m * n)))


@pytest.mark.parametrize("seed", range(5))
def test_error_is_the_published_formula(seed: int) -> None:
    y, risk, code = world(seed)
    found = clustered.auc(y, risk, code)
    assert found.auc == metrics.auc(y, risk).auc
    assert found.standard_error == pytest.approx(literal_error(y, risk, code), rel=1e-10)
    assert found.lower < found.auc < found.upper


def test_clusters_of_one_row_are_independent_rows() -> None:
    y, risk, code = world(9)
    alone = np.arange(len(y))
    assert clustered.auc(y, risk, alone) == metrics.auc(y, risk)
    assert clustered.auc_difference(y, risk, risk**2, alone) == metrics.auc_difference(y, risk, risk**2)
    p = 1 / (1 + np.exp(-(risk - 1)))
    assert clustered.calibration_z(y, p, alone) == pytest.approx((y.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))
    by_hand = np.array([(y - p)[code == k].sum() for k in range(30)])
    assert clustered.calibration_z(y, p, code) == pytest.approx(by_hand.sum() / np.sqrt((by_hand**2).sum()))


def test_one_cluster_with_bads_has_no_error() -> None:
    y, risk = np.array([1.0, 1, 0, 0]), np.array([3.0, 1, 2, 0])
    assert np.isnan(clustered.auc(y, risk, np.array([1, 1, 2, 3])).standard_error)
    assert np.isnan(clustered.auc_difference(y, risk, -risk, np.array([1, 1, 2, 3]))[2])
