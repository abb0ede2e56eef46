"""The developer's methods of reject inference and the validator's own give the same rows, whatever the applicants."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.reject_inference import Decided, RejectInferenceSpec, infer_rows
from validation.rebuild.applicants import Applicants
from validation.rebuild.reject_inference import Given, rebuilt_rows

METHODS = (
    *("none", "reweighting", "score_bands", "extrapolation", "fuzzy_augmentation", "parcelling", "hard_cut_off"),
    *("external_outcomes", "bivariate_probit"),
)


def applicants(seed: int, rows: int, digits: int, weighted: bool) -> tuple[Applicants, np.ndarray, np.ndarray]:
    """Applicants with ties of probability where `digits` are few; outcomes elsewhere; bad given rejection."""
    rng = np.random.default_rng(seed)
    probability, acceptance = np.round(rng.beta(1, 4, rows), digits), np.round(rng.beta(2, 2, rows), 6)
    accepted = rng.random(rows) < acceptance
    accepted[:3], accepted[3] = True, False
    outcome = (rng.random(rows) < probability).astype(np.float64)
    outcome[:2] = 0.0, 1.0
    outcome[~accepted | (np.arange(rows) % 17 == 16)] = np.nan
    weight = rng.uniform(0.2, 3.0, rows) if weighted else np.ones(rows)
    elsewhere = np.where(rng.random(rows) < 0.5, (rng.random(rows) < 0.4).astype(np.float64), np.nan)
    elsewhere[3] = 1.0
    place = np.arange(rows, dtype=np.int64)
    key = rng.permutation(rows).astype(object)
    sample = np.full(rows, "development", dtype=object)
    people = Applicants(place * 3, sample, accepted, acceptance, probability, outcome, weight, place, key)
    return people, elsewhere, np.round(np.clip(probability * 1.7, 0, 1), digits)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(20, 300),
    digits=st.sampled_from([1, 2, 12]),
    weighted=st.booleans(),
    bands=st.integers(2, 12),
    prudence=st.sampled_from([1.0, 1.5, 4.0]),
    cut_off=st.sampled_from([None, 0.2]),
)
def test_rows_are_the_same(
    method: Any, seed: int, rows: int, digits: int, weighted: bool, bands: int, prudence: float, cut_off: Any
) -> None:
    people, elsewhere, if_rejected = applicants(seed, rows, digits, weighted)
    decided = Decided(people.outcome, people.accepted, people.weight)
    external = {"column": "E", "bad": 1, "source": "Bureau", "date": "2020-01-01"}
    spec = RejectInferenceSpec(method=method, bands=bands, prudence=prudence, cut_off=cut_off, external=external)
    made = infer_rows(
        spec,
        decided,
        acceptance=people.acceptance,
        probability=people.probability,
        seed=seed,
        keys=people.key.astype(np.int64),
        external=elsewhere,
        probability_if_rejected=if_rejected,
    )
    own = rebuilt_rows(method, people, Given(spec.model_dump(mode="json"), seed, elsewhere, if_rejected))
    assert own is not None
    np.testing.assert_array_equal(own.row, 3 * made.place)
    np.testing.assert_array_equal(own.outcome, made.y)
    np.testing.assert_array_equal(own.inferred, made.inferred)
    np.testing.assert_allclose(own.weight, made.weight, rtol=1e-12)
