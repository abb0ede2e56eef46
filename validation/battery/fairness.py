"""Fairness measured by the validator's own groups: impact, differences, errors and calibration, proxies, the search.

Groups are the levels of a protected column, or bands of a number: the plan's edges, else quarters of development.
Every row bears the jurisdictions that the plan lists the attribute under. A group with fewer rows than the plan asks
for is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.battery.representativeness import tell_apart
from validation.battery.verdicts import not_evaluable, verdict
from validation.comparisons.fairness import labels_of
from validation.comparisons.groups import FEWEST_ROWS
from validation.rebuild import characteristics, group_rates
from validation.rebuild.group_rates import Share
from validation.rebuild.workspace import DEVELOPMENT, Workspace

AREA, TABLE = "fairness", "validation.fairness"
IMPACT, MEANS, GOODS = "adverse impact ratio", "standardised mean difference", "approval of goods"
LEVEL, PROXY, SEARCH = "calibration gap", "AUC by the inputs", "search for less discriminatory alternatives"
ALTERNATIVES = "fairness.alternatives"
MANY_LEVELS = 8
QUARTERS = np.array([0.25, 0.5, 0.75])
LEAST_SHARE = 0.02
NO_CUT_OFF = "the plan declares no cut-off (strategy.cut_off), or the champion gives no score"
NO_LAW = "no law sets a cut"
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of an attribute: the mask (n,) of its rows in the snapshot."""

    attribute: str
    name: str
    mask: Booleans


@dataclass(frozen=True, slots=True)
class Cell:
    """One measure of one group on one sample; `reason` where it is not evaluable."""

    attribute: str
    group: str
    reference: str | None
    sample: str
    measure: str
    rows: int
    value: float = np.nan
    lower: float = np.nan
    upper: float = np.nan
    p_value: float = np.nan
    reason: str | None = None


def check_fairness(space: Workspace) -> None:
    """Judge every protected attribute that the snapshot holds; the cells are the rows of `validation.fairness`."""
    labels = labels_of(space)
    held = {name: groups_of(space, name) for name in labels if name in space.frame.columns}
    reason = _why_not(space, labels, held)
    if reason is not None:
        for test in (IMPACT, MEANS, GOODS, LEVEL, PROXY):
            not_evaluable(space, AREA, test, "champion", reason)
        space.ledger.tables[TABLE] = reason
        return
    rows: list[list[Any]] = []
    impacted = False
    for name, groups in held.items():
        label = "; ".join(labels[name])
        cells = cells_of(space, groups)
        rows += _judge_attribute(space, f"{name}, {label}", label, cells)
        impacted = impacted or any(_adverse(space, *pair) for pair in zip(cells, _adjusted(cells), strict=True))
    rows += _together(space, held, labels)
    space.ledger.tables[TABLE] = rows
    _judge_search(space, impacted)


def _why_not(space: Workspace, labels: dict[str, list[str]], held: dict[str, list[Group]]) -> str | None:
    if space.package.outcome_type != "binary":
        return "the outcome is not binary"
    if not labels:
        return "the plan names no protected attribute"
    return None if held else "the snapshot holds no protected column"


def groups_of(space: Workspace, name: str) -> list[Group]:
    """Return the groups of a protected column over the snapshot, in a fixed order; `missing` is one where it occurs."""
    column = space.frame[name]
    absent = column.isna().to_numpy()
    groups: list[Group] = []
    if column.dtype.kind in "fiu" and column.nunique() > MANY_LEVELS:
        x = column.to_numpy(np.float64)
        edges = [
            float(edge) for edge in ((space.package.plan.get("fairness") or {}).get("edges") or {}).get(name) or []
        ]
        if not edges:
            rows = space.rows.get(DEVELOPMENT, np.arange(len(x)))
            edges = np.unique(characteristics.quantiles(x[rows][~absent[rows]], QUARTERS)).tolist()
        place = np.searchsorted(np.array(edges), x, side="right")
        ends = [f"below {edges[0]:g}", *(f"{a:g} to {b:g}" for a, b in pairwise(edges))]
        words = [*ends, f"from {edges[-1]:g}"]
        groups = [Group(name, word, ~absent & (place == number)) for number, word in enumerate(words)]
    else:
        levels = sorted(column.dropna().unique().tolist(), key=lambda level: (isinstance(level, str), level))
        groups = [Group(name, _word(level), (column == level).to_numpy(bool) & ~absent) for level in levels]
    if absent.any():
        groups.append(Group(name, "missing", absent))
    return [one for one in groups if one.mask.any()]


def _word(level: Any) -> str:
    return f"{level:g}" if isinstance(level, (int, float)) else str(level)


def fewest(space: Workspace) -> int:
    """Return how many rows a group needs, as the plan sets it."""
    return int(space.package.setting("fairness", "min_rows", FEWEST_ROWS))


def cut_off_of(space: Workspace) -> float | None:
    """Return the plan's cut-off where the champion gives a score."""
    value = (space.package.plan.get("strategy") or {}).get("cut_off")
    return None if value is None or space.output(space.package.champion_id, "score") is None else float(value)


def cells_of(space: Workspace, groups: list[Group]) -> list[Cell]:
    """Return every measure of every group of one attribute on every sample."""
    found: list[Cell] = []
    for sample in space.rows:
        found += _impacts(space, groups, sample, good_only=False)
        found += _impacts(space, groups, sample, good_only=True)
        for one in groups:
            found += [_mean_difference(space, one, sample), _calibration(space, one, sample)]
    return found + _proxies(space, groups)


def _impacts(space: Workspace, groups: list[Group], sample: str, *, good_only: bool) -> list[Cell]:
    """Approval of each group over that of the reference group, or of their goods less that of the reference's."""
    measure, cut_off = GOODS if good_only else IMPACT, cut_off_of(space)
    score = space.output(space.package.champion_id, "score")
    if cut_off is None or score is None:
        return [
            Cell(g.attribute, g.name, None, sample, measure, _count(space, g, sample), reason=NO_CUT_OFF)
            for g in groups
        ]
    shares = {}
    for one in groups:
        rows = _scored(space, space.rows[sample][one.mask[space.rows[sample]]], score.data)
        rows = rows[space.outcome[rows] == 0] if good_only else rows
        shares[one.name] = group_rates.share(score.data[rows] >= cut_off, space.weight[rows], space.confidence)
    reference = _reference(space, groups, score.data, cut_off)
    least, cells = fewest(space), []
    for one in groups:
        own, base = shares[one.name], None if reference is None else shares[reference]
        place = (one.attribute, one.name, reference, sample, measure, own.rows)
        if one.name == reference:
            continue
        if base is None or min(own.rows, base.rows) < least:
            cells.append(Cell(*place, reason=f"fewer than {least} rows of the group or of the reference group"))
        elif good_only:
            cells.append(Cell(*place, *group_rates.newcombe(own, base)))
        elif not base.value > 0.0:
            cells.append(Cell(*place, reason="nobody of the reference group is approved"))
        else:
            bounds = group_rates.katz(own.value, own.size, base.value, base.size, space.confidence)
            cells.append(Cell(*place, *bounds, two_proportions(own, base)))
    return cells


def _count(space: Workspace, one: Group, sample: str) -> int:
    return int(np.count_nonzero(one.mask[space.rows[sample]]))


def _scored(space: Workspace, rows: Integers, score: NDArray[Any]) -> Integers:
    return rows[np.isfinite(score[rows].astype(np.float64))]


def _reference(space: Workspace, groups: list[Group], score: NDArray[Any], cut_off: float) -> str | None:
    """The plan's reference group, else that with the greatest approval rate on development among the large enough."""
    named = ((space.package.plan.get("fairness") or {}).get("references") or {}).get(groups[0].attribute)
    if named is not None:
        return next((one.name for one in groups if one.name == _word(named)), None)
    first = next(iter(space.rows), None)
    every = space.rows.get(DEVELOPMENT, space.rows[first] if first is not None else np.zeros(0, dtype=np.int64))
    least = max(fewest(space), LEAST_SHARE * len(every))
    rates = {}
    for one in groups:
        rows = _scored(space, every[one.mask[every]], score)
        if one.name != "missing" and len(rows) >= least:
            rates[one.name] = float(np.average(score[rows] >= cut_off, weights=space.weight[rows]))
    return max(rates, key=lambda name: rates[name]) if rates else None


def two_proportions(own: Share, base: Share) -> float:
    """Return the two-sided p-value of equal shares, by the pooled normal test at effective sizes."""
    pooled = (own.value * own.size + base.value * base.size) / (own.size + base.size)
    variance = pooled * (1.0 - pooled) * (1.0 / own.size + 1.0 / base.size)
    return 2.0 * float(special.ndtr(-abs(own.value - base.value) / np.sqrt(variance))) if variance > 0 else 1.0


def _mean_difference(space: Workspace, one: Group, sample: str) -> Cell:
    score = space.output(space.package.champion_id, "score") or space.output(space.package.champion_id, "linear_score")
    place = (one.attribute, one.name, None, sample, MEANS)
    if score is None:
        return Cell(*place, 0, reason="the champion gives no score")
    rows = _scored(space, space.rows[sample], score.data)
    inside = one.mask[rows]
    count, least = int(inside.sum()), fewest(space)
    if min(count, len(rows) - count) < least:
        return Cell(*place, count, reason=f"fewer than {least} rows of the group or of the others")
    parts = (score.data[rows].astype(np.float64), inside, space.weight[rows], space.cluster[rows])
    bounds = group_rates.mean_difference(*parts, space.confidence)
    return Cell(*place, count, *bounds, reason=NO_LAW)


def _calibration(space: Workspace, one: Group, sample: str) -> Cell:
    value = space.output(space.package.champion_id, "probability")
    rows = space.judged(space.package.champion_id, sample)
    rows = rows[one.mask[rows]]
    place, least = (one.attribute, one.name, None, sample, LEVEL, len(rows)), space.policy.cuts["minimum_bads"].value
    bad = int(np.count_nonzero(space.outcome[rows] == 1))
    if value is None or min(bad, len(rows) - bad) < least:
        return Cell(*place, reason=f"fewer than {least:g} bads or goods in the group, or no probability")
    p, y = value.data[rows], space.outcome[rows]
    parts = (y, p, space.weight[rows], space.cluster[rows])
    gap, lower, upper = group_rates.calibration_gap(*parts, space.confidence)
    half = float(special.ndtri(0.5 + space.confidence / 2.0))
    error = (upper - lower) / (2.0 * half)
    p_value = 2.0 * float(special.ndtr(-abs(gap) / error)) if error > 0 else np.nan
    return Cell(*place, gap, lower, upper, p_value)


def _proxies(space: Workspace, groups: list[Group]) -> list[Cell]:
    """Each group of development told from the rest by all that the champion reads, cross-fitted."""
    rows = space.rows.get(DEVELOPMENT)
    if rows is None:
        return []
    bins = int(space.policy.cuts["classifier_classes"].value)
    classes = [characteristics.classes_of(one, rows, bins) for one in characteristics.of_champion(space)]
    named = [one for one in groups if one.name != "missing"]
    cells = []
    for one in named[:1] if len(named) == 2 else named:
        inside = one.mask[rows]
        place = (one.attribute, one.name, None, DEVELOPMENT, PROXY, int(inside.sum()))
        area = tell_apart(space, classes, rows[~inside], rows[inside]) if classes else None
        if area is None:
            least = space.policy.cuts["classifier_rows_minimum"].value
            cells.append(Cell(*place, reason=f"fewer than {least:g} rows of the group or of the others"))
        else:
            cells.append(Cell(*place, area.auc, area.lower, area.upper))
    return cells


def _adjusted(cells: list[Cell]) -> list[float]:
    """p-values by Holm's method within attribute, sample and measure."""
    found = np.full(len(cells), np.nan)
    places = [(cell.attribute, cell.sample, cell.measure) for cell in cells]
    for place in dict.fromkeys(places):
        chosen = [number for number, one in enumerate(places) if one == place]
        found[chosen] = group_rates.step_down(np.array([cells[number].p_value for number in chosen]))
    return found.tolist()


def _adverse(space: Workspace, cell: Cell, p_value: float) -> bool:
    """Whether an impact is below the policy's cut and significant (29 CFR 1607.4(D))."""
    below = cell.value < space.policy.cuts["adverse_impact_review"].value * (1.0 - 1e-12)
    return cell.measure == IMPACT and cell.reason is None and below and p_value < 1.0 - space.confidence


def _excess(space: Workspace, cell: Cell, p_value: float) -> float:
    """The value that is judged: 1 (a ratio) or 0 where chance explains the cell."""
    if cell.measure == IMPACT:
        return cell.value if _adverse(space, cell, p_value) else max(cell.value, 1.0)
    if cell.measure == GOODS:
        return abs(cell.value) if cell.lower > 0 or cell.upper < 0 else 0.0
    if cell.measure == LEVEL:
        sure = p_value < 1.0 - space.confidence
        return abs(cell.value) if sure else 0.0
    return cell.value if cell.lower > 0.5 else min(cell.value, 0.5)


CUTS = {IMPACT: "adverse_impact", GOODS: "good_approval_gap", LEVEL: "group_calibration_gap", PROXY: "inputs_group_auc"}


def _judge_attribute(space: Workspace, population: str, label: str, cells: list[Cell]) -> list[list[Any]]:
    adjusted = _adjusted(cells)
    for measure in CUTS:
        mine = [(cell, p) for cell, p in zip(cells, adjusted, strict=True) if cell.measure == measure]
        _judge_measure(space, measure, population, mine)
    not_evaluable(space, AREA, MEANS, population, NO_LAW)
    return [_row(space, label, cell, p) for cell, p in zip(cells, adjusted, strict=True)]


def _judge_measure(space: Workspace, measure: str, population: str, cells: list[tuple[Cell, float]]) -> None:
    known = [(cell, p) for cell, p in cells if cell.reason is None]
    small = [cell for cell, _ in cells if cell.reason is not None]
    if small and known:
        names = ", ".join(dict.fromkeys(f"{cell.group} ({cell.sample})" for cell in small))
        not_evaluable(
            space, AREA, f"{measure}, groups that cannot be judged", population, f"{small[0].reason}: {names}"
        )
    if not known:
        not_evaluable(space, AREA, measure, population, small[0].reason if small and small[0].reason else "no group")
        return
    below = measure == IMPACT
    values = [_excess(space, cell, p) for cell, p in known]
    worst = int(np.argmin(values) if below else np.argmax(values))
    cell, p = known[worst]
    beside = f" beside {cell.reference}" if cell.reference else ""
    chance = "" if np.isnan(p) else f", adjusted p-value {p:.4f}"
    verdict(
        space,
        AREA,
        measure,
        population,
        f"{measure} ({cell.group} on {cell.sample})",
        values[worst],
        review=f"{CUTS[measure]}_review",
        fail=f"{CUTS[measure]}_fail",
        below=below,
        statement=f"{measure[0].upper()}{measure[1:]} of {cell.group}{beside} on {cell.sample}: {cell.value:.4f} "
        f"({cell.lower:.4f} to {cell.upper:.4f}{chance}).",
        p_value=p,
        bounds=(cell.lower, cell.upper),
        remedy="Say what causes the difference and whether less discriminatory alternatives were looked for.",
        evidence=(TABLE,),
    )


def _outcome(space: Workspace, cell: Cell, p_value: float) -> str:
    if cell.reason is not None:
        return "not_evaluable"
    value, cuts, name = _excess(space, cell, p_value), space.policy.cuts, CUTS[cell.measure]
    limits = (cuts[f"{name}_fail"].value, cuts[f"{name}_review"].value)
    for limit, word in zip(limits, ("fail", "review"), strict=True):
        if value < limit if cell.measure == IMPACT else value > limit:
            return word
    return "pass"


def _row(space: Workspace, label: str, cell: Cell, p_value: float) -> list[Any]:
    place = [label, cell.attribute, cell.group, cell.reference, cell.sample, cell.measure, cell.rows]
    return [*place, cell.value, cell.lower, cell.upper, p_value, _outcome(space, cell, p_value), cell.reason]


def _together(space: Workspace, held: dict[str, list[Group]], labels: dict[str, list[str]]) -> list[list[Any]]:
    """Adverse impact of the groups of two attributes together; small cells are not evaluable."""
    if (space.package.plan.get("fairness") or {}).get("intersections") is False or len(held) < 2:
        return []
    if cut_off_of(space) is None:
        not_evaluable(space, AREA, f"{IMPACT}, two attributes together", "champion", NO_CUT_OFF)
        return []
    rows: list[list[Any]] = []
    for first, second in combinations(held, 2):
        label = "; ".join(dict.fromkeys([*labels[first], *labels[second]]))
        both = _crossed(held[first], held[second])
        cells = [cell for sample in space.rows for cell in _impacts(space, both, sample, good_only=False)]
        adjusted = _adjusted(cells)
        _judge_measure(space, IMPACT, f"{first} × {second}, {label}", list(zip(cells, adjusted, strict=True)))
        rows += [_row(space, label, cell, p) for cell, p in zip(cells, adjusted, strict=True)]
    return rows


def _crossed(first: Iterable[Group], second: list[Group]) -> list[Group]:
    pairs = [(a, b) for a in first for b in second if "missing" not in (a.name, b.name)]
    found = [Group(f"{a.attribute} × {b.attribute}", f"{a.name} × {b.name}", a.mask & b.mask) for a, b in pairs]
    return [one for one in found if one.mask.any()]


def _judge_search(space: Workspace, impacted: bool) -> None:
    """A log of a search for less discriminatory alternatives, where a group is hit."""
    found = space.package.rows_of(ALTERNATIVES)
    if found is None and not impacted:
        reason = "no group is hit beyond the policy's cut, and the package holds no such search"
        not_evaluable(space, AREA, SEARCH, "champion", reason)
        return
    verdict(
        space,
        AREA,
        SEARCH,
        "champion",
        "searches that are owed",
        float(found is None),
        fail="searches_owed_maximum",
        statement="A protected group is hit and the package holds no search for less discriminatory alternatives.",
        remedy="Search (fairness.less_discriminatory_alternatives), or say why not.",
        evidence=(ALTERNATIVES,),
    )
