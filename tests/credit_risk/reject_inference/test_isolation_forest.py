"""The isolation forest against scikit-learn's, a tree walked row by row, and the theory of its path lengths."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest as Theirs

from credit_risk.reject_inference.isolation_forest import SUBSAMPLE, TREES, grow_forest, usual_path


def rows(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3))


def test_scores_agree_with_scikit_learn_as_well_as_its_own_seeds_do():
    x, z = rows(3000), rows(1500, 1) * 1.5
    ours = grow_forest(x, np.ones(3000), seed=4, stage="test").score(z)
    one, other = (-Theirs(n_estimators=TREES, random_state=seed).fit(x).score_samples(z) for seed in (0, 1))
    assert spearmanr(ours, one).statistic > spearmanr(other, one).statistic - 0.02
    assert ours.mean() == pytest.approx(one.mean(), abs=0.02)
    assert ours[np.abs(z).max(axis=1) > 4].min() > np.median(ours)


def test_a_score_is_that_of_paths_walked_one_by_one():
    x, z = rows(600), rows(20, 2)
    forest = grow_forest(x, np.ones(600), seed=1, stage="test")
    for number, row in enumerate(z):
        lengths = []
        for tree in range(TREES):
            node, depth = 1, 0
            while np.isfinite(forest.threshold[tree, node]):
                right = row[forest.column[tree, node]] > forest.threshold[tree, node]
                node, depth = 2 * node + int(right), depth + 1
            lengths.append(forest.path[tree, node])
            assert forest.path[tree, node] >= depth
        expected = 2 ** (-np.mean(lengths) / usual_path(np.array([SUBSAMPLE]))[0])
        assert forest.score(z)[number] == pytest.approx(expected, rel=1e-12)


def test_usual_path_is_the_mean_depth_of_random_search_trees():
    assert usual_path(np.array([1, 2, 3])).tolist() == pytest.approx([0.0, 1.0, 5 / 3])
    random, depths = np.random.default_rng(3), []
    for _ in range(4000):  # unsuccessful search: 9 random splits of a line, the depth of a random gap
        size, depth = 10, 0
        while size > 1:
            left = random.integers(1, size)
            depth += 1
            size = left if random.random() < left / size else size - left
        depths.append(depth)
    assert usual_path(np.array([10]))[0] == pytest.approx(np.mean(depths), abs=0.1)


def test_few_and_repeated_rows_and_weights():
    few = grow_forest(np.array([[0.0], [0.0], [1.0]]), np.ones(3), seed=0, stage="test")
    scores = few.score(np.array([[0.0], [1.0], [9.0]]))
    assert scores[1] == scores[2] > scores[0]
    same = grow_forest(np.zeros((5, 2)), np.ones(5), seed=0, stage="test")
    assert np.unique(same.score(rows(4)[:, :2])).size == 1
    x = np.concatenate([rows(2000), rows(20) + 8])
    light = grow_forest(x, np.ones(2020), seed=0, stage="test").score(x[-20:]).mean()
    heavy = grow_forest(x, np.r_[np.ones(2000), np.full(20, 100.0)], seed=0, stage="test").score(x[-20:]).mean()
    assert heavy < light - 0.1
    again = grow_forest(x, np.full(2020, 3.0), seed=0, stage="test")
    assert np.array_equal(again.threshold, grow_forest(x, np.ones(2020), seed=0, stage="test").threshold)
