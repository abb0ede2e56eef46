"""Rows on every boundary of a model, and an engine's results held against the package's doubles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lxml import etree

from credit_risk.export import model_pmml
from credit_risk.scoring import compile_model
from credit_risk.scoring.verification import verification_rows, verification_table
from tests import engines

HASH = "0123456789abcdef" * 4
PROBABILITY, NUMBER = 1e-12, 1e-9


def write(model: dict[str, Any], path: Path, development: pd.DataFrame, most: int = 2000) -> pd.DataFrame:
    """The document of a model with verification rows, valid by the schema; the inputs of these rows are returned."""
    compiled = compile_model(model)
    cases = verification_table(compiled, verification_rows(compiled, development, most))
    data = model_pmml(model, HASH, cases)
    root = etree.fromstring(data, etree.XMLParser(huge_tree=True))
    engines.pmml_schema().assertValid(root)
    assert not [a for element in root.iter() for a in element.attrib if a.startswith("x-")]
    path.write_bytes(data)
    return pd.DataFrame({name: cases[f"in:{name}"] for name in compiled.input_names})


def neighbours(model: dict[str, Any], frame: pd.DataFrame, most: int = 400) -> pd.DataFrame:
    """Rows at each threshold of an input, at its float32, and at the float64 and float32 numbers beside these."""
    inputs = {item["name"] for item in model["inputs"]}
    edges: set[tuple[str, float]] = set()
    for step in model["steps"]:
        if step["type"] == "trees":
            for tree in step["trees"]:
                pairs = zip(tree["feature"], tree["threshold"], strict=True)
                edges |= {(step["features"][f], t) for f, t in pairs if f >= 0}
        elif step["type"] == "classing":
            uppers = [one["upper"] for one in step["bins"] if one["kind"] == "interval"]
            edges |= {(step["input"], upper) for upper in uppers if upper is not None}
    base = frame.dropna()
    base = (base if len(base) else frame).iloc[[0]]
    rows = []
    for name, edge in sorted(one for one in edges if one[0] in inputs):
        single = np.float32(edge)
        near = [edge, np.nextafter(edge, -np.inf), np.nextafter(edge, np.inf), single]
        near += [np.nextafter(single, np.float32(side)) for side in (-np.inf, np.inf)]
        rows += [base.assign(**{name: float(value)}) for value in near if np.isfinite(value)]
    picked = rows[:: max(len(rows) // most, 1)]
    return pd.concat(picked, ignore_index=True) if picked else frame.head(0)


def assert_alike(engine: Any, path: Path, model: dict[str, Any], frame: pd.DataFrame) -> None:
    """Every published result of every row: words and points the same, probabilities to 1e-12, other numbers 1e-9."""
    compiled = compile_model(model)
    frame = frame[~compiled.rows_in_error(frame)].reset_index(drop=True)
    own = compiled.score(frame)
    found = engine(path, engines.records(frame))
    inputs = set(compiled.input_names)
    for name in own:
        theirs = found[f"model_{name}" if name in inputs else name]
        if name.startswith("reason_") or name in ("grade", "overall_decision"):
            words = [None if pd.isna(word) else word for word in theirs]
            assert words == [None if pd.isna(word) else word for word in own[name]], name
            continue
        ours, numbers = own[name].astype(float).to_numpy(), theirs.astype(float).to_numpy()
        if name == "score" and np.array_equal(ours, np.round(ours)):
            assert np.array_equal(numbers, ours), name
        bound = PROBABILITY if name.startswith("probability") else NUMBER * np.maximum(1.0, np.abs(ours))
        assert (np.isnan(numbers) == np.isnan(ours)).all(), name
        assert np.nanmax(np.abs(numbers - ours) - bound, initial=-1.0) <= 0.0, name
