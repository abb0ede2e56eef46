"""Migration of accounts between grades over a year, where the plan observes them at several points in time."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration.master_scale import MasterScale
from credit_risk.evaluation.migration import matrix_weighted_bandwidth, migration_matrix, migration_table
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.sampling.intake import Intake

MATRIX, SUMMARY = "rating.migration", "rating.migration_summary"
NOT_ROLLING = "the rows are not accounts seen at several points in time (outcome.windows.rolling)"
NO_PAIRS = "no account of the samples is seen twice, a year apart"
MONTHS = 12
CALENDAR = re.compile(r"([0-9]{4})-([0-9]{2})")


def migration_evidence(
    intake: Intake, scored: Scored, champion: str, scale: MasterScale, rolling: bool
) -> list[Evidence]:
    """Evidence `rating.migration` and `rating.migration_summary`: grade of each account, and that a year later.

    Rows of all samples count, each with its sample's grade by the champion; counts are not weighted.
    """
    if not rolling:
        return [absent(identifier, "not_applicable", NOT_ROLLING) for identifier in (MATRIX, SUMMARY)]
    held = np.array([label is not None for label in scored.sample])
    first, second = year_pairs(intake.key[held])
    if not len(first):
        return [absent(identifier, "not_applicable", NO_PAIRS) for identifier in (MATRIX, SUMMARY)]
    grade = scored.predictions[champion]["grade"].to_numpy(object)[held]
    counts = migration_matrix(grade[first], grade[second], scale.grades)
    width = matrix_weighted_bandwidth(counts)
    items = {
        "pairs of rows a year apart": float(len(first)),
        "share that keeps its grade": float(np.trace(counts) / counts.sum()),
        "share that moves to a riskier grade": float(np.triu(counts, 1).sum() / counts.sum()),
        "share that moves to a safer grade": float(np.tril(counts, -1).sum() / counts.sum()),
        "weighted bandwidth, to riskier grades": width.upper,
        "weighted bandwidth, to safer grades": width.lower,
    }
    summary = pd.DataFrame(items.items(), columns=["item", "value"])
    files = input_files(scored, [champion], champion)
    note = "rows of all samples; an account counts once for every point that has another a year later"
    matrix = migration_table(counts, list(scale.grades))
    return [table(MATRIX, matrix, inputs=files, notes=(note,)), table(SUMMARY, summary, inputs=files, notes=(note,))]


def year_pairs(keys: Sequence[object] | NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of rows `account@month` and of the same account twelve months later."""
    places = {}
    for row, key in enumerate(keys):
        account, _, month = str(key).rpartition("@")
        places[account, _month(month)] = row
    pairs = [(row, places[a, m + MONTHS]) for (a, m), row in places.items() if (a, m + MONTHS) in places]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _month(text: str) -> int:
    """Number of a calendar month, or the number of a month that is one."""
    calendar = CALENDAR.match(text)
    return int(calendar[1]) * 12 + int(calendar[2]) if calendar else int(text)
