"""Tables of production for packages of the corpus, and their counts by brute force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.monitoring.frames import COUNT_COLUMNS
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.source import ProductionTable, same_names
from credit_risk.package import Package, read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.serving.cases import CORPUS, rows

MODELS = ("scorecard", "joined", "every_step", "boosting", "fraction", "amount", "attributed")
NOW = datetime(2026, 7, 1, tzinfo=UTC)
KEY, TIME = "key", "decided"


def clock() -> datetime:
    return NOW


def package(name: str) -> Package:
    return read_package(CORPUS / name)


def production(name: str, count: int, seed: int = 3) -> pd.DataFrame:
    """Rows that the model takes, with its results, keys, moments of six months (UTC) and a region."""
    model = package(name)
    frame = rows(name, count, seed).iloc[:, 1:]
    scored = compile_model(model.model).score(frame)
    rng = np.random.default_rng(seed)
    mapped = same_names(model, KEY, TIME).outputs
    table = pd.concat([frame, scored[[column for column in mapped.values() if column not in frame]]], axis=1)
    seconds = rng.integers(0, 181 * 86_400, len(table))
    table[TIME] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    table[KEY] = [f"K{k:06d}" for k in rng.permutation(len(table))]
    table["region"] = rng.choice(np.array(["north", "south", None], dtype=object), len(table))
    table["package"] = model.package_hash
    return table


def mapping(name: str, **more: Any) -> ProductionTable:
    given: dict[str, Any] = {"package": "package", "segments": {"region": "region"}}
    return same_names(package(name), KEY, TIME, **(given | more))


def brute(reference: Reference, table: pd.DataFrame, segments: Sequence[str] = ("region",)) -> pd.DataFrame:
    """COUNT_COLUMNS by scoring every row with the package and counting in pandas."""
    compiled = compile_model(reference.model)
    values = compiled.values(table[compiled.input_names])
    period = table[TIME].dt.strftime("%Y-%m")
    parts = []
    for variable in reference.variables:
        ids = _ids(reference, variable.name, values, table)
        chosen = np.ones(len(table), dtype=bool)
        if variable.within is not None:
            held = pd.Series(values[variable.within.value]).isin(variable.within.equals).to_numpy()
            chosen = ~held if variable.within.other else held
        for segment in ("all", *segments):
            if segment == "all":
                named = pd.Series("all", index=table.index)
            else:
                named = f"{segment}=" + table[segment].fillna("(missing)").astype(str)
            frame = pd.DataFrame({"period": period, "segment": named, "variable": variable.name, "bin": ids})
            parts.append(frame[chosen])
    whole = pd.concat(parts)
    return whole.groupby(COUNT_COLUMNS[:-1]).size().rename("rows").reset_index()


def _ids(reference: Reference, name: str, values: dict[str, np.ndarray], table: pd.DataFrame) -> np.ndarray:
    """Bins as the package's own steps give them; else value by value, by the words of the specification."""
    variable = reference.variable(name)
    if variable.origin == "the model" and variable.role == "characteristic":
        steps = [s for s in reference.model["steps"] if s["type"] == "classing" and s["input"] == variable.value]
        if len(steps) == 1:  # segments may each have a classing of their own
            return values[steps[0]["output_bin"]]
    outside = variable.value.startswith("output:")
    column = table[variable.value.removeprefix("output:")].to_numpy() if outside else values[variable.value]
    return np.array([_bin_of(one, variable) for one in column])


def _bin_of(value: Any, variable: Any) -> int:
    missing = value is None or value == "" or (isinstance(value, float) and np.isnan(value))
    for one in variable.bins:
        if (missing and one.takes_missing) or (not missing and value in one.codes):
            return int(one.id)
    for one in variable.bins:
        if one.kind == "interval" and (one.lower is None or one.lower <= value):
            if one.upper is None or value < one.upper:
                return int(one.id)
        elif one.kind == "categories" and value in one.values:
            return int(one.id)
    return int(next(one.id for one in variable.bins if one.kind == "unseen"))


def same_counts(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Equal rows in every cell; cells without rows stand in neither."""
    columns = COUNT_COLUMNS[:-1]
    assert list(found.columns) == COUNT_COLUMNS
    assert not found.duplicated(columns).any()
    left, right = (one.sort_values(columns).reset_index(drop=True)[COUNT_COLUMNS] for one in (found, wanted))
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def parts(table: pd.DataFrame, folder: Path, count: int = 3) -> Path:
    """The table in files of a folder, in the order of time."""
    folder.mkdir()
    ordered = table.sort_values(TIME)
    for k, place in enumerate(np.array_split(np.arange(len(ordered)), count)):
        ordered.iloc[place].to_parquet(folder / f"part-{k}.parquet", index=False)
    return folder


Clock = Callable[[], datetime]
