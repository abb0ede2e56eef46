"""Tables of performance of a run, month of decision by month; rows lie on disk, and some at a time are in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk.evaluation.grades import GradePolicy
from credit_risk.monitoring.frames import ALL, FAULT_COLUMNS
from credit_risk.monitoring.performance.against_development import (
    COMPARED_COLUMNS,
    DEVELOPMENT_COLUMNS,
    against_development,
    development_months,
)
from credit_risk.monitoring.performance.development_evidence import development_at_window
from credit_risk.monitoring.performance.labels import Labels
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.rows.spool import Folder
from credit_risk.monitoring.run.columns import OUTCOMES, clusters_of, labels_in, numbers_of, texts_of
from credit_risk.monitoring.run.label_counts import MATURE, LabelCounts, joined_faults
from credit_risk.monitoring.run.mature import MatureRows
from credit_risk.monitoring.run.month_rows import Chunk, MonthRows
from credit_risk.monitoring.run.ranged import Ranged, development_sample
from credit_risk.monitoring.run.settings import Settings, evidence_rows, held
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.variables import GRADE, SCORE
from credit_risk.package import Package

NO_GROUPS = "production holds neither grades nor scores"
NO_WINDOW = "no outcome window is declared: name monitoring.window_months in the plan"
NO_OUTCOME, NO_PROBABILITY = "no row has an outcome", "no row has a probability"


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
        with TemporaryDirectory(prefix="credit-risk-") as place:
            month = MonthRows(Folder(Path(place)), float(settings.window or 1), clustered=False)
            for table in source.batches(period, ["probability", *segments]):
                nothing = np.full(table.num_rows, np.nan)
                labels = Labels(nothing, nothing == 1, nothing == 1, float(settings.window or 1))
                _add(
                    month,
                    Chunk(
                        labels,
                        numbers_of(table, "probability"),
                        nothing,
                        None,
                        {name: texts_of(table, name) for name in segments},
                        {},
                    ),
                )
            parts.append(month.estimate(period))
    return Labelled(*(reason,) * 4, _joined(parts, NO_PROBABILITY), reason, reason)


def labelled(
    package: Package,
    source: SqlSource,
    reference: Reference,
    settings: Settings,
    segments: Sequence[str],
) -> Labelled:
    """Labels, discrimination, level and calibration by month, and by grade of the mature months of the last year."""
    if settings.window is None:
        return without_outcomes(source, settings, segments, NO_WINDOW)
    if not settings.binary:
        return without_outcomes(source, settings, segments, "the outcome is an amount or a fraction")
    if "probability" not in source.quantities:
        return Labelled(*("production holds no probabilities of bad",) * 7)
    tables = _Tables(reference, settings, Ranged(package, source))
    with TemporaryDirectory(prefix="credit-risk-") as whole:
        year = MatureRows(Folder(Path(whole)), float(settings.window))
        for period in source.periods:
            with TemporaryDirectory(prefix="credit-risk-") as place:
                _month(source, period, segments, tables, Folder(Path(place)), year)
        return _labelled(package, tables, year)


@dataclass(slots=True)
class _Tables:
    """Frames of the months so far."""

    reference: Reference
    settings: Settings
    ranged: Ranged
    labels: list[pd.DataFrame] = field(default_factory=list)
    performance: list[pd.DataFrame] = field(default_factory=list)
    level: list[pd.DataFrame] = field(default_factory=list)
    estimate: list[pd.DataFrame] = field(default_factory=list)
    groups: list[pd.DataFrame] = field(default_factory=list)
    faults: list[pd.DataFrame] = field(default_factory=list)
    rows: int = 0
    """Rows so far, of all months: a row without an applicant's name is told apart by its number."""


def _month(
    source: SqlSource, period: str, segments: Sequence[str], tables: _Tables, folder: Folder, year: MatureRows
) -> None:
    """The tables of a month; its rows are those of the year where every outcome is known."""
    settings = tables.settings
    window, least = float(settings.window or 0), settings.least
    every, scored, faults = LabelCounts(window), LabelCounts(window), []
    month = MonthRows(folder, window, clustered=bool(held(source, settings.applicant)))
    for chunk, wrong in _chunks(source, period, segments, tables):
        every.add(chunk.labels)
        faults.append(wrong)
        own = _add(month, chunk)
        ranked = own.part(np.isfinite(own.risk))
        scored.add(ranked.labels)
        year.add(ranked.labels, ranked.probability, ranked.risk, ranked.groups, ranked.cluster)
    year.end_month(keep=scored.state == MATURE)
    tables.labels.append(every.frame(period))
    tables.faults.append(joined_faults(faults))
    if not len(month):
        return
    tables.performance.append(month.performance(period, least))
    tables.ranged.add(period, month.scores())
    tables.level.append(month.level(period, settings.correlation, least))
    tables.estimate.append(month.estimate(period))
    policy = GradePolicy(asset_correlation=settings.correlation)
    parts = [month.calibration(period, one, _order(one, tables.reference), policy) for one in month.schemes()]
    tables.groups += [one for one in parts if one is not None]


def _labelled(package: Package, tables: _Tables, year: MatureRows) -> Labelled:
    settings = tables.settings
    if year:
        tables.performance.append(year.performance(settings.least))
        tables.level.append(year.level(settings.correlation, settings.least))
        tables.ranged.add(ALL, year.scores())
    measured = _joined(tables.performance, NO_OUTCOME)
    against = measured if isinstance(measured, str) else _compared(package, measured, settings)
    return Labelled(
        _joined(tables.labels, NO_OUTCOME),
        against,
        _joined(tables.level, NO_OUTCOME),
        _graded(year, tables.reference, settings),
        _joined(tables.estimate, NO_PROBABILITY),
        _joined(tables.groups, NO_GROUPS),
        tables.ranged.frame(against, settings),
        pd.concat([pd.DataFrame(columns=FAULT_COLUMNS), *tables.faults], ignore_index=True)[FAULT_COLUMNS],
    )


def _add(month: MonthRows, chunk: Chunk) -> Chunk:
    """The rows that have a probability, which are added."""
    own = chunk.part(np.isfinite(chunk.probability))
    month.add(own)
    return own


def _chunks(
    source: SqlSource, period: str, segments: Sequence[str], tables: _Tables
) -> Iterator[tuple[Chunk, pd.DataFrame]]:
    """Rows of a month with their outcomes, some at a time, and FAULT_COLUMNS of these; what ranks is the linear score,
    where production has it."""
    reference, settings = tables.reference, tables.settings
    extra = [name for name in ("linear_score", "score") if name in source.quantities]
    graded = reference.of_role(GRADE)
    grade = ["grade"] if graded is not None and graded.name in source.variables else []
    own = held(source, settings.applicant)
    asked = ["_time", *OUTCOMES, "probability", *extra, *grade, *segments, *own]
    window = float(settings.window or 0)
    for table in source.batches(period, list(dict.fromkeys(asked))):
        labels, wrong = labels_in(table, window)
        p = numbers_of(table, "probability")
        risk = numbers_of(table, "linear_score") if "linear_score" in extra else p
        cluster = clusters_of(table[own[0]], tables.rows) if own else None
        tables.rows += table.num_rows
        yield (
            Chunk(
                labels, p, risk, cluster, {name: texts_of(table, name) for name in segments}, _groups(table, reference)
            ),
            wrong,
        )


def _groups(table: pa.Table, reference: Reference) -> Mapping[str, NDArray[np.object_]]:
    """Grades, and bands of the score, as texts."""
    found = {name: texts_of(table, name) for name in table.column_names if name == "grade"}
    score = reference.of_role(SCORE)
    name = "" if score is None else score.value.removeprefix("output:")
    if score is not None and name in table.column_names:
        labels = {one.id: one.label for one in score.bins}
        bins = score.assign(numbers_of(table, name))
        found["score_band"] = np.array([labels.get(int(one)) for one in bins], dtype=object)
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
