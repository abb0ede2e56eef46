"""Samples judged: times that are what they are called, no rows twice, windows that have passed, seeds, whose scores."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pandas as pd

from validation.battery.cuts import judge, keep_rule
from validation.rebuild.duplicates import mixed_groups
from validation.rebuild.times import time_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import sources_of

IN_TIME = (DEVELOPMENT, "calibration", "out_of_sample")
MOST_MATCHES = 0.99
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


def check_time(space: Workspace) -> None:
    """Rows out of time are later (or, before it, earlier) than every row of the development period."""
    inside = [space.rows[name] for name in IN_TIME if name in space.rows]
    times = _times(space)
    for sample, word, check in (
        ("out_of_time", "later", "out_of_time_not_later"),
        ("out_of_time_before", "earlier", "out_of_time_not_later"),
    ):
        test = f"battery: {sample} is {word} than development"
        if sample not in space.rows:
            continue
        if times is None or not inside:
            space.ledger.not_evaluable(test, "the snapshot has no column that places rows in time")
            continue
        own, others = times[space.rows[sample]], times[np.concatenate(inside)]
        own, others = own[~pd.isna(own)], others[~pd.isna(others)]
        if not len(own) or not len(others):
            space.ledger.not_evaluable(test, "the rows of a sample have no time")
            continue
        wrong = int(np.count_nonzero(own <= others.max() if word == "later" else own >= others.min()))
        limit = others.max() if word == "later" else others.min()
        broken = [f"{wrong} of {len(own)} rows of {sample} are not {word} than development, which goes to {limit}."]
        keep_rule(
            space,
            test,
            check,
            broken if wrong else [],
            compared=len(own),
            cut="every row",
            quantity="rows",
            remedy="Draw the sample by time (samples.out_of_time), and judge stability again.",
            evidence=("samples.summary",),
        )


def _times(space: Workspace) -> np.ndarray | None:
    """Return the time (n,) of each row: numbers, or ISO dates as text to their day; None where there are none."""
    name = time_column(space.package.plan)
    if name not in space.frame.columns:
        name = (space.package.plan.get("data") or {}).get("date")
    if name is None or name not in space.frame.columns:
        return None
    values = space.frame[name]
    if values.dtype.kind in "fi":
        return values.to_numpy(np.float64).astype(object)
    return np.array([None if value is None else str(value)[:10] for value in values.tolist()], dtype=object)


def check_duplicates(space: Workspace) -> None:
    """Rows equal in all inputs and the outcome stand in two samples no more often than a random split puts them."""
    read = {name for model in space.package.models.values() for name in sources_of(model)}
    columns = sorted(read & set(space.frame.columns))
    pairs = [(DEVELOPMENT, name) for name in space.rows if name != DEVELOPMENT]
    if "calibration" in space.rows:
        pairs += [("calibration", name) for name in space.rows if name.startswith("out_of")]
    if not columns or not pairs or DEVELOPMENT not in space.rows:
        space.ledger.not_evaluable("battery: samples share no row under another key", "no two samples, or no input")
        return
    codes = pd.factorize(pd.util.hash_pandas_object(space.frame[[*columns, "_outcome"]], index=False))[0]
    for first, second in pairs:
        rows = [space.known(first), space.known(second)]
        both = np.concatenate(rows)
        if not len(rows[0]) or not len(rows[1]):
            continue
        found = mixed_groups(codes[both], space.cluster[both], np.arange(len(both)) < len(rows[0]))
        judge(
            space,
            f"battery: {first} and {second} share no row under another key",
            "p-value",
            found.p_value,
            fail="duplicate_rows_level",
            below=True,
            statement=(
                f"{found.mixed} of {found.groups} groups of rows with equal inputs and outcome stand in both {first} "
                f"and {second}; a random split puts {found.expected:.1f} there (p {found.p_value:.2g})."
            ),
            remedy="Remove the copies, or keep equal rows together (samples.group: duplicates), and draw again.",
            evidence=("samples.summary",),
        )


def check_window(space: Workspace) -> None:
    """The performance window of every row in a sample had passed when observation ended."""
    test = "battery: performance windows have passed"
    plan = space.package.plan
    outcome = plan.get("outcome") or {}
    if outcome.get("history") is None:
        space.ledger.not_evaluable(test, "the outcome is a column: the plan states no window that rows can be held to")
        return
    months = (outcome.get("windows") or {}).get("performance_months")
    times, until = _times(space), _observed_until(space)
    used = np.sort(np.concatenate(list(space.rows.values()))) if space.rows else np.zeros(0, dtype=np.int64)
    points = [] if times is None else [point for value in times[used] if (point := month_number(value)) is not None]
    if until is None or not points or not isinstance(months, int):
        space.ledger.not_evaluable(test, "the rows have no observation point, or the end of observation is not told")
        return
    short = sum(point + months > until for point in points)
    keep_rule(
        space,
        test,
        "window_short",
        [f"{short} rows were observed for fewer than the {months} months that the plan states."] if short else [],
        compared=len(points),
        cut=f"{months} months",
        quantity="rows",
        remedy="Leave rows out whose window has not passed, or shorten the window (outcome.windows).",
        evidence=("outcome.window", "outcome.history"),
    )


def _observed_until(space: Workspace) -> int | None:
    """Return the last month of observation as a number: of the plan, else as the evidence tells it."""
    stated = ((space.package.plan.get("outcome") or {}).get("history") or {}).get("observed_until")
    if stated is None:
        told = {row["item"]: row["value"] for row in space.package.rows_of("outcome.history") or []}
        stated = told.get("observed until")
    return month_number(stated)


def month_number(value: Any) -> int | None:
    """Return a month as a whole number: 12·year + month of a date as text, a number as it is; None where neither."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    match = _MONTH.match(str(value))
    if match:
        return 12 * int(match[1]) + int(match[2])
    try:
        return int(float(value))
    except ValueError:
        return None


def check_seeds(space: Workspace) -> None:
    """The seeds of the manifest are those that follow from the plan."""
    test = "battery: seeds of the manifest"
    seed = (space.package.plan.get("samples") or {}).get("seed")
    if seed is None:
        space.ledger.not_evaluable(test, "the plan states no seed")
        return
    own = {"plan": int(seed), "samples": int(hashlib.sha256(f"{seed}/samples".encode()).hexdigest()[:8], 16)}
    stated = space.package.manifest["seeds"]
    keep_rule(
        space,
        test,
        "seeds",
        [
            f"The manifest states the seed {stated[name]} of {name}; the plan's is {value}."
            for name, value in own.items()
            if name in stated and stated[name] != value
        ],
        compared=len(own),
        cut="equal",
        quantity="seeds",
        remedy="Run the plan again; a package is made with the seeds of its plan.",
        evidence=("samples.summary",),
    )


def check_owners(space: Workspace) -> None:
    """Predictions that are those of another model of the package."""
    models = list(space.package.models)
    if len(models) < 2:
        return
    for model_id in models:
        test = f"battery: predictions of {model_id} are its own"
        broken, compared = [], 0
        for sample, rows in space.rows.items():
            table = space.package.predictions.get((model_id, sample))
            if table is None or len(table) != len(rows):
                continue
            compared += len(rows)
            if _matches(space, model_id, rows, table) >= MOST_MATCHES:
                continue
            for other in models:
                if other != model_id and _matches(space, other, rows, table) >= MOST_MATCHES:
                    broken.append(f"The predictions of {model_id} on {sample} are those of {other}.")
        if not compared:
            space.ledger.not_evaluable(test, "the package holds no predictions of it")
            continue
        keep_rule(
            space,
            test,
            "predictions_of_another",
            broken,
            compared=compared,
            cut="its own",
            quantity="predictions",
            remedy="Write the predictions of the model again.",
            evidence=("performance.discrimination",),
        )


def _matches(space: Workspace, model_id: str, rows: np.ndarray, table: pd.DataFrame) -> float:
    """Return the share of rows whose stated probability, else linear score, is what a model gives."""
    for key in ("probability", "linear_score", "expected_value"):
        value = space.output(model_id, key)
        if value is not None and key in table.columns:
            stated, own = table[key].to_numpy(np.float64), value.data[rows]
            near = np.isclose(stated, own, rtol=1e-9, atol=1e-12, equal_nan=True)
            return float(np.mean(near))
    return 0.0
