"""Tables of the rating scale: published numbers, small cells, weights, what a table counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.grade_order import heterogeneity_table, homogeneity_table, monotonicity_table
from credit_risk.evaluation.graded import GradedSample
from credit_risk.evaluation.grades import (
    GradePolicy,
    grade_concentration_table,
    grade_figure,
    grade_validation_table,
    portfolio_table,
)

# MathWorks, R2026a: rows, bads and PD of ten grades; its test rejects the first four.
ROWS = [56, 79, 68, 54, 45, 40, 40, 34, 37, 47]
BADS = [6, 18, 16, 21, 11, 14, 10, 13, 19, 22]
PDS = [0.027845, 0.07689, 0.12764, 0.17523, 0.2268, 0.27502, 0.327, 0.37635, 0.41964, 0.47274]
NAMES = [f"{k:02d}" for k in range(1, 11)]
ANY = GradePolicy(min_rows=1, min_expected=0.0)


def sample(rows: list[int], bads: list[int], weight: float | None = None) -> GradedSample:
    """So many rows and bads a grade; the probability rises within a grade, the bads are spread evenly."""
    y = np.concatenate([(np.arange(n) * d % n < d).astype(float) for n, d in zip(rows, bads, strict=True)])
    grade = np.repeat(np.arange(len(rows)), rows)
    p = (grade + np.concatenate([np.arange(n) / n for n in rows])) / len(rows)
    return GradedSample(y, grade, p, None if weight is None else np.full(len(y), weight))


def test_published_p_values_by_grade_and_portfolio() -> None:
    one = {"development": sample(ROWS, BADS)}
    frame = grade_validation_table(one, NAMES, PDS, ANY)
    assert frame["bad"].tolist() == BADS
    told = [0.00209, 0.000013, 0.0069, 0.000096, 0.377, 0.145, 0.851, 0.465, 0.124, 0.524]
    assert frame["jeffreys_p_value"].tolist() == pytest.approx(told, rel=0.05)
    assert frame["verdict"].tolist() == ["fail"] * 4 + ["pass"] * 6
    assert portfolio_table(one, NAMES, PDS, ANY)["jeffreys_p_value"].tolist() == pytest.approx([2.06e-5], rel=0.003)


def test_published_hosmer_lemeshow_over_grades() -> None:
    """Djurovic: .0271 with as many degrees as grades."""
    rows, bads, pds = [47, 95, 68, 53, 37], [3, 20, 17, 24, 28], [0.0307, 0.1161, 0.2907, 0.5514, 0.7648]
    one = sample(rows, bads)
    frame = portfolio_table({"development": one, "out_of_time": one}, list("ABCDE"), pds, ANY)
    assert frame["degrees"].tolist() == [3, 5]
    assert round(frame["hosmer_lemeshow_p_value"][1], 4) == 0.0271


def test_a_small_cell_is_never_a_pass() -> None:
    rows, bads = [400, 40, 400, 10], [8, 0, 60, 10]
    frame = grade_validation_table({"development": sample(rows, bads)}, list("ABCD"), [0.02, 0.05, 0.15, 0.2])
    assert frame["verdict"].tolist() == ["pass", "not evaluable", "pass", "fail"]
    assert frame["reason"].dropna().to_dict() == {1: "fewer than 50 rows or 5 expected bads"}


def test_an_empty_grade_has_no_tests() -> None:
    frame = grade_validation_table({"development": sample([60, 1, 60], [6, 0, 20])}, list("ABCD"), [0.1, 0.2, 0.3, 0.6])
    assert frame["jeffreys_p_value"].isna().tolist() == [False, False, False, True]
    assert frame["verdict"][3] == "not evaluable"
    assert frame["jeffreys_holm"].isna()[3]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0))
def test_equal_weights_change_no_test(seed: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(5, 60, 4).tolist()
    bads = [int(rng.integers(0, n + 1)) for n in rows]
    plain, weighted = ({"development": sample(rows, bads, w)} for w in (None, weight))
    pds = [0.05, 0.1, 0.3, 0.5]
    for table in (grade_validation_table, portfolio_table, monotonicity_table, heterogeneity_table, homogeneity_table):
        one, other = table(plain, list("ABCD"), pds), table(weighted, list("ABCD"), pds)
        for name in one.columns:
            if one[name].dtype.kind == "f":
                assert other[name].to_numpy() == pytest.approx(one[name].to_numpy(), rel=1e-7, abs=1e-12, nan_ok=True)
            else:
                assert other[name].tolist() == one[name].tolist()


def test_weights_count_at_kishs_size() -> None:
    y, w = np.array([1.0, 0.0, 0.0, 1.0]), np.array([3.0, 1.0, 1.0, 1.0])
    one = GradedSample(y, [0, 0, 0, 1], [0.1, 0.1, 0.1, 0.5], w)
    frame = grade_validation_table({"development": one}, ["A", "B"], [0.2, 0.5])
    size = 25 / 11
    assert frame["expected"][0] == pytest.approx(0.2 * size)
    posterior = stats.beta(0.6 * size + 0.5, 0.4 * size + 0.5)
    assert frame["jeffreys_p_value"][0] == pytest.approx(posterior.cdf(0.2))


def test_order_and_difference_of_neighbours() -> None:
    one = {"development": sample([200, 200, 200], [40, 12, 60])}
    pds = [0.06, 0.2, 0.3]
    order = monotonicity_table(one, list("ABC"), pds)
    assert order["verdict"].tolist() == ["fail", "pass"]
    assert order["p_value"][0] == pytest.approx(stats.fisher_exact([[12, 188], [40, 160]], "less").pvalue)
    apart = heterogeneity_table(one, list("ABC"), pds)
    assert apart["verdict"].tolist() == ["review", "pass"]
    assert apart["difference"].tolist() == pytest.approx([-0.14, 0.24])


def test_a_mixed_grade_is_found_at_its_median() -> None:
    p = np.linspace(0.1, 0.2, 400)
    y = np.concatenate([np.arange(200) % 20 == 0, np.arange(200) % 4 == 0]).astype(float)
    grade = np.zeros(400, dtype=int)
    frame = homogeneity_table({"development": GradedSample(y, grade, p)}, ["A"], [0.15])
    assert frame["split"][0] == p[200]
    assert frame["verdict"][0] == "fail"
    assert frame[["bad_rate_below", "bad_rate_above"]].to_numpy().tolist() == [[0.05, 0.25]]
    alone = homogeneity_table({"development": GradedSample(y, grade, np.full(400, 0.1))}, ["A"], [0.15])
    assert alone["verdict"][0] == "not evaluable"
    assert alone["rows_above"][0] == 400


def test_concentration_against_development() -> None:
    samples = {"development": sample([100, 100, 100], [10, 20, 30]), "out_of_time": sample([270, 20, 10], [10, 5, 3])}
    frame = grade_concentration_table(samples, list("ABC"), GradePolicy(max_share=0.35))
    assert frame["herfindahl"].tolist() == pytest.approx([1 / 3, 0.9**2 + (2 / 30) ** 2 + (1 / 30) ** 2])
    assert frame["verdict"].tolist() == ["pass", "review"]
    assert frame["largest_grade"][1] == "A"
    assert frame["p_value"].isna().tolist() == [True, False]


def test_the_figure_holds_the_scale_beside_the_samples() -> None:
    samples = {"development": sample([100, 50], [10, 20]), "out_of_time": sample([40, 10], [4, 5])}
    figure = grade_figure(grade_validation_table(samples, ["A", "B"], [0.1, 0.4]))
    assert figure["series"].tolist() == ["scale"] * 2 + ["development"] * 2 + ["out_of_time"] * 2
    assert figure["bad_rate"].tolist() == pytest.approx([0.1, 0.4, 0.1, 0.4, 0.1, 0.5])
    assert figure["share"].tolist() == pytest.approx([0.7, 0.3, 2 / 3, 1 / 3, 0.8, 0.2])


def test_policy_refuses_cuts_that_do_not_fit() -> None:
    with pytest.raises(CreditRiskError) as caught:
        GradePolicy(review=0.01, fail=0.05, asset_correlation=1.0)
    assert len(caught.value.faults) == 2
