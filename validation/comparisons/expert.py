"""Expert scorecards: bins and points against the plan, and the evidence on whether the data agree with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons import inference, points
from validation.findings import Finding, Outcome
from validation.impact import Change, impact_of
from validation.rebuild.logistic import LogisticFit, fit_logistic
from validation.rebuild.metrics import effective_size
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import Step, is_expert, steps_of

Cell = tuple[float, float, float, float]
"""Weighted goods and bads, effective goods and bads."""


def compare_experts(space: Workspace) -> None:
    """Compare every expert scorecard with the plan, and its evidence with our own."""
    for model_id, model in space.package.models.items():
        if not is_expert(model):
            continue
        spec = _spec(space, model_id)
        scale = next((step for step in steps_of(model, "scale") if step["form"] == "points"), None)
        if spec is None or scale is None:
            _missing(space, model_id, "the plan has no expert scorecard of this name, or the model no points")
            continue
        _compare_points(space, model_id, spec, scale)
        name = space.package.candidate_ids[model_id]
        points.compare_bounds(space, model_id, scale)
        _compare_table(space, f"scorecard.points.{name}", model, scale)
        fit = _refit(space, model_id, spec, scale)
        if fit is not None:
            _compare_calibration(space, model_id, spec, fit)
        _compare_agreement(space, model_id, spec, scale)
        _compare_ordering(space, model_id, spec, scale)


def _spec(space: Workspace, model_id: str) -> Mapping[str, Any] | None:
    name = space.package.candidate_ids[model_id]
    for item in space.package.plan.get("models") or []:
        if isinstance(item, Mapping) and item.get("id") == name and item.get("type") == "expert":
            return item
    return None


def _missing(space: Workspace, model_id: str, reason: str) -> None:
    test = f"{space.package.file_of(model_id)}: points given by hand"
    finding = Finding(
        test=test,
        severity=space.policy.fixed("identity"),
        quantity="points",
        developer_value=None,
        validator_value=None,
        tolerance=None,
        statement=f"{model_id} is an expert scorecard whose points cannot be held against the plan: {reason}.",
        remedy="Develop the package again.",
        evidence=(),
    )
    space.ledger.check(Outcome(test, "fail", 0, None, reason, finding))


def _compare_points(space: Workspace, model_id: str, spec: Mapping[str, Any], scale: Step) -> None:
    """Every bin of the model is one of the plan, with its points; the numbers that people gave must not differ."""
    file, model = space.package.file_of(model_id), space.package.models[model_id]
    classing = {step["output_bin"]: step for step in steps_of(model, "classing")}
    stated = {classing[item["input"]]["input"]: item for item in scale["characteristics"] if item["input"] in classing}
    given = spec["characteristics"]
    space.ledger.words(file, "characteristics given by hand", sorted(stated), sorted(given), "characteristic")
    developer: list[Any] = [("base points", float(scale["base_points"]))]
    own: list[Any] = [("base points", float(spec["base_points"]))]
    labels = ["base points"]
    for name in sorted(set(stated) & set(given)):
        step = classing[stated[name]["input"]]
        text = step["kind"] == "categorical"
        held = [(_content(b), float(p)) for b, p in zip(step["bins"], stated[name]["points"], strict=True)]
        wanted = [(_planned(b, text), float(b["points"])) for b in given[name]["bins"]]
        ordered = [sorted(items, key=repr) for items in (held, wanted)]
        for place in range(max(len(held), len(wanted))):
            developer.append(ordered[0][place] if place < len(held) else None)
            own.append(ordered[1][place] if place < len(wanted) else None)
            labels.append(f"{name} bin {place + 1}")
    space.ledger.words(file, "bins and points given by hand", developer, own, labels, rule="points_rounded")


def _content(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a bin of the model holds: ends, categories, codes, missing, unseen."""
    lower, upper = item.get("lower"), item.get("upper")
    return (
        None if lower is None else float(lower),
        None if upper is None else float(upper),
        tuple(sorted(item.get("values", ()))),
        tuple(sorted(map(_plain, item.get("codes", ())), key=repr)),
        item["kind"] == "missing" or bool(item.get("takes_missing")),
        item["kind"] == "unseen",
    )


def _planned(item: Mapping[str, Any], text: bool) -> tuple[Any, ...]:
    """Return the same of a bin of the plan."""
    lower, upper = item.get("at_least"), item.get("below")
    categories = tuple(sorted(_text(code) for code in item.get("categories") or ()))
    codes = [_text(code) if text else float(code) for code in item.get("special") or ()]
    return (
        None if lower is None else float(lower),
        None if upper is None else float(upper),
        categories,
        tuple(sorted(codes, key=repr)),
        bool(item.get("missing")),
        bool(item.get("unseen")),
    )


def _plain(code: Any) -> Any:
    return code if isinstance(code, str) else float(code)


def _text(code: Any) -> str:
    if isinstance(code, bool):
        return str(code).lower()
    if isinstance(code, str):
        return code
    return str(int(code)) if float(code).is_integer() else repr(float(code))


def _compare_table(space: Workspace, area: str, model: Mapping[str, Any], scale: Step) -> None:
    """The printed points are those of the model."""
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    own: dict[tuple[str, int | None], float] = {("base points", None): float(scale["base_points"])}
    for item in scale["characteristics"]:
        own |= {(item["characteristic"], k): float(value) for k, value in enumerate(item["points"])}
    stated = {(row["characteristic"], row["bin_id"]): row for row in table}
    space.ledger.words(area, "bins", sorted(map(str, stated)), sorted(map(str, own)), "bin", [area])
    keys = [key for key in own if key in stated]
    for column in ("points", "unrounded_points"):
        given, mine = [stated[key][column] for key in keys], [own[key] for key in keys]
        space.ledger.numbers(area, column, "points_rounded", given, mine, [f"{name} bin {k}" for name, k in keys])


def _refit(space: Workspace, model_id: str, spec: Mapping[str, Any], scale: Step) -> LogisticFit | None:
    """Fit the outcome on the log-odds that the points state, over development."""
    rows = space.known(DEVELOPMENT)
    stated = scale["scaling"]
    factor = stated["points_to_double_odds"] / math.log(2.0)
    offset = stated["base_score"] - factor * math.log(stated["base_odds"])
    score = space.scored[model_id][scale["output"]].data[rows]
    x = np.column_stack([np.ones(len(rows)), (offset - score) / factor])
    kind = inference.covariance_of(space, model_id)
    try:
        return fit_logistic(
            x, space.outcome[rows], space.weight[rows], float(spec["confidence"]), kind, space.cluster[rows]
        )
    except (np.linalg.LinAlgError, ValueError) as error:
        space.ledger.not_evaluable(f"expert.calibration.{space.package.candidate_ids[model_id]}", str(error))
        return None


def _compare_calibration(space: Workspace, model_id: str, spec: Mapping[str, Any], fit: LogisticFit) -> None:
    """Compare the fit, and the calibration that the model uses: none, or that of the fit, as the plan says."""
    file, name = space.package.file_of(model_id), space.package.candidate_ids[model_id]
    area, asked = f"expert.calibration.{name}", spec.get("calibrate") is not None
    model = space.package.models[model_id]
    steps = [step for step in steps_of(model, "calibrate") if step["output"] == model["outputs"]["linear_score"]]
    space.ledger.words(file, "calibration that the plan asks for", [len(steps)], [int(asked)], ["steps"], [area])
    if asked and len(steps) == 1:
        stated = [float(steps[0]["intercept"]), float(steps[0]["slope"])]
        labels = ["intercept", "slope"]
        changes = [
            Change(model_id, steps[0]["id"], (label,), float(fit.coefficient[k])) for k, label in enumerate(labels)
        ]
        impact = impact_of(space, changes)
        space.ledger.numbers(file, "calibration", "coefficient", stated, fit.coefficient, labels, [area], impact=impact)
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    said = {row["item"]: row["value"] for row in table}
    origin = "fitted on development" if asked else "stated by the points"
    given = str(said.get("origin of the probability"))
    space.ledger.words(area, "origin of the probability", [given.startswith(origin)], [True], ["origin"], [area])
    parts = {
        "": ("coefficient", fit.coefficient),
        ", standard error": ("standard_error", fit.standard_error),
        ", lower bound": ("coefficient", fit.lower),
        ", upper bound": ("coefficient", fit.upper),
    }
    for tail, (rule, values) in parts.items():
        names = [f"intercept{tail}", f"slope{tail}"]
        developer = [float(said.get(item) or "nan") for item in names]
        space.ledger.numbers(area, f"fit{tail}", rule, developer, values, names, [area])
    used = fit.coefficient if asked else np.array([0.0, 1.0])
    developer = [float(said.get(item) or "nan") for item in ("intercept used", "slope used")]
    space.ledger.numbers(area, "calibration used", "coefficient", developer, used, ["intercept", "slope"], [area])


def _cells(space: Workspace, model_id: str, item: Step, bins: Sequence[int]) -> Cell:
    """Goods and bads of bins over development: weights, and Kish's effective numbers."""
    rows = space.known(DEVELOPMENT)
    inside = rows[np.isin(space.scored[model_id][item["input"]].data[rows], list(bins))]
    found = []
    for outcome in (0.0, 1.0):
        weight = space.weight[inside[space.outcome[inside] == outcome]]
        found.append((float(np.sum(weight)), effective_size(float(np.sum(weight)), float(weight @ weight))))
    return found[0][0], found[1][0], found[0][1], found[1][1]


def log_odds_ratio(one: Cell, other: Cell, confidence: float) -> tuple[float, float, float]:
    """Return ln(odds of bad in one / in the other) with Woolf's interval; half a row more where a cell is empty."""
    more = 0.5 if min(*one[:2], *other[:2]) <= 0 else 0.0
    ratio = math.log((one[1] + more) / (one[0] + more)) - math.log((other[1] + more) / (other[0] + more))
    error = math.sqrt(sum(1.0 / (size + more) for size in (*one[2:], *other[2:])))
    z = float(special.ndtri(0.5 + confidence / 2.0))
    return ratio, ratio - z * error, ratio + z * error


def _compare_agreement(space: Workspace, model_id: str, spec: Mapping[str, Any], scale: Step) -> None:
    area = f"expert.agreement.{space.package.candidate_ids[model_id]}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    factor = scale["scaling"]["points_to_double_odds"] / math.log(2.0)
    own = [
        row
        for item in scale["characteristics"]
        for row in _agreement(space, model_id, item, factor, float(spec["confidence"]))
    ]
    labels = [f"{row['characteristic']} bin {row['bin_id']}" for row in own]
    keys = ("characteristic", "bin_id", "verdict")
    stated, mine = ([tuple(row[key] for key in keys) for row in rows] for rows in (table, own))
    space.ledger.words(area, "bins and verdicts", stated, mine, "bin", [area])
    if len(table) != len(own):
        return
    _judge(space, area, own)
    rules = {"points": "points_rounded", "count": "count", "bad_rate": "share", "stated": "linear_score"}
    rules |= dict.fromkeys(("observed", "lower", "upper"), "interval")
    for column, rule in rules.items():
        space.ledger.numbers(area, column, rule, [row[column] for row in table], [row[column] for row in own], labels)


def _judge(space: Workspace, area: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Tell bins whose points the data contradict: an expert may know better, and has to say why."""
    wrong = [row for row in rows if row["verdict"] == "contradicted"]
    test = f"{area}: the data do not contradict the points"
    finding = None
    if wrong:
        told = ", ".join(f"{row['characteristic']} bin {row['bin_id']}" for row in wrong)
        finding = Finding(
            test=test,
            severity=space.policy.checks["points_contradicted"],
            quantity="points",
            developer_value=None,
            validator_value=len(wrong),
            tolerance=0.0,
            statement=f"Points given by hand say the opposite of development in {len(wrong)} bins: {told}.",
            remedy="Correct the points, or justify them.",
            evidence=(area,),
        )
    space.ledger.check(Outcome(test, "review" if wrong else "pass", len(rows), "no bin", None, finding))


def _agreement(space: Workspace, model_id: str, item: Step, factor: float, confidence: float) -> list[dict[str, Any]]:
    given = np.array(item["points"], dtype=np.float64)
    cells = [_cells(space, model_id, item, [k]) for k in range(len(given))]
    count = np.array([cell[0] + cell[1] for cell in cells])
    found = []
    for k in range(len(given)):
        others = [j for j in range(len(given)) if j != k]
        rest = float(np.sum(count[others]))
        stated = None if rest <= 0 else (float(count[others] @ given[others]) / rest - float(given[k])) / factor
        row: dict[str, Any] = {"characteristic": item["characteristic"], "bin_id": k, "points": float(given[k])}
        row |= {"count": float(count[k]), "bad_rate": None if count[k] <= 0 else cells[k][1] / float(count[k])}
        row |= {"stated": stated, "observed": None, "lower": None, "upper": None, "verdict": "no rows"}
        if count[k] > 0 and stated is not None:
            ratio, low, high = log_odds_ratio(cells[k], _cells(space, model_id, item, others), confidence)
            told = "not told apart" if low <= 0 <= high else "agrees" if low * stated > 0 else "contradicted"
            row |= {"observed": ratio, "lower": low, "upper": high, "verdict": told}
        found.append(row)
    return found


def _compare_ordering(space: Workspace, model_id: str, spec: Mapping[str, Any], scale: Step) -> None:
    area = f"expert.ordering.{space.package.candidate_ids[model_id]}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    own: list[tuple[Any, ...]] = []
    numbers: list[tuple[float, float, float]] = []
    for item in scale["characteristics"]:
        given = [float(value) for value in item["points"]]
        cells = [_cells(space, model_id, item, [k]) for k in range(len(given))]
        for k, one in enumerate(cells):
            for j, other in enumerate(cells):
                if given[k] <= given[j] or min(one[0] + one[1], other[0] + other[1]) <= 0:
                    continue
                if one[1] * (other[0] + other[1]) > other[1] * (one[0] + one[1]):
                    found = log_odds_ratio(one, other, float(spec["confidence"]))
                    own.append((item["characteristic"], k, j, given[k], given[j], found[1] > 0))
                    numbers.append(found)
    keys = ("characteristic", "bin_id", "other_id", "points", "other_points", "contradicted")
    stated: list[tuple[Any, ...]] = [tuple(row[key] for key in keys) for row in table]
    space.ledger.words(area, "pairs in the wrong order", stated or [()], own or [()], "pair", [area])
    if len(table) != len(own):
        return
    for place, column in enumerate(("log_odds_ratio", "lower", "upper")):
        given_of, mine = [row[column] for row in table], [found[place] for found in numbers]
        labels = [f"{row[0]} bin {row[1]} and {row[2]}" for row in own]
        space.ledger.numbers(area, column, "interval", given_of, mine, labels)
