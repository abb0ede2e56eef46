"""The plot of self-learning shows what its frame holds."""

from __future__ import annotations

import numpy as np

from credit_risk.display import SelfLearningDisplay
from credit_risk.reject_inference import fit_self_learning, self_learning_table
from credit_risk.reject_inference.spec import SelfLearningSpec
from tests.credit_risk.reject_inference.test_self_learning import applicants


def test_rounds_are_drawn() -> None:
    decided, x, _ = applicants(n=1500)
    run = fit_self_learning(decided, x, SelfLearningSpec(rounds=3), seed=1, draw_anew=True)
    shown = SelfLearningDisplay.from_run(run)
    assert shown.frame().equals(self_learning_table(run))
    ax = shown.plot()
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == [*shown.frame()["labelled_bad"], *shown.frame()["labelled_good"]]
    (other,) = (one for one in ax.figure.axes if one is not ax)
    assert np.array_equal(other.get_lines()[0].get_ydata(), shown.frame()["bayesian_auc"])
    assert shown.svg() == shown.svg()
