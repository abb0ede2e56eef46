"""Names and categories of every kind, and thousands of bins, in PMML: both engines against the package."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.export.engine_rows import assert_alike, write
from tests.credit_risk.export.test_pmml_scorecard import ENGINES as JAVA
from tests.credit_risk.scoring.strategies import NASTY
from tests.credit_risk.scoring.test_model import table
from tests.engines import validators_reader

ENGINES = [*JAVA, validators_reader]
NAMES = [
    'the "quoted" name', "it's <in> & out", "select", "class", "score", "信用额度", "رصيد", "a" * 200,
    "linear_score (value)", "carriage\rreturn", " lead and trail ", "reason_1", "x]]>y", "back\\slash", "1", "-",
    "😀 & Ünïcode", "tab\there", "line\nbreak",
]  # fmt: skip


def trees_on(names: list[str]) -> dict[str, Any]:
    """Two trees over the WoE of each text, with groups of reasons whose codes are the names."""
    steps, features = [], []
    for place, name in enumerate(names):
        bins: list[dict[str, Any]] = [{"kind": "categories", "values": [value]} for value in NASTY[place % 4 :: 4]]
        bins += [{"kind": "unseen"}, {"kind": "missing"}]
        bins = [{**one, "id": k, "label": "", "woe": k / 8 - 1.5} for k, one in enumerate(bins)]
        head = {"id": f"classing {name}", "type": "classing", "input": name, "kind": "categorical", "bins": bins}
        steps.append({**head, "output_bin": f"bin({name})", "output_woe": f"woe({name})"})
        features.append(f"woe({name})")
    trees = [
        {"feature": [k, -1, -1], "threshold": [0.125 * (k % 7) - 0.5, None, None], "left": [1, -1, -1],
         "right": [2, -1, -1], "default_left": [True, False, False], "value": [0.0, 0.01 * (k + 1), -0.02 * (k + 1)]}
        for k in range(len(features))
    ]  # fmt: skip
    grown = {"id": "t", "type": "trees", "features": features, "base_margin": -1.25, "offset": None, "trees": trees}
    parts = [{"characteristic": name, "features": [f"woe({name})"], "output": f"attribution({name})"} for name in names]
    background = {"description": "one", "rows": [[0.3] * len(names)], "weights": [1.0]}
    shares = sum(tree["value"][1 if tree["threshold"][0] > 0.3 else 2] for tree in trees)
    attribution = {"id": "a", "type": "attribution", "trees": "t", "multiplier": -30.0, "base": -1.25 + shares}
    items = [
        {"characteristic": name, "input": f"attribution({name})", "reason_code": name, "reference_points": 0.0,
         "baseline": -1e-6 * (k + 1)}
        for k, name in enumerate(names)
    ]  # fmt: skip
    reasons = {"id": "r", "type": "reasons", "method": "attribution_below_reference", "reference": "r", "maximum": 4}
    steps += [
        {**grown, "output": "linear_score"},
        {"id": "p", "type": "link", "function": "logit", "input": "linear_score", "output": "probability"},
        {**attribution, "characteristics": parts, "background": background},
        {**reasons, "rank_step": 1e-6, "characteristics": items, "output": "reasons"},
    ]
    return model_of(names, "string", steps) | {
        "outputs": {
            "linear_score": "linear_score",
            "probability": "probability",
            "reasons": "reasons",
            "probability_name": "PD",
        }
    }


def model_of(names: list[str], kind: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "named", "name": 'A "named" <model> & more', "version": "1", "type": "monotone_boosting"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": [{"name": name, "type": kind, "description": "", "specials": []} for name in names],
        "steps": steps,
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_names_and_categories_of_every_kind(engine: Any, tmp_path: Path) -> None:
    model, draw = trees_on(NAMES), np.random.default_rng(2)
    cells = np.array([*NASTY, "never seen", None], dtype=object)
    frame = table(model, [dict(zip(NAMES, draw.choice(cells, len(NAMES)), strict=True)) for _ in range(25)])
    write(model, tmp_path / "m.pmml", frame)
    assert_alike(engine, tmp_path / "m.pmml", model, frame)


def many_bins(count: int, categorical: bool) -> tuple[dict[str, Any], pd.DataFrame]:
    """A regression on one classing of `count` bins, and rows that reach them all."""
    if categorical:
        texts = [f"category <{k}>" for k in range(count - 2)]
        bins: list[dict[str, Any]] = [{"kind": "categories", "values": [text]} for text in texts]
        bins += [{"kind": "unseen"}, {"kind": "missing"}]
        cells: list[Any] = [*texts, "never seen", None]
    else:
        edges = [None, *[k / 7 for k in range(count - 2)], None]
        bins = [{"kind": "interval", "lower": low, "upper": high} for low, high in pairwise(edges)]
        bins.append({"kind": "missing"})
        cells = [-1.0, *edges[1:-1], *[float(np.nextafter(edge, -1)) for edge in edges[1:-1]], None]
    bins = [{**one, "id": k, "label": "", "woe": k / 4096 - 0.5} for k, one in enumerate(bins)]
    kind = "categorical" if categorical else "numeric"
    classing = {"id": "c", "type": "classing", "input": "x", "kind": kind, "bins": bins, "output_bin": "bin"}
    terms = [{"input": "woe", "coefficient": -1.5}]
    steps = [
        {**classing, "output_woe": "woe"},
        {"id": "l", "type": "linear", "intercept": -1.0, "offset": None, "terms": terms, "output": "z"},
        {"id": "p", "type": "link", "function": "logit", "input": "z", "output": "pd"},
    ]
    model = model_of(["x"], "string" if categorical else "number", steps)
    model |= {"outputs": {"linear_score": "z", "probability": "pd", "probability_name": "PD"}}
    return model, table(model, [{"x": cell} for cell in cells])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("categorical", [False, True])
def test_thousands_of_bins(engine: Any, categorical: bool, tmp_path: Path) -> None:
    model, frame = many_bins(5000, categorical)
    write(model, tmp_path / "m.pmml", frame, most=60)
    rows = frame.iloc[[*range(0, len(frame), 41), *range(len(frame) - 3, len(frame))]]
    assert_alike(engine, tmp_path / "m.pmml", model, rows)
