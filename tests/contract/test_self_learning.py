"""Self-learning by the toolkit and by the validator: the same trees, lots, labels and areas, from the format alone."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.reject_inference import Decided, fit_self_learning
from credit_risk.reject_inference.isolation_forest import grow_forest
from credit_risk.reject_inference.spec import SelfLearningSpec
from tests.credit_risk.reject_inference.test_self_learning import applicants
from validation.rebuild.self_learning import FOREST, _anomaly, _forest, self_learned


@pytest.mark.parametrize(("coarse", "weighted"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("seed", [1, 6])
def test_labels_and_areas_are_the_same(coarse: bool, weighted: bool, seed: int) -> None:
    decided, x, _ = applicants(n=2500, seed=seed)
    x = np.round(x, 0 if coarse else 8)
    if weighted:
        w = np.random.default_rng(seed).integers(1, 6, 2500) / 2.0
        decided = Decided(decided.y, decided.accepted, w)
    spec = SelfLearningSpec(rounds=3)
    ours = fit_self_learning(decided, x, spec, seed=seed)
    settings = spec.model_dump()
    theirs = self_learned(x, decided.y, decided.rejected, decided.weights, settings, seed)
    inferred = ours.rows.inferred
    assert np.array_equal(np.flatnonzero(~np.isnan(theirs.labels)), ours.rows.place[inferred])
    assert np.array_equal(theirs.labels[ours.rows.place[inferred]], ours.rows.y[inferred])
    assert theirs.bad_from == pytest.approx(ours.bad_from, abs=1e-10)
    assert theirs.good_to == pytest.approx(ours.good_to, abs=1e-10)
    for one, other in zip(ours.rounds, theirs.rounds, strict=True):
        assert (one.sampled, one.labelled_bad, one.labelled_good, one.left) == (
            *(other.taken, other.bad, other.good, other.left),
        )
        assert one.evaluated.draws == pytest.approx(other.areas, abs=1e-12)


def test_trees_are_the_same() -> None:
    _, x, _ = applicants(n=700)
    forest = grow_forest(x, np.ones(700), seed=3, stage=FOREST)
    assert forest.score(x) == pytest.approx(_anomaly(_forest(x, np.ones(700), 3), x, 256), abs=1e-13)
