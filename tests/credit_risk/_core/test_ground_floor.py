"""Errors, evidence and randomness: what every room relies on."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from credit_risk._core import evidence
from credit_risk._core.errors import CreditRiskError, Fault, PlanError
from credit_risk._core.randomness import stage_generator, stage_seed


def test_an_error_tells_every_fault_with_place_and_remedy() -> None:
    faults = [
        Fault("unknown key", file="plan.yaml", row=3, path="data.sourc", found="sourc", remedy="did you mean source?"),
        Fault("missing key", file="plan.yaml", path="model.id", allowed="text"),
    ]
    text = str(PlanError(faults))
    assert text.startswith("plan refused: 2 faults")
    for part in ("plan.yaml:3 data.sourc: unknown key", "found: sourc", "remedy: did you mean source?", "model.id"):
        assert part in text


def test_errors_survive_pickling_between_processes() -> None:
    error = pickle.loads(pickle.dumps(PlanError(Fault("x", code="c"))))  # noqa: S301 - our own bytes
    assert isinstance(error, CreditRiskError)
    assert error.faults[0].code == "c"


def test_evidence_must_have_the_columns_of_the_catalogue() -> None:
    with pytest.raises(ValueError, match="not the catalogue's"):
        evidence.table("samples.summary", pd.DataFrame({"sample": ["development"]}))
    with pytest.raises(KeyError):
        evidence.table("no.such.evidence", pd.DataFrame())


def test_missing_is_null_and_infinity_is_refused() -> None:
    rows = pd.DataFrame({"item": ["a", "b"], "value": [np.nan, 1.0]})
    assert evidence.table("scaling.parameters", rows).content["rows"] == [["a", None], ["b", 1.0]]
    with pytest.raises(ValueError, match="infinite"):
        evidence.table("scaling.parameters", rows.replace(1.0, np.inf))


def test_integer_columns_refuse_fractions() -> None:
    rows = pd.DataFrame({"measure": ["x"], "rows": [1.5], "share": [0.1]})
    with pytest.raises(ValueError, match="is not integer"):
        evidence.table("data.duplicates", rows)


def test_stages_draw_independent_streams_of_one_seed() -> None:
    assert stage_seed(1, "samples") != stage_seed(1, "models")
    assert stage_seed(1, "samples") == stage_seed(1, "samples")
    a, b = (stage_generator(7, "samples").random(5) for _ in range(2))
    np.testing.assert_array_equal(a, b)
