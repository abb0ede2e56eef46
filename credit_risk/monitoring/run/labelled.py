"""Tables of performance of a run, month of decision by month, so that no more than a month of rows is held at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.frames import ALL, FAULT_COLUMNS
from credit_risk.monitoring.performance.against_development import (
    COMPARED_COLUMNS,
    DEVELOPMENT_COLUMNS,
    against_development,
    development_months,
)
from credit_risk.monitoring.performance.calibration import calibration_level, calibration_table
from credit_risk.monitoring.performance.development_evidence import development_at_window
from credit_risk.monitoring.performance.estimate import estimate_table
from credit_risk.monitoring.performance.labels import Labels, label_outcomes
from credit_risk.monitoring.performance.vintages import performance_table
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import OUTCOMES
from credit_risk.monitoring.run.mature import MatureRows
from credit_risk.monitoring.run.ranged import Ranged, development_sample
from credit_risk.monitoring.run.settings import Settings, applicants, evidence_rows, held
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.variables import GRADE, SCORE
from credit_risk.package import Package

MATURE, IMMATURE = "mature", "censoring weights"
LABEL_COLUMNS = [
    *("period", "rows", "with_outcome", "good", "bad", "not_yet", "unobserved", "faults", "months_observed"),
    *("mature_share", "state"),
]


@dataclass(slots=True)
class Labelled:
    """Frames, or why there is none; `like`: against development in the same range of scores; `faults` of outcomes."""

    labels: pd.DataFrame | str
    performance: pd.DataFrame | str
    level: pd.DataFrame | str
    calibration: pd.DataFrame | str
    label_free: pd.DataFrame | str
    calibration_months: pd.DataFrame | str
    like: pd.DataFrame | str
    faults: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FAULT_COLUMNS))


def without_outcomes(source: SqlSource, settings: Settings, segments: Sequence[str], reason: str) -> Labelled:
    """What can be said where no outcome is at hand: the estimate from probabilities alone."""
    if not settings.binary or "probability" not in source.quantities:
        return Labelled(*(reason,) * 4, "production holds no probabilities of bad", reason, reason)
    parts = []
    for period in source.periods:
        frame = source.rows(period, ["probability", *segments]).to_pandas()
        parts.append(_estimate(frame[frame["probability"].notna()], period, segments))
    return Labelled(*(reason,) * 4, _joined(parts, "no row has a probability"), reason, reason)


def labelled(
    package: Package,
    source: SqlSource,
    reference: Reference,
    settings: Settings,
    segments: Sequence[str],
) -> Labelled:
    """Labels, discrimination, level and calibration by month, and by grade of the mature months of the last year.

    A month of rows is held at once; those of the year lie on disk.
    """
    if settings.window is None:
        return without_outcomes(source, settings, segments, NO_WINDOW)
    if not settings.binary:
        return without_outcomes(source, settings, segments, "the outcome is an amount or a fraction")
    if "probability" not in source.quantities:
        return Labelled(*("production holds no probabilities of bad",) * 7)
    with TemporaryDirectory(prefix="credit-risk-") as place:
        year = MatureRows(Folder(Path(place)), float(settings.window))
        return _labelled(package, source, reference, settings, segments, year)


def _labelled(
    package: Package,
    source: SqlSource,
    reference: Reference,
    settings: Settings,
    segments: Sequence[str],
    year: MatureRows,
) -> Labelled:
    assert settings.window is not None
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ("labels", "performance", "level", "free", "grades")}
    faults = [pd.DataFrame(columns=FAULT_COLUMNS)]
    least, ranged = settings.least, Ranged(package, source)
    for period in source.periods:
        frame = _rows(source, period, segments, reference, settings)
        labels, wrong = label_outcomes(frame["_time"], frame["bad_date"], frame["observed_until"], settings.window)
        faults.append(wrong)
        tables["labels"].append(_maturity(labels, period))
        p = frame["probability"].to_numpy(np.float64)
        by = {name: frame[name].to_numpy(object) for name in segments}
        known = np.isfinite(p)
        names = applicants(frame, settings)
        labels, p = labels.of_applicants(names).part(np.flatnonzero(known)), p[known]
        by = {name: values[known] for name, values in by.items()}
        risk = frame["risk"].to_numpy(np.float64)[known]
        if not len(p):
            continue
        tables["performance"].append(_of_month(performance_table(labels, risk, [period] * len(p), by, least=least)))
        ranged.add(period, risk[labels.usable])
        level = calibration_level(labels, p, segments=by, asset_correlation=settings.correlation, least=least)
        tables["level"].append(_dated(level, period))
        tables["free"].append(_estimate(frame[known], period, segments))
        groups = _groups(frame[known], reference)
        tables["grades"] += [_dated(one, period) for one in _by_group(labels, p, groups, reference, settings)]
        if _maturity(labels, period)["state"].iloc[0] == MATURE:
            year.add(labels, p, risk, groups, None if names is None else names[known])
    if year:
        tables["performance"].append(year.performance(least))
        tables["level"].append(year.level(settings.correlation, least))
        ranged.add(ALL, year.scores())
    measured = _joined(tables["performance"], "no row has an outcome")
    against = measured if isinstance(measured, str) else _compared(package, measured, settings)
    return Labelled(
        _joined(tables["labels"], "no row has an outcome"),
        against,
        _joined(tables["level"], "no row has an outcome"),
        _graded(year, reference, settings),
        _joined(tables["free"], "no row has a probability"),
        _joined(tables["grades"], NO_GROUPS),
        ranged.frame(against, settings),
        pd.concat(faults, ignore_index=True)[FAULT_COLUMNS],
    )


NO_GROUPS = "production holds neither grades nor scores"
NO_WINDOW = "no outcome window is declared: name monitoring.window_months in the plan"


def _rows(
    source: SqlSource, period: str, segments: Sequence[str], reference: Reference, settings: Settings
) -> pd.DataFrame:
    """Rows of a month with their outcomes; `risk` ranks: the linear score where production has it."""
    extra = [name for name in ("linear_score", "score") if name in source.quantities]
    graded = reference.of_role(GRADE)
    grade = ["grade"] if graded is not None and graded.name in source.variables else []
    wanted = ["_time", *OUTCOMES, "probability", *extra, *grade, *segments, *held(source, settings.applicant)]
    frame = source.rows(period, wanted).to_pandas()
    frame["risk"] = frame["linear_score"] if "linear_score" in frame else frame["probability"]
    return frame


def _maturity(labels: Labels, period: str) -> pd.DataFrame:
    """LABEL_COLUMNS of one month. Mature: every row with an outcome is good or bad."""
    states = pd.Series(labels.state).value_counts()
    count = {name: int(states.get(name, 0)) for name in ("good", "bad", "not yet", "unobserved", "fault")}
    with_outcome = count["good"] + count["bad"] + count["not yet"]
    observed = float(np.nanmedian(labels.time)) if labels.usable.any() else float("nan")
    mature = (count["good"] + count["bad"]) / with_outcome if with_outcome else float("nan")
    state = "no outcomes" if not with_outcome else MATURE if count["not yet"] == 0 else "immature"
    row = (period, len(labels), with_outcome, count["good"], count["bad"], count["not yet"], count["unobserved"])
    return pd.DataFrame([(*row, count["fault"], observed, mature, state)], columns=LABEL_COLUMNS)


def _of_month(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the month itself: of a month that is not mature also those at the age that it has reached."""
    own = frame[frame["period"] != ALL]
    own.attrs = dict(frame.attrs)
    return own


def _dated(frame: pd.DataFrame, period: str) -> pd.DataFrame:
    """A frame of one month's rows, whose period is `all`, with the month's own name."""
    dated = frame.assign(period=period)
    dated.attrs = dict(frame.attrs)
    return dated


def _estimate(frame: pd.DataFrame, period: str, segments: Sequence[str]) -> pd.DataFrame:
    by = {name: frame[name].to_numpy(object) for name in segments}
    return _dated(estimate_table(frame["probability"].to_numpy(np.float64), segments=by), period)


def _groups(frame: pd.DataFrame, reference: Reference) -> dict[str, NDArray[np.object_]]:
    """Grades, and bands of the score, as texts."""
    found: dict[str, NDArray[np.object_]] = {}
    if "grade" in frame:
        found["grade"] = frame["grade"].to_numpy(object)
    score = reference.of_role(SCORE)
    if score is not None and score.value.removeprefix("output:") in frame:
        values = frame[score.value.removeprefix("output:")].to_numpy(np.float64)
        labels = {one.id: one.label for one in score.bins}
        found["score_band"] = np.array([labels.get(int(one)) for one in score.assign(values)], dtype=object)
    return found


def _graded(year: MatureRows, reference: Reference, settings: Settings) -> pd.DataFrame | str:
    if not year:
        return "no month is mature yet"
    policy = GradePolicy(asset_correlation=settings.correlation)
    parts = [year.by_group(scheme, _order(scheme, reference), policy) for scheme in year.schemes()]
    return _joined([one for one in parts if one is not None], NO_GROUPS)


def _order(scheme: str, reference: Reference) -> list[str] | None:
    """Groups of a scheme in their order; None: as they are sorted."""
    variable = reference.of_role(GRADE if scheme == "grade" else SCORE)
    return [one.label for one in variable.bins] if variable is not None and scheme != "grade" else None


def _by_group(
    labels: Labels,
    probability: NDArray[np.float64],
    groups: Mapping[str, NDArray[np.object_]],
    reference: Reference,
    settings: Settings,
) -> list[pd.DataFrame]:
    """Calibration by the groups of each scheme that any row has."""
    policy, parts = GradePolicy(asset_correlation=settings.correlation), []
    for scheme, group in groups.items():
        order = _order(scheme, reference)
        if not pd.isna(group).all():
            parts.append(calibration_table(labels, probability, group, scheme=scheme, order=order, policy=policy))
    return parts


def _compared(package: Package, measured: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Performance beside development's: the measures at the window of `performance.discrimination`, and the rates of
    development by months on book where its history tells them."""
    known = [development_of_champion(package, float(settings.window or 0))]
    vintages = evidence_rows(package, "outcome.vintages")
    if vintages is not None:
        months = development_months(vintages)
        known.append(months[months["horizon"] != settings.window])
    development = pd.concat(known, ignore_index=True).drop_duplicates(DEVELOPMENT_COLUMNS[:3])
    compared = against_development(measured, development, significance=settings.spec.significance)
    compared.attrs = dict(measured.attrs)
    return compared[COMPARED_COLUMNS]


def development_of_champion(package: Package, window: float) -> pd.DataFrame:
    """DEVELOPMENT_COLUMNS of the champion: out of sample where it has one, else development."""
    frame, (champion, sample) = evidence_rows(package, "performance.discrimination"), development_sample(package)
    if frame is None or sample is None:
        return pd.DataFrame(columns=DEVELOPMENT_COLUMNS)
    level = evidence_rows(package, "performance.calibration")
    confidence = float(package.plan["evaluation"]["confidence"])
    return development_at_window(frame, level, champion, sample, window, confidence)


def _joined(parts: Sequence[pd.DataFrame], otherwise: str) -> pd.DataFrame | str:
    held = [part for part in parts if len(part)]
    if not held:
        return otherwise
    frame = pd.concat(held, ignore_index=True)
    frame.attrs = dict(held[-1].attrs)
    return frame
