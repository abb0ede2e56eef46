"""Applicants with decisions: what is refused, and that all of it is told at once."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.reject_inference import Decided, accepted_only


def test_known_outcomes_are_those_of_the_booked():
    decided = Decided([0, 1, np.nan, np.nan], [1, 1, 1, 0], [1.0, 2.0, 3.0, 4.0])
    assert decided.known.tolist() == [True, True, False, False]
    rows = accepted_only(decided)
    assert rows.place.tolist() == [0, 1]
    assert rows.weight.tolist() == [1.0, 2.0]
    assert not rows.inferred.any()
    assert rows.effective_rows == pytest.approx(9 / 5)


@pytest.mark.parametrize(
    ("y", "accepted", "weights", "codes"),
    [
        ([0, 1, np.nan], [1, 1, 1], None, {"no_rejects"}),
        ([np.nan, np.nan], [0, 0], None, {"only_rejects", "one_class"}),
        ([0, 1, 1], [1, 1, 0], None, {"rejected_outcome"}),
        ([0, 0, np.nan], [1, 1, 0], None, {"one_class"}),
        ([0, 2, np.nan], [1, 1, 0], [1, 0, 1], {"outcome_code", "one_class", "weight"}),
    ],
)
def test_bad_input_is_told_at_once(y, accepted, weights, codes):
    with pytest.raises(CreditRiskError) as told:
        Decided(y, accepted, weights)
    assert {fault.code for fault in told.value.faults} == codes
