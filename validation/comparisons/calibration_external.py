"""External rates: rows placed in the plan's bands again, the map matched again, and both tables held against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.compare import in_order
from validation.rebuild.calibration_external import OwnExternal, match_own, place_rows
from validation.rebuild.calibration_maps import OwnMap
from validation.rebuild.calibration_weights import as_planned
from validation.rebuild.workspace import Workspace

BANDS, FIT = "calibration.external", "calibration.external_fit"
RULE = "calibrated_probability"
SHIFT, RULES_OF_ERRORS = "shift_standard_error", "numerical_standard_error"
NUMERICAL = "standard errors by numerical derivatives"
FITS = {
    "slope": "coefficient",
    "slope_standard_error": "standard_error",
    "intercept": "coefficient",
    "intercept_standard_error": "standard_error",
    "statistic": "z",
    "degrees": "rows",
    "p_value": "p_value",
    "rows": "rows",
    "unbanded": "rows",
    "unscored": "rows",
    "mean_before": RULE,
    "mean_after": RULE,
}
COLUMNS = {
    "rows": "rows",
    "share": "share",
    "external_rate": "share",
    "external_count": "count",
    "external_share": "share",
    "mean_before": RULE,
    "mean_after": RULE,
    "difference": "coefficient",
    "relative_difference": "coefficient",
    "standardised_difference": "z",
    "shift": "coefficient",
    "shift_standard_error": "standard_error",
}


def external_of(space: Workspace, first: OwnMap, score: NDArray[np.float64]) -> OwnExternal | None:
    """Return our match of a map to the plan's external rates on all rows (n,); None without. Raises NotFitted."""
    spec = (space.package.plan.get("calibration") or {}).get("external")
    if spec is None:
        return None
    column = spec["column"]
    declared = ((space.package.plan.get("data") or {}).get("columns") or {}).get(column) or {}
    values = space.frame[column]
    numeric = values.dtype.kind in "if"
    codes = [float(code) for code in declared.get("specials") or {}] if numeric else []
    return match_own(spec, first, score, as_planned(space).weight, place_rows(values, spec["bands"], codes))


def compare_external(space: Workspace, matched: Mapping[str, OwnExternal]) -> None:
    """Compare parameters, errors, test and counts of every model, and every band."""
    if not matched:
        return
    tables = {area: space.package.rows_of(area) for area in (BANDS, FIT)}
    for area, table in tables.items():
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
            return
    spec = space.package.plan["calibration"]["external"]
    fits: dict[str, dict[str, Any]] = {row["model"]: row for row in tables[FIT] or []}
    space.ledger.words(FIT, "models", sorted(fits), sorted(matched), "model", [FIT])
    names = [name for name in matched if name in fits]
    stated = [fits[name]["method"] for name in names]
    space.ledger.words(FIT, "method", stated, [spec.get("method", "shift")] * len(names), names, [FIT])
    for column, rule in FITS.items():
        own = [matched[name].fit[column] for name in names]
        space.ledger.numbers(FIT, column, rule, [fits[name][column] for name in names], own, names, [FIT])
    keys = [(name, band) for name, one in matched.items() for band in one.names]
    rows = {(row["model"], row["band"]): row for row in tables[BANDS] or []}
    given = in_order([(row["model"], row["band"]) for row in tables[BANDS] or []], keys)
    space.ledger.words(BANDS, "models and bands", given, keys, "band", [BANDS])
    if given != keys:
        return
    labels = [f"{name} {band}" for name, band in keys]
    for column, rule in COLUMNS.items():
        own = [value for one in matched.values() for value in one.bands[column]]
        stated = [rows[key].get(column) for key in keys]
        space.ledger.numbers(BANDS, column, rule, stated, own, labels, [BANDS])
    _compare_numerical(space, matched, fits, [rows[key] for key in keys])


def _compare_numerical(
    space: Workspace,
    matched: Mapping[str, OwnExternal],
    fits: Mapping[str, Mapping[str, Any]],
    bands: list[dict[str, Any]],
) -> None:
    """The stated errors against those by differences; bands: rows of the developer's table in our order."""
    given: dict[str, list[Any]] = {FIT: [], BANDS: []}
    mine: dict[str, list[float | None]] = {FIT: [], BANDS: []}
    labels: dict[str, list[str]] = {FIT: [], BANDS: []}
    start = 0
    for name, one in matched.items():
        here = bands[start : start + len(one.names)]
        start += len(one.names)
        for column, values in one.numerical.items():
            area = BANDS if column == SHIFT else FIT
            rows = here if area == BANDS else [fits[name]] if name in fits else []
            given[area] += [row.get(column) for row in rows]
            mine[area] += values[: len(rows)]
            labels[area] += [f"{name} {row.get('band', column)}" for row in rows]
    for area in (FIT, BANDS):
        space.ledger.numbers(area, NUMERICAL, RULES_OF_ERRORS, given[area], mine[area], labels[area], [area])
