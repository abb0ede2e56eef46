"""How characteristics enter trees: the steps that make the features, and the direction that each is bound to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.bins import Code, number_text
from credit_risk.binning.classing import MINED, Trend
from credit_risk.binning.expectation import trend_verdict
from credit_risk.binning.table import BinningTable, woe_name
from credit_risk.models.assemble import Step, derive_step
from credit_risk.scoring.step_names import free_name

Floats = NDArray[np.float64]
Mode = Literal["declared", "declared_and_mined"]
DIRECTIONS = {"ascending": 1, "descending": -1}
WORDS = {1: "ascending", -1: "descending", 0: "none"}
BY_DEFINITION, INDICATOR, NO_SOURCE = "weight of evidence", "indicator of a special code", "none"
CATEGORY = "indicator of a category"
COLUMNS = [
    "feature",
    "characteristic",
    "used",
    "direction",
    "source",
    "suggestion",
    "auc",
    "auc_lower",
    "auc_upper",
    "p_value",
    "verdict",
]


@dataclass(frozen=True, slots=True)
class TreeFeature:
    """A feature of the trees. direction: 1 the bad rate may not fall with it, −1 it may not rise, 0 unbound.

    source: where the direction comes from: the plan, `mined` from development, or what the feature is by definition.
    category: the one that the feature is of, None where it is of none.
    """

    name: str
    characteristic: str
    direction: int
    source: str
    category: str | None = None


def tree_features(
    tables: Mapping[str, BinningTable],
    declared: Mapping[str, Trend],
    mode: Mode = "declared_and_mined",
    taken: Collection[str] = (),
    levels: Mapping[str, Sequence[str]] | None = None,
    bind_unordered: bool = False,
) -> tuple[list[Step], list[TreeFeature]]:
    """How each classed characteristic enters the trees: preparation steps, and the features in order.

    Numbers enter raw, missing as missing; their special codes become missing, with an indicator for each code, which is
    unbound. Categories enter as weights of evidence, which by definition fall as the bad rate rises: bound where the
    plan declares their order, else only where `bind_unordered`; the `levels` of a characteristic have an unbound
    indicator each. declared: trends that the plan states. No name that is made here is one of `taken`, the names of
    inputs and derived characteristics.
    """
    steps: list[Step] = []
    features: list[TreeFeature] = []
    for name, table in tables.items():
        if table.kind == "categorical":
            steps.append(table.step())
            direction = -1 if table.has_order or bind_unordered else 0
            features.append(TreeFeature(woe_name(name), name, direction, BY_DEFINITION))
            for category in (levels or {}).get(name, ()):
                step = _level(name, category, {*taken, *(made["id"] for made in steps)})
                steps.append(step)
                features.append(TreeFeature(step["output"], name, 0, CATEGORY, category))
            continue
        codes = [code for b in table.bins for code in b.codes]
        made = [_without_specials(name, codes, taken)] if codes else []
        made += [_indicator(name, code, taken) for code in codes]
        steps += made
        names = [step["output"] for step in made] or [name]
        features.append(TreeFeature(names[0], name, *direction_of(table, declared.get(name), mode)))
        features += [TreeFeature(other, name, 0, INDICATOR) for other in names[1:]]
    return steps, features


def direction_of(table: BinningTable, declared: Trend | None, mode: Mode) -> tuple[int, str]:
    """Direction of a numeric characteristic and its source: what the plan declares, else what classing mined."""
    if declared is not None:
        return DIRECTIONS.get(declared.name, 0), declared.source
    if mode == "declared_and_mined" and table.trend_source == MINED and table.trend in DIRECTIONS:
        return DIRECTIONS[table.trend], MINED
    return 0, NO_SOURCE


def constraints_frame(
    features: Sequence[TreeFeature],
    matrix: pd.DataFrame,
    y: Floats,
    tables: Mapping[str, BinningTable],
    left_out: Mapping[str, str],
    confidence: float,
    weights: Floats | None = None,
    against: Mapping[str, Sequence[Any]] | None = None,
) -> pd.DataFrame:
    """Evidence `boosting.constraints.{model}`: direction of each feature, whose word it is, and what the data say.

    matrix (n, k) features of development, y, weights (n,); left_out: classed characteristics that are no feature, with
    why; against: of those, what the data say to a declared trend, as `declared_unused` gives it. AUC is that of the
    value as a measure of risk, in the direction bound or, where there is none, suggested by the data; its interval is
    DeLong's.
    """
    w = np.ones(len(y)) if weights is None else weights
    rows = [_row(feature, matrix, y, w, tables, confidence) for feature in features]
    for name, why in left_out.items():
        source, *numbers, said = (against or {}).get(name, (NO_SOURCE, *(None,) * 5, ""))
        rows.append((name, name, False, "none", source, *numbers, f"left out: {why}{said}"))
    return pd.DataFrame(rows, columns=COLUMNS)


def declared_unused(
    declared: Mapping[str, Trend],
    tables: Mapping[str, BinningTable],
    frame: pd.DataFrame,
    y: Floats,
    weights: Floats,
    confidence: float,
) -> dict[str, tuple[Any, ...]]:
    """What the data say to the declared trend of a characteristic that is no feature, by name.

    tables, frame: its classing and its values (n,); y, weights (n,). Source, suggestion, AUC in the declared direction
    with bounds and p-value, and the verdict in words.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for name, trend in declared.items():
        if name not in tables or trend.name not in DIRECTIONS or not tables[name].has_order:
            continue
        x = tables[name].ranks(frame[name].to_numpy())
        known = np.isfinite(x)
        x, outcome, w = x[known], y[known], weights[known]
        *numbers, verdict = trend_verdict(x, outcome, trend.name, confidence, w)
        suggestion = _suggestion(tables[name], x, outcome, w, confidence)
        found[name] = (trend.source, suggestion, *numbers, f"; declared {trend.name}, {verdict}")
    return found


def _row(
    feature: TreeFeature,
    matrix: pd.DataFrame,
    y: Floats,
    weights: Floats,
    tables: Mapping[str, BinningTable],
    confidence: float,
) -> tuple[Any, ...]:
    table, source = tables[feature.characteristic], feature.source
    head = (feature.name, feature.characteristic, True, WORDS[feature.direction], source)
    if source in (BY_DEFINITION, INDICATOR, CATEGORY):
        words = "not bound" if source != BY_DEFINITION else "falls with risk by definition"
        if source == BY_DEFINITION and feature.direction == 0:
            words = "not bound: the categories have no declared order"
        return (*head, None, None, None, None, None, words)
    x = matrix[feature.name].to_numpy(float)
    known = np.isfinite(x)
    suggestion = _suggestion(table, x[known], y[known], weights[known], confidence)
    asked = WORDS[feature.direction] if feature.direction else suggestion
    *numbers, verdict = trend_verdict(x[known], y[known], asked or "ascending", confidence, weights[known])
    if source == MINED:
        verdict = "found in these rows: a suggestion, no rationale"
    elif feature.direction == 0:
        verdict = (
            "not bound: the plan declares no trend" if source == NO_SOURCE else "not bound: declared as not monotone"
        )
    return (*head, suggestion, *numbers, verdict)


def _suggestion(table: BinningTable, x: Floats, y: Floats, weights: Floats, confidence: float) -> str | None:
    """The direction that development shows: that of the classing where it mined one, else by the AUC; None: neither."""
    if table.trend_source == MINED and table.trend in DIRECTIONS:
        return table.trend
    area = trend_verdict(x, y, "ascending", confidence, weights)[0]
    if area is None or area == 0.5:
        return None
    return "ascending" if float(area) > 0.5 else "descending"


def value_name(characteristic: str) -> str:
    """Name of a numeric characteristic with its special codes taken out."""
    return f"value({characteristic})"


def special_name(characteristic: str, code: Code) -> str:
    """Name of the indicator of one special code."""
    return f"special({characteristic}, {number_text(code)})"


def category_name(characteristic: str, category: str) -> str:
    """Name of the indicator of one category."""
    return f"category({characteristic}, {category})"


def _without_specials(name: str, codes: Sequence[Code], taken: Collection[str]) -> Step:
    is_code = {"op": "in", "args": [{"ref": name}, *({"const": code} for code in codes)]}
    expression = {"op": "if", "args": [is_code, {"const": None}, {"ref": name}]}
    return derive_step(free_name(value_name(name), taken), expression, f"{name}, missing where it holds a special code")


def _indicator(name: str, code: Code, taken: Collection[str]) -> Step:
    expression = _one_where(name, code)
    description = f"1 where {name} holds the special code {number_text(code)}, 0 elsewhere, also where it is missing"
    return derive_step(free_name(special_name(name, code), taken), expression, description)


def _level(name: str, category: str, taken: Collection[str]) -> Step:
    description = f"1 where {name} is {category}, 0 elsewhere, also where it is missing"
    return derive_step(free_name(category_name(name, category), taken), _one_where(name, category), description)


def _one_where(name: str, value: Code) -> Step:
    equal = {"op": "equal", "args": [{"ref": name}, {"const": value}]}
    known = {"op": "if", "args": [equal, {"const": 1.0}, {"const": 0.0}]}
    return {"op": "if", "args": [{"op": "is_missing", "args": [{"ref": name}]}, {"const": 0.0}, known]}
