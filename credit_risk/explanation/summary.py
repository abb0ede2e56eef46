"""Attributions of many applicants as tidy tables: importance, dependence, interaction, stability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DEVELOPMENT = "development"
SHOWN, LINES = 15, 5
LOWER, UPPER = 0.1, 0.9
LEAST = 1e-12
IMPORTANCE_CHART: dict[str, Any] = {
    "type": "bar",
    "x": "characteristic",
    "y": ["mean_absolute"],
    "x_title": "Characteristic",
    "y_title": "Mean absolute attribution (log-odds)",
}
DEPENDENCE_CHART: dict[str, Any] = {
    "type": "line",
    "x": "position",
    "y": ["mean"],
    "series": "characteristic",
    "x_title": "Share of applicants with a lower value",
    "y_title": "Mean attribution (log-odds of bad)",
    "reference": "zero",
}


def mean_absolute(values: Floats, weights: Floats) -> Floats:
    """Weighted mean of |values| (n, k) by column (k,)."""
    return np.asarray(weights @ np.abs(values) / weights.sum())


def importance_frame(names: Sequence[str], values: Floats, weights: Floats) -> pd.DataFrame:
    """Evidence `explanation.importance.{model}`, most important first. values (n, k), weights (n,) of development.

    share: of the sum over characteristics; mean: signed, the mean applicant against the background.
    """
    size = mean_absolute(values, weights)
    signed = weights @ values / weights.sum()
    total = float(size.sum())
    order = sorted(range(len(names)), key=lambda k: (-size[k], k))
    return pd.DataFrame(
        {
            "characteristic": [names[k] for k in order],
            "rank": range(1, len(order) + 1),
            "mean_absolute": [float(size[k]) for k in order],
            "share": [float(size[k] / total) if total > 0 else None for k in order],
            "mean": [float(signed[k]) for k in order],
        }
    )


def dependence_frame(
    names: Sequence[str],
    values: Floats,
    weights: Floats,
    bins: Mapping[str, NDArray[np.int64]],
    labels: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Evidence `explanation.dependence.{model}`: attributions by the bins of each characteristic's own classing.

    bins: bin ids (n,), labels: by bin id. lower and upper are the 10 % and 90 % points: how much else decides.
    """
    rows = []
    for k, name in enumerate(names):
        for number, label in enumerate(labels[name]):
            here = bins[name] == number
            if not here.any():
                continue
            own, w = values[here, k], weights[here]
            rows.append(
                {
                    "characteristic": name,
                    "bin_id": number,
                    "label": label,
                    "rows": int(here.sum()),
                    "mean": float(w @ own / w.sum()),
                    "lower": float(np.quantile(own, LOWER)),
                    "upper": float(np.quantile(own, UPPER)),
                }
            )
    return pd.DataFrame(rows)


def dependence_lines(
    dependence: pd.DataFrame, intervals: Mapping[str, Sequence[int]], order: Sequence[str]
) -> pd.DataFrame:
    """Evidence `explanation.dependence_figure.{model}`: the most important numeric characteristics on one scale.

    intervals: by numeric characteristic, its bins of values in ascending order; order: names, most important first.
    position: share of the applicants with a value whose value lies below the middle of the bin.
    """
    rows = []
    for name in [name for name in order if len(intervals.get(name, ())) > 1][:LINES]:
        own = dependence[(dependence["characteristic"] == name) & dependence["bin_id"].isin(intervals[name])]
        own = own.sort_values("bin_id")
        counts = own["rows"].to_numpy(float)
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        rows += [
            {"characteristic": name, "position": float(at), "label": label, "mean": mean}
            for at, label, mean in zip(middle, own["label"], own["mean"], strict=True)
        ]
    return pd.DataFrame(rows, columns=["characteristic", "position", "label", "mean"])


def interaction_frame(names: Sequence[str], interactions: Floats, total: float) -> pd.DataFrame:
    """Evidence `explanation.interaction.{model}`: pairs that interact beyond rounding, the strongest first.

    interactions (n, k, k) of rows of equal weight; total: sum of the mean absolute attributions, of which the share is.
    """
    size = np.abs(interactions).mean(axis=0)
    pairs = [
        (float(size[i, j]), i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if size[i, j] > LEAST
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return pd.DataFrame(
        [(names[i], names[j], value, value / total if total > 0 else None) for value, i, j in pairs],
        columns=["characteristic", "other", "mean_absolute", "share"],
    )


def stability_frame(
    names: Sequence[str], values: Floats, weights: Floats, groups: Mapping[tuple[str, str], Mask]
) -> pd.DataFrame:
    """Evidence `explanation.stability.{model}`: importance in every group, against development.

    groups: rows (n,) by (what they are: sample or year, its name); development is among them. difference: of the share.
    """
    sizes = {key: mean_absolute(values[rows], weights[rows]) for key, rows in groups.items() if rows.any()}
    shares = {key: size / size.sum() if size.sum() > 0 else np.zeros(len(size)) for key, size in sizes.items()}
    first = shares["sample", DEVELOPMENT]
    rows = []
    for (kind, group), share in shares.items():
        rank = np.argsort(np.argsort(-share, kind="stable"), kind="stable") + 1
        for k, name in enumerate(names):
            rows.append(
                {
                    "characteristic": name,
                    "kind": kind,
                    "group": group,
                    "rows": int(groups[kind, group].sum()),
                    "mean_absolute": float(sizes[kind, group][k]),
                    "share": float(share[k]),
                    "rank": int(rank[k]),
                    "difference": float(share[k] - first[k]),
                }
            )
    return pd.DataFrame(rows)
