"""The rating scale judged by grade and as a portfolio: is the probability of a grade too low for what was observed?

Formulas: ECB, Instructions for reporting the validation results of internal models (2019), section 2.5.3.1 (Jeffreys)
and BCBS Working Paper 14 (binomial). Neither fixes a cut: those used here are settings, printed beside each verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.calibration_tests import hosmer_lemeshow_of_grades
from credit_risk.evaluation.common_factor import correlated_jeffreys_p_value
from credit_risk.evaluation.graded import GradeCounts, GradedSample
from credit_risk.evaluation.herfindahl import concentration, concentration_test
from credit_risk.evaluation.intervals import effective_rows, jeffreys_interval
from credit_risk.evaluation.proportions import binomial_tail, holm, jeffreys_tail

DEVELOPMENT = "development"
PASS, REVIEW, FAIL, NOT_EVALUABLE = "pass", "review", "fail", "not evaluable"


@dataclass(frozen=True, slots=True)
class GradePolicy:
    """Cuts of the verdicts. A p-value at or below `review` or `fail` gives that verdict.

    A cell of fewer than `min_rows` (effective) rows, or for which fewer than `min_expected` bads are expected, is never
    a pass. asset_correlation: of the p-value that allows for one common factor; max_share: of rows in one grade.
    """

    review: float = 0.05
    fail: float = 0.01
    min_rows: float = 50.0
    min_expected: float = 5.0
    asset_correlation: float = 0.04
    max_share: float = 0.30

    def __post_init__(self) -> None:
        """Raises CreditRiskError where a cut is out of its range."""
        faults = []
        if not 0.0 < self.fail <= self.review < 1.0:
            found = f"fail {self.fail!r}, review {self.review!r}"
            faults.append(
                Fault("cuts do not fit", "range", path="review", found=found, allowed="0 < fail <= review < 1")
            )
        if not 0.0 <= self.asset_correlation < 1.0:
            found = repr(self.asset_correlation)
            message = "not an asset correlation"
            faults.append(Fault(message, "range", path="asset_correlation", found=found, allowed="0 to below 1"))
        if faults:
            raise CreditRiskError(faults)

    def small(self, size: Floats, expected: Floats) -> np.ndarray:
        """Cells (k,) too small to pass."""
        return (size < self.min_rows) | (expected < self.min_expected)

    def verdict(self, p_value: float, small: bool) -> str:
        """The verdict of a p-value that is small where the scale is wrong."""
        if math.isnan(p_value):
            return NOT_EVALUABLE
        if p_value <= self.fail:
            return FAIL
        if p_value <= self.review:
            return REVIEW
        return NOT_EVALUABLE if small else PASS

    def reason(self, verdict: str) -> str | None:
        """Why nothing is told of a cell."""
        if verdict != NOT_EVALUABLE:
            return None
        return f"fewer than {self.min_rows:g} rows or {self.min_expected:g} expected bads"


def grade_validation_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    probabilities: Sequence[float],
    policy: GradePolicy | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `rating.validation`: each grade in each sample, its observed rate against its probability.

    p-values are one-sided, small where the probability of the grade is too low; Holm's correction is over the grades
    of a sample. With weights, tests are of the weighted rate at Kish's effective size. The verdict is that of the
    Jeffreys p-value.
    """
    policy, found = policy or GradePolicy(), []
    pd_ = np.asarray(probabilities, dtype=np.float64)
    for name, sample in samples.items():
        counts = sample.counts(len(grades))
        lower, upper = jeffreys_interval(counts.events, counts.size, confidence)
        jeffreys = jeffreys_tail(counts.events, counts.size, pd_)
        binomial = binomial_tail(counts.events, counts.size, pd_)
        small = policy.small(counts.size, counts.size * pd_)
        verdicts = [policy.verdict(p, bool(s)) for p, s in zip(jeffreys, small, strict=True)]
        columns = {
            "sample": name,
            "grade": list(grades),
            "rows": counts.rows,
            "bad": counts.bad,
            "expected": counts.size * pd_,
            "probability": pd_,
            "bad_rate": counts.rate,
            "bad_rate_lower": lower,
            "bad_rate_upper": upper,
            "jeffreys_p_value": jeffreys,
            "jeffreys_holm": holm(jeffreys),
            "binomial_p_value": binomial,
            "binomial_holm": holm(binomial),
            "correlated_p_value": _correlated(counts, pd_, policy.asset_correlation),
            "verdict": verdicts,
            "reason": [policy.reason(one) for one in verdicts],
            "review_cut": policy.review,
            "fail_cut": policy.fail,
        }
        found.append(pd.DataFrame(columns))
    return _joined(found, policy)


def portfolio_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    probabilities: Sequence[float],
    policy: GradePolicy | None = None,
    confidence: float = 0.95,
    fitted: str | None = DEVELOPMENT,
) -> pd.DataFrame:
    """Evidence `rating.portfolio`: each sample as a whole against the mean probability of its grades.

    Hosmer-Lemeshow is over the occupied grades; its degrees are their number, less two in the sample `fitted`. The
    verdict is that of the Jeffreys p-value.
    """
    policy, found = policy or GradePolicy(), []
    pd_ = np.asarray(probabilities, dtype=np.float64)
    for name, sample in samples.items():
        counts, w = sample.counts(len(grades)), sample.weights
        size = float(len(sample)) if w is None else effective_rows(w)
        rate = float(sample.y.mean()) if w is None else float(np.sum(w * sample.y) / np.sum(w))
        mean, events = math.fsum(counts.share * pd_), rate * size
        held = counts.rows > 0
        chi = hosmer_lemeshow_of_grades(counts.size[held], counts.events[held], pd_[held], fitted=name == fitted)
        lower, upper = (float(v[0]) for v in jeffreys_interval([events], [size], confidence))
        jeffreys = float(jeffreys_tail(events, size, mean))
        small = bool(policy.small(np.array([size]), np.array([size * mean]))[0])
        verdict = policy.verdict(jeffreys, small)
        row = {
            "sample": name,
            "rows": len(sample),
            "bad": int(sample.y.sum()),
            "expected": size * mean,
            "probability": mean,
            "bad_rate": rate,
            "bad_rate_lower": lower,
            "bad_rate_upper": upper,
            "jeffreys_p_value": jeffreys,
            "binomial_p_value": float(binomial_tail(events, size, mean)),
            "correlated_p_value": correlated_jeffreys_p_value(events, size, mean, policy.asset_correlation),
            "hosmer_lemeshow": chi.statistic if math.isfinite(chi.statistic) else math.nan,
            "degrees": chi.degrees,
            "hosmer_lemeshow_p_value": chi.p_value,
            "verdict": verdict,
            "reason": policy.reason(verdict),
            "review_cut": policy.review,
            "fail_cut": policy.fail,
        }
        found.append(pd.DataFrame([row]))
    return _joined(found, policy)


def grade_concentration_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    policy: GradePolicy | None = None,
    reference: str = DEVELOPMENT,
) -> pd.DataFrame:
    """Evidence `rating.concentration`: how rows (weights) spread over the grades, and whether more unevenly since.

    `statistic` and `p_value` as `concentration_test`, against `reference`. A share above `max_share` is a review.
    """
    policy = policy or GradePolicy()
    shares = {name: sample.counts(len(grades)) for name, sample in samples.items()}
    first = concentration(shares[reference].share)
    rows = []
    for name, counts in shares.items():
        one = concentration(counts.share)
        test = (
            None
            if name == reference
            else concentration_test(first.coefficient_of_variation, one.coefficient_of_variation, one.grades)
        )
        p_value = math.nan if test is None else test.p_value
        small = len(samples[name]) < policy.min_rows
        broken = one.largest_share > policy.max_share
        verdict = policy.verdict(1.0 if math.isnan(p_value) else p_value, small)
        verdict = REVIEW if broken and verdict in (PASS, NOT_EVALUABLE) else verdict
        rows.append(
            {
                "sample": name,
                "grades": one.grades,
                "occupied": int(np.count_nonzero(counts.rows)),
                "herfindahl": one.herfindahl,
                "coefficient_of_variation": one.coefficient_of_variation,
                "herfindahl_index": one.herfindahl_index,
                "largest_grade": grades[int(counts.share.argmax())],
                "largest_share": one.largest_share,
                "statistic": math.nan if test is None else test.statistic,
                "p_value": p_value,
                "verdict": verdict,
                "reason": policy.reason(verdict),
                "max_share": policy.max_share,
                "review_cut": policy.review,
                "fail_cut": policy.fail,
            }
        )
    return pd.DataFrame(rows)


def grade_figure(validation: pd.DataFrame) -> pd.DataFrame:
    """Evidence `rating.figure` from the frame of `grade_validation_table`: one series a sample, and the scale itself.

    The series `scale` holds the probability of each grade; its shares are those of all samples together.
    """
    parts = []
    for name, rows in validation.groupby("sample", sort=False):
        part = rows[["grade", "bad_rate", "bad_rate_lower", "bad_rate_upper"]].copy()
        part.insert(1, "series", name)
        part.insert(2, "share", rows["rows"] / rows["rows"].sum())
        parts.append(part)
    first = validation[validation["sample"] == validation["sample"].iloc[0]]
    whole = validation.groupby("grade", sort=False)["rows"].sum().to_numpy()
    scale = pd.DataFrame({"grade": first["grade"], "series": "scale", "share": whole / whole.sum()})
    scale["bad_rate"] = first["probability"]
    scale["bad_rate_lower"] = scale["bad_rate_upper"] = np.nan
    return pd.concat([scale.astype({"bad_rate_lower": float}), *parts], ignore_index=True)


def _correlated(counts: GradeCounts, probabilities: Floats, correlation: float) -> list[float]:
    rows = zip(counts.events, counts.size, probabilities, strict=True)
    return [math.nan if n == 0 else correlated_jeffreys_p_value(d, n, p, correlation) for d, n, p in rows]


def _joined(parts: Sequence[pd.DataFrame], policy: GradePolicy) -> pd.DataFrame:
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["notes"] = (
        "p-values are one-sided, small where the probability is too low for what was observed; the verdict is that of "
        f"the Jeffreys p-value: fail at {policy.fail:g} or below, review at {policy.review:g} or below; these cuts are "
        "settings of the plan",
        f"the p-value with correlation lets all rows share one factor, asset correlation {policy.asset_correlation:g} "
        "(a setting): defaults of one period move together, and tests of independent rows reject too often",
    )
    return frame
