"""Outcomes of rejected applicants observed elsewhere, such as their performance at other lenders by the bureau."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference._inputs import check_bands, counted, probabilities_of
from credit_risk.reject_inference.bands import quantile_bands
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, known_rows


def external_values(values: ArrayLike, bad: int | float | str | bool) -> Floats:
    """Outcomes elsewhere (n,): 1 where the value equals `bad`, 0 where it is another one, NaN where it is missing.

    Raises CreditRiskError where no value equals `bad` or all do, which a `bad` of another type than the column ends in.
    """
    raw = pd.Series(values if isinstance(values, pd.Series) else np.asarray(values)).reset_index(drop=True)
    present = raw.notna().to_numpy()
    is_bad = np.array([_equals(value, bad) for value in raw[present].tolist()], dtype=bool)
    if not is_bad.any() or is_bad.all():
        which = "no value means bad" if not is_bad.any() else "every value means bad"
        found = ", ".join(repr(value) for value in raw[present].drop_duplicates().tolist()[:5]) or "no values"
        remedy = "give the value that means bad, in the type of the column"
        raise CreditRiskError(
            Fault(f"outcomes elsewhere: {which}", "external_value", found=found, allowed=repr(bad), remedy=remedy)
        )
    y = np.full(len(raw), np.nan)
    y[present] = is_bad
    return y


def external_outcomes(
    decided: Decided, external: ArrayLike, probability: ArrayLike, *, bands: int = 10, source: str = "elsewhere"
) -> InferredRows:
    """Known outcomes, and rejects with an outcome elsewhere, who stand for the rejects of their band without one.

    external (n,): 1 bad, 0 good, NaN unknown (`external_values`); of accepted applicants it is not used. probability
    (n,): of bad, by the model of known outcomes. Weight of such a reject: w · (weight of the band's rejects / weight of
    those with an outcome elsewhere), bands as in `quantile_bands` of those with one, so that each band holds some.
    Total weight: that of known outcomes and rejects. Raises CreditRiskError on values other than 0, 1 and missing, no
    reject with an outcome elsewhere, probabilities outside [0, 1], fewer than 2 bands.
    """
    check_bands(bands)
    p = probabilities_of(decided, probability, "probability")
    elsewhere = _checked(decided, external)
    rejected = decided.rejected
    told = rejected & np.isfinite(elsewhere)
    cut = quantile_bands(p, decided.weights, told, bands)
    band = cut.of(p)
    everyone = np.bincount(band[rejected], weights=decided.weights[rejected], minlength=cut.count)
    factor = everyone / np.bincount(band[told], weights=decided.weights[told], minlength=cut.count)
    place, y, weight, inferred = known_rows(decided)
    rows = np.flatnonzero(told)
    notes = [
        f"outcomes observed {source} are taken for outcomes here",
        f"{counted(len(rows), 'reject')} of {int(np.count_nonzero(rejected)):,} with an outcome there stand for all of "
        f"their score band ({counted(cut.count, 'band')}; factors from {factor.min():.3g} to {factor.max():.3g}): "
        "assumes that, within a band, an outcome there is missing by chance",
    ]
    if cut.count < bands:
        notes.append(f"{bands:,} bands were asked for: quantiles that coincide make one band")
    unused = int(np.count_nonzero(decided.accepted & np.isfinite(elsewhere)))
    if unused:
        notes.append(f"outcomes there of {counted(unused, 'accepted applicant')} are not used")
    return InferredRows(
        "external_outcomes",
        np.concatenate([place, rows]),
        np.concatenate([y, elsewhere[rows]]),
        np.concatenate([weight, decided.weights[rows] * factor[band[rows]]]),
        np.concatenate([inferred, np.ones(len(rows), dtype=bool)]),
        tuple(notes),
    )


def _checked(decided: Decided, external: ArrayLike) -> Floats:
    raw: Any = external
    if hasattr(raw, "to_numpy"):
        raw = raw.to_numpy(dtype=np.float64, na_value=np.nan)
    y = np.asarray(raw, dtype=np.float64)
    faults = []
    if y.shape != (len(decided),):
        found, allowed = f"shape {y.shape}", f"({len(decided)},)"
        faults.append(
            Fault("outcomes do not fit the applicants", "shape", path="external", found=found, allowed=allowed)
        )
        raise CreditRiskError(faults)
    odd = ~np.isnan(y) & (y != 0) & (y != 1)
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        text, allowed = "outcome codes other than 0 and 1", "0, 1 or missing"
        faults.append(Fault(text, "outcome_code", path="external", row=row + 1, found=f"{y[row]:g}", allowed=allowed))
    elif not (decided.rejected & np.isfinite(y)).any():
        remedy = "use another method"
        faults.append(Fault("no reject has an outcome elsewhere", "no_external", path="external", remedy=remedy))
    if faults:
        raise CreditRiskError(faults)
    return y


def _equals(value: object, bad: object) -> bool:
    """Equal in value and in kind: true is not 1, text is not a number."""
    if isinstance(value, (bool, np.bool_)) != isinstance(bad, bool):
        return False
    return bool(value == bad)
