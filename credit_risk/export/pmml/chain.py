"""Any model in PMML: derived fields, sums of trees one after the other, and a last model that gives all results.

Engines give outputs of the last model of a chain alike, so that everything published stands there: a
`RegressionModel` whose value is the linear score. Without trees it is the only model, or a `Scorecard` where the score
is one table of points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml import parts
from credit_risk.export.pmml.attributes import characteristic
from credit_risk.export.pmml.attribution import (
    MOST_CONSTANTS,
    PartTrees,
    TooLarge,
    attribution_trees,
    most_constants_of,
)
from credit_risk.export.pmml.derived import date_notes
from credit_risk.export.pmml.fields import Piece, TreeSum, Writer, needed_steps
from credit_risk.export.pmml.trees import fields_read, segments, sum_model
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring.check import check_model
from credit_risk.scoring.step_names import produced_names, read_names, renamed_step
from credit_risk.scoring.steps import published_reasons

Step = Mapping[str, Any]
WITHOUT_REASONS = (
    "Written without reason codes: what each characteristic adds to these trees may take more than {most:,} constants, "
    "which is the most that a document holds. Reasons come from the package itself."
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a document holds: data fields, pieces of the steps, published fields (name, kind, column, value), notes.

    scale: the table of points that gives the score, where it alone does.
    """

    inputs: dict[str, str]
    pieces: list[Piece]
    published: list[tuple[str, str, str, str]]
    linear_score: str
    notes: list[str]
    scale: Step | None
    classings: Mapping[str, Step]


def chain_pmml(
    model: Mapping[str, Any],
    package_hash: str,
    verification: pd.DataFrame | None = None,
    most_constants: int = MOST_CONSTANTS,
) -> tuple[bytes, list[str]]:
    """The PMML 4.4 document of a model of any kind, and notes on what it leaves out (they stand in its header too).

    Trees are a `MiningModel` chain, any other model is a `RegressionModel` on derived fields. Output fields are those
    of `scorecard_pmml`, and `expected_value` of an amount or a fraction. A row that the package refuses (a segment or
    an offset that is missing) has missing results. Reasons of trees are left out, and that is noted, where they take
    more than `most_constants` numbers.
    """
    content = _content(model, most_constants)
    published = [(name, column, kind == "double") for name, kind, column, _ in content.published]
    rows = parts.verification(content.inputs, published, verification)
    body = _body(content, model["model"]["id"], rows)
    return parts.document(model, package_hash, content.inputs, body, content.notes), content.notes


def _content(model: Mapping[str, Any], most_constants: int) -> Content:
    model, found, notes = _attributed(model, most_constants)
    outputs, taken = model["outputs"], {item["name"] for item in model["inputs"]}
    names = {column: parts.unused(column, taken) for column in _columns(model)}
    renamed = _own_names(model, taken)
    kinds = {renamed.get(name, name): kind for name, kind in check_model(model).items()}
    steps = [renamed_step(step, lambda name: renamed.get(name, name), str) for step in model["steps"]]
    own = {key: _renamed_output(value, renamed) for key, value in outputs.items() if key != "probability_name"}
    wanted = {name for value in own.values() for name in (value if isinstance(value, list) else [value])}
    writer = Writer(kinds, taken, {renamed.get(name, name): part for name, part in found.items()})
    needed = needed_steps({"steps": steps}, wanted)
    pieces = [writer.piece(step) for step in needed]
    read = wanted.union(*(read_names(step) for step in needed))
    inputs = {item["name"]: item["type"] for item in model["inputs"] if item["name"] in read}
    published = _published(own, outputs, names, writer)
    scale = next((s for s in needed if s["type"] == "scale" and s["output"] == own.get("score")), None)
    scale = scale if scale is not None and scale["form"] == "points" and not writer.trees else None
    notes += date_notes(needed)
    return Content(inputs, pieces, published, own["linear_score"], notes, scale, writer.classings)


def _attributed(model: Mapping[str, Any], most: int) -> tuple[Mapping[str, Any], dict[str, PartTrees], list[str]]:
    """The model and the trees of its attributions; the model without reasons, and a note, where these are too many."""
    trees = {step["id"]: step for step in model["steps"] if step["type"] == "trees"}
    found: dict[str, PartTrees] = {}
    attributions = [step for step in model["steps"] if step["type"] == "attribution"]
    if model["outputs"].get("reasons") is None:
        return model, found, []
    room = most
    try:
        for step in attributions:
            found |= attribution_trees(step, trees[step["trees"]], room)
            room -= most_constants_of(step, trees[step["trees"]])
    except TooLarge:
        outputs = {key: value for key, value in model["outputs"].items() if key != "reasons"}
        return {**model, "outputs": outputs}, {}, [WITHOUT_REASONS.format(most=most)]
    return model, found, []


def _columns(model: Mapping[str, Any]) -> list[str]:
    """Columns of verification.csv that the published results are, in their order."""
    outputs = model["outputs"]
    columns = [key for key in parts.PUBLISHED if outputs.get(key) is not None]
    columns += [f"reason_{k + 1}" for k in range(published_reasons(model))]
    columns += [f"decision:{name}" for name in outputs.get("decision") or ()]
    return columns + (["overall_decision"] if outputs.get("overall_decision") is not None else [])


def _own_names(model: Mapping[str, Any], taken: set[str]) -> dict[str, str]:
    """New names of the values whose name a result or an input has; `taken` grows by all names of values."""
    renamed: dict[str, str] = {}
    for step in model["steps"]:
        for name in produced_names(step):
            own = name
            while own in taken:
                own = f"{own} (value)"
            taken.add(own)
            if own != name:
                renamed[name] = own
    return renamed


def _renamed_output(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [renamed.get(name, name) for name in value]
    return renamed.get(value, value)


def _published(
    own: Mapping[str, Any], outputs: Mapping[str, Any], names: Mapping[str, str], writer: Writer
) -> list[tuple[str, str, str, str]]:
    """Results in the order of `names`: output field, its kind, column of verification.csv, field of the value."""
    reasons = iter(writer.lists[own["reasons"]] if own.get("reasons") else ())
    flags = dict(zip(outputs.get("decision") or (), own.get("decision") or (), strict=True))
    result = []
    for column, name in names.items():
        if column.startswith("reason_"):
            result.append((name, "string", column, next(reasons)))
        elif column.startswith("decision:"):
            result.append((name, "double", column, flags[column.removeprefix("decision:")]))
        else:
            kind = "double" if column in parts.NUMBERS else "string"
            result.append((name, kind, column, own[column]))
    return result


def _body(content: Content, name: str, rows: Sequence[Element]) -> Element:
    """A chain of sums of trees and the last model; the last model alone where there are no trees."""
    early: list[Piece] = []
    late: list[Piece] = []
    chained: list[Element] = []
    given: set[str] = set()
    for piece in content.pieces:
        for one in piece.sums:
            chained.append(_sum(one, late))
            given.add(one.output)
        if piece.sums or piece.reads & (given | {made for other in late for made in other.produces}):
            late.append(piece)
        else:
            early.append(piece)
    first = [made for piece in early for made in piece.fields]
    schema = parts.mining_schema(content.inputs)
    attributes = {"modelName": name, "functionName": "regression"}
    if content.scale is not None:
        attributes |= {"useReasonCodes": "false", "initialScore": parts.number_text(content.scale["base_points"])}
        return Element("Scorecard", attributes, [schema, *_results(content, first), *rows])
    if not chained:
        return Element("RegressionModel", attributes, [schema, *_results(content, first), *rows])
    local = [made for piece in late for made in piece.fields]
    own = {made.attributes["name"] for made in local}
    values = [content.linear_score, *(value for _, _, _, value in content.published)]
    read = [*values, *(one for piece in late for one in sorted(piece.reads)), *sorted(given)]
    known = given | set(content.inputs) | {made for piece in early for made in _made(piece)}
    outside = [field for field in dict.fromkeys(read) if field not in own and field in known]
    last = Element("RegressionModel", {"functionName": "regression"}, [fields_read(outside), *_results(content, local)])
    segmentation = Element("Segmentation", {"multipleModelMethod": "modelChain"}, segments([*chained, last]))
    shared = [Element("LocalTransformations", {}, first)] if first else []
    return Element("MiningModel", attributes, [schema, *shared, segmentation, *rows])


def _made(piece: Piece) -> list[str]:
    """Names of the derived fields of a piece."""
    return [str(made.attributes["name"]) for made in piece.fields]


def _results(content: Content, local: Sequence[Element]) -> list[Element]:
    """Outputs, derived fields and the table of the model that gives the results."""
    outputs = [parts.output(name, kind, e.ref(value)) for name, kind, _, value in content.published]
    derived = [Element("LocalTransformations", {}, local)] if local else []
    if content.scale is not None:
        items = content.scale["characteristics"]
        table = Element("Characteristics", {}, [characteristic(i, content.classings[i["input"]], {}) for i in items])
    else:
        predictor = Element("NumericPredictor", {"name": content.linear_score, "coefficient": "1.0"})
        table = Element("RegressionTable", {"intercept": "0.0"}, [predictor])
    return [Element("Output", {}, outputs), *derived, table]


def _sum(one: TreeSum, late: Sequence[Piece]) -> Element:
    """A sum of trees, with those of the late fields inside that it reads."""
    wanted, inside = set(one.reads), []
    for piece in reversed(late):
        if piece.produces & wanted and piece.fields:
            inside.append(piece)
            wanted |= piece.reads | {made.output for made in piece.sums}
    local = [made for piece in inside[::-1] for made in piece.fields]
    own = {made.attributes["name"] for made in local}
    return sum_model(one.output, [name for name in sorted(wanted) if name not in own], one.models, local)
