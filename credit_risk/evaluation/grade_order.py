"""Order of the grades: neighbours that are reversed or alike, and grades that hold two kinds of risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from credit_risk.evaluation.graded import GradedSample, median_split
from credit_risk.evaluation.grades import NOT_EVALUABLE, PASS, REVIEW, GradePolicy
from credit_risk.evaluation.proportions import fewer_bads, holm, two_proportions


def monotonicity_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    probabilities: Sequence[float],
    policy: GradePolicy | None = None,
) -> pd.DataFrame:
    """Evidence `rating.monotonicity`: Fisher's exact one-sided test of each grade against the next riskier one.

    Small p-values: the riskier grade has significantly fewer bads. Rows are counted, not weighted.
    """
    policy, found = policy or GradePolicy(), []
    for name, sample in samples.items():
        counts = sample.counts(len(grades))
        p_values = fewer_bads(counts.bad[:-1], counts.rows[:-1], counts.bad[1:], counts.rows[1:])
        small = _small_pairs(policy, counts.rows.astype(float), np.asarray(probabilities, dtype=np.float64))
        verdicts = [policy.verdict(p, bool(s)) for p, s in zip(p_values, small, strict=True)]
        columns = {
            **_pairs(name, grades, counts.rows, counts.bad),
            "p_value": p_values,
            "holm": holm(p_values),
            **_told(policy, verdicts),
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def heterogeneity_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    probabilities: Sequence[float],
    policy: GradePolicy | None = None,
) -> pd.DataFrame:
    """Evidence `rating.heterogeneity`: two proportions of each grade and the next riskier one.

    A pass is a rise that is significant at the review cut; anything else of two large grades is a review.
    """
    policy, found = policy or GradePolicy(), []
    for name, sample in samples.items():
        counts = sample.counts(len(grades))
        rate, size = counts.rate, counts.size
        z, p_values = two_proportions(rate[:-1], size[:-1], rate[1:], size[1:])
        small = _small_pairs(policy, size, np.asarray(probabilities, dtype=np.float64))
        rises = (z > 0) & (p_values <= policy.review)
        verdicts = [NOT_EVALUABLE if s else PASS if r else REVIEW for r, s in zip(rises, small, strict=True)]
        columns = {
            **_pairs(name, grades, counts.rows, counts.bad),
            "difference": rate[1:] - rate[:-1],
            "statistic": z,
            "p_value": np.where(np.isnan(z), np.nan, p_values),
            "holm": holm(np.where(np.isnan(z), np.nan, p_values)),
            **_told(policy, verdicts),
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def homogeneity_table(
    samples: Mapping[str, GradedSample],
    grades: Sequence[str],
    probabilities: Sequence[float],
    policy: GradePolicy | None = None,
) -> pd.DataFrame:
    """Evidence `rating.homogeneity`: two proportions of the two halves of each grade.

    A grade is split at its median probability (weighted, in the sample): rows below it, and from it on. Small
    p-values: the grade holds two kinds of risk. NaN where all rows of a grade have one probability.
    """
    policy, found = policy or GradePolicy(), []
    for name, sample in samples.items():
        rows = [_halves(sample, place, policy, p) for place, p in enumerate(probabilities)]
        frame = pd.DataFrame(rows)
        frame.insert(0, "grade", list(grades))
        frame.insert(0, "sample", name)
        frame["holm"] = holm(frame["p_value"])
        small = frame.pop("small")
        verdicts = [policy.verdict(p, bool(s)) for p, s in zip(frame["p_value"], small, strict=True)]
        found.append(frame.assign(**_told(policy, verdicts)))
    return pd.concat(found, ignore_index=True)


def _halves(sample: GradedSample, place: int, policy: GradePolicy, probability: float) -> dict[str, float | bool]:
    part = sample.part(sample.grade == place) if np.any(sample.grade == place) else None
    split = np.nan if part is None else median_split(part.probability, part.weights)
    nothing = {"split": np.nan, "rows_below": 0, "rows_above": 0, "bad_rate_below": np.nan, "bad_rate_above": np.nan}
    if part is None or np.isnan(split):
        return {
            **nothing,
            "rows_above": 0 if part is None else len(part),
            "statistic": np.nan,
            "p_value": np.nan,
            "small": True,
        }
    upper = (part.probability >= split).astype(np.int64)
    halves = GradedSample(part.y, upper, part.probability, part.weights).counts(2)
    z, p_value = two_proportions(halves.rate[0], halves.size[0], halves.rate[1], halves.size[1])
    return {
        "split": split,
        "rows_below": int(halves.rows[0]),
        "rows_above": int(halves.rows[1]),
        "bad_rate_below": float(halves.rate[0]),
        "bad_rate_above": float(halves.rate[1]),
        "statistic": float(z),
        "p_value": float("nan") if np.isnan(z) else float(p_value),
        "small": bool(policy.small(halves.size, halves.size * probability).any()),
    }


def _pairs(name: str, grades: Sequence[str], rows: np.ndarray, bad: np.ndarray) -> dict[str, object]:
    return {
        "sample": name,
        "grade": list(grades[:-1]),
        "next_grade": list(grades[1:]),
        "rows": rows[:-1],
        "next_rows": rows[1:],
        "bad": bad[:-1],
        "next_bad": bad[1:],
    }


def _small_pairs(policy: GradePolicy, size: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    small = policy.small(size, size * probabilities)
    return np.asarray(small[:-1] | small[1:])


def _told(policy: GradePolicy, verdicts: Sequence[str]) -> dict[str, object]:
    reasons = [policy.reason(one) for one in verdicts]
    return {"verdict": verdicts, "reason": reasons, "review_cut": policy.review, "fail_cut": policy.fail}
