"""The rating scale: grades of every model against the plan, PDs made again, grades counted and tested again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.rating_low_default import compare_low_default
from validation.comparisons.rating_migration import compare_migration
from validation.impact import Change, impact_of
from validation.rebuild import grades as own
from validation.rebuild import scale_design
from validation.rebuild.periods import period_of
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

KEY = "rating_scale"
SCALE, DESIGN, VALIDATION, PORTFOLIO = "rating.scale", "rating.design", "rating.validation", "rating.portfolio"
CONCENTRATION, MONOTONICITY = "rating.concentration", "rating.monotonicity"
HETEROGENEITY, HOMOGENEITY, FIGURE = "rating.heterogeneity", "rating.homogeneity", "rating.figure"
WORDS = {"sample", "grade", "next_grade", "series", "verdict", "reason", "source", "largest_grade"}
FLAGS = {"inside"}
COUNTS = {"rows", "bad", "next_rows", "next_bad", "rows_below", "rows_above", "grades", "occupied", "degrees"}
SHARES = {"share", "bad_rate", "largest_share", "bad_rate_below", "bad_rate_above", "herfindahl"}
BOUNDS = {"bad_rate_lower", "bad_rate_upper"}
EXACT = {"lower", "upper", "review_cut", "fail_cut", "max_share", "split"}
Rows = list[dict[str, Any]]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Grades of the champion as model.json has them, and by sample the place of each judged row."""

    grades: list[str]
    edges: list[float]
    probabilities: list[float]
    rows: Mapping[str, Integers]
    places: Mapping[str, Integers]


def compare_rating(space: Workspace) -> None:
    """Compare grades of the models, and every table of the scale, with our own."""
    plan = space.package.plan.get(KEY)
    held = {model_id: steps_of(model, "grade") for model_id, model in space.package.models.items()}
    if plan is None and not any(held.values()):
        space.ledger.not_evaluable(SCALE, "the plan has no rating scale")
        return
    _compare_models(space, plan, held)
    scale = scale_of(space)
    if plan is None or scale is None:
        space.ledger.not_evaluable(SCALE, "plan and champion do not both have a rating scale")
        return
    rules = rules_of(space)
    found: dict[str, Callable[[], Rows]] = {
        SCALE: lambda: _scale_rows(space, scale, rules),
        VALIDATION: lambda: validation_rows(space, scale, rules),
        PORTFOLIO: lambda: portfolio_rows(space, scale, rules),
        CONCENTRATION: lambda: concentration_rows(space, scale, rules),
        MONOTONICITY: lambda: monotonicity_rows(space, scale, rules),
        HETEROGENEITY: lambda: _heterogeneity_rows(space, scale, rules),
        HOMOGENEITY: lambda: _homogeneity_rows(space, scale, rules),
        FIGURE: lambda: _figure_rows(space, scale, rules),
    }
    for area, make in found.items():
        table = space.package.rows_of(area)
        if table is None:
            space.ledger.not_evaluable(area, "the package holds no such table")
        else:
            _compare_rows(space, area, table, make())
    _compare_design(space, scale, plan)
    compare_migration(space, scale.grades)


def scale_of(space: Workspace) -> Scale | None:
    """Return the scale of the champion; None where it has no grade of a probability."""
    model_id, model = space.package.champion_id, space.package.model
    name = model["outputs"].get("grade")
    step = next((one for one in steps_of(model, "grade") if one["output"] == name), None)
    grade = space.output(model_id, "grade")
    if step is None or grade is None or step["input"] != model["outputs"].get("probability"):
        return None
    names = [one["grade"] for one in step["grades"]]
    rows = {sample: space.judged(model_id, sample) for sample in space.rows}
    number = {name: k for k, name in enumerate(names)}
    places = {
        sample: np.array([number[one] for one in grade.data[at].tolist()], dtype=np.int64)
        for sample, at in rows.items()
    }
    edges = [float(one["lower"]) for one in step["grades"][1:]]
    return Scale(names, edges, [float(one["probability"]) for one in step["grades"]], rows, places)


def rules_of(space: Workspace) -> own.Rules:
    """Return the settings of the plan."""

    def told(key: str, default: float) -> float:
        return space.package.setting(KEY, key, default)

    cuts = (told("review", 0.05), told("fail", 0.01))
    sizes = (told("min_rows", 50.0), told("min_expected", 5.0))
    return own.Rules(*cuts, *sizes, told("asset_correlation", 0.04), told("max_share", 0.30), space.confidence)


def design_sample(space: Workspace) -> str:
    """Return the sample on which the scale was made."""
    asked = (space.package.plan.get(KEY) or {}).get("sample")
    return "calibration" if "calibration" in space.rows and asked != DEVELOPMENT else DEVELOPMENT


def sample_cells(space: Workspace, scale: Scale, sample: str) -> list[own.Cell]:
    """Return the cells of every grade in a sample."""
    return own.cells(scale.places[sample], *_columns(space, scale.rows[sample]), len(scale.grades))


def _columns(space: Workspace, rows: Integers) -> tuple[own.Floats, own.Floats, own.Floats]:
    probability = space.output(space.package.champion_id, "probability")
    assert probability is not None
    return space.outcome[rows], probability.data[rows], space.weight[rows]


def _compare_models(space: Workspace, plan: Mapping[str, Any] | None, held: Mapping[str, Sequence[Any]]) -> None:
    """Every model with a probability grades that, all on one scale, with the bounds, names and PDs that are given."""
    stated, mine, labels = [], [], []
    first = None
    for model_id, steps in held.items():
        outputs = space.package.models[model_id]["outputs"]
        wanted = plan is not None and outputs.get("probability") is not None
        stated.append([(step["input"], step["output"]) for step in steps])
        mine.append([(outputs["probability"], outputs.get("grade"))] if wanted else [])
        labels.append(space.package.file_of(model_id))
        first = first or (steps[0]["grades"] if steps else None)
        if steps:
            space.ledger.words(SCALE, f"grades of {labels[-1]}", steps[0]["grades"], first or [], "grade", [SCALE])
    space.ledger.words(SCALE, "steps that grade the published probability", stated, mine, labels, [SCALE])
    if plan is None or first is None:
        return
    names = plan.get("names") or _numbers(len(first))
    space.ledger.words(SCALE, "names", [one["grade"] for one in first], list(names)[: len(first)], "grade", [SCALE])
    edges = plan.get("bounds") or _geometric(plan.get("geometric"))
    if edges is not None:
        given = [one["lower"] for one in first[1:]]
        told = (SCALE, "bounds of the plan", "probability")
        changes = _bound_changes(held, list(edges))
        space.ledger.numbers(*told, given, list(edges), "bound", [SCALE], impact=impact_of(space, changes))


def _bound_changes(held: Mapping[str, Sequence[Any]], edges: Sequence[float]) -> list[list[Change]]:
    """Each bound of the plan in place of the end of one grade and the start of the next, in every model."""
    ends = (("upper", 0), ("lower", 1))
    return [
        [
            Change(model_id, step["id"], ("grades", place + more, key), float(edge))
            for model_id, steps in held.items()
            for step in steps[:1]
            for key, more in ends
            if place + more < len(step["grades"])
        ]
        for place, edge in enumerate(edges)
    ]


def _probability_changes(space: Workspace, values: Sequence[float]) -> list[list[Change]]:
    """The rebuilt probability of each grade in place of that of the champion's scale."""
    steps = steps_of(space.package.model, "grade")[:1]
    champion = space.package.champion_id
    return [
        [Change(champion, step["id"], ("grades", place, "probability"), float(value)) for step in steps]
        for place, value in enumerate(values)
    ]


def _numbers(grades: int) -> list[str]:
    return [str(k).zfill(len(str(grades))) for k in range(1, grades + 1)]


def _geometric(told: Mapping[str, Any] | None) -> list[float] | None:
    if told is None:
        return None
    return [float(edge) for edge in np.geomspace(told["lower"], told["upper"], told["grades"] - 1)]


def _compare_rows(space: Workspace, area: str, stated: Rows, mine: Rows) -> None:
    """Column by column, of our own rows; the tolerance follows from the kind of the column."""
    labels = [" ".join(str(row[key]) for key in ("sample", "series", "grade") if key in row) for row in mine]
    for name in mine[0]:
        given, found = [row[name] for row in stated], [row[name] for row in mine]
        if name in WORDS or name in FLAGS:
            space.ledger.words(area, name, given, found, labels, [area])
        else:
            space.ledger.numbers(area, name, _rule(name), given, found, labels, [area])


def _rule(name: str) -> str:
    sets = ((COUNTS, "rows"), (SHARES, "share"), (BOUNDS, "interval"), (EXACT, "probability"))
    rule = next((rule for names, rule in sets if name in names), None)
    if rule is not None:
        return rule
    if "p_value" in name or "holm" in name:
        return "p_value"
    return {"probability": "mean_probability", "mean_probability": "mean_probability"}.get(name, "z")


def _scale_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    sample = design_sample(space)
    cells = sample_cells(space, scale, sample)
    source = str((space.package.plan.get(KEY) or {}).get("probability") or "mean_probability")
    values, whole = _probabilities(space, scale, sample, cells, source), sum(one.weight for one in cells)
    rows, last = [], len(cells) - 1
    for k, (one, name, p) in enumerate(zip(cells, scale.grades, values, strict=True)):
        low, high = own.jeffreys_bounds(one.rate, one.size, rules.confidence)
        lower, upper = (scale.edges[k - 1] if k else None), (scale.edges[k] if k < last else None)
        held = (lower or 0.0) <= p and (p < upper if upper is not None else p <= 1.0)
        row: dict[str, Any] = {"grade": name, "lower": lower, "upper": upper, "rows": one.rows}
        row |= {"share": one.weight / whole, "bad": one.bad, "bad_rate": one.rate}
        row |= {"bad_rate_lower": low, "bad_rate_upper": high, "mean_probability": one.mean}
        rows.append({**row, "probability": p, "source": source, "inside": held})
    told = (SCALE, "probabilities of model.json", "mean_probability")
    impact = impact_of(space, _probability_changes(space, values))
    space.ledger.numbers(*told, scale.probabilities, values, scale.grades, [SCALE], impact=impact)
    return rows


def _probabilities(space: Workspace, scale: Scale, sample: str, cells: Sequence[own.Cell], source: str) -> list[float]:
    """PDs of the grades from their declared source."""
    if source == "given":
        return [float(p) for p in space.package.plan[KEY].get("probabilities") or []]
    if source == "observed":
        return [one.rate for one in cells]
    if source == "midpoint":
        logs = np.log(scale.edges)
        first, last = 1.5 * logs[0] - 0.5 * logs[1], min(1.5 * logs[-1] - 0.5 * logs[-2], 0.5 * logs[-1])
        return [float(v) for v in np.exp([first, *((a + b) / 2.0 for a, b in pairwise(logs)), last])]
    if source == "long_run":
        return _long_run(space, scale, sample)
    if source == "pluto_tasche":
        return compare_low_default(space, cells, scale.grades)
    return [one.mean for one in cells]


def _long_run(space: Workspace, scale: Scale, sample: str) -> list[float]:
    """Plain mean over years of the bad rate of each grade."""
    rows, places = scale.rows[sample], scale.places[sample]
    column = dated_column(space.package.plan, space.frame)
    if column is None:
        return [own.NAN] * len(scale.grades)
    years = np.array(period_of(space.frame[column].to_numpy()[rows].tolist(), "year"), dtype=object)
    y, _, w = _columns(space, rows)
    found = []
    for k in range(len(scale.grades)):
        rates = []
        for year in sorted(set(years[places == k])):
            inside = (places == k) & (years == year)
            rates.append(float(np.sum(w[inside] * y[inside]) / np.sum(w[inside])))
        found.append(math.fsum(rates) / len(rates) if rates else own.NAN)
    return found


def validation_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    """Return our own rows of `rating.validation`."""
    rows: Rows = []
    for sample in space.rows:
        cells = sample_cells(space, scale, sample)
        pairs = list(zip(cells, scale.probabilities, strict=True))
        first = [own.jeffreys(c.rate, c.size, p) for c, p in pairs]
        second = [own.binomial(c.rate, c.size, p) for c, p in pairs]
        adjusted = zip(own.holm(first), own.holm(second), strict=True)
        for k, ((c, p), (one, two)) in enumerate(zip(pairs, adjusted, strict=True)):
            low, high = own.jeffreys_bounds(c.rate, c.size, rules.confidence)
            row: dict[str, Any] = {"sample": sample, "grade": scale.grades[k], "rows": c.rows, "bad": c.bad}
            row |= {"expected": c.size * p, "probability": p, "bad_rate": c.rate}
            row |= {"bad_rate_lower": low, "bad_rate_upper": high, "jeffreys_p_value": first[k], "jeffreys_holm": one}
            row |= {"binomial_p_value": second[k], "binomial_holm": two}
            row |= {"correlated_p_value": own.correlated(c.rate, c.size, p, rules.correlation)}
            rows.append({**row, **_told(rules, rules.verdict(first[k], rules.small(c.size, p)))})
    return rows


def portfolio_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    """Return our own rows of `rating.portfolio`."""
    rows: Rows = []
    for sample in space.rows:
        cells = sample_cells(space, scale, sample)
        whole = own.cell(*_columns(space, scale.rows[sample]))
        p = math.fsum(c.weight * q for c, q in zip(cells, scale.probabilities, strict=True)) / whole.weight
        low, high = own.jeffreys_bounds(whole.rate, whole.size, rules.confidence)
        fitted = sample == design_sample(space)
        statistic, degrees, fit = own.lack_of_fit(cells, scale.probabilities, fitted=fitted)
        p_value = own.jeffreys(whole.rate, whole.size, p)
        row: dict[str, Any] = {"sample": sample, "rows": whole.rows, "bad": whole.bad, "expected": whole.size * p}
        row |= {"probability": p, "bad_rate": whole.rate, "bad_rate_lower": low, "bad_rate_upper": high}
        row |= {"jeffreys_p_value": p_value, "binomial_p_value": own.binomial(whole.rate, whole.size, p)}
        row |= {"correlated_p_value": own.correlated(whole.rate, whole.size, p, rules.correlation)}
        row |= {"hosmer_lemeshow": statistic if math.isfinite(statistic) else None, "degrees": degrees}
        row |= {"hosmer_lemeshow_p_value": fit}
        rows.append({**row, **_told(rules, rules.verdict(p_value, rules.small(whole.size, p)))})
    return rows


def concentration_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    """Return our own rows of `rating.concentration`."""
    rows: Rows = []
    shares = {}
    for sample in space.rows:
        weight = np.array([c.weight for c in sample_cells(space, scale, sample)])
        shares[sample] = weight / np.sum(weight)
    first = own.spread(shares[DEVELOPMENT])[1]
    for sample, share in shares.items():
        index, variation, logarithmic = own.spread(share)
        z, p_value = (own.NAN, own.NAN) if sample == DEVELOPMENT else own.risen(first, variation, len(share))
        verdict = rules.verdict(1.0 if math.isnan(p_value) else p_value, len(scale.rows[sample]) < rules.min_rows)
        if share.max() > rules.max_share and verdict in ("pass", "not evaluable"):
            verdict = "review"
        row: dict[str, Any] = {"sample": sample, "grades": len(share), "occupied": int(np.count_nonzero(share))}
        row |= {"herfindahl": index, "coefficient_of_variation": variation, "herfindahl_index": logarithmic}
        row |= {"largest_grade": scale.grades[int(np.argmax(share))], "largest_share": float(share.max())}
        row |= {"statistic": z, "p_value": p_value, "max_share": rules.max_share}
        rows.append({**row, **_told(rules, verdict)})
    return rows


def monotonicity_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    """Return our own rows of `rating.monotonicity`."""
    rows: Rows = []
    for sample in space.rows:
        cells = sample_cells(space, scale, sample)
        small = [rules.small(c.rows, p) for c, p in zip(cells, scale.probabilities, strict=True)]
        p_values = [own.reversal(a, b) for a, b in pairwise(cells)]
        for k, (p_value, holm) in enumerate(zip(p_values, own.holm(p_values), strict=True)):
            row = {**_pair(sample, scale, cells, k), "p_value": p_value, "holm": holm}
            rows.append({**row, **_told(rules, rules.verdict(p_value, small[k] or small[k + 1]))})
    return rows


def _heterogeneity_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    rows: Rows = []
    for sample in space.rows:
        cells = sample_cells(space, scale, sample)
        small = [rules.small(c.size, p) for c, p in zip(cells, scale.probabilities, strict=True)]
        tests = [own.proportions(a, b) for a, b in pairwise(cells)]
        adjusted = own.holm([p for _, p in tests])
        for k, ((z, p_value), holm) in enumerate(zip(tests, adjusted, strict=True)):
            risen = z > 0 and p_value <= rules.review
            verdict = "not evaluable" if small[k] or small[k + 1] else "pass" if risen else "review"
            row = {**_pair(sample, scale, cells, k), "difference": cells[k + 1].rate - cells[k].rate}
            rows.append({**row, "statistic": z, "p_value": p_value, "holm": holm, **_told(rules, verdict)})
    return rows


def _homogeneity_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    rows: Rows = []
    for sample in space.rows:
        columns, places = _columns(space, scale.rows[sample]), scale.places[sample]
        parts = [own.halves(*(c[places == k] for c in columns)) for k in range(len(scale.grades))]
        tests = [own.proportions(low, high) for _, low, high in parts]
        adjusted = own.holm([p for _, p in tests])
        for k, ((split, low, high), (z, p_value)) in enumerate(zip(parts, tests, strict=True)):
            p = scale.probabilities[k]
            small = math.isnan(split) or rules.small(low.size, p) or rules.small(high.size, p)
            row: dict[str, Any] = {"sample": sample, "grade": scale.grades[k], "split": split}
            row |= {"rows_below": low.rows, "rows_above": high.rows}
            row |= {"bad_rate_below": low.rate, "bad_rate_above": own.NAN if math.isnan(split) else high.rate}
            row |= {"statistic": z, "p_value": p_value, "holm": adjusted[k]}
            rows.append({**row, **_told(rules, rules.verdict(p_value, small))})
    return rows


def _figure_rows(space: Workspace, scale: Scale, rules: own.Rules) -> Rows:
    counts = np.array([[c.rows for c in sample_cells(space, scale, sample)] for sample in space.rows], dtype=float)
    whole = counts.sum(axis=0) / counts.sum()
    rows: Rows = [
        {"grade": g, "series": "scale", "share": s, "bad_rate": p, "bad_rate_lower": None, "bad_rate_upper": None}
        for g, s, p in zip(scale.grades, whole.tolist(), scale.probabilities, strict=True)
    ]
    for sample in space.rows:
        cells = sample_cells(space, scale, sample)
        for name, c in zip(scale.grades, cells, strict=True):
            low, high = own.jeffreys_bounds(c.rate, c.size, rules.confidence)
            row = {"grade": name, "series": sample, "share": c.rows / sum(one.rows for one in cells)}
            rows.append({**row, "bad_rate": c.rate, "bad_rate_lower": low, "bad_rate_upper": high})
    return rows


def _compare_design(space: Workspace, scale: Scale, plan: Mapping[str, Any]) -> None:
    """The chosen row of the design: its numbers on our own counts, the constraints, and that none has more grades."""
    table = space.package.rows_of(DESIGN)
    if table is None:
        space.ledger.not_evaluable(DESIGN, "the bounds of the scale are given")
        return
    chosen = [row for row in table if row["chosen"]]
    feasible = [row["grades"] for row in table if row["feasible"]]
    most = [max(feasible)] if feasible else []
    space.ledger.words(DESIGN, "number of grades", [row["grades"] for row in chosen], most, "row", [DESIGN])
    if len(chosen) != 1 or chosen[0]["grades"] != len(scale.grades):
        space.ledger.words(DESIGN, "grades of the scale", [r["grades"] for r in chosen], [len(scale.grades)], "row")
        return
    sample, rules = design_sample(space), scale_design.rules_of(plan)
    cells = sample_cells(space, scale, sample)
    y, p, w = _columns(space, scale.rows[sample])
    places = scale.places[sample]
    mixed = 0
    for k in range(len(cells)):
        inside = places == k
        _, low, high = own.halves(y[inside], p[inside], w[inside])
        mixed += own.proportions(low, high)[1] <= rules.homogeneity
    weight = np.array([c.weight for c in cells])
    total = float(np.sum(weight))
    effective = total**2 / float(np.sum(w**2))
    likelihood = math.fsum(effective * c.weight / total * _entropy(c.rate) for c in cells)
    shares, between = weight / total, [own.proportions(a, b)[1] for a, b in pairwise(cells)]
    mine = {"herfindahl": own.spread(shares)[0], "largest_share": float(shares.max()), "mixed": mixed}
    mine |= {"greatest_p_value": max(between), "log_likelihood": likelihood}
    mine |= {"information_criterion": len(cells) * math.log(effective) - 2.0 * likelihood}
    tolerances = {"mixed": "rows", "greatest_p_value": "p_value", "log_likelihood": "log_likelihood"}
    for name, value in mine.items():
        rule = tolerances.get(name, "log_likelihood" if name == "information_criterion" else "share")
        space.ledger.numbers(DESIGN, name, rule, [chosen[0][name]], [value], "chosen scale", [DESIGN])
    kept = {
        "least share": float(shares.min()) >= rules.min_share - 1e-12,
        "largest share": float(shares.max()) <= rules.max_share + 1e-12,
        "fewest bads": min(c.bad for c in cells) >= rules.min_bads,
        "rates rise": all(a.rate < b.rate for a, b in pairwise(cells)),
        "neighbours differ": rules.heterogeneity is None or max(between) <= rules.heterogeneity,
        "no mixed grade": rules.mixed != "refuse" or not mixed,
        "concentration": rules.herfindahl is None or own.spread(shares)[0] <= rules.herfindahl + 1e-9,
    }
    words = list(kept)
    space.ledger.words(DESIGN, "constraints", [True] * len(kept), list(kept.values()), words, [DESIGN])
    best = scale_design.best_scale(y, p, w, np.array(scale.edges), rules)
    if all(kept.values()) and best is not None:
        _compare_best(space, scale_design.Best(len(cells), int(mixed), likelihood), best, rules)


def _compare_best(
    space: Workspace, chosen: scale_design.Best, best: scale_design.Best, rules: scale_design.Rules
) -> None:
    """No scale that keeps the constraints has more grades, fewer mixed ones (where avoided) or more likelihood."""

    def rank(one: scale_design.Best) -> tuple[int, int]:
        return one.grades, -one.mixed if rules.mixed == "avoid" else 0

    gain = best.log_likelihood - chosen.log_likelihood
    likelier = rank(best) == rank(chosen) and gain > 1e-7 * max(1.0, abs(chosen.log_likelihood))
    better = best if rank(best) > rank(chosen) or likelier else chosen
    told = [
        f"{one.grades} grades, {one.mixed} mixed, log-likelihood {one.log_likelihood:.9g}" for one in (chosen, better)
    ]
    test = "best scale that keeps the constraints"
    space.ledger.words(DESIGN, test, told[:1], told[1:], "chosen scale", [DESIGN])
    if not best.exact and better is chosen:
        reason = f"more than {scale_design.MOST_STEPS:,} grades on paths that may be likelier; none of those is"
        space.ledger.not_evaluable(f"{DESIGN}: {test}, all of them", reason)


def _entropy(rate: float) -> float:
    """Mean log-likelihood of rows at their own rate."""
    return math.fsum(q * math.log(q) for q in (rate, 1.0 - rate) if q > 0)


def _pair(sample: str, scale: Scale, cells: Sequence[own.Cell], k: int) -> dict[str, Any]:
    one, other = cells[k], cells[k + 1]
    names = {"sample": sample, "grade": scale.grades[k], "next_grade": scale.grades[k + 1]}
    return {**names, "rows": one.rows, "next_rows": other.rows, "bad": one.bad, "next_bad": other.bad}


def _told(rules: own.Rules, verdict: str) -> dict[str, Any]:
    small = f"fewer than {rules.min_rows:g} rows or {rules.min_expected:g} expected bads"
    reason = small if verdict == "not evaluable" else None
    return {"verdict": verdict, "reason": reason, "review_cut": rules.review, "fail_cut": rules.fail}
