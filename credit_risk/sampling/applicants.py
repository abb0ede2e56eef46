"""Applicants through the door: the decision on each of them, and the sample of those who have no outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.randomness import stage_generator
from credit_risk.sampling.clusters import cluster_numbers, row_clusters
from credit_risk.sampling.intake import Intake
from credit_risk.sampling.labels import row_times
from credit_risk.sampling.samples import DEVELOPMENT, STAGE, split_unknown
from credit_risk.sampling.spec import SamplesSpec

ACCEPTED = ("booked", "not_taken_up", "overridden_low")
REJECTED = ("rejected", "overridden_high")
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Applicants:
    """All rows (n,): the sample of each applicant with a decision (None: none), and whether they were accepted."""

    labels: NDArray[np.object_]
    accepted: Mask


def label_applicants(intake: Intake, spec: SamplesSpec, date: str | None, labels: NDArray[np.object_]) -> Applicants:
    """The applicants of a source whose statuses are known; labels (n,): of `label_rows`, which stay as they are.

    An applicant without an outcome (rejected, not taken up, outcome missing or indeterminate) belongs to a sample by
    the rules that hold for the others: `split_unknown`. Withdrawn applications have no decision; rows that an exclusion
    of the plan takes out belong nowhere. Raises IntakeError where a date is missing, and where development would hold
    no rejected applicants.
    """
    status, excluded = intake.status, intake.decided.excluded
    assert status is not None
    accepted = np.isin(status, ACCEPTED)
    decided = accepted | np.isin(status, REJECTED)
    open_ = decided & ~np.isfinite(intake.outcome)
    if excluded is not None:
        open_ &= ~excluded
    times = row_times(intake.frame[date], spec) if date in intake.frame.columns else None
    if spec.out_of_time is not None and times is not None and (lost := open_ & pd.isna(times)).any():
        message = "the date of applicants without an outcome is missing, so that their sample is not known"
        row, found = int(np.flatnonzero(lost)[0]) + 1, f"{np.count_nonzero(lost):,} rows"
        raise IntakeError(Fault(message, code="date_missing", path="data.date", row=row, found=found))
    draws = stage_generator(spec.seed, STAGE).bit_generator.random_raw(len(labels))
    groups = cluster_numbers(row_clusters(intake, spec))
    placed = split_unknown(labels, open_, spec, draws, groups, accepted, dates=times)
    if not np.any((placed == DEVELOPMENT) & ~accepted):
        message = "no applicant was rejected in development, so there is nothing to infer"
        told = f"{np.count_nonzero(decided & ~accepted):,} rejected in all"
        remedy = "leave reject_inference out, or check outcome.status and the dates of the samples"
        raise IntakeError(Fault(message, code="no_rejects", path="reject_inference", found=told, remedy=remedy))
    return Applicants(placed, accepted)
