"""What all selectors share: X in and columns out, forced columns, and the record of why each left."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from credit_risk._core.errors import Fault
from credit_risk.binning.frames import FrameError, as_asked, chosen_columns, is_frame
from credit_risk.binning.inputs import binary_outcome, checked_columns, checked_weights, same_columns

Floats = NDArray[np.float64]
Forced = Sequence[str] | Mapping[str, str] | None
COLUMNS = ["characteristic", "step", "decision", "value", "threshold", "reason"]
NONE_LEFT = "No features were selected: waterfall_ says why each left"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that count: frame (n, k) of float64 and object columns, y (n,) 0/1 or None, weights (n,) or None.

    used: (N,) which of the rows given they are, those with a positive weight.
    """

    frame: pd.DataFrame
    y: Floats | None
    weights: Floats | None
    used: NDArray[np.bool_]


@dataclass
class Record:
    """Why each column left, as it happens."""

    rows: dict[str, tuple[str, float | None, float | None, str]] = field(default_factory=dict)

    def drop(self, name: str, step: str, value: float | None, threshold: float | None, reason: str) -> None:
        """Record that a column leaves, at which step, on what value against what threshold."""
        self.rows[name] = (step, value, threshold, reason)

    def left(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that have not left, in order."""
        return [name for name in names if name not in self.rows]

    def frame(
        self, names: Sequence[str], kept: Mapping[str, str], values: Mapping[str, float], threshold: float | None
    ) -> pd.DataFrame:
        """One row a column in the order of X; kept: forced columns with their reasons; values of those that stay."""
        rows = []
        for name in names:
            if name in self.rows:
                step, value, limit, reason = self.rows[name]
                rows.append((name, step, "left out", value, limit, reason))
            else:
                reason = kept.get(name, "passed every step")
                rows.append((name, "final", "selected", values.get(name), threshold, reason))
        types = {"value": np.float64, "threshold": np.float64}
        return pd.DataFrame(rows, columns=COLUMNS).astype(types)


class ColumnSelector(SelectorMixin, BaseEstimator):
    """Base of the selectors. Attributes after fit: support_ (k,), waterfall_, n_features_in_, feature_names_in_."""

    include: Forced
    exclude: Forced
    _takes_text = False
    _needs_outcome = True

    def transform(self, X: Any) -> Any:
        """The selected columns of X, untouched: a frame keeps its kind, types and index, unless `set_output` says else.

        Raises NotFittedError, and ValueError where X has other columns than in fit.
        """
        check_is_fitted(self)
        if not is_frame(X):
            return super().transform(X)
        same_columns(self, X)
        if not self.support_.any():
            warnings.warn(NONE_LEFT, UserWarning, stacklevel=2)
        return as_asked(self, chosen_columns(X, self.get_support(indices=True)))

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_

    def _rows(self, X: Any, y: ArrayLike | None, sample_weight: ArrayLike | None) -> Rows:
        """X, y and weights as scikit-learn checks them, without the rows of weight zero."""
        frame = checked_columns(self, X, reset=True, numeric=not self._takes_text)
        if not self._takes_text:
            _refuse_text(frame)
        weights = checked_weights(sample_weight, frame)
        used = np.ones(len(frame), bool) if weights is None else weights > 0
        outcome = None
        if y is not None or self._needs_outcome:
            self.classes_, outcome = binary_outcome(y, len(frame))
            outcome = outcome[used]
            if np.ptp(outcome) == 0:
                raise ValueError("y has 1 class only among the rows with a positive sample_weight")
        frame = frame.loc[used].reset_index(drop=True)
        return Rows(frame, outcome, None if weights is None else weights[used], used)

    def _forced(self, names: Sequence[str], record: Record) -> dict[str, str]:
        """Columns that stay, with their reasons; those excluded are recorded."""
        kept, out = forced_reasons(self.include, "include"), forced_reasons(self.exclude, "exclude")
        unknown = sorted({*kept, *out} - set(names))
        if unknown:
            raise ValueError(f"include or exclude names unknown columns {unknown}; there are {list(names)}")
        both = sorted(kept.keys() & out.keys())
        if both:
            raise ValueError(f"columns {both} are in include and in exclude")
        for name, reason in out.items():
            record.drop(name, "excluded", None, None, reason)
        return kept

    def _finish(
        self,
        names: Sequence[str],
        record: Record,
        kept: Mapping[str, str],
        *,
        values: Mapping[str, float],
        threshold: float | None,
    ) -> None:
        self.waterfall_ = record.frame(names, kept, values, threshold)
        self.support_ = (self.waterfall_["decision"] == "selected").to_numpy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_text
        tags.input_tags.categorical = self._takes_text
        tags.input_tags.string = self._takes_text
        tags.target_tags.required = self._needs_outcome
        tags.target_tags.two_d_labels = False
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def forced_reasons(forced: Forced, parameter: str) -> dict[str, str]:
    """Names with their reasons; a list gives the parameter as the reason."""
    if forced is None:
        return {}
    if isinstance(forced, str):
        raise ValueError(f"{parameter} is a list of columns, or a mapping of columns to reasons, not one text")
    if isinstance(forced, Mapping):
        return {str(name): str(reason) for name, reason in forced.items()}
    return dict.fromkeys(map(str, forced), f"in the parameter {parameter}")


def _refuse_text(frame: pd.DataFrame) -> None:
    """Raise FrameError, naming every column, where one holds text or missing values."""
    remedy = "transform it first, as WoeTransformer does, or drop it"
    faults = []
    for name in frame.columns:
        missing = int(frame[name].isna().sum())
        if not pd.api.types.is_numeric_dtype(frame[name]):
            message, found = "text, where the selector needs numbers", str(frame[name].dropna().iloc[0])[:60]
        elif missing:
            message, found = "missing values (NaN), where the selector needs numbers", f"in {missing} rows"
        else:
            continue
        faults.append(Fault(message, "column_type", path=f"column {name!r}", found=found, remedy=remedy))
    if faults:
        raise FrameError(faults)
