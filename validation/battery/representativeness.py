"""Whether development stands for later samples and for all applicants: by characteristic, and all of them together.

Together: a classifier of our own (`challenger.py`), cross-fitted, is asked to tell the other population from
development; its AUC is one half where they are alike (Ben-David et al. 2010 call it the domain classifier).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from validation import challenger
from validation.battery.verdicts import not_evaluable, verdict
from validation.rebuild import characteristics, clustered, group_rates, metrics
from validation.rebuild.characteristics import Characteristic, Classes
from validation.rebuild.recount import effective_counts
from validation.rebuild.workspace import DEVELOPMENT, Workspace

AREA, TABLE = "representativeness", "validation.representativeness"
TOGETHER, APPLICANTS = "all characteristics together", "all applicants"
FOLDS, SEED = 3, 20090801
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shift:
    """One characteristic in development and another population: PSI with its 95 % point under no change, chi-square,
    its degrees and p-value (NaN where the populations share rows), Kolmogorov-Smirnov distance (NaN for a text); shares
    missing and of special codes, (development, the other)."""

    name: str
    rows: int
    psi: float
    chance_level: float
    chi_square: float
    degrees: int
    p_value: float
    ks: float
    missing: tuple[float, float]
    special: tuple[float, float]


def check_representativeness(space: Workspace) -> None:
    """Judge every later sample, and all applicants, against development; details in `validation.representativeness`."""
    first = space.rows.get(DEVELOPMENT)
    chosen = characteristics.of_champion(space)
    if first is None or not chosen:
        reason = "no development sample, or the champion reads nothing"
        not_evaluable(space, AREA, "development stands for the other samples", "champion", reason)
        space.ledger.tables[TABLE] = reason
        return
    bins = int(space.policy.cuts["classifier_classes"].value)
    classes = [characteristics.classes_of(one, first, bins) for one in chosen]
    table: list[list[Any]] = []
    others: dict[str, Integers] = {name: rows for name, rows in space.rows.items() if name != DEVELOPMENT}
    known, every = space.known(DEVELOPMENT), np.arange(len(space.frame))
    if len(every) > sum(len(space.known(name)) for name in space.rows):
        others[APPLICANTS] = every
    else:
        reason = "the snapshot holds nobody beyond the samples and known outcomes"
        not_evaluable(space, AREA, "shift of characteristics", APPLICANTS, reason)
    for name, rows in others.items():
        base = known if name == APPLICANTS else first
        found = [shift_of(space, one, held, base, rows) for one, held in zip(chosen, classes, strict=True)]
        _judge_shifts(space, name, found)
        area = tell_apart(space, classes, base, rows)
        _judge_area(space, name, area)
        table += _cells(name, found, area, len(rows))
    space.ledger.tables[TABLE] = table or "the package has the development sample only"


def shift_of(space: Workspace, one: Characteristic, held: Classes, base: Integers, rows: Integers) -> Shift:
    """Return the shift of one characteristic from the rows `base` to `rows`."""
    parts = [effective_counts(held.ids[side], space.weight[side], held.size) for side in (base, rows)]
    index = metrics.population_stability(*parts)
    square, degrees = metrics.chi_square(*parts)
    p_value = float(stats.chi2.sf(square, degrees)) if degrees and not len(np.intersect1d(base, rows)) else np.nan
    distance = np.nan
    sides = [side[one.ordinary()[side]] for side in (base, rows)]
    if one.numeric and all(len(side) for side in sides):
        both = np.concatenate(sides)
        label = np.repeat([0.0, 1.0], [len(side) for side in sides])
        values = one.value.data[both].astype(np.float64)
        distance = metrics.kolmogorov_smirnov(label, values, space.weight[both])
    shares = [
        (_share(mask, space.weight, base), _share(mask, space.weight, rows)) for mask in (one.missing(), one.special())
    ]
    return Shift(one.name, len(rows), index.psi, index.chance_level, square, degrees, p_value, distance, *shares)


def _share(mask: NDArray[np.bool_], weight: Floats, rows: Integers) -> float:
    return float(np.sum(weight[rows][mask[rows]]) / np.sum(weight[rows]))


def tell_apart(space: Workspace, classes: Sequence[Classes], base: Integers, rows: Integers) -> metrics.Auc | None:
    """Return the area of a cross-fitted classifier of `rows` against `base`; None with too few rows of either.

    Rows of one cluster stand in one fold, so that what is told apart is the population, not the obligor.
    """
    cuts = space.policy.cuts
    most, least = int(cuts["classifier_rows"].value), int(cuts["classifier_rows_minimum"].value)
    if min(len(base), len(rows)) < least:
        return None
    sides = [characteristics.thinned(side, most) for side in (base, rows)]
    both = np.concatenate(sides)
    label = np.repeat([0.0, 1.0], [len(side) for side in sides])
    weight = np.concatenate([space.weight[side] * len(side) / np.sum(space.weight[side]) for side in sides])
    cluster = space.cluster[both]
    score = challenger.cross_fitted(classes, both, label, weight, cluster, FOLDS, SEED)
    return None if score is None else clustered.auc(label, score, cluster, weight, space.confidence)


def _judge_shifts(space: Workspace, name: str, found: list[Shift]) -> None:
    worst = max(found, key=lambda one: one.psi)
    value = worst.psi if worst.psi > worst.chance_level else 0.0
    verdict(
        space,
        AREA,
        "shift of characteristics",
        name,
        f"greatest PSI ({worst.name})",
        value,
        review="characteristic_psi_review",
        fail="characteristic_psi_fail",
        statement=f"The PSI of {worst.name} from development to {name} is {worst.psi:.4f} (below "
        f"{worst.chance_level:.4f} in 19 of 20 draws of one population).",
        remedy="Find what shifted, and whether the relation to the outcome is still that of development.",
        evidence=(TABLE,),
    )


def _judge_area(space: Workspace, name: str, area: metrics.Auc | None) -> None:
    test = "telling the population from development"
    if area is None:
        least = space.policy.cuts["classifier_rows_minimum"].value
        not_evaluable(space, AREA, test, name, f"fewer than {least:g} rows of a side, or nothing to tell them by")
        return
    verdict(
        space,
        AREA,
        test,
        name,
        "AUC of the classifier",
        area.auc if area.lower > 0.5 else min(area.auc, 0.5),
        review="domain_auc_review",
        fail="domain_auc_fail",
        statement=f"A classifier tells {name} from development with an AUC of {area.auc:.4f} "
        f"({area.lower:.4f} to {area.upper:.4f}) by what the champion reads.",
        bounds=(area.lower, area.upper),
        remedy="Say why development stands for this population (CRR Article 179(1)(d)), or develop on what does.",
        evidence=(TABLE,),
    )


def _cells(name: str, found: list[Shift], area: metrics.Auc | None, rows: int) -> list[list[Any]]:
    adjusted = group_rates.step_down(np.array([one.p_value for one in found]))
    table: list[list[Any]] = []
    for one, p in zip(found, adjusted, strict=True):
        tests = [one.psi, one.chance_level, one.chi_square, one.degrees, float(p), one.ks]
        table.append([name, one.name, one.rows, *tests, *one.missing, *one.special, None, None, None])
    told = [None] * 3 if area is None else [area.auc, area.lower, area.upper]
    return [*table, [name, TOGETHER, rows, *[None] * 10, *told]]
