"""Selection of columns whose distribution is stable over samples or over time."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.binning.inputs import checked_labels
from credit_risk.binning.transformers import Binner
from credit_risk.selection.estimators.base import ColumnSelector, Forced, Record, Rows
from credit_risk.selection.estimators.classes import classes_of, distinct_ids, refuse_unclassed
from credit_risk.selection.stability import GroupStability, group_stability, worst

NOT_JUDGED = "fit was given no samples: no column was judged, all stay"


class StabilitySelector(ColumnSelector):
    """Keep columns whose population stability index is within the bound in every sample or period of the rows.

    `samples` is given to fit: a label for each row. With a `reference`, such as "development", every other sample is
    held against it, and classes are those of the reference rows; without one, every label, such as a month, is held
    against all other rows. Labels with fewer than `min_rows` rows are not judged: in few rows chance alone reaches the
    bound. Columns are classed as in `InformationValueSelector` (`classed`, `binner`); include, exclude as there.

    Attributes: support_, waterfall_ (in the order of X; value is the greatest index), psi_ (every column and label),
    binner_, n_features_in_, feature_names_in_.
    """

    _takes_text = True

    def __init__(
        self,
        *,
        max_psi: float = 0.25,
        reference: str | None = None,
        min_rows: int = 200,
        classed: bool = False,
        binner: Binner | None = None,
        include: Forced = None,
        exclude: Forced = None,
    ):
        self.max_psi = max_psi
        self.reference = reference
        self.min_rows = min_rows
        self.classed = classed
        self.binner = binner
        self.include = include
        self.exclude = exclude

    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        samples: ArrayLike | None = None,
    ) -> StabilitySelector:
        """Count the classes of the columns of X (n, k) in each of the `samples` (n,), weighted with weights (n,).

        y (n,) is what columns are classed on, and is not needed where X is classed. A row whose label is missing
        belongs to none. Without samples all columns stay, and a warning says so. Raises ValueError where a parameter is
        out of range, the reference is no sample, or a forced column unknown, and what `Binner.fit` raises.
        """
        if not self.max_psi > 0:
            raise ValueError(f"max_psi is {self.max_psi!r}; allowed: above 0")
        rows, record = self._rows(X, y, sample_weight), Record()
        names = list(rows.frame.columns)
        kept = self._forced(names, record)
        if samples is None:
            warnings.warn(NOT_JUDGED, UserWarning, stacklevel=2)
            self.binner_, self.psi_ = None, stability_rows({})
            reasons = dict.fromkeys(names, NOT_JUDGED) | kept
            self._finish(names, record, reasons, values={}, threshold=self.max_psi)
            return self
        labels = checked_labels(samples, len(rows.used), "samples")[rows.used]
        found, self.binner_ = stability_of(
            rows, labels, self.reference, self.min_rows, classed=self.classed, binner=self.binner
        )
        greatest = {name: group for name, groups in found.items() if (group := worst(groups)) is not None}
        values = {name: float(group.psi or 0.0) for name, group in greatest.items()}
        for name in record.left(values):
            if values[name] > self.max_psi and name not in kept:
                reason = f"population stability index above the threshold in {greatest[name].group}"
                record.drop(name, "stability", values[name], self.max_psi, reason)
        self.psi_ = stability_rows(found)
        unjudged = {name: "too few rows in every sample to judge it" for name in names if name not in values}
        self._finish(names, record, unjudged | kept, values=values, threshold=self.max_psi)
        return self

    @property
    def _needs_outcome(self) -> bool:  # type: ignore[override]
        return not self.classed


def stability_of(
    rows: Rows,
    labels: NDArray[np.object_],
    reference: str | None,
    min_rows: int,
    *,
    classed: bool,
    binner: Binner | None,
) -> tuple[dict[str, list[GroupStability]], Binner | None]:
    """Stability of each column over `labels` (n,), and the Binner that classed them, None where they are classed.

    Raises ValueError where the reference is no label.
    """
    if reference is not None and reference not in set(labels[labels != np.array(None)]):
        there = sorted({str(label) for label in labels if label is not None})
        raise ValueError(f"the reference {reference!r} is no sample; there are {there}")
    fitted = None
    if classed:
        refuse_unclassed(rows.frame)
        ids = {name: distinct_ids(rows.frame[name]) for name in rows.frame.columns}
    else:
        assert rows.y is not None
        base = np.ones(len(labels), bool) if reference is None else np.equal(labels, reference)
        weights = None if rows.weights is None else rows.weights[base]
        frame = rows.frame.loc[base].reset_index(drop=True)
        fitted = classes_of(frame, rows.y[base], weights, classed=False, binner=binner).binner
        assert fitted is not None
        ids = {name: table.assign(rows.frame[name].to_numpy()) for name, table in fitted.tables_.items()}
    found = {
        name: group_stability(index, labels, reference=reference, min_rows=min_rows, weights=rows.weights)
        for name, index in ids.items()
    }
    return found, fitted


def stability_rows(found: dict[str, list[GroupStability]]) -> pd.DataFrame:
    """One row a column and label: rows, index and chance level, NaN where it is not judged."""
    rows = [(name, g.group, g.rows, g.psi, g.chance_level) for name, groups in found.items() for g in groups]
    types = {"rows": np.float64, "psi": np.float64, "chance_level": np.float64}
    return pd.DataFrame(rows, columns=["characteristic", "sample", *types]).astype(types)
