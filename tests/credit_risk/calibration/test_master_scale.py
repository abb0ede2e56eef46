"""Given scales: where probabilities of grades come from, what is counted, and grades that cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.calibration import geometric_edges, given_scale, scale_frame
from credit_risk.evaluation.graded import GradedSample

P = np.array([0.01, 0.02, 0.05, 0.05, 0.1, 0.3])
Y = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
W = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.0])


def test_an_edge_belongs_to_the_grade_above() -> None:
    scale = given_scale([0.05, 0.1], P)
    assert scale.assign([0.0, 0.05, np.nextafter(0.05, 0), 0.1, 1.0]).tolist() == ["1", "2", "1", "3", "3"]
    assert scale.bounds == ((0.0, 0.05), (0.05, 0.1), (0.1, 1.0))
    assert scale.entries()[0] == {"grade": "1", "lower": None, "upper": 0.05, "probability": pytest.approx(0.015)}


def test_probabilities_by_source() -> None:
    edges = [0.03, 0.08]
    assert given_scale(edges, P, weights=W).probabilities == pytest.approx([0.05 / 3, 0.05, 0.2])
    assert given_scale([0.05], P, Y, source="observed", weights=W).probabilities == pytest.approx([0.0, 5 / 6])
    middle = given_scale(edges, source="midpoint").probabilities
    ratio = np.sqrt(0.08 / 0.03)
    assert middle == pytest.approx([0.03 / ratio, np.sqrt(0.03 * 0.08), min(0.08 * ratio, np.sqrt(0.08))])
    given = given_scale(edges, source="given", probabilities=[0.01, 0.05, 0.2], names=["A", "B", "C"])
    assert given.probabilities == (0.01, 0.05, 0.2)
    assert given.grades == ("A", "B", "C")


def test_a_long_run_rate_is_the_plain_mean_of_periods() -> None:
    p = np.repeat([0.1, 0.3], 8)
    y = np.array([1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0.0])
    period = np.array([1, 1, 2, 2, 2, 2, 2, 2] * 2)
    scale = given_scale([0.2], p, y, source="long_run", periods=period)
    assert scale.probabilities == pytest.approx([(1 / 2 + 1 / 6) / 2, (2 / 2 + 1 / 6) / 2])


def test_the_frame_counts_the_sample() -> None:
    scale = given_scale([0.05, 0.1], P, weights=W)
    frame = scale_frame(scale, GradedSample(Y, scale.index(P), P, W), 0.9)
    assert frame["rows"].tolist() == [2, 2, 2]
    assert frame["bad"].tolist() == [0, 1, 2]
    assert frame["share"].tolist() == pytest.approx([3 / 9, 4 / 9, 2 / 9])
    assert frame["bad_rate"].tolist() == pytest.approx([0.0, 3 / 4, 1.0])
    size = 16 / 10
    middle = stats.beta(0.75 * size + 0.5, 0.25 * size + 0.5)
    assert frame["bad_rate_lower"].tolist()[1] == pytest.approx(middle.ppf(0.05))
    assert frame["bad_rate_upper"].tolist()[1] == pytest.approx(middle.ppf(0.95))
    assert frame["inside"].all()


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-5, 0.2), st.floats(1.5, 4.0), st.integers(3, 20))
def test_geometric_steps_are_equal(lower: float, factor: float, grades: int) -> None:
    edges = np.array(geometric_edges(lower, min(lower * factor, 0.9), grades))
    assert len(edges) == grades - 1
    assert edges[0] == lower
    assert edges[-1] == min(lower * factor, 0.9)
    assert np.ptp(np.diff(np.log(edges))) < 1e-9
    scale = given_scale(edges.tolist(), source="midpoint")
    assert all(scale.inside)
    assert list(scale.probabilities) == sorted(scale.probabilities)


def test_names_sort_as_the_grades_do() -> None:
    names = list(given_scale(geometric_edges(0.001, 0.3, 12), source="midpoint").grades)
    assert names == sorted(names)
    assert names[0] == "01"


def test_grades_that_cross_are_refused_with_their_numbers() -> None:
    p = np.repeat([0.1, 0.2, 0.3], 4)
    y = np.array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0.0])
    with pytest.raises(ModelError) as caught:
        given_scale([0.15, 0.25], p, y, source="observed")
    found = [fault.found for fault in caught.value.faults]
    assert found == ["1 has 0.25, 2 has 0.25", "2 has 0.25, 3 has 0.0"]
    with pytest.raises(ModelError, match="lies outside its grade"):
        given_scale([0.15, 0.25], source="given", probabilities=[0.1, 0.3, 0.4])


def test_bad_input_is_told_at_once() -> None:
    with pytest.raises(ModelError) as caught:
        given_scale([0.2, 0.1, 1.5], P, names=["A", "A", "B"])
    told = {fault.message for fault in caught.value.faults}
    assert told == {
        "bounds outside (0, 1)",
        "bounds are not ascending",
        "names of grades stand twice",
        "names are not as many as grades",
    }
    with pytest.raises(ModelError, match="one grade"):
        given_scale([], P)
    with pytest.raises(ModelError, match="without a row"):
        given_scale([0.5], P)
    with pytest.raises(ModelError, match="two bounds"):
        given_scale([0.5], source="midpoint")
    with pytest.raises(ModelError, match="geometric"):
        geometric_edges(0.2, 0.1, 5)
    with pytest.raises(ModelError, match="no source"):
        given_scale([0.05], P, source="guess")
    with pytest.raises(ModelError, match="period"):
        given_scale([0.05], P, Y, source="long_run")
    with pytest.raises(CreditRiskError, match="probabilities outside"):
        given_scale([0.05], P).assign([1.2])
    with pytest.raises(CreditRiskError, match="place in the scale"):
        GradedSample(Y, -P, P)
