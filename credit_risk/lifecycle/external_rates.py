"""Calibration to external bad rates: the rows of each band, the map that comes nearest to its rates, the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration import CalibrationMap, ExternalFit, IdentityMap, SwitchedMap, calibrate_to_external
from credit_risk.calibration.external_spec import ExternalSpec
from credit_risk.lifecycle.classing import Prepared
from credit_risk.plan import Plan
from credit_risk.sampling.contract import special_codes
from credit_risk.scoring.expressions import band_labels

Floats = NDArray[np.float64]
BANDS, FIT = "calibration.external", "calibration.external_fit"
PATH = "calibration.external"
FORMS = {"shift": "shift", "line": "linear"}
BY_BAND = "intercept_by_band"
NONE_NAMED = "the plan names no external rates (calibration.external)"
ASSUMED = (
    "external rates identify one mean a band, and nothing else: within a band the order and spacing of the log-odds "
    "stay those of the score, or of the map before",
    "assumed is one shift, or one line, for all bands, which the test of fit can contradict; a slope found so takes up "
    "what the bands know and the score does not, and need not be that within a band",
    "assumed, and not shown by the data: the rates are of the same outcome, the same time and, within a band, the same "
    "kind of applicants",
)
ASSUMED_BY_BAND = (
    ASSUMED[0],
    "each band has a shift of its own, so that its mean is its rate and no test of it is left; between bands the order "
    "of the score is not kept; chi-square and intercept are of one shift for all bands, that of rows in no "
    "band, and in a band that no row of the source is in",
    ASSUMED[2],
)
COLUMNS = (
    *("model", "band", "rows", "share", "external_rate", "external_count", "external_share"),
    *("mean_before", "mean_after", "difference", "relative_difference", "standardised_difference"),
    *("shift", "shift_standard_error"),
)


@dataclass(frozen=True, slots=True)
class BandRows:
    """Rows of the source by band of the plan. place (n,): number of the band, −1 in none; rates: of all bands."""

    place: NDArray[np.int64]
    rates: pd.DataFrame
    weights: Floats | None


@dataclass(frozen=True, slots=True)
class Matched:
    """A candidate's fit to the external rates. rows: matched; unbanded: scored, in no band; unscored: no score.

    fit: of the bands; common: of one shift or line, the same but where bands have shifts of their own; final: the map
    of `common`; switched: maps by label of the band, None where one map is for all.
    """

    fit: ExternalFit
    common: ExternalFit
    final: CalibrationMap
    switched: SwitchedMap | None
    rows: int
    unbanded: int
    unscored: int


def band_rows(plan: Plan, prepared: Prepared) -> BandRows | None:
    """The rows of every band; None without external rates. Raises CalibrationError where the column does not fit."""
    spec = plan.calibration.external
    if spec is None:
        return None
    values = prepared.intake.frame[spec.column]
    numeric = pd.api.types.is_numeric_dtype(values)
    if numeric == any(isinstance(band.value, str) for band in spec.bands):
        found = "numbers" if numeric else "texts"
        message = f"the bands are not of the kind of the column {spec.column!r}, which holds {found}"
        remedy = "give lower and upper or numbers for a column of numbers, values for one of texts"
        raise CalibrationError(Fault(message, "type", path=f"{PATH}.bands", found=found, remedy=remedy))
    declared = plan.data.columns.get(spec.column)
    codes = special_codes(declared.specials, "numeric") if declared is not None and numeric else {}
    place = _places(values, spec, codes)
    rates = pd.DataFrame(
        {"band": b.label, "rate": b.rate, "count": b.count, "share": b.share} for b in spec.bands
    ).astype({"rate": float, "count": float, "share": float})
    return BandRows(place, rates, None if plan.samples.weight is None else prepared.weights)


def _places(values: pd.Series, spec: ExternalSpec, codes: Mapping[float | str, str]) -> NDArray[np.int64]:
    """Number of the band (n,) or −1; a special code is in no range, and may be a value of its own."""
    place = np.full(len(values), -1, dtype=np.int64)
    special = values.isin(list(codes)).to_numpy(dtype=bool)
    for k, band in enumerate(spec.bands):
        if band.value is not None:
            inside = (values == band.value).to_numpy(dtype=bool, na_value=False)
        else:
            x = values.to_numpy(dtype=np.float64, na_value=np.nan)
            low, high = (-np.inf if band.lower is None else band.lower), (np.inf if band.upper is None else band.upper)
            inside = (x >= low) & (x < high) & ~special
        place[inside] = k
    return place


def match_external(spec: ExternalSpec, bands: BandRows, score: Floats, first: CalibrationMap) -> Matched:
    """Fit the map of a candidate. score (n,): linear score of all rows; first: the map that is shifted.

    Raises CalibrationError: no row in a band, no finite shift, a slope that breaks the order.
    """
    scored, banded = np.isfinite(score), bands.place >= 0
    used = np.flatnonzero(scored & banded)
    if not len(used):
        message = f"no row with a score is in any band of {spec.column!r}"
        raise CalibrationError(Fault(message, "bands", path=f"{PATH}.bands", remedy="look at the bands of the column"))
    form = FORMS.get(spec.method, "shift")
    common = _fitted(bands, score, used, form, first)
    fit = _fitted(bands, score, used, "intercepts", first) if spec.method == BY_BAND else common
    final = next(iter(common.maps.values()))
    switched = SwitchedMap(_by_label(spec, fit), final) if spec.method == BY_BAND else None
    unbanded, unscored = int(np.count_nonzero(scored & ~banded)), int(np.count_nonzero(~scored))
    return Matched(fit, common, final, switched, len(used), unbanded, unscored)


def _fitted(bands: BandRows, score: Floats, used: NDArray[np.int64], form: Any, first: CalibrationMap) -> ExternalFit:
    return calibrate_to_external(
        score[used],
        bands.rates["band"].to_numpy()[bands.place[used]],
        bands.rates,
        None if bands.weights is None else bands.weights[used],
        form=form,
        first=None if isinstance(first, IdentityMap) else first,
    )


def cuts_of(spec: ExternalSpec) -> list[float] | None:
    """Ends of the bands, ascending; None where each band is a value."""
    ends = {float(end) for band in spec.bands for end in (band.lower, band.upper) if end is not None}
    return sorted(ends) or None


def _by_label(spec: ExternalSpec, fit: ExternalFit) -> dict[Any, CalibrationMap]:
    """Maps by what the model calls a band: its value, or the interval between two ends."""
    cuts, found = cuts_of(spec), dict[Any, CalibrationMap]()
    for band in spec.bands:
        if band.label not in fit.maps:
            continue
        if cuts is None:
            found[float(band.value) if isinstance(band.value, int | float) else band.value] = fit.maps[band.label]
        else:
            found[band_labels(cuts)[0 if band.lower is None else cuts.index(float(band.lower)) + 1]] = fit.maps[
                band.label
            ]
    return found


def external_evidence(plan: Plan, matched: Sequence[tuple[str, Matched]], inputs: tuple[str, ...]) -> list[Evidence]:
    """Bands with their rates and means, and the fit, of every candidate; not applicable without external rates."""
    spec = plan.calibration.external
    if spec is None:
        return [absent(name, "not_applicable", NONE_NAMED) for name in (BANDS, FIT)]
    told = f"rates by {spec.column}: {spec.source}, {spec.date}; matched on all rows in a band, outcome known or not"
    bands = pd.concat([_bands_frame(model, spec.method, one) for model, one in matched], ignore_index=True)
    fits = pd.DataFrame([_row(model, spec.method, one) for model, one in matched])
    notes = tuple(f"{model}: {note}" for model, one in matched for note in one.fit.notes)
    read = (*inputs, "plan.json")
    return [
        table(BANDS, bands[list(COLUMNS)], inputs=read, notes=(told, *notes)),
        table(FIT, fits, inputs=read, notes=(told, *(ASSUMED_BY_BAND if spec.method == BY_BAND else ASSUMED))),
    ]


def _bands_frame(model: str, method: str, one: Matched) -> pd.DataFrame:
    """The bands, with the shift of each where it has its own."""
    own = one.fit.parameters if method == BY_BAND else one.fit.parameters.iloc[:0]
    names = {"estimate": "shift", "standard_error": "shift_standard_error"}
    shifts = own[list(names)].rename(columns=names).astype(float).reindex(one.fit.bands.index)
    return pd.concat([one.fit.bands.assign(model=model), shifts], axis=1)


def _row(model: str, method: str, one: Matched) -> dict[str, object]:
    found = one.common.parameters.set_index("parameter")
    estimate, error = found["estimate"], found["standard_error"]
    named = "intercept" if method == "line" else "shift"
    return {
        "model": model,
        "method": method,
        "slope": float(estimate.get("slope", 1.0)),
        "slope_standard_error": float(error.get("slope", np.nan)),
        "intercept": float(estimate[named]),
        "intercept_standard_error": float(error[named]),
        "statistic": one.common.statistic,
        "degrees": one.common.degrees_of_freedom,
        "p_value": one.common.p_value,
        "rows": one.rows,
        "unbanded": one.unbanded,
        "unscored": one.unscored,
        "mean_before": one.fit.mean_before,
        "mean_after": one.fit.mean_after,
    }
