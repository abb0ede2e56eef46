"""What tells the segment or band of a row, for calibrations that differ by it: labels, and the steps that make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration import CalibrationMap, SwitchedMap
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs
from credit_risk.lifecycle.classing import Prepared, derive_steps, model_inputs
from credit_risk.models.assemble import InputColumn
from credit_risk.models.calibrated import Reading
from credit_risk.plan import Plan
from credit_risk.sampling.expressions import without_specials
from credit_risk.scoring.expressions import band_labels

Labels = NDArray[np.object_]
Step = dict[str, Any]
Make = Callable[[str, str], list[Step]]
MOST = 100


@dataclass(frozen=True, slots=True)
class Divided:
    """A column that divides rows. label (n,): of every row of the source, text or number, None without one.

    banded: expression that gives the label where a column of numbers has edges; None where its values are labels.
    order: labels of bands, ascending.
    """

    column: str
    label: Labels
    banded: Mapping[str, Any] | None
    reading: Reading
    order: tuple[str, ...] = ()

    def make(self, switched: SwitchedMap | CalibrationMap) -> Make:
        """Steps from linear score to probability, by the name of each."""
        if not isinstance(switched, SwitchedMap):
            return switched.steps

        def steps(source: str, output: str) -> list[Step]:
            if self.banded is None or not switched.maps:
                return switched.steps(source, self.column, output)
            name = f"{output}.label"
            derive = {"id": name, "type": "derive", "output": name, "value_type": "string"}
            words = f"{self.column}, by the edges of the calibration"
            return [
                {**derive, "expression": self.banded, "description": words},
                *switched.steps(source, name, output),
            ]

        return steps


@dataclass(frozen=True, slots=True)
class _Sources:
    inputs: Mapping[str, InputColumn]
    derive_steps: Mapping[str, Step]


def divided(
    plan: Plan,
    prepared: Prepared,
    column: str,
    edges: Sequence[float] | None,
    path: str,
    *,
    most: int | None = MOST,
) -> Divided:
    """The column as the calibration divides rows by it.

    Raises CalibrationError: dates, edges of texts, more than `most` values where each is a label.
    """
    intake = prepared.intake
    values, kind = intake.frame[column], intake.types[column]
    if kind not in ("numeric", "categorical"):
        remedy = "derive a number or a text of it, such as year()"
        raise CalibrationError(Fault(f"{column!r} holds {kind}s", "type", path=path, found=kind, remedy=remedy))
    if edges is not None and kind != "numeric":
        message = f"edges are of numbers, and {column!r} holds texts"
        raise CalibrationError(Fault(message, "type", path=path, remedy="leave edges out: each value is a segment"))
    reading = _reading(plan, prepared, column)
    if edges is None:
        return Divided(column, _plain(values, column, path, most), None, reading)
    cuts = [float(edge) for edge in edges]
    codes = {column: list(intake.specials.get(column, {}))}
    expression = {"op": "band", "args": [{"ref": column}, *({"const": cut} for cut in cuts)]}
    label = banded(values.to_numpy(dtype=np.float64, na_value=np.nan), cuts, codes[column])
    return Divided(column, label, without_specials(expression, codes), reading, tuple(band_labels(cuts)))


def banded(values: NDArray[np.float64], cuts: Sequence[float], codes: Sequence[Any]) -> Labels:
    """Label (n,) of the band of each number between ascending cuts; None of a special code or a missing one."""
    names = np.array([*band_labels(cuts), None], dtype=object)
    place = np.searchsorted(np.asarray(cuts, dtype=np.float64), values, side="right")
    place[np.isnan(values) | np.isin(values, [float(code) for code in codes])] = len(names) - 1
    found: Labels = names[place]
    return found


def _plain(values: pd.Series, column: str, path: str, most: int | None) -> Labels:
    label: Labels = np.array(values.astype(object).tolist(), dtype=object)
    label[values.isna().to_numpy(dtype=bool)] = None
    count = int(values.nunique())
    if most is not None and count > most:
        remedy = "give edges, or group the values in a derived characteristic"
        found, allowed = f"{count:,} values", f"{most} at most"
        message = f"{column!r} has too many values to be segments"
        raise CalibrationError(Fault(message, "range", path=path, found=found, allowed=allowed, remedy=remedy))
    return label


def _reading(plan: Plan, prepared: Prepared, column: str) -> Reading:
    intake = prepared.intake
    sources = _Sources(model_inputs(intake, (column,)), derive_steps(plan, intake))
    inputs = tuple(one.as_dict() for one in read_inputs([column], sources))
    return Reading(inputs, tuple(intake.contract_columns), tuple(derivations([column], sources)))
