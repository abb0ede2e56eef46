"""Segments rebuilt our own way: names of rows, which segments have a map, one shift for all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from validation.rebuild.calibration_maps import NotFitted, fit_own
from validation.rebuild.calibration_segments import fit_segments, segment_names


def test_names_of_rows() -> None:
    values = [18.0, 29.999999999999996, 30.0, 50.0, float("nan"), -9.0]
    assert segment_names(values, [30.0, 50.0], [-9.0]) == ["< 30", "< 30", "[30, 50)", ">= 50", "", ""]
    assert segment_names([0.5, 2.0], [1.5], []) == ["< 1.5", ">= 1.5"]
    assert segment_names([1.0, 2.5, -0.0, None], None, [1.0]) == ["1", "2.5", "0", ""]
    assert segment_names(["a", None, "", "b & c"], None, []) == ["a", "", "", "b & c"]


def sample() -> tuple[list[str], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    random = np.random.default_rng(3)
    names = random.choice(["a", "b", "few", ""], 2000, p=[0.5, 0.4, 0.02, 0.08]).tolist()
    score = random.normal(size=2000)
    slope = np.where(np.array(names) == "a", 0.5, 1.5)
    y = (random.random(2000) < special.expit(slope * score - 0.5)).astype(float)
    return names, (score, y, random.integers(1, 3, 2000).astype(float))


def test_a_segment_with_enough_of_both_has_its_map() -> None:
    names, data = sample()
    rows = np.arange(0, 2000, 2)
    segments, switch = fit_segments({"least_goods": 30, "least_bads": 30}, "logistic", names, rows, data)
    assert (segments.names, switch.names) == (("", "a", "b", "few"), ("a", "b"))
    score, y, w = data
    mine = rows[[names[row] == "a" for row in rows]]
    own = fit_own("logistic", score[mine], y[mine], w[mine])
    pooled = fit_own("logistic", score[rows], y[rows], w[rows])
    p = switch.probability(score, np.arange(2000))
    for k in range(2000):
        if names[k] == "a":
            assert p[k] == own.probability(score[k : k + 1])[0]
        elif names[k] in ("", "few"):
            assert p[k] == pooled.probability(score[k : k + 1])[0]
    moved = switch.moved(0.3).probability(score, rows)
    np.testing.assert_allclose(special.logit(moved) - special.logit(p[rows]), 0.3, atol=1e-9)


def test_one_score_or_a_refused_fit_is_pooled() -> None:
    names, (score, y, w) = sample()
    held = np.array(names)
    score = np.where(held == "a", 0.1, np.where(held == "b", -score, score))
    keep = held != "few"
    segments, switch = fit_segments({}, "intercept_shift", names, np.flatnonzero(keep), (score, y, w))
    assert switch.names == ("b",)
    broken = np.where(held == "b", score, 3.0 * (y - 0.5) + 0.2 * score)
    assert fit_segments({}, "logistic", names, np.arange(2000), (broken, y, w))[1].names == ()
    assert fit_segments({}, "none", names, np.arange(2000), (score, y, w))[1].names == ()
    assert len(segments.rows["b"]) == np.count_nonzero(held == "b")
    with pytest.raises(NotFitted):
        fit_segments({}, "logistic", names, np.arange(2000), (-broken, y, w))
