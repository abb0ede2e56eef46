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
    own = fits.fits["car"].map.probability(s[segment == "car"])
    assert scored[segment == "car"].tolist() == own.tolist()
    assert scored.tolist() == fits.probability(s, segment).tolist()
    unknown = pd.DataFrame({"s": [0.5, -2.0], "product": ["boat", None]})
    given = compile_model(model).score(unknown)["probability"].tolist()
    assert given == fits.pooled.map.probability([0.5, -2.0]).tolist() == fits.probability(**other(unknown)).tolist()


def other(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    return {"linear_score": frame["s"].to_numpy(), "segment": frame["product"].to_numpy()}


def test_rows_without_a_segment_may_have_the_pooled_map() -> None:
    s, y, segment, w = world()
    known = np.where(np.arange(len(s)) % 5 == 0, None, segment.astype(object))
    fits = fit_segments("logistic", s, y, known, w, missing="pooled", order=("home", "car"))
    assert fits.table["segment"].fillna("none").tolist() == ["home", "car", "tiny", "none"]
    last = fits.table.iloc[-1]
    assert (last["own_map"], last["reason"], last["rows"]) == (False, "rows without a segment", np.sum(known == None))  # noqa: E711
    assert fits.pooled.map == fit_map("logistic", s, y, w).map
    mine = known == "car"
    assert fits.fits["car"].map == fit_map("logistic", s[mine], y[mine], w[mine]).map


def test_a_constant_score_one_class_and_the_method_none_are_pooled() -> None:
    s, y, segment, _ = world()
    s = np.where(segment == "car", 0.25, s)
    y = np.where(segment == "tiny", 0.0, y)
    fits = fit_segments("logistic", s, y, segment, least_bads=1, least_goods=1)
    reasons = fits.table.set_index("segment")["reason"]
    assert reasons["tiny"] == "0 bads, fewer than 1"
    assert "the score is constant" in reasons["car"]
    assert set(fits.own) == {"home"}
    none = fit_segments("none", s, y, segment)
    assert none.own == {}
    assert set(none.table["reason"]) == {"the method none has nothing to fit"}


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
    with pytest.raises(CalibrationError, match=r"one label a row"):
        fitted().probability([0.0], ["car", "home"])
