"""The rows of development: values of the champion and its results, from the snapshot and the predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, PackageError
from credit_risk.package import Package
from credit_risk.scoring import compile_model

DEVELOPMENT, APPLICANTS = "development", "applicants"
APPLICANTS_FILE = "reject_inference/applicants.parquet"


@dataclass(frozen=True, slots=True)
class Development:
    """values: inputs and derived values (n,) by name, empty where the data do not travel; outputs: published results.

    weights (n,): None where all are alike.
    """

    values: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, NDArray[Any]]
    weights: NDArray[np.float64] | None
    notes: tuple[str, ...]


def development_of(package: Package, population: str) -> Development:
    """The development sample, or all applicants of it. Raises PackageError where the package does not hold them."""
    if population not in (DEVELOPMENT, APPLICANTS):
        fault = Fault("there is no such population", "population", found=population, allowed="development, applicants")
        raise PackageError(fault)
    if population == APPLICANTS and APPLICANTS_FILE not in package.manifest["files"]:
        remedy = "compare with the development sample"
        message = "the package knows no applicants beside the rows with an outcome"
        raise PackageError(Fault(message, "population", APPLICANTS_FILE, remedy=remedy))
    if not package.manifest["snapshot"]["included"]:
        return _predictions(package, population)
    snapshot = package.snapshot()
    rows = _rows(package, snapshot, population)
    compiled = compile_model(package.model)
    refused = compiled.rows_in_error(rows[compiled.input_names])
    rows = rows[~refused].reset_index(drop=True)
    values: dict[str, NDArray[Any]] = {}
    notes = [f"expected counts are of {len(rows):,} rows: {population}"]
    if refused.any():
        notes.append(f"{int(refused.sum()):,} rows are left out of the expected counts: the model refuses them")
    for model in (package.model, *package.challengers.values()):
        needed = [item["name"] for item in model["inputs"]]
        if set(needed) <= set(rows.columns):
            own = compiled if model is package.model else compile_model(model)
            if not own.rows_in_error(rows[needed]).any():
                values = {**own.values(rows[needed]), **values}
    scored = compiled.score(rows[compiled.input_names])
    outputs = {name: scored[name].to_numpy() for name in scored.columns}
    weights = rows["_weight"].to_numpy(np.float64)
    if len(weights) and (weights != weights[0]).any():
        notes.append("expected counts are weighted, and scaled to Kish's effective rows")
        return Development(values, outputs, weights, tuple(notes))
    return Development(values, outputs, None, tuple(notes))


def _rows(package: Package, snapshot: pd.DataFrame, population: str) -> pd.DataFrame:
    if population == DEVELOPMENT:
        rows = snapshot[snapshot["_sample"] == DEVELOPMENT]
    else:
        applicants = pd.read_parquet(BytesIO(package.read(APPLICANTS_FILE)))
        chosen = applicants.loc[applicants["_sample"] == DEVELOPMENT, "row"].to_numpy(np.int64)
        rows = snapshot.iloc[chosen]
    if rows.empty:
        raise PackageError(Fault("holds no row of the population", "population", "data/snapshot.parquet"))
    return rows.reset_index(drop=True)


def _predictions(package: Package, population: str) -> Development:
    if population != DEVELOPMENT:
        message = "applicants are counted from the data, which do not travel with the package"
        raise PackageError(Fault(message, "population", remedy="compare with the development sample"))
    note = "the data do not travel with the package: expected counts are those of predictions and evidence"
    if DEVELOPMENT not in package.samples:
        return Development({}, {}, None, (note,))
    frame = package.predictions(DEVELOPMENT).drop(columns="_key")
    return Development({}, {name: frame[name].to_numpy() for name in frame.columns}, None, (note,))
