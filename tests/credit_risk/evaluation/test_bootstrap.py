"""Bootstrap on counts against one that sorts resampled rows, and against DeLong."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation import auc_bootstrap, delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from tests.credit_risk.evaluation.made_rows import made_weights, tied_rows


@pytest.mark.parametrize("weights", [None, made_weights()], ids=["plain", "weighted"])
def test_resampled_rows_sorted_again(weights: np.ndarray | None) -> None:
    y, risk = tied_rows()
    found = auc_bootstrap(y, risk, weights, replicates=200, generator=4)
    generator, drawn = np.random.default_rng(4), []
    sides = [np.flatnonzero(y == 1), np.flatnonzero(y == 0)]
    for _ in range(200):
        rows = np.concatenate([side[generator.integers(0, len(side), len(side))] for side in sides])
        w = None if weights is None else weights[rows]
        drawn.append(roc_auc_score(y[rows], risk[rows], sample_weight=w))
    assert found.mean == pytest.approx(np.mean(drawn), abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=1e-12)


def test_the_spread_is_delongs_and_obuchowskis() -> None:
    y, risk = tied_rows()
    clusters = np.arange(400) // 4
    found = auc_bootstrap(y, risk, replicates=4000)
    assert found.standard_error == pytest.approx(delong_interval(y, risk).standard_error, rel=0.06)
    found = auc_bootstrap(y, risk, clusters=clusters, replicates=4000)
    assert found.standard_error == pytest.approx(clustered_auc_interval(y, risk, clusters).standard_error, rel=0.06)
    assert found.method.endswith("whole clusters")
    assert auc_bootstrap(y, risk, generator=7) == auc_bootstrap(y, risk, generator=7)


def test_resamples_with_one_class_are_told() -> None:
    y, risk = np.array([1.0, 0, 0, 0, 0, 0]), np.arange(6.0)
    found = auc_bootstrap(y, risk, clusters=[1, 1, 2, 2, 3, 3], replicates=300)
    assert found.left_out > 0
    assert found.replicates + found.left_out == 300
    with pytest.raises(CreditRiskError, match="too few replicates"):
        auc_bootstrap(y, risk, replicates=1)
