"""Frozen results of R (tests/reference/glm) as a table, and the data that R read."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.models.covariance import Rows
from credit_risk.models.families import family_of
from credit_risk.models.glm import GlmFit, fit_glm

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "glm"
TERMS = ("x1", "x2", "regionsouth", "regionwest")
FITS: dict[str, tuple[str, str, float | None, str, bool, bool]] = {
    "tweedie_1.5_weighted_offset": ("loss", "tweedie", 1.5, "log", True, True),
    "tweedie_1.2": ("loss", "tweedie", 1.2, "log", False, False),
    "tweedie_1.8_offset": ("loss", "tweedie", 1.8, "log", False, True),
    "gamma_weighted_offset": ("severity", "gamma", None, "log", True, True),
    "gamma": ("severity", "gamma", None, "log", False, False),
    "fractional_logit": ("fraction", "fractional", None, "logit", True, False),
    "fractional_probit": ("fraction", "fractional", None, "probit", True, False),
    "beta_weighted": ("inner", "beta", None, "logit", True, False),
}


@cache
def data() -> pd.DataFrame:
    """data.csv; its MD5 must be the one that R stated."""
    stated = (FOLDER / "session_info.txt").read_text("utf-8").splitlines()[0].split()[-1]
    assert hashlib.md5((FOLDER / "data.csv").read_bytes(), usedforsecurity=False).hexdigest() == stated
    return pd.read_csv(FOLDER / "data.csv")


@cache
def results() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "results.csv", keep_default_na=False, dtype=str)


def reference(model: str, quantity: str) -> pd.Series:
    """Values by term, in the order of R."""
    rows = results()[(results()["model"] == model) & (results()["quantity"] == quantity)]
    assert len(rows), (model, quantity)
    return pd.Series(rows["value"].to_numpy(float), index=rows["term"].astype(str))


def matrix() -> np.ndarray:
    d = data()
    return np.column_stack([d["x1"], d["x2"], d["region"] == "south", d["region"] == "west"]).astype(float)


def weights_and_offset(name: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    _, _, _, _, weighted, offset = FITS[name]
    d = data()
    return d["weight"].to_numpy(float) if weighted else None, np.log(d["exposure"].to_numpy()) if offset else None


def fit(name: str, dependence: Rows | None = None) -> GlmFit:
    outcome, family, power, link, _, _ = FITS[name]
    weights, offset = weights_and_offset(name)
    chosen = family_of(family, link=link, variance_power=power)
    y = data()[outcome].to_numpy()
    return fit_glm(matrix(), y, TERMS, chosen, weights=weights, offset=offset, dependence=dependence)
