"""Maps by segment: own or pooled, told why; the compiled model gives the same doubles."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import IdentityMap, SegmentFits, fit_map, fit_segments
from credit_risk.scoring import compile_model
from tests.credit_risk.calibration.test_maps import model_of

SCHEMA = json.loads(Path("scorecards/format/model.schema.json").read_text("utf-8"))


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Three segments: two with their own truth, one with few bads."""
    random = np.random.default_rng(1)
    segment = np.repeat(["car", "home", "tiny"], [3000, 4000, 60])
    s = random.normal(-1.5, 1.2, len(segment))
    true = np.where(segment == "car", 0.6 * s - 0.5, 1.3 * s + 0.2)
    y = (random.random(len(s)) < expit(true)).astype(float)
    return s, y, segment, random.integers(1, 3, len(s)).astype(float)


def fitted() -> SegmentFits:
    s, y, segment, w = world()
    return fit_segments("logistic", s, y, segment, w)


def test_each_segment_has_its_own_fit_or_the_pooled_one() -> None:
    s, y, segment, w = world()
    fits = fitted()
    for name in ("car", "home"):
        rows = segment == name
        assert fits.fits[name].map == fit_map("logistic", s[rows], y[rows], w[rows]).map
    assert fits.fits["tiny"] is fits.pooled
    assert fits.pooled.map == fit_map("logistic", s, y, w).map
    table = fits.table.set_index("segment")
    assert table["own_map"].tolist() == [True, True, False]
    bads = int(y[segment == "tiny"].sum())
    assert table["reason"].isna().tolist() == table["own_map"].tolist()
    assert table["reason"].iloc[2] == f"{bads} bads, fewer than 50"
    assert (table["log_loss"][:2] < table["log_loss_pooled"][:2]).all()
    np.testing.assert_allclose(table["mean_probability"][:2], table["bad_rate"][:2], rtol=1e-9)


@pytest.mark.parametrize("method", ["logistic", "isotonic", "beta"])
def test_the_compiled_model_gives_the_same_doubles(method: str) -> None:
    s, y, segment, w = world()
    fits = fit_segments(method, s, y, segment, w)
    model = model_of(IdentityMap())
    model["inputs"].append({"name": "product", "type": "string", "specials": [], "description": ""})
    model["steps"] = [model["steps"][0], *fits.steps("linear_score", "product", "probability")]
    jsonschema.validate(model, SCHEMA)
    frame = pd.DataFrame({"s": s, "product": segment})
    scored = compile_model(model).score(frame)["probability"].to_numpy()
    assert scored.tolist() == fits.probability(s, segment).tolist()
    unknown = pd.DataFrame({"s": [0.0], "product": ["boat"]})
    assert compile_model(model).rows_in_error(unknown).tolist() == [True]


def test_a_segment_whose_own_map_is_refused_is_told() -> None:
    s, y, segment, _ = world()
    turned = np.where(segment == "car", -s, s)
    fits = fit_segments("logistic", turned, y, segment)
    reason = fits.table.set_index("segment").loc["car", "reason"]
    assert "break the order" in reason
    assert fits.fits["car"] is fits.pooled


def test_bad_segments_are_refused() -> None:
    s, y, segment, _ = world()
    with pytest.raises(CalibrationError, match=r"missing segments(.|\n)*1 of 7060"):
        fit_segments("logistic", s, y, [None, *segment[1:]])
    with pytest.raises(CalibrationError, match=r"one segment a row"):
        fit_segments("logistic", s, y, segment[1:])
    with pytest.raises(CalibrationError, match=r"least_bads: not in range"):
        fit_segments("logistic", s, y, segment, least_bads=0)
    with pytest.raises(CalibrationError, match=r"without a map(.|\n)*boat \(1 rows\)"):
        fitted().probability([0.0], ["boat"])
