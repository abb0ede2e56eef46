"""Adverse impact and errors of a decision by protected group along all cut-offs, by the overall approval rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.fairness import Attributes, Jurisdictions, ratio_interval
from credit_risk.evaluation.fairness_gaps import rate_of
from credit_risk.evaluation.intervals import effective_rows
from credit_risk.evaluation.jurisdictions import joined
from credit_risk.evaluation.protected_groups import MISSING, ProtectedGrouping
from credit_risk.evaluation.samples import ScoredSample

APPROVAL_RATES = tuple(step / 20 for step in range(1, 20))
_COLUMNS = [
    *("jurisdiction", "attribute", "group", "reference_group", "sample", "approval_rate", "cut_off", "rows"),
    *("group_approval_rate", "adverse_impact_ratio", "lower", "upper", "true_positive_rate"),
    *("false_positive_rate", "positive_predictive_value"),
]


def cut_offs_of_rates(score: Floats, rates: Sequence[float], weights: Floats | None = None) -> Floats:
    """Cut-offs (k,), distinct and ascending in approval: scores that occur, at or above which a share next to each

    rate of the (weighted) rows lies; of two as near, the higher share. A rate that ties leave no cut-off for its own is
    dropped.
    """
    values, place = np.unique(score, return_inverse=True)
    mass = np.bincount(place, weights, len(values)).astype(np.float64)
    share = np.cumsum(mass[::-1])[::-1] / mass.sum()
    chosen = {int(np.argmin(np.abs(share - rate))) for rate in rates}
    return values[sorted(chosen, reverse=True)]


def reference_by_score(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    groupings: Mapping[str, ProtectedGrouping],
    *,
    reference_sample: str = "development",
    min_rows: int = 30,
    min_share: float = 0.02,
) -> dict[str, str | None]:
    """Reference group of each attribute where no cut-off is declared: the highest mean score on `reference_sample`

    among groups of at least `min_rows` rows and `min_share` of the rows, never MISSING; None where there is none.
    """
    sample = samples[reference_sample]
    mass = np.ones(len(sample)) if sample.weights is None else sample.weights
    found: dict[str, str | None] = {}
    for name, grouping in groupings.items():
        labels = grouping.assign(attributes[name][reference_sample])
        means = {}
        for group in grouping.order(labels.tolist()):
            inside = labels == group
            if group != MISSING and inside.sum() >= max(min_rows, min_share * len(sample)):
                means[group] = math.fsum((mass * sample.score)[inside]) / math.fsum(mass[inside])
        found[name] = max(means, key=lambda group: means[group], default=None)
    return found


def fairness_curve_table(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    *,
    groupings: Mapping[str, ProtectedGrouping],
    references: Mapping[str, str | None],
    jurisdictions: Jurisdictions | None = None,
    rates: Sequence[float] = APPROVAL_RATES,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.curves`: every group at the cut-offs that approve about each of `rates` in all.

    Ratio and bounds are those of `adverse_impact_table`, errors those of `error_rate_table`; what rests on fewer than
    `min_rows` rows is missing. Cut-offs are of each sample (`cut_offs_of_rates`), approval_rate is what they approve.
    """
    rows: list[dict[str, Any]] = []
    for name, sample in samples.items():
        cuts = cut_offs_of_rates(sample.score, rates, sample.weights)
        everyone = np.ones(len(sample), bool)
        overall = [rate_of(sample.score >= cut, everyone, sample.weights, confidence).value for cut in cuts]
        for attribute, grouping in groupings.items():
            labels = grouping.assign(attributes[attribute][name])
            order, reference = grouping.order(labels.tolist()), references[attribute]
            counts = {group: _Counts(sample, labels == group, cuts) for group in order}
            base = None if reference is None else counts.get(reference)
            for group, own in counts.items():
                head = (joined(jurisdictions, attribute), attribute, group, reference, name)
                for k, cut in enumerate(cuts):
                    tail = own.at(k, base, min_rows, confidence)
                    rows.append(dict(zip(_COLUMNS, (*head, overall[k], float(cut), *tail), strict=True)))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["notes"] = (f"what rests on fewer than {min_rows} rows is missing",)
    return frame


class _Counts:
    """Rows and mass of a group at every cut-off: approved (k,), refused bads and goods (k,)."""

    def __init__(self, sample: ScoredSample, inside: NDArray[np.bool_], cuts: Floats):
        score, bad = sample.score[inside], sample.bad[inside]
        w = None if sample.weights is None else sample.weights[inside]
        self.weighted, self.rows, self.bads = w is not None, len(score), int(bad.sum())
        self.size = float(self.rows) if w is None else effective_rows(w)
        mass = np.ones(len(score)) if w is None else w
        above = np.searchsorted(cuts[::-1], score, side="right")  # how many cut-offs approve the row
        self.approved = _running(above, np.ones(len(score)), len(cuts)).astype(int)
        self.refused_rows = self.rows - self.approved
        passed, passed_bad = _running(above, mass, len(cuts)), _running(above, mass * bad, len(cuts))
        self.total, self.total_bad = float(mass.sum()), float((mass * bad).sum())
        self.passed, self.refused_bad = passed, self.total_bad - passed_bad
        self.refused = self.total - passed

    def at(self, k: int, base: _Counts | None, min_rows: int, confidence: float) -> tuple[Any, ...]:
        """rows, approval rate, ratio, bounds, true and false positive rate, positive predictive value at cut-off k."""
        if self.rows < min_rows:
            return self.rows, *(math.nan,) * 7
        rate = self.rate(k)
        ratio: tuple[float, ...] = (math.nan,) * 3
        if base is self:
            ratio = (1.0, math.nan, math.nan)
        elif base is not None and base.rows >= min_rows and base.approved[k] > 0:
            ratio = ratio_interval(rate, self.size, base.rate(k), base.size, confidence)
        goods = self.rows - self.bads
        positive = self.refused_bad[k] / self.total_bad if self.bads >= max(min_rows, 1) else math.nan
        refused_good, total_good = self.refused[k] - self.refused_bad[k], self.total - self.total_bad
        false = refused_good / total_good if goods >= max(min_rows, 1) else math.nan
        enough = self.refused_rows[k] >= max(min_rows, 1)
        predictive = self.refused_bad[k] / self.refused[k] if enough else math.nan
        return self.rows, rate, *ratio, float(positive), float(false), float(predictive)

    def rate(self, k: int) -> float:
        """Approval rate at cut-off k."""
        return float(self.approved[k] / self.rows if not self.weighted else self.passed[k] / self.total)


def _running(above: NDArray[np.int64], mass: Floats, count: int) -> Floats:
    """Mass (k,) approved at each cut-off, of which cut-off 0 is the highest.

    A row with above = a is approved at the a lowest cut-offs, the last a of k.
    """
    sums = np.bincount(above, mass, count + 1).astype(np.float64)
    return np.cumsum(sums[::-1])[:count]
