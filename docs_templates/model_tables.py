"""Tables of model.json from which the model can be coded by hand: inputs, bins and points, knots, reasons, trees."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.formatting import MISSING, whole
from docs_templates.language import say
from docs_templates.model_formulas import derived_table, formulas_table, named, number, operations_table
from docs_templates.package import Package

Json = Mapping[str, Any]
MOST_NODES = 600


def part_of_model(package: Package, part: str, number_: str, caption: Spans) -> Table | Absent:
    """The table of a part of the model, or why the model has none."""
    return PARTS[part](package, number_, caption)


def _steps(package: Package, *kinds: str) -> list[Json]:
    return [step for step in package.model["steps"] if step["type"] in kinds]


# --------------------------------------------------------------------------------------------------- inputs
def inputs_table(package: Package, number_: str, caption: Spans) -> Table:
    """Inputs with type, meaning, and what becomes of missing, special and unseen values."""
    classings: dict[str, list[Json]] = {}
    for step in _steps(package, "classing"):
        classings.setdefault(step["input"], []).append(step)
    rows = []
    for one in package.model["inputs"]:
        codes = "; ".join(
            f"{_value(s['code'])}: {s['meaning'] or say('model.no_meaning_given')}" for s in one["specials"]
        )
        own = classings.get(one["name"], [])
        missing = _place(own, _holds_missing) if own else say("model.goes_into_expressions_features_read")
        unseen = say("model.error_caller_numbers_only") if one["type"] == "number" else say("model.read_as_text")
        if own and one["type"] != "number":
            unseen = _place(own, lambda b: b["kind"] == "unseen")
        rows.append((named(one["name"]), one["type"], one["description"] or MISSING, codes or MISSING, missing, unseen))
    titles = (say("model.meaning"), say("model.special_codes"), say("model.missing"), say("model.unseen"))
    columns = (
        TableColumn(say("model.input"), mono=True),
        TableColumn(say("model.type")),
        *(TableColumn(title) for title in titles),
    )
    notes = (
        say("model.special_code_no_bin_names"),
        say("model.text_column_given_as_numbers"),
    )
    return Table(number_, caption, columns, tuple(rows), None, notes)


def _place(classings: list[Json], test: Callable[[Json], bool]) -> str:
    found = [say("model.bin", id=b["id"], input=step["input"]) for step in classings for b in step["bins"] if test(b)]
    return "; ".join(dict.fromkeys(found)) or say("model.no_bin_error")


def _holds_missing(one: Json) -> bool:
    return one["kind"] == "missing" or bool(one.get("takes_missing"))


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)


# --------------------------------------------------------------------------------------------- bins, points
def bins_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Bins of every classing with their exact bounds, weights of evidence and points."""
    classings = _steps(package, "classing")
    if not classings:
        return Absent("not_applicable", say("model.bins"), say("model.model_has_no_classing"))
    points: dict[str, Json] = {}
    rows: list[tuple[str, ...]] = []
    for step in _steps(package, "scale"):
        if step["form"] == "points":
            points |= {one["input"]: one for one in step["characteristics"]}
            rows.append(
                (say("model.base_points"), "", named(step["output"]), "", "", "", "", number(step["base_points"]))
            )
    inputs = [step["input"] for step in classings]
    for step in classings:
        twice = inputs.count(step["input"]) > 1
        name = named(step["input"]) + (say("model.for", output_woe=named(step["output_woe"])) if twice else "")
        held = points.get(step["output_bin"])
        for one in step["bins"]:
            scored = number(held["points"][one["id"]]) if held else MISSING
            rows.append((name, str(one["id"]), *_bounds(one), number(one["woe"]), scored))
    columns = (
        TableColumn(say("model.characteristic"), mono=True),
        TableColumn(say("model.bin_2"), "right"),
        TableColumn(say("model.from_included"), mono=True),
        TableColumn(say("model.excluded"), mono=True),
        TableColumn(say("model.codes_or_categories"), mono=True),
        TableColumn(say("model.also_holds")),
        TableColumn(say("model.value_woe"), mono=True),
        TableColumn(say("model.points"), mono=True),
    )
    order = say("model.value_looked_this_order_missing")
    return Table(number_, caption, columns, tuple(rows), None, (order, say("model.full")))


def _bounds(one: Json) -> tuple[str, str, str, str]:
    """From, to, codes or categories, and what else the bin holds."""
    interval = one["kind"] == "interval"
    lower, upper = (_cut(one[key]) if interval else "" for key in ("lower", "upper"))
    held = [*one.get("values", ()), *one.get("codes", ())]
    also = [
        word
        for word, told in (
            (say("model.missing_2"), _holds_missing(one)),
            (say("model.unseen_2"), one["kind"] == "unseen"),
        )
        if told
    ]
    return lower, upper, "; ".join(_value(v) for v in held), ", ".join(also)


def terms_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Intercept, offset and coefficients of every linear step, in the order in which they are added."""
    rows = []
    for step in _steps(package, "linear"):
        out = named(step["output"])
        rows.append((out, say("model.intercept"), number(step["intercept"])))
        rows += [(out, say("model.offset", offset=named(step["offset"])), number(1.0))] if step.get("offset") else []
        rows += [(out, named(term["input"]), number(term["coefficient"])) for term in step["terms"]]
    if not rows:
        return Absent("not_applicable", say("model.coefficients"), say("model.model_has_no_linear_step"))
    columns = (
        TableColumn(say("model.value"), mono=True),
        TableColumn(say("model.term"), mono=True),
        TableColumn(say("model.coefficient"), mono=True),
    )
    return Table(number_, caption, columns, tuple(rows), None, (say("model.added_from_top_bottom"), say("model.full")))


# --------------------------------------------------------------------------------- calibration, grades, reasons
def knots_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Knots of piecewise calibrations."""
    rows = []
    for step in _steps(package, "calibrate"):
        out = named(step["output"])
        if step["method"] == "piecewise_linear":
            rows += [(out, number(x), "", number(y)) for x, y in zip(step["x"], step["y"], strict=True)]
        elif step["method"] == "piecewise_constant":
            cuts = [None, *step["x"], None]
            rows += [(out, _cut(cuts[i]), _cut(cuts[i + 1]), number(y)) for i, y in enumerate(step["y"])]
    if not rows:
        return Absent("not_applicable", say("model.knots_calibration"), say("model.no_map_model_made_pieces"))
    titles = (say("model.value"), say("model.at_or_from_included"), say("model.excluded"), say("model.result"))
    columns = tuple(TableColumn(title, mono=True) for title in titles)
    return Table(number_, caption, columns, tuple(rows), None, (say("model.full"),))


def _cut(value: float | None) -> str:
    return say("model.open") if value is None else number(value)


def grades_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Grades with the exact edges and their probability."""
    rows = [
        (named(step["output"]), g["grade"], _cut(g["lower"]), _cut(g["upper"]), number(g["probability"]))
        for step in _steps(package, "grade")
        for g in step["grades"]
    ]
    if not rows:
        return Absent("not_applicable", say("model.grades"), say("model.model_gives_no_grades"))
    titles = (
        say("model.value"),
        say("model.grade"),
        say("model.from_included"),
        say("model.excluded"),
        say("model.probability_grade"),
    )
    columns = tuple(TableColumn(title, mono=True) for title in titles)
    return Table(number_, caption, columns, tuple(rows), None, (say("model.full"),))


def reasons_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Codes, what they read and the baseline from which a shortfall is counted, in the order that breaks ties."""
    rows = []
    for step in _steps(package, "reasons"):
        inquiries = set(step.get("inquiries") or ())
        for one in step["characteristics"]:
            extra = say("model.inquiry") if one["characteristic"] in inquiries else ""
            row = (named(one["input"]), one["reason_code"], number(one["reference_points"]), number(one["baseline"]))
            rows.append((named(step["output"]), *row, extra))
    if not rows:
        return Absent("not_applicable", say("model.reasons"), say("model.model_gives_no_reasons"))
    titles = (
        say("model.value"),
        say("model.reads"),
        say("model.code"),
        say("model.reference"),
        say("model.baseline"),
        say("model.kind"),
    )
    columns = tuple(TableColumn(title, mono=True) for title in titles)
    return Table(
        number_,
        caption,
        columns,
        tuple(rows),
        None,
        (say("model.shortfall_baseline_less_value_read"), say("model.full")),
    )


# ---------------------------------------------------------------------------------------------------- trees
def trees_table(package: Package, number_: str, caption: Spans) -> Table | Absent:
    """Every node of every tree; where they are too many for paper, a box that says where they stand."""
    steps = _steps(package, "trees")
    if not steps:
        return Absent("not_applicable", say("model.trees"), say("model.model_has_no_trees"))
    nodes = sum(len(tree["left"]) for step in steps for tree in step["trees"])
    if nodes > MOST_NODES:
        count = sum(len(step["trees"]) for step in steps)
        reason = say("model.nodes_trees_too_many_be", nodes=whole(nodes), count=whole(count))
        return Absent("not_applicable", say("model.trees_printed_node_node"), reason)
    rows = [row for step in steps for place, tree in enumerate(step["trees"]) for row in _nodes(step, place, tree)]
    titles = (
        say("model.value"),
        say("model.tree"),
        say("model.node"),
        say("model.feature"),
        say("model.threshold"),
        say("model.below"),
        say("model.else"),
        say("model.missing"),
        say("model.leaf"),
    )
    columns = tuple(TableColumn(title, mono=True) for title in titles)
    return Table(number_, caption, columns, tuple(rows), None, (say("model.full"),))


def _nodes(step: Json, place: int, tree: Json) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for node, left in enumerate(tree["left"]):
        head = (named(step["output"]), str(place), str(node))
        if left < 0:
            found.append((*head, "", "", "", "", "", number(tree["value"][node])))
            continue
        feature = named(step["features"][tree["feature"][node]])
        right = tree["right"][node]
        missing = left if tree["default_left"][node] else right
        found.append((*head, feature, number(tree["threshold"][node]), str(left), str(right), str(missing), ""))
    return found


PARTS: dict[str, Callable[[Package, str, Spans], Table | Absent]] = {
    "inputs": inputs_table,
    "derived": derived_table,
    "operations": operations_table,
    "bins": bins_table,
    "terms": terms_table,
    "formulas": formulas_table,
    "knots": knots_table,
    "grades": grades_table,
    "reasons": reasons_table,
    "trees": trees_table,
}
