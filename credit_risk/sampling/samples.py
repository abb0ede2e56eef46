"""The samples of a plan: by date first, then stratified by outcome, settled by the seed alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation.intervals import effective_rows, wilson_interval
from credit_risk.sampling.measure import outcome_strata
from credit_risk.sampling.spec import OutOfTimeSpec, SamplesSpec

DEVELOPMENT, OUT_OF_SAMPLE = "development", "out_of_sample"
CALIBRATION = "calibration"
OUT_OF_TIME, OUT_OF_TIME_BEFORE = "out_of_time", "out_of_time_before"
SAMPLES = (DEVELOPMENT, CALIBRATION, OUT_OF_SAMPLE, OUT_OF_TIME, OUT_OF_TIME_BEFORE)
SUMMARY_COLUMNS = ("sample", "rows", "weight", "good", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper")
STAGE = "samples"


def split_samples(
    outcome: np.ndarray,
    spec: SamplesSpec,
    *,
    dates: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    kind: str = "binary",
) -> np.ndarray:
    """Label of each row, object (n,): one of SAMPLES, or None (unknown outcome, or a group on two sides in time).

    dates (n,): ISO 8601 text or whole numbers, as the bounds of out-of-time are; groups (n,): whole numbers, rows of
    one never stand in two of development, calibration and out-of-sample. Each row draws a 64-bit number; among the rows
    that no date keeps out, in each class the floor(share * rows + 1/2) rows with the smallest numbers are held out, and
    those with the next smallest numbers, as many as the share of calibration says, are for calibration. With groups,
    whole groups are (stratified by whether one holds a bad, in the order of the number of their first row, which does
    not depend on how many rows they have, until the share is reached); where `spec` keeps groups apart in time, a row
    inside the development period whose group also stands out of time belongs to no sample.
    kind: type of the outcome; amounts and fractions are stratified by size (`outcome_strata`) in place of classes.
    Raises IntakeError where a sample would have no bads or no goods, or outcomes that do not differ, or where a date is
    missing.
    """
    draws = stage_generator(spec.seed, STAGE).bit_generator.random_raw(len(outcome))
    labels = np.full(len(outcome), None, dtype=object)
    known = np.isfinite(outcome)
    if spec.out_of_time is not None:
        labels = _out_of_time(labels, known, dates, spec.out_of_time)
    inside = known & (labels == None)  # noqa: E711 - elementwise
    strata = outcome_strata(outcome, kind)
    if groups is None:
        _split_rows(labels, inside, strata, draws, _shares(spec))
    else:
        if spec.apart_in_time:
            inside &= ~np.isin(groups, groups[known & ~inside])
        _split_groups(labels, inside, strata, draws, groups, _shares(spec))
    (_refuse_empty_classes if kind == "binary" else _refuse_constant_samples)(labels, outcome, spec)
    return labels


def split_unknown(
    labels: np.ndarray,
    unknown: np.ndarray,
    spec: SamplesSpec,
    draws: np.ndarray,
    groups: np.ndarray,
    strata: np.ndarray,
    *,
    dates: np.ndarray | None = None,
) -> np.ndarray:
    """`labels` (n,) of `split_samples`, and labels of the rows `unknown` (n,), whose outcome is not known.

    Dates put them out of time as they do others. Inside the development period a row follows the rows with labels of
    its group (`groups`, whole numbers; alone: a number of its own), where there are any; groups without are drawn whole
    in each of the `strata` (of their first row), by the numbers `draws` that their first rows drew; where `spec` keeps
    groups apart in time, a row whose group also stands out of time belongs to no sample.
    """
    found = labels.copy()
    if spec.out_of_time is not None:
        found[unknown] = _out_of_time(np.full(len(labels), None, dtype=object), unknown, dates, spec.out_of_time)[
            unknown
        ]
    late = pd.Series(found).str.startswith(OUT_OF_TIME, na=False).to_numpy(bool)
    inside = unknown & (found == None)  # noqa: E711 - elementwise
    if spec.apart_in_time:
        inside &= ~np.isin(groups, groups[late])
    settled = ~pd.isna(labels) & ~late
    of_group = pd.Series(labels[settled], index=groups[settled]).groupby(level=0).first()
    follows = inside & np.isin(groups, of_group.index)
    found[follows] = of_group.loc[groups[follows]].to_numpy()
    rest = inside & ~follows
    if rest.any():
        first = pd.Series(strata[rest]).groupby(groups[rest]).transform("first").to_numpy()
        strata = strata.copy()
        strata[rest] = first
        _split_groups(found, rest, strata, draws, groups, _shares(spec))
    return found


def _out_of_time(labels: np.ndarray, known: np.ndarray, dates: np.ndarray | None, spec: OutOfTimeSpec) -> np.ndarray:
    if dates is None:
        message = "out-of-time samples need dates"
        remedy = "name the date of the application in data.date, or the observation point in outcome.windows"
        raise IntakeError(Fault(message, code="no_date", path="samples.out_of_time", remedy=remedy))
    missing = known & pd.isna(dates)
    if missing.any():
        message = "the date is missing in some rows, so that their sample is not known"
        found = f"{np.count_nonzero(missing):,} rows"
        row = int(np.flatnonzero(missing)[0]) + 1
        raise IntakeError(Fault(message, code="date_missing", path="data.date", row=row, found=found))
    times = _times(dates[known], spec)
    if spec.after is not None:
        labels[np.flatnonzero(known)[times >= spec.after]] = OUT_OF_TIME
    if spec.before is not None:
        labels[np.flatnonzero(known)[times < spec.before]] = OUT_OF_TIME_BEFORE
    return labels


def _times(dates: np.ndarray, spec: OutOfTimeSpec) -> np.ndarray:
    """Dates of rows as their bounds are compared: text, or numbers."""
    bound = spec.after if spec.after is not None else spec.before
    counted = all(isinstance(value, float | int) for value in dates.tolist())
    if isinstance(bound, int) and counted:
        return dates.astype(np.float64)
    if isinstance(bound, str) and not counted:
        return dates.astype(str)
    message = "the bounds of out-of-time are not of the kind that the rows have"
    found, allowed = repr(bound), "a whole number, as the observation points" if counted else "a date, as 2026-11-20"
    raise IntakeError(Fault(message, code="out_of_time", path="samples.out_of_time", found=found, allowed=allowed))


def _shares(spec: SamplesSpec) -> dict[str, float]:
    """Samples that are drawn out of development, in order, with their shares."""
    shares = {OUT_OF_SAMPLE: spec.out_of_sample}
    return shares if spec.calibration is None else {**shares, CALIBRATION: spec.calibration}


def _split_rows(
    labels: np.ndarray, inside: np.ndarray, strata: np.ndarray, draws: np.ndarray, shares: Mapping[str, float]
) -> None:
    for value in np.unique(strata[inside]):
        rows = np.flatnonzero(inside & (strata == value))
        labels[rows] = DEVELOPMENT
        drawn, start = rows[np.argsort(draws[rows], kind="stable")], 0
        for sample, share in shares.items():
            held = math.floor(share * len(rows) + 0.5)
            labels[drawn[start : start + held]] = sample
            start += held


def _split_groups(
    labels: np.ndarray,
    inside: np.ndarray,
    strata: np.ndarray,
    draws: np.ndarray,
    groups: np.ndarray,
    shares: Mapping[str, float],
) -> None:
    rows = np.flatnonzero(inside)
    frame = pd.DataFrame({"group": groups[rows], "draw": draws[rows], "of": strata[rows]})
    table = frame.groupby("group", sort=True).agg(draw=("draw", "first"), of=("of", "max"), rows=("draw", "size"))
    labels[rows] = DEVELOPMENT
    held: dict[str, list[int]] = {sample: [] for sample in shares}
    for _, stratum in table.sort_values("draw", kind="stable").groupby("of"):
        whole, rest = stratum["rows"].sum(), stratum["rows"]
        for sample, share in shares.items():
            taken = rest.index[rest.cumsum() <= math.floor(share * whole + 0.5)]
            held[sample] += taken.tolist()
            rest = rest.drop(taken)
    for sample, members in held.items():
        labels[rows[np.isin(groups[rows], members)]] = sample


def _wanted(spec: SamplesSpec) -> list[str]:
    """Samples that the plan asks for."""
    wanted = [DEVELOPMENT, *_shares(spec)]
    if spec.out_of_time is not None:
        wanted += [OUT_OF_TIME] if spec.out_of_time.after is not None else []
        wanted += [OUT_OF_TIME_BEFORE] if spec.out_of_time.before is not None else []
    return wanted


def _key_of(sample: str) -> str:
    """The key of the plan that makes a sample."""
    if sample.startswith(OUT_OF_TIME):
        return "samples.out_of_time"
    return "samples.calibration" if sample == CALIBRATION else "samples.out_of_sample"


def _refuse_constant_samples(labels: np.ndarray, outcome: np.ndarray, spec: SamplesSpec) -> None:
    faults = []
    for sample in _wanted(spec):
        values = outcome[labels == sample]
        if len(values) == 0 or np.ptp(values) == 0:
            found = f"{len(values):,} rows" + (f", all {float(values[0])!r}" if len(values) else "")
            path = _key_of(sample)
            message = f"the outcomes of the sample {sample} would not differ"
            remedy = f"take more rows, or change {path}"
            faults.append(Fault(message, "constant_outcome", path=path, found=found, remedy=remedy))
    if faults:
        raise IntakeError(faults)


def _refuse_empty_classes(labels: np.ndarray, outcome: np.ndarray, spec: SamplesSpec) -> None:
    faults = []
    for sample in _wanted(spec):
        for value, words in ((1.0, "bads"), (0.0, "goods")):
            if not np.any((labels == sample) & (outcome == value)):
                in_all = np.count_nonzero(outcome == value)
                path, share = _key_of(sample), sum(_shares(spec).values())
                found = f"{in_all:,} {words} in all, share held out {share:g}"
                remedy = f"take more rows, or change {path}"
                message = f"the sample {sample} would have no {words}"
                faults.append(Fault(message, "empty_class", path=path, found=found, remedy=remedy))
    if faults:
        raise IntakeError(faults)


def fold_labels(
    labels: np.ndarray,
    outcome: np.ndarray,
    folds: int,
    seed: int,
    groups: np.ndarray | None = None,
    sample: str = DEVELOPMENT,
) -> np.ndarray:
    """Fold 0 … folds − 1 of each row of a sample, −1 elsewhere; stratified by outcome, groups in one fold. int64 (n,).

    Within a class, rows (groups: by their first row) in the order of their draw are dealt out in turn. Raises
    ValueError for folds < 2.
    """
    if folds < 2:
        raise ValueError(f"{folds} folds: two or more are needed")
    draws = stage_generator(seed, "folds").bit_generator.random_raw(len(labels))
    result = np.full(len(labels), -1, dtype=np.int64)
    rows = np.flatnonzero(labels == sample)
    keys = np.arange(len(labels)) if groups is None else groups
    frame = pd.DataFrame({"key": keys[rows], "draw": draws[rows], "bad": outcome[rows] == 1.0})
    table = frame.groupby("key", sort=True).agg(draw=("draw", "first"), bad=("bad", "any")).sort_values(["bad", "draw"])
    fold_of = pd.Series(np.arange(len(table)) % folds, index=table.index)
    result[rows] = fold_of.loc[frame["key"]].to_numpy()
    return result


def duplicate_groups(frame: pd.DataFrame) -> np.ndarray:
    """Number of the group of rows that are equal in all columns, int64 (n,), in the order of first appearance."""
    grouped = frame.groupby(list(frame.columns), dropna=False, sort=False)
    return grouped.ngroup().to_numpy(np.int64)


def samples_summary(
    labels: np.ndarray, outcome: np.ndarray, weights: np.ndarray | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row a sample and one for all, catalogue columns of `samples.summary`; intervals of the bad rate by Wilson.

    rows, good and bad are rows; the bad rate is weighted, its interval at Kish's effective size (Σw)²/Σw².
    """
    plain = weights is None or bool(np.all(weights == 1.0))
    w = np.ones(len(outcome)) if weights is None else weights
    present: Sequence[str] = [sample for sample in SAMPLES if (labels == sample).any()]
    groups = [*((sample, labels == sample) for sample in present), ("all", pd.notna(labels))]
    rows = []
    for sample, mask in groups:
        bad, count = int(np.count_nonzero(outcome[mask] == 1.0)), int(np.count_nonzero(mask))
        weight = math.fsum(w[mask])
        rate = bad / count if plain else math.fsum(w[mask & (outcome == 1.0)]) / weight
        size = float(count) if plain else effective_rows(w[mask])
        events = float(bad) if plain else min(rate * size, size)
        lower, upper = wilson_interval([events], [size], confidence)
        rows.append((sample, count, weight, count - bad, bad, rate, float(lower[0]), float(upper[0])))
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
