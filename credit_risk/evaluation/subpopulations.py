"""Performance by subpopulation: level and discrimination of every group of named columns, on every sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.area_under_curve import AreaUnderCurve
from credit_risk.evaluation.calibration_tests import jeffreys_p_value
from credit_risk.evaluation.clustered import ks_of_clusters
from credit_risk.evaluation.fairness import Attributes
from credit_risk.evaluation.initial_auc import auc_of_sample, dense_clusters
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.kolmogorov_smirnov import KolmogorovSmirnov, ks_of_arrays
from credit_risk.evaluation.protected_groups import ProtectedGrouping, protected_grouping
from credit_risk.evaluation.rates import Rows, effective_size, proportion
from credit_risk.evaluation.samples import ScoredSample

LEVEL = [
    *("bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability", "ratio", "ratio_lower", "ratio_upper"),
    "jeffreys_p_value",
]
ORDER = ["auc", "auc_lower", "auc_upper", "gini", "gini_lower", "gini_upper", "ks", "ks_lower", "ks_upper"]
REST = ["auc_difference", "difference_lower", "difference_upper", "difference_p_value"]
COLUMNS = ["attribute", "group", "sample", "rows", "bad", *LEVEL, *ORDER, *REST, "evaluable", "reading"]
EVALUATED = "evaluated"
NO_REST = "evaluated; the rest has too few bads or goods to compare with"


def subpopulation_table(
    samples: Mapping[str, ScoredSample],
    columns: Attributes,
    *,
    edges: Mapping[str, Sequence[float]] | None = None,
    reference_sample: str = "development",
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `performance.subpopulations`: every group of every column on every sample.

    samples: {name: ScoredSample}; columns: {column: {sample: values (n,)}}; edges: {column: interior edges of bands
    [a, b)} of numbers, otherwise bands are quantiles of `reference_sample`, or values where it has few
    (`protected_grouping`). A group with fewer than `min_bads` bads or goods is not evaluable: rows and bads are told,
    and why; every measure is missing. Level: bad rate (Wilson), its ratio to the mean probability taken as given, and
    the one-sided Jeffreys p-value that the probability is not too low; AUC, Gini and KS as in `discrimination_table`;
    AUC less that of the rest of the sample, a Wald interval and two-sided p-value that take group and rest as
    independent. Where clusters repeat, errors allow for them. Raises CreditRiskError where lengths, samples or edges do
    not fit.
    """
    groupings = _groupings(samples, columns, edges or {}, reference_sample, confidence)
    lines: list[dict[str, Any]] = []
    for column, grouping in groupings.items():
        for name, sample in samples.items():
            labels = grouping.assign(columns[column][name])
            for group in grouping.order(labels.tolist()):
                head = {"attribute": column, "group": group, "sample": name}
                lines.append(head | _line(sample, labels == group, max(min_bads, 1), confidence))
    frame = pd.DataFrame(lines, columns=COLUMNS)
    note = f"groups with fewer than {max(min_bads, 1)} bads or goods are not evaluable: their measures are missing"
    given = edges or {}
    frame.attrs["notes"] = (
        note,
        *(_rule(grouping, reference_sample, declared=name in given) for name, grouping in groupings.items()),
        "ratio: bad rate over mean probability, the bounds of the bad rate over it; Jeffreys p-value: small where the "
        "probability is too low",
        "difference: AUC of the group less that of all other rows of the sample, taken as independent",
    )
    return frame


def _line(sample: ScoredSample, inside: np.ndarray, least: int, confidence: float) -> dict[str, Any]:
    part = _part(sample, inside)
    count, bad = len(part), int(part.bad.sum())
    found: dict[str, Any] = {"rows": count, "bad": bad}
    few = min((bad, "bads"), (count - bad, "goods"))
    if few[0] < least:
        reading = f"not evaluable: {few[0]} {few[1]}, fewer than {least}"
        return found | {"evaluable": False, "reading": reading}
    area = auc_of_sample(part, confidence)
    found |= _level(part, confidence) | _order(area, _ks(part, confidence))
    rest = None if inside.all() else _part(sample, ~inside)
    if rest is None or min(rest.bad.sum(), len(rest) - rest.bad.sum()) < least:
        return found | {"evaluable": True, "reading": NO_REST}
    return (
        found
        | _difference(area, auc_of_sample(rest, confidence), confidence)
        | {"evaluable": True, "reading": EVALUATED}
    )


def _part(sample: ScoredSample, inside: np.ndarray) -> ScoredSample:
    rest = (None if one is None else one[inside] for one in (sample.weights, sample.clusters))
    return ScoredSample(sample.y[inside], sample.score[inside], sample.probability[inside], sample.risk[inside], *rest)


def _level(part: ScoredSample, confidence: float) -> dict[str, float]:
    rows = Rows(part.bad, part.weights, dense_clusters(part))
    every = np.ones(len(part), dtype=bool)
    rate = proportion(rows, part.bad, every, confidence)
    mean = float(rows.mass @ part.probability) / float(rows.mass.sum())
    size = effective_size(rows, part.bad, every)
    p_value = jeffreys_p_value(min(rate.value * size, size), size, mean)
    ratios = (one / mean if mean > 0 else math.nan for one in (rate.value, rate.lower, rate.upper))
    return dict(zip(LEVEL, (rate.value, rate.lower, rate.upper, mean, *ratios, p_value), strict=True))


def _ks(part: ScoredSample, confidence: float) -> KolmogorovSmirnov:
    codes = dense_clusters(part)
    if codes is None:
        return ks_of_arrays(part.bad, part.risk, part.weights, confidence)
    return ks_of_clusters(part.bad, part.risk, codes, confidence, part.weights)


def _order(area: AreaUnderCurve, distance: KolmogorovSmirnov) -> dict[str, float]:
    bounds = (area.auc, area.lower, area.upper)
    ginis = (2.0 * one - 1.0 for one in bounds)
    return dict(zip(ORDER, (*bounds, *ginis, distance.statistic, distance.lower, distance.upper), strict=True))


def _difference(area: AreaUnderCurve, rest: AreaUnderCurve, confidence: float) -> dict[str, float]:
    difference = area.auc - rest.auc
    error = math.hypot(area.standard_error, rest.standard_error)
    if not error > 0:
        return {"auc_difference": difference}
    half = normal_quantile(confidence) * error
    p_value = float(2.0 * special.ndtr(-abs(difference) / error))
    bounds = (max(difference - half, -1.0), min(difference + half, 1.0))
    return dict(zip(REST, (difference, *bounds, p_value), strict=True))


def _groupings(
    samples: Mapping[str, ScoredSample],
    columns: Attributes,
    edges: Mapping[str, Sequence[float]],
    reference_sample: str,
    confidence: float,
) -> dict[str, ProtectedGrouping]:
    arguments = Arguments()
    check_confidence(arguments, confidence)
    known = reference_sample in samples
    arguments.require(known, "reference_sample", "no such sample", "absent", found=reference_sample)
    for column, values in columns.items():
        for name, sample in samples.items():
            length = _length(values[name]) if name in values else -1
            found, allowed = "absent" if length < 0 else f"{length} values", f"{len(sample)} values"
            fits = length == len(sample)
            arguments.require(
                fits, f"columns.{column}.{name}", "values do not fit the sample", "length", found=found, allowed=allowed
            )
    for column in edges:
        arguments.require(column in columns, f"edges.{column}", "no such column", "absent", allowed=", ".join(columns))
    arguments.raise_if_any()
    return {
        name: protected_grouping(name, values[reference_sample], edges=edges.get(name))
        for name, values in columns.items()
    }


def _length(values: ArrayLike) -> int:
    return len(np.asarray(values, dtype=object))


def _rule(grouping: ProtectedGrouping, reference_sample: str, *, declared: bool) -> str:
    if grouping.edges is None:
        return f"{grouping.attribute}: one group for each value"
    edges = "declared edges" if declared else f"edges at quantiles of {reference_sample}"
    return f"{grouping.attribute}: bands [from, below) of a number with {edges}"
