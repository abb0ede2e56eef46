"""The champion against the validator's own challenger, which may use every admissible characteristic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation import challenger
from validation.battery.inputs import named_columns
from validation.battery.verdicts import not_evaluable, verdict
from validation.challenger import Additive
from validation.rebuild import characteristics, clustered, metrics
from validation.rebuild.characteristics import Characteristic, Classes
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import is_expert

AREA, TABLE = "benchmark", "validation.challenger"
CLOSED = ("protected", "forbidden", "undisclosable", "personal")
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contest:
    """Champion and challenger on one sample: both areas, their difference with bounds and p-value (paired DeLong)."""

    sample: str
    rows: int
    bad: int
    champion: float
    own: float
    difference: float
    lower: float
    upper: float
    p_value: float


def check_benchmark(space: Workspace) -> None:
    """Judge how much better our own simple model ranks; `validation.challenger` holds the contests."""
    test, champion = "gain of the validator's challenger", space.package.champion_id
    not_evaluable(space, AREA, "external grade", "champion", "the package holds no external grade of single applicants")
    if space.package.outcome_type != "binary" or space.output(champion, "linear_score") is None:
        reason = "the outcome is not binary, or the champion publishes no score"
        not_evaluable(space, AREA, test, "champion", reason)
        space.ledger.tables[TABLE] = reason
        return
    classes, model = own_model(space)
    if model is None:
        reason = "development has one kind of outcome, or no admissible characteristic varies"
        not_evaluable(space, AREA, test, "champion", reason)
        space.ledger.tables[TABLE] = reason
        return
    rows: list[list[Any]] = []
    for sample in space.rows:
        found = contest(space, sample, classes, model)
        if found is None:
            least = space.policy.cuts["minimum_bads"].value
            not_evaluable(space, AREA, test, sample, f"fewer than {least:g} bads or goods with a score")
            continue
        numbers = [found.champion, found.own, found.difference, found.lower, found.upper, found.p_value]
        rows.append([sample, found.rows, found.bad, *numbers, ", ".join(model.names)])
        if sample != DEVELOPMENT:
            _judge(space, test, found)
    space.ledger.tables[TABLE] = rows or "no sample has enough goods and bads"


def own_model(space: Workspace) -> tuple[list[Classes], Additive | None]:
    """Return the validator's classes of all admissible characteristics, and its model of the development rows.

    A characteristic that alone ranks beyond the policy's cut is left out: it is taken for a leak.
    """
    closed: set[str] = set()
    for kind in CLOSED:
        closed |= named_columns(space.package, kind)
    bins = int(space.policy.cuts["classifier_classes"].value)
    rows = space.known(DEVELOPMENT)
    y, w = space.outcome[rows], space.weight[rows]
    if len(np.unique(y)) < 2:
        return [], None
    chosen = characteristics.admissible(space, closed)
    classes = [characteristics.classes_of(one, rows, bins) for one in chosen if _usable(one, rows)]
    most = space.policy.cuts["challenger_single_gini_maximum"].value
    kept = [one for one in classes if _gini(one, rows, y, w) <= most]
    return kept, challenger.fit(kept, rows, y, w) if kept else None


def _usable(one: Characteristic, rows: Integers) -> bool:
    """Whether it is a number, or a text with levels of some rows: not a name of its own for every applicant."""
    if one.numeric:
        return True
    known = [item for item in one.value.data[rows] if item is not None]
    return len(known) > 0 and len(set(known)) <= max(2, len(known) // 10)


def _gini(one: Classes, rows: Integers, y: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    table = challenger.log_odds(one.ids[rows], one.size, y, w)
    return 2.0 * metrics.auc(y, table[one.ids[rows]], w).auc - 1.0


def contest(space: Workspace, sample: str, classes: Sequence[Classes], model: Additive) -> Contest | None:
    """Return champion against challenger on a sample; None with fewer bads or goods than the policy asks for."""
    champion = space.package.champion_id
    rows = space.judged(champion, sample)
    y, w, c = space.outcome[rows], space.weight[rows], space.cluster[rows]
    bad = int(np.count_nonzero(y == 1))
    if min(bad, len(rows) - bad) < space.policy.cuts["minimum_bads"].value:
        return None
    value = space.output(champion, "linear_score")
    assert value is not None
    own, theirs = model.score(classes, rows), value.data[rows]
    first, second = (metrics.auc(y, x, w).auc for x in (theirs, own))
    difference, error, p_value = clustered.auc_difference(y, theirs, own, c, w)
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    return Contest(sample, len(rows), bad, first, second, difference, difference - half, difference + half, p_value)


def _judge(space: Workspace, test: str, found: Contest) -> None:
    expert = is_expert(space.package.model)
    verdict(
        space,
        AREA,
        test,
        found.sample,
        "lower bound of the gain in AUC",
        found.lower,
        review=None if expert else "challenger_gain_review",
        fail="challenger_gain_review" if expert else "challenger_gain_fail",
        statement=f"On {found.sample} a ridge regression of the validator ranks with an AUC of {found.own:.4f}, the "
        f"champion with {found.champion:.4f}: a difference of {found.difference:+.4f} ({found.lower:+.4f} to "
        f"{found.upper:+.4f}).",
        p_value=found.p_value,
        remedy="Say why the champion leaves this out, or take up the characteristics that it lacks.",
        evidence=(TABLE,),
    )
