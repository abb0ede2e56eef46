"""The whole waterfall of a plan as one selector."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.binning.expectation import expectation_frame
from credit_risk.binning.inputs import checked_labels
from credit_risk.binning.transformers import Binner
from credit_risk.selection.estimators.base import ColumnSelector, Forced, Record, Rows
from credit_risk.selection.estimators.classes import Classes, classes_of
from credit_risk.selection.estimators.single import forced_specs
from credit_risk.selection.leakage import leakage_frame, suspicions
from credit_risk.selection.screens import Screened
from credit_risk.selection.spec import SelectionSpec
from credit_risk.selection.stability import group_stability, stability_frame
from credit_risk.selection.waterfall import run_waterfall


class CharacteristicSelector(ColumnSelector):
    """Run the whole selection of a plan: screens, correlation and collinearity, the search for the model.

    Every column is classed by a clone of `binner` (by default `Binner()`; its `monotonic` trends are the expert's
    expectations), numbers and text alike; with classed=True each distinct value is a class, as after `Binner` or
    `WoeTransformer`. The other parameters have the meaning and the defaults of the plan's `selection`. What is selected
    are the columns as given; put it before `WoeTransformer`. random_state draws the folds of the leakage screen, which
    tells and does not decide.

    Attributes: support_, waterfall_ (as the evidence `selection.waterfall`, most informative first), leakage_,
    stability_, binner_ (None where classed), logistic_ (the last fit on weights of evidence, None where no column is
    left), classes_, n_features_in_, feature_names_in_.
    """

    _takes_text = True

    def __init__(
        self,
        *,
        min_information_value: float = 0.02,
        max_information_value: float | None = None,
        min_gini: float = 0.0,
        max_gini: float = 0.95,
        max_missing_share: float = 1.0,
        max_psi: float | None = None,
        max_psi_over_time: float | None = None,
        min_period_rows: int = 200,
        expectation_check: bool = True,
        max_correlation: float = 0.8,
        correlation: Literal["pairwise", "clusters"] = "pairwise",
        method: Literal["backward", "forward", "stepwise", "all"] = "backward",
        criterion: Literal["p_value", "aic", "bic"] = "p_value",
        max_p_value: float = 0.05,
        max_variance_inflation: float = 5.0,
        sign_check: bool = True,
        reference: str = "development",
        classed: bool = False,
        binner: Binner | None = None,
        include: Forced = None,
        exclude: Forced = None,
        random_state: int = 0,
    ):
        self.min_information_value = min_information_value
        self.max_information_value = max_information_value
        self.min_gini = min_gini
        self.max_gini = max_gini
        self.max_missing_share = max_missing_share
        self.max_psi = max_psi
        self.max_psi_over_time = max_psi_over_time
        self.min_period_rows = min_period_rows
        self.expectation_check = expectation_check
        self.max_correlation = max_correlation
        self.correlation = correlation
        self.method = method
        self.criterion = criterion
        self.max_p_value = max_p_value
        self.max_variance_inflation = max_variance_inflation
        self.sign_check = sign_check
        self.reference = reference
        self.classed = classed
        self.binner = binner
        self.include = include
        self.exclude = exclude
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        samples: ArrayLike | None = None,
        periods: ArrayLike | None = None,
    ) -> CharacteristicSelector:
        """Select among the columns of X (n, k) on y (n,), whose second class in sorted order is bad, weights (n,).

        samples: (n,) sample of each row; selection is made on the rows of the `reference`, the others are for their
        stability. periods: (n,) period of each row, such as its month, for stability over time. Raises what
        `Binner.fit` raises, ValueError where a parameter is out of range, a forced column or the reference unknown, or
        a limit of stability is set and its labels are not given, ModelError where a fit does not converge.
        """
        rows = self._rows(X, y, sample_weight)
        self._forced(list(rows.frame.columns), Record())
        spec = self._spec()
        _check_labels(spec, samples, periods)
        labels = [
            None if given is None else checked_labels(given, len(rows.used), name)[rows.used]
            for given, name in ((samples, "samples"), (periods, "periods"))
        ]
        inside = self._inside(labels[0], len(rows.frame))
        developed = _part(rows, inside)
        assert developed.y is not None
        found = classes_of(developed.frame, developed.y, developed.weights, classed=self.classed, binner=self.binner)
        self.stability_ = self._stability(rows, inside, labels, found)
        screened = self._screened(developed, found)
        names, fit, log = run_waterfall(screened, found.woe, developed.y, spec, weights=developed.weights)
        self.binner_, self.logistic_ = found.binner, fit
        self.waterfall_ = log.frame(names, spec.included)
        self.support_ = rows.frame.columns.isin(names)
        return self

    def _spec(self) -> SelectionSpec:
        settings = {name: getattr(self, name) for name in SelectionSpec.model_fields if hasattr(self, name)}
        forced = {name: forced_specs(settings[name], name) for name in ("include", "exclude")}
        return SelectionSpec(**{**settings, **forced})

    def _inside(self, samples: Any, rows: int) -> Any:
        """Which rows are those of the reference (n,)."""
        if samples is None:
            return np.ones(rows, bool)
        inside = np.equal(samples, self.reference).astype(bool)
        if not inside.any():
            there = sorted({str(label) for label in samples if label is not None})
            raise ValueError(f"the reference {self.reference!r} is no sample; there are {there}")
        return inside

    def _stability(self, rows: Rows, inside: Any, labels: list[Any], found: Classes) -> pd.DataFrame:
        """Rows of `selection.stability`: the worst sample and the worst period of each column."""
        samples, periods = labels
        over_samples: dict[str, Any] = {}
        over_time: dict[str, Any] = {}
        weights = None if rows.weights is None else rows.weights[inside]
        for name in rows.frame.columns:
            ids = found.assign(name, rows.frame[name])
            over_samples[name] = []
            if samples is not None:
                over_samples[name] = group_stability(ids, samples, reference=self.reference, weights=rows.weights)
            if periods is not None:
                few = self.min_period_rows
                over_time[name] = group_stability(ids[inside], periods[inside], min_rows=few, weights=weights)
        return stability_frame(over_samples, over_time)

    def _screened(self, rows: Rows, found: Classes) -> dict[str, Screened]:
        """What the screens know of each column: measures, leakage, expectation, stability."""
        assert rows.y is not None
        fine = {name: item.fine_gini for name, item in found.screened.items()}
        self.leakage_ = leakage_frame(rows.frame, rows.y, fine, seed=self.random_state)
        suspected, expected = suspicions(self.leakage_), _expectation(rows, found)
        over_samples, over_time = (_known(self.stability_, column) for column in ("sample_psi", "period_psi"))
        return {
            name: replace(
                item,
                psi=over_samples.get(name),
                psi_over_time=over_time.get(name),
                expectation=expected.get(name),
                suspicion=suspected.get(name),
            )
            for name, item in found.screened.items()
        }


def _check_labels(spec: SelectionSpec, samples: Any, periods: Any) -> None:
    for limit, given, parameter in (
        ("max_psi", samples, "samples"),
        ("max_psi_over_time", periods, "periods"),
    ):
        if getattr(spec, limit) is not None and given is None:
            raise ValueError(f"{limit} is set, and fit was given no {parameter}")


def _part(rows: Rows, inside: Any) -> Rows:
    weights = None if rows.weights is None else rows.weights[inside]
    y = None if rows.y is None else rows.y[inside]
    if y is not None and np.ptp(y) == 0:
        raise ValueError("y has 1 class only among the rows of the reference")
    return Rows(rows.frame.loc[inside].reset_index(drop=True), y, weights, inside)


def _expectation(rows: Rows, found: Classes) -> dict[str, float]:
    """Upper bound of the AUC in the direction that the Binner's `monotonic` declares, by column where it is known."""
    if found.binner is None or rows.y is None:
        return {}
    tables = found.binner.tables_
    numeric = {name: rows.frame[name].to_numpy(float) for name, table in tables.items() if table.kind == "numeric"}
    frame = expectation_frame(dict(found.binner.monotonic or {}), tables, numeric, rows.y, 0.95)
    return _known(frame, "auc_upper")


def _known(frame: pd.DataFrame, column: str) -> dict[str, float]:
    """Cells of a column by characteristic, where there is a number."""
    known = frame[frame[column].notna()]
    return {str(n): float(v) for n, v in zip(known["characteristic"], known[column], strict=True)}
