"""Level, ranking, bands, curves, groups and stability of amounts and fractions, computed again from our own scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.performance import Headline
from validation.comparisons.stability import compare_index, compare_representativeness, own_quantity
from validation.measures import metrics
from validation.measures.families import Family
from validation.measures.means import interval
from validation.measures.structure import Glm, amount_base, exposure_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

LEVEL, RANKING, BANDS = "performance.level", "performance.ranking", "performance.mean_bands"
CURVE, LORENZ, STABILITY = "performance.mean_curve", "performance.lorenz", "stability.psi"
GROUPS = ("performance.measure_groups", "fairness.measures")
SEED = 918_273
Own = dict[tuple[str, str], dict[str, float]]
_LEVEL = {
    "rows": "rows",
    "weight": "count",
    "observed_mean": "mean",
    "expected_mean": "mean",
    "ratio": "mean",
    "ratio_lower": "interval",
    "ratio_upper": "interval",
    "mean_absolute_error": "mean",
    "root_mean_squared_error": "mean",
    "mean_deviance": "deviance",
    "deviance_explained": "deviance",
    "loss_shortfall": "deviance",
}
_RANKING = {
    "rows": "rows",
    "gini": "gini",
    "greatest_gini": "gini",
    "normalised_gini": "gini",
    "spearman": "gini",
    "spearman_lower": "gini",
    "spearman_upper": "gini",
}
_BANDS = {
    "rows": "rows",
    "weight": "count",
    "expected_mean": "mean",
    "observed_mean": "mean",
    "observed_lower": "interval",
    "observed_upper": "interval",
    "ratio": "mean",
    "lift": "mean",
    "cumulative_outcome_share": "share",
}


def sample_rows(space: Workspace, model_id: str, sample: str) -> metrics.Rows:
    """Return the rows of a sample with a known outcome and an expected value."""
    rows, value = space.known(sample), space.output(model_id, "expected_value")
    assert value is not None
    rows = rows[~np.isnan(value.data[rows])]
    parts = (space.outcome, value.data, space.weight, amount_base(space), space.cluster)
    return metrics.Rows(*(part[rows] for part in parts))


def compare_performance(space: Workspace, champion: Glm | None) -> list[Headline]:
    """Compare the tables of every model and sample; return the headline numbers."""
    confidence = space.package.setting("evaluation", "confidence", 0.95)
    own: Own = {}
    for model_id, name in space.package.candidate_ids.items():
        for sample in space.rows:
            found = sample_rows(space, model_id, sample)
            family = None if champion is None else champion.family
            sizes = _sizes(space, sample)
            own[name, sample] = {**_level(found, family, sizes, confidence), **_ranking(found, confidence)}
    _compare(space, LEVEL, _LEVEL, own)
    _compare(space, RANKING, _RANKING, own)
    _compare_bounds(space, confidence)
    edges = _compare_bands(space, confidence)
    _compare_curves(space)
    _compare_groups(space, confidence)
    _compare_stability(space, edges)
    return _headlines(space, own)


def _sizes(space: Workspace, sample: str) -> np.ndarray | None:
    """Return what the fractions of a sample are of (n,); None for amounts."""
    if space.package.outcome_type != "fraction":
        return None
    exposure, rows = exposure_of(space), space.known(sample)
    return np.ones(len(rows)) if exposure is None else exposure[rows]


def _level(rows: metrics.Rows, family: Family | None, sizes: np.ndarray | None, confidence: float) -> dict[str, float]:
    w, y, mu = rows.weight, rows.y, rows.expected
    whole = float(w.sum())
    value, error = metrics.ratio(w * y, w * mu, rows.cluster)
    lower, upper = metrics.positive_bounds(value, error, confidence)
    found = {
        "rows": float(len(y)),
        "weight": whole,
        "observed_mean": float(w @ y) / whole,
        "expected_mean": float(w @ mu) / whole,
        "ratio": value,
        "ratio_lower": lower,
        "ratio_upper": upper,
        "ratio_error": error,
        "mean_absolute_error": float(w @ np.abs(y - mu)) / whole,
        "root_mean_squared_error": float(np.sqrt(w @ (y - mu) ** 2 / whole)),
        "loss_shortfall": float("nan") if sizes is None else float(1.0 - (w * sizes) @ mu / ((w * sizes) @ y)),
    }
    if family is not None:
        constant = float(w @ y) / float(w @ rows.exposure) * rows.exposure
        told, null = float(w @ family.deviance(y, mu)), float(w @ family.deviance(y, constant))
        found |= {"mean_deviance": told / whole, "deviance_explained": 1.0 - told / null}
    return found


def _ranking(rows: metrics.Rows, confidence: float) -> dict[str, float]:
    mine, most = metrics.gini_pair(rows)
    r, lower, upper = metrics.rank_correlation(rows.rate, rows.y / rows.exposure, confidence, rows.weight)
    share = mine / most if most > 0 else float("nan")
    return {
        "gini": mine,
        "greatest_gini": most,
        "normalised_gini": share,
        "spearman": r,
        "spearman_lower": lower,
        "spearman_upper": upper,
    }


def _compare(space: Workspace, area: str, columns: Mapping[str, str], own: Own) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = [(row["model"], row["sample"]) for row in table]
    space.ledger.words(area, "models and samples", sorted(map(str, stated)), sorted(map(str, own)), "row")
    rows = [row for row in table if (row["model"], row["sample"]) in own]
    labels = [f"{row['model']} {row['sample']}" for row in rows]
    for column, rule in columns.items():
        mine = [own[row["model"], row["sample"]].get(column, float("nan")) for row in rows]
        space.ledger.numbers(area, column, rule, [row[column] for row in rows], mine, labels)


def _compare_bounds(space: Workspace, confidence: float) -> None:
    """Hold the developer's bootstrap bounds of the champion against our own draws, in widths of our interval."""
    draws = int(space.policy.cuts["resamples"].value)
    name = space.package.candidate_ids[space.package.champion_id]
    table = [
        row for row in space.package.rows_of(RANKING) or [] if row["model"] == name and row["sample"] in space.rows
    ]
    developer, own, labels = [], [], []
    for row in table:
        rows = sample_rows(space, space.package.champion_id, row["sample"])
        bounds = metrics.resampled_bounds(rows, draws, confidence, SEED)
        for quantity, ends in (("gini", bounds[0]), ("normalised", bounds[1])):
            width = float(ends[1] - ends[0])
            for place, end in enumerate(("lower", "upper")):
                given = row[f"{quantity}_{end}"]
                developer.append(None if given is None else given / width)
                own.append(float(ends[place]) / width)
                labels.append(f"{row['sample']} {quantity} {end}")
    space.ledger.numbers(RANKING, "bounds of the Gini indices, in widths", "resampled_bound", developer, own, labels)


def _compare_bands(space: Workspace, confidence: float) -> np.ndarray | None:
    """Count again on the developer's edges; return them, or None where there are none."""
    table = space.package.rows_of(BANDS)
    if table is None:
        space.ledger.not_evaluable(BANDS, "the package holds no such table")
        return None
    lowers = [row["lower"] for row in table if row["sample"] == DEVELOPMENT and row["lower"] is not None]
    edges = np.array(sorted(lowers), dtype=np.float64)
    table = [row for row in table if row["sample"] in space.rows]
    samples = {name: sample_rows(space, space.package.champion_id, name) for name in space.rows}
    own = [_band(samples[row["sample"]], edges, row["band"], space.package.outcome_type, confidence) for row in table]
    labels = [f"{row['sample']} band {row['band']}" for row in table]
    for column, rule in _BANDS.items():
        space.ledger.numbers(
            BANDS, column, rule, [row[column] for row in table], [item[column] for item in own], labels
        )
    return edges


def _band(rows: metrics.Rows, edges: np.ndarray, band: int, kind: str, confidence: float) -> dict[str, float]:
    number = np.searchsorted(edges, rows.rate, side="right") + 1
    w, inside = rows.weight, number == band
    total = float(w @ rows.y)
    found = dict.fromkeys(_BANDS, float("nan"))
    found |= {"rows": float(inside.sum()), "weight": float(w[inside].sum())}
    found["cumulative_outcome_share"] = float((w * rows.y)[number >= band].sum()) / total
    if not inside.any():
        return found
    base = (w * rows.exposure)[inside]
    observed, error = metrics.ratio((w * rows.y)[inside], base, rows.cluster[inside])
    z = float(-special.ndtri((1.0 - confidence) / 2.0))
    lower, upper = interval(np.array([observed]), np.array([error]), kind, z)
    expected = float((w * rows.expected)[inside].sum() / base.sum())
    return found | {
        "expected_mean": expected,
        "observed_mean": observed,
        "observed_lower": float(lower[0]),
        "observed_upper": float(upper[0]),
        "ratio": observed / expected,
        "lift": observed / (total / float(w @ rows.exposure)),
    }


def _compare_curves(space: Workspace) -> None:
    """The mean curve repeats the bands; every point of the Lorenz figure lies on our own curve."""
    bands = {(r["sample"], r["expected_mean"]): r for r in space.package.rows_of(BANDS) or []}
    curve = space.package.rows_of(CURVE) or []
    repeated = [bands.get((row["sample"], row["expected_mean"])) for row in curve]
    for column, other in (("observed_mean", "observed_mean"), ("lower", "observed_lower"), ("upper", "observed_upper")):
        own = [None if row is None else row[other] for row in repeated]
        space.ledger.numbers(CURVE, column, "mean", [row[column] for row in curve], own, "point")
    for sample in space.rows:
        points = [row for row in space.package.rows_of(LORENZ) or [] if row["sample"] == sample]
        if not points:
            space.ledger.not_evaluable(f"{LORENZ}: {sample}", "the package holds no point of the sample")
            continue
        rows = sample_rows(space, space.package.champion_id, sample)
        order = np.argsort(rows.rate, kind="stable")
        last = np.append(np.diff(rows.rate[order]) > 0, True)
        x, y = (
            np.append(0.0, np.cumsum(part[order])[last]) for part in (rows.weight * rows.exposure, rows.weight * rows.y)
        )
        given = np.array([row["base_share"] for row in points])
        own = np.interp(given, x / x[-1], y / y[-1])
        space.ledger.numbers(
            LORENZ, f"outcome share ({sample})", "gini", [r["outcome_share"] for r in points], own, "point"
        )


def _compare_groups(space: Workspace, confidence: float) -> None:
    """Groups of text columns, and of numbers that are no bands, counted again."""
    for area in GROUPS:
        table = [row for row in space.package.rows_of(area) or [] if row["sample"] in space.rows]
        kept, own = [], []
        for row in table:
            found = _group(space, row, confidence)
            if found is not None:
                kept.append(row)
                own.append(found)
        labels = [f"{row['attribute']} {row['group']} {row['sample']}" for row in kept]
        for column, rule in (("rows", "rows"), ("observed_mean", "mean"), ("expected_mean", "mean"), ("ratio", "mean")):
            space.ledger.numbers(
                area, column, rule, [row[column] for row in kept], [item[column] for item in own], labels
            )
        if len(kept) < len(table):
            space.ledger.not_evaluable(f"{area}: bands", "groups that are bands of a number are not counted again")


def _group(space: Workspace, row: Mapping[str, Any], confidence: float) -> dict[str, float] | None:
    if row["attribute"] not in space.frame.columns:
        return None
    values = space.frame[row["attribute"]].iloc[space.known(row["sample"])]
    inside = (
        values.isna().to_numpy() if row["group"] == "missing" else (values.astype(object) == row["group"]).to_numpy()
    )
    if values.dtype.kind == "f" and row["group"] != "missing":
        try:
            inside = (values == float(row["group"])).to_numpy()
        except ValueError:
            return None
    rows = sample_rows(space, space.package.champion_id, row["sample"])
    w, base = rows.weight[inside], (rows.weight * rows.exposure)[inside]
    if not row["evaluable"]:
        return {"rows": float(inside.sum()), **dict.fromkeys(("observed_mean", "expected_mean", "ratio"), float("nan"))}
    observed, expected = float(w @ rows.y[inside]), float(w @ rows.expected[inside])
    whole = float(base.sum())
    return {
        "rows": float(inside.sum()),
        "observed_mean": observed / whole,
        "expected_mean": expected / whole,
        "ratio": observed / expected,
    }


def _compare_stability(space: Workspace, edges: np.ndarray | None) -> None:
    """PSI of bands of what is expected and of every classed characteristic of the champion."""
    model_id = space.package.champion_id
    ids: dict[str, np.ndarray] = {}
    value = space.output(model_id, "expected_value")
    for step in steps_of(space.package.model, "classing"):
        ids[step["input"]] = space.scored[model_id][step["output_bin"]].data
    if edges is not None and value is not None:
        named = own_quantity("expected value", ids)
        ids[named] = np.searchsorted(edges, value.data / amount_base(space), side="right")
    compare_index(space, ids)
    compare_representativeness(space)


def _headlines(space: Workspace, own: Own) -> list[Headline]:
    stated: dict[tuple[str, str], dict[str, Any]] = {}
    for area in (LEVEL, RANKING):
        for row in space.package.rows_of(area) or []:
            stated.setdefault((row["model"], row["sample"]), {}).update(row)
    quantities = ("observed_mean", "expected_mean", "ratio", "gini", "normalised_gini", "deviance_explained")
    return [
        Headline(*place, quantity, stated.get(place, {}).get(quantity), values[quantity])
        for place, values in own.items()
        for quantity in quantities
        if quantity in values
    ]
