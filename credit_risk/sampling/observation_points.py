"""Rows, outcomes and samples by observation point."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from credit_risk.evaluation.intervals import effective_rows, wilson_interval
from credit_risk.sampling.samples import DEVELOPMENT, OUT_OF_TIME, SAMPLES

POINT_COLUMNS = (
    *("observation_point", "rows", "good", "bad", "neither", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *SAMPLES,
)
WHOLE = re.compile(r"-?[0-9]+\Z")


def observation_points_frame(
    observed: np.ndarray,
    outcome: np.ndarray,
    labels: np.ndarray,
    confidence: float = 0.95,
    weights: np.ndarray | None = None,
) -> pd.DataFrame:
    """Evidence `samples.observation_points`, one row a month of observation in order; arrays (n,).

    observed: month as text, None where missing (such rows are left out); outcome 1.0 bad, 0.0 good, NaN neither;
    labels: sample or None. Intervals of the bad rate by Wilson, of independent rows. weights: count in the bad rate,
    whose interval is then at Kish's effective size (Σw)²/Σw² of the goods and bads.
    """
    plain = weights is None or bool(np.all(weights == 1.0))
    rows = []
    months = sorted({month for month in observed.tolist() if month is not None}, key=point_order)
    for month in months:
        here = observed == month
        y = outcome[here]
        good, bad = int(np.count_nonzero(y == 0.0)), int(np.count_nonzero(y == 1.0))
        rate = bad / (good + bad) if good + bad else np.nan
        size, events = float(good + bad), float(bad)
        if not plain and weights is not None and good + bad:
            w = weights[here]
            rate = math.fsum(w[y == 1.0]) / math.fsum(w[np.isfinite(y)])
            size = effective_rows(w[np.isfinite(y)])
            events = min(rate * size, size)
        lower, upper = wilson_interval([events], [size], confidence)
        counts = [int(np.count_nonzero(labels[here] == sample)) for sample in SAMPLES]
        head = (month, len(y), good, bad, len(y) - good - bad)
        rows.append((*head, rate, float(lower[0]), float(upper[0]), *counts))
    return pd.DataFrame(rows, columns=list(POINT_COLUMNS))


def point_order(text: str) -> tuple[int, str]:
    """Whole numbers by size, months of the calendar (2026-11) by their text."""
    return (int(text), "") if WHOLE.match(text) else (0, text)


def overlapping_rows(observed: np.ndarray, labels: np.ndarray, months: int) -> int:
    """Development rows whose performance window of `months` reaches the first observation point of out_of_time.

    Their outcome is, in part, that of months on which the model is tested.
    """
    late = [point_number(text) for text in observed[labels == OUT_OF_TIME].tolist() if text is not None]
    if not late:
        return 0
    mine = [point_number(text) for text in observed[labels == DEVELOPMENT].tolist() if text is not None]
    return sum(number + months > min(late) for number in mine)


def point_number(text: str) -> int:
    """A month as a number: whole numbers as written, 2026-11 as year * 12 + month - 1."""
    if WHOLE.match(text):
        return int(text)
    year, month = text.split("-")
    return int(year) * 12 + int(month) - 1
