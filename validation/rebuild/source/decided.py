"""Who leaves and why, and the outcome of those who stay: statuses, exclusions, a column or a history, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.columns import NUMERIC, Column
from validation.rebuild.source.derived import Codes, value_of
from validation.rebuild.source.files import equal, objects
from validation.steps.values import Value, text_of_number

BOOKED = ("booked", "overridden_low")
MISSING, INDETERMINATE = "excluded: outcome missing", "indeterminate: value of the outcome"
Step = tuple[str, int, int, str]


class OutcomeError(ValueError):
    """The outcome cannot be defined by the terms of the plan."""


@dataclass(slots=True)
class Decided:
    """n rows. `values` 1.0 bad, 0.0 good, or the amount or fraction, NaN unknown; `reasons` why, None where known.

    `status` of each applicant, None where the plan names none; `excluded` whether an exclusion takes the row out,
    whatever its status; `by` the rule that took a row out before its outcome was asked for (a status or an exclusion).
    `steps` of the waterfall: what, rows that left, rows that remain, why.
    """

    reasons: NDArray[np.object_]
    excluded: NDArray[np.bool_]
    by: NDArray[np.object_]
    values: NDArray[np.float64]
    steps: list[Step] = field(default_factory=list)
    status: NDArray[np.object_] | None = None

    def leave(self, mask: NDArray[np.bool_], step: str, reason: str) -> None:
        """Rows of the mask that have not left yet leave."""
        going = mask & equal(self.reasons, None)
        self.reasons[going], self.by[going] = reason, step
        rows = int(np.count_nonzero(going))
        self.steps.append((step, rows, self.steps[-1][2] - rows, reason))

    @property
    def stays(self) -> NDArray[np.bool_]:
        """(n,) rows that have not left."""
        return equal(self.reasons, None)


def begin(rows: int, made: bool) -> Decided:
    """All rows, before any has left; made: whether they were made at observation points."""
    none = objects([None] * rows)
    decided = Decided(none, np.zeros(rows, dtype=bool), none.copy(), np.full(rows, np.nan))
    decided.steps.append(("rows made at observation points" if made else "rows of the source", 0, rows, ""))
    return decided


def leave_by_status(decided: Decided, columns: Mapping[str, Column], outcome: Mapping[str, Any]) -> None:
    """Applicants who have no account leave, by the meaning that the plan gives their status."""
    spec = outcome["status"]
    if spec is None:
        return
    column, means = columns[spec["column"]], spec["values"]
    texts = [level if isinstance(level, str) else text_of_number(level) for level in column.levels]
    unknown = [text for text in texts if text not in means]
    if unknown or (column.codes < 0).any():
        raise OutcomeError(f"statuses that the plan does not explain: {', '.join(unknown[:5]) or 'missing'}")
    decided.status = objects([*(means[text] for text in texts), None])[column.codes]
    for status in dict.fromkeys(means.values()):
        if status not in BOOKED:
            words = status.replace("_", " ")
            reason = f"{words}: outcomes exist for booked only"
            decided.leave(equal(decided.status, status), f"status: {words}", reason)


def leave_by_exclusions(
    decided: Decided, columns: Mapping[str, Column], specials: Codes, outcome: Mapping[str, Any]
) -> None:
    """Rows for which the condition of an exclusion is true leave; where it cannot be decided they stay."""
    names: dict[str, Value] = {}
    for item in outcome["exclusions"]:
        value = value_of(item["condition"], names, columns, specials, len(decided.reasons))
        if value is None or value.kind != "flag":
            raise OutcomeError(f"the exclusion {item['condition']!r} cannot be read over the source")
        holds = value.data == 1
        decided.excluded |= holds
        decided.leave(holds, f"exclusion: {item['condition']}", item["reason"])


def decide_column(decided: Decided, columns: Mapping[str, Column], outcome: Mapping[str, Any]) -> None:
    """Outcomes of a ready column: the codes that mean bad and good, or the amount or fraction itself."""
    column, stays = columns[outcome["column"]], decided.stays
    missing = stays & (column.codes < 0)
    if outcome["type"] != "binary":
        if column.type != NUMERIC:
            raise OutcomeError(f"{outcome['column']!r} holds no numbers")
        decided.values = np.where(stays, column.values().astype(np.float64), np.nan)
        decided.reasons[missing] = MISSING
        return
    counts = np.bincount(column.codes[stays & (column.codes >= 0)], minlength=len(column.levels))
    bad, neither = (_meant(column, _listed(outcome[name])) for name in ("bad", "indeterminate"))
    if outcome["good"] is not None:
        good = _meant(column, _listed(outcome["good"]))
    else:
        good = ~bad & ~neither & (counts > 0)
        if np.count_nonzero(good) != 1:
            raise OutcomeError(f"{outcome['column']!r} has no one value that is good")
    if (~bad & ~good & ~neither & (counts > 0)).any():
        raise OutcomeError(f"{outcome['column']!r} holds values that the plan does not name")
    values = np.append(np.where(bad, 1.0, np.where(good, 0.0, np.nan)), np.nan)[column.codes]
    decided.values = np.where(stays, values, np.nan)
    decided.reasons[missing] = MISSING
    decided.reasons[stays & np.append(neither, False)[column.codes]] = INDETERMINATE


def decide_history(decided: Decided, reasons: NDArray[np.object_], told: Sequence[str]) -> None:
    """Outcomes of the history: `reasons` (n,) why none can be asked for; `told` `outcome: reason` of every row."""
    stays = decided.stays
    decided.reasons = np.where(stays, reasons, decided.reasons)
    asked = decided.stays
    words = objects(told)
    bad, good = (np.array([text.startswith(f"{name}: ") for text in told], dtype=bool) for name in ("bad", "good"))
    decided.values = np.where(asked & bad, 1.0, np.where(asked & good, 0.0, np.nan))
    neither = asked & ~bad & ~good
    decided.reasons[neither] = words[neither]


def finish(decided: Decided) -> None:
    """The steps of the waterfall for rows whose outcome is not known though they did not leave."""
    before = equal(decided.by, None)
    for reason in dict.fromkeys(decided.reasons[before & ~decided.stays].tolist()):
        kind, words = split(reason)
        rows = int(np.count_nonzero(before & equal(decided.reasons, reason)))
        step = "rows with an indeterminate outcome" if kind == "indeterminate" else "rows without an outcome"
        decided.steps.append((step, rows, decided.steps[-1][2] - rows, words))
    decided.steps.append(("rows with a known outcome", 0, int(np.count_nonzero(np.isfinite(decided.values))), ""))


def leave_samples(decided: Decided, rows: int) -> None:
    """The step of rows with an outcome that a date and a group together keep out of every sample, if any."""
    if rows:
        decided.steps.append(("rows in no sample", rows, decided.steps[-1][2] - rows, ""))


def split(reason: str) -> tuple[str, str]:
    """Indeterminate or excluded, and why."""
    head, colon, tail = reason.partition(": ")
    return (head, tail) if colon and head in ("indeterminate", "excluded") else ("excluded", reason)


def _listed(codes: Any) -> list[Any]:
    return codes if isinstance(codes, list) else [] if codes is None else [codes]


def _meant(column: Column, codes: Sequence[Any]) -> NDArray[np.bool_]:
    return np.array([any(same(code, level) for code in codes) for level in column.levels], dtype=bool)


def same(code: Any, level: Any) -> bool:
    """Whether a code of the plan is a value of a column: 1 is 1.0 and "1", true is "True"."""
    if isinstance(code, bool):
        return isinstance(level, str) and level.casefold() == str(code).casefold()
    if isinstance(level, str):
        return level == code or (not isinstance(code, str) and level == text_of_number(code))
    try:
        return float(code) == level
    except ValueError:
        return False
