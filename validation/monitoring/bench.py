"""What all comparisons of a run work on: development and production scored and classed by our own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.compare import Ledger
from validation.errors import Fault, ValidationInputError
from validation.monitoring.production import INPUT, SEGMENT, Production
from validation.monitoring.run_folder import RunFolder
from validation.monitoring.settings import Settings
from validation.package import Package
from validation.score import read_inputs, run_step
from validation.steps.values import Value

Floats = NDArray[np.float64]
ALL = "all"
DEVELOPMENT, APPLICANTS = "development", "applicants"


@dataclass(frozen=True, slots=True)
class Bench:
    """development, scored: named values of the champion over the rows of development and (None where an input is
    absent) of production; weight (n,) of development, None where all are alike; outcomes by key, None where none were
    given; approved, declined: the bank's words."""

    package: Package
    run: RunFolder
    ledger: Ledger
    settings: Settings
    production: Production
    place: Path
    outcomes: pd.DataFrame | None
    approved: tuple[str, ...]
    declined: tuple[str, ...]
    development: Mapping[str, Value]
    development_rows: int
    weight: Floats | None
    scored: Mapping[str, Value] | None

    @property
    def segments(self) -> list[str]:
        """Segment columns of the plan that production has, with no more values than the plan allows."""
        frame = self.production.frame
        names = [name for name in self.settings.segments if SEGMENT + name in frame]
        return [name for name in names if frame[SEGMENT + name].nunique() <= self.settings.most_segments]

    def output(self, name: str) -> Floats | None:
        """A published number of the champion over development, None where it has none."""
        column = self.package.model["outputs"].get(name)
        return None if not column else np.asarray(self.development[column].data, np.float64)

    def groups(self, missing: str, frame: pd.DataFrame | None = None) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
        """(period, segment, rows) of each month and each value of each segment; `missing` names the absent value."""
        frame = self.production.frame if frame is None else frame
        month = frame["period"].to_numpy(object)
        for period in sorted(set(month)):
            inside = np.flatnonzero(month == period)
            for segment, rows in self.within(inside, missing, frame):
                yield period, segment, rows

    def within(
        self, rows: NDArray[np.int64], missing: str, frame: pd.DataFrame | None = None
    ) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """(segment, rows) of some rows: all of them, then those of each value of each segment."""
        frame = self.production.frame if frame is None else frame
        yield ALL, rows
        for name in self.segments:
            values = frame[SEGMENT + name].to_numpy(object)[rows]
            words = np.array([missing if one is None or one != one else str(one) for one in values] + [""], object)[:-1]
            for word in sorted(set(words)):
                yield f"{name}={word}", rows[words == word]


def open_bench(
    package: Package,
    run: RunFolder,
    ledger: Ledger,
    settings: Settings,
    production: Production,
    place: Path,
    outcomes: pd.DataFrame | None,
    words: tuple[Sequence[str], Sequence[str]],
) -> Bench:
    """Score development and production. Raises ValidationInputError where the package came without its rows."""
    rows = _rows(package, run.about("compared with") or DEVELOPMENT)
    values = score(package.model, rows)
    fine = ~refused(package, values)
    held = {name: Value(one.kind, one.data[fine], one.error[fine]) for name, one in values.items()}
    weight = rows["_weight"].to_numpy(np.float64)[fine]
    names = [item["name"] for item in package.model["inputs"]]
    scored = None
    if all(INPUT + name in production.frame for name in names):
        scored = score(package.model, production.frame.rename(columns={INPUT + name: name for name in names}))
    return Bench(
        package, run, ledger, settings, production, place, outcomes, tuple(words[0]), tuple(words[1]),
        held, int(fine.sum()), None if not len(weight) or np.ptp(weight) == 0 else weight, scored,
    )  # fmt: skip


def score(model: Mapping[str, object], frame: pd.DataFrame) -> dict[str, Value]:
    """Every named value of the model; an infinite input is a value in error, which passes through the steps."""
    inputs: list[str] = [item["name"] for item in model["inputs"]]  # type: ignore[attr-defined]
    plain = frame[inputs].copy()
    wrong = {name: np.isinf(plain[name].to_numpy()) for name in inputs if plain[name].dtype.kind == "f"}
    for name, mask in wrong.items():
        plain.loc[mask, name] = np.nan
    names = read_inputs(model, plain)
    for name, mask in wrong.items():
        names[name] = replace(names[name], error=names[name].error | mask)
    steps: list[Mapping[str, object]] = model["steps"]  # type: ignore[assignment]
    for step in steps:
        names.update(run_step(step, names, len(frame), steps))
    return names


def _rows(package: Package, population: str) -> pd.DataFrame:
    if package.snapshot is None:
        remedy = "give the snapshot with --data"
        raise ValidationInputError(Fault("snapshot_invalid", "the package came without its rows", remedy=remedy))
    if population == APPLICANTS and package.reject_inference is not None:
        held = package.reject_inference.applicants
        chosen = held.loc[held["_sample"] == DEVELOPMENT, "row"].to_numpy(np.int64)
        return package.snapshot.iloc[chosen].reset_index(drop=True)
    return package.snapshot[package.snapshot["_sample"] == DEVELOPMENT].reset_index(drop=True)


def refused(package: Package, values: Mapping[str, Value]) -> NDArray[np.bool_]:
    """Rows that the model refuses: a published result is in error."""
    names = [one for one in package.model["outputs"].values() if isinstance(one, str)]
    return np.logical_or.reduce([values[name].error for name in names if name in values])
