"""Two intervals a coefficient: the naive one and that of the procedure, of one confidence."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from credit_risk.display import DISPLAYS, ProcedureErrorsDisplay
from credit_risk.reject_inference import RejectInferenceSpec, bootstrap_procedure
from tests.credit_risk.reject_inference.worlds import NAMES, world


def test_intervals_are_those_of_the_frame() -> None:
    one = world(1_500, 41)
    spec = RejectInferenceSpec(method="fuzzy_augmentation")
    errors = bootstrap_procedure(spec, one.decided(), one.x, NAMES, replicates=30, confidence=0.9)
    shown = ProcedureErrorsDisplay.from_errors(errors)
    assert shown.frame().equals(errors.frame())
    ax = shown.plot()
    assert [label.get_text() for label in ax.get_yticklabels()] == list(NAMES)
    drawn = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) == 2][1:]
    for k in range(4):
        wide, naive = drawn[2 * k], drawn[2 * k + 1]
        np.testing.assert_allclose(wide, [errors.lower[k + 1], errors.upper[k + 1]])
        half = 1.6448536269514722 * errors.naive_error[k + 1]
        assert np.ptp(naive) == pytest.approx(2 * half)
    pyplot.close("all")
    assert DISPLAYS["reject_inference.coefficients"] is ProcedureErrorsDisplay


def test_several_models_are_told_apart() -> None:
    one = world(1_500, 42)
    frame = bootstrap_procedure(RejectInferenceSpec(), one.decided(), one.x, NAMES, replicates=5).frame()
    both = ProcedureErrorsDisplay(
        pd.concat([frame.assign(model="scorecard"), frame.assign(model="challenger")], ignore_index=True)
    )
    labels = [label.get_text() for label in both.plot().get_yticklabels()]
    assert labels[0] == "scorecard: x1"
    assert labels[-1] == "challenger: x4"
    pyplot.close("all")
