"""PMML models beside the scorecard, evaluated: a regression on fields, and a chain of sums of binary trees.

Only the forms below are understood; any other element, attribute or setting raises Unknown with its name.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from validation.exports.document import Node, Unknown
from validation.exports.expressions import Column, Floats, field_of, holds, known, number_of

Derive = Callable[[Node, dict[str, Column], int], None]
REGRESSION = ("MiningSchema", "Output", "LocalTransformations", "RegressionTable", "ModelVerification")
CHAIN = ("MiningSchema", "LocalTransformations", "Segmentation", "ModelVerification")
_TREE = {
    "functionName": "regression",
    "missingValueStrategy": "defaultChild",
    "noTrueChildStrategy": "returnNullPrediction",
    "splitCharacteristic": "binarySplit",
}


def last_model(model: Node) -> Node:
    """Return the model whose outputs are the document's: of a chain the last one, else the model itself."""
    if model.tag != "MiningModel":
        return model
    known(model, ("modelName", "functionName"), CHAIN)
    if model.attributes.get("functionName") != "regression":
        raise Unknown(f"a MiningModel of functionName {model.attributes.get('functionName')}")
    return _segments(model, "modelChain")[-1]


def run_chain(model: Node, columns: dict[str, Column], rows: int, derive: Derive) -> None:
    """Put what every model of a chain but the last gives into `columns`."""
    for one in _segments(model, "modelChain")[:-1]:
        known(one, ("functionName",), ("MiningSchema", "Output", "LocalTransformations", "Segmentation"))
        if one.tag != "MiningModel" or one.attributes.get("functionName") != "regression":
            raise Unknown(f"{one.tag} of functionName {one.attributes.get('functionName')} in a chain")
        _asked(one)
        own = dict(columns)
        derive(one, own, rows)
        total = np.zeros(rows)
        for part in _segments(one, "sum"):
            total = total + (_tree(part, own, rows) if part.tag == "TreeModel" else regression(part, own, rows))
        columns[_predicted(one)] = total


def regression(model: Node, columns: dict[str, Column], rows: int) -> Floats:
    """Return intercept and terms of a regression of one table (n,); a row with a missing term has no value."""
    if model.tag != "RegressionModel":
        raise Unknown(f"{model.tag} in a segment")
    known(model, ("modelName", "functionName"), REGRESSION)
    asked = None if "modelName" in model.attributes else _asked(model)
    table = _one(model, "RegressionTable")
    if table is None or model.attributes.get("functionName") != "regression":
        raise Unknown("a RegressionModel that is no regression")
    known(table, ("intercept",), ("NumericPredictor",))
    total = np.full(rows, number_of(table.attributes["intercept"]))
    for term in table.children:
        known(term, ("name", "coefficient"), ())
        name = term.attributes["name"]
        _listed(name, asked)
        column = field_of(Node("NumericPredictor", {"field": name}), columns)
        total = total + number_of(term.attributes["coefficient"]) * column
    return total


def _segments(model: Node, method: str) -> list[Node]:
    part = _one(model, "Segmentation")
    if part is None or part.attributes.get("multipleModelMethod") != method:
        raise Unknown(f"a Segmentation that is no {method}")
    known(part, ("multipleModelMethod",), ("Segment",))
    found = []
    for segment in part.children:
        known(segment, ("id",))
        if len(segment.children) != 2 or segment.children[0].tag != "True":
            raise Unknown("a Segment with a condition")
        found.append(segment.children[1])
    if not found:
        raise Unknown("a Segmentation without segments")
    return found


def _predicted(model: Node) -> str:
    output = _one(model, "Output")
    if output is None or len(output.children) != 1 or output.children[0].attributes.get("feature") != "predictedValue":
        raise Unknown("a sum without one predicted value")
    field = output.children[0]
    known(field, ("name", "optype", "dataType", "feature", "isFinalResult"), ())
    if field.attributes.get("dataType") != "double":
        raise Unknown(f"OutputField of dataType {field.attributes.get('dataType')}")
    return field.attributes["name"]


def _one(model: Node, tag: str) -> Node | None:
    """Return the element of a tag that may stand once, or None."""
    found = list(model.all(tag))
    if len(found) > 1:
        raise Unknown(f"{len(found)} elements {tag} in {model.tag}")
    return found[0] if found else None


def _asked(model: Node) -> set[str]:
    """Return the names of the mining schema of a model in a segment, and of the fields that it derives.

    A schema there that replaces or drops values is Unknown: the values are those of the document's own schema.
    """
    schema, derived = _one(model, "MiningSchema"), _one(model, "LocalTransformations")
    if schema is None:
        raise Unknown(f"{model.tag} without a MiningSchema")
    known(schema, (), ("MiningField",))
    names = set()
    for item in schema.children:
        known(item, ("name",), ())
        names.add(item.attributes["name"])
    return names | {item.attributes["name"] for item in (derived.children if derived is not None else [])}


def _listed(name: str, asked: set[str] | None) -> None:
    if asked is not None and name not in asked:
        raise Unknown(f"field {name!r}, which the MiningSchema of its segment does not name")


def _tree(model: Node, columns: dict[str, Column], rows: int) -> Floats:
    """Return the score (n,) of a binary tree whose missing values go to the default child."""
    known(model, tuple(_TREE), ("MiningSchema", "Node"))
    root, asked = _one(model, "Node"), _asked(model)
    if root is None or dict(model.attributes) != _TREE or root.children[0].tag != "True":
        raise Unknown("a TreeModel of another kind")
    score = np.full(rows, np.nan)
    _descend(root, np.arange(rows), {name: columns[name] for name in asked if name in columns}, score)
    return score


def _descend(node: Node, at: np.ndarray, columns: dict[str, Column], score: Floats) -> None:
    known(node, ("id", "score", "defaultChild"))
    children = node.children[1:]
    if not children:
        score[at] = number_of(node.attributes["score"])
        return
    places = {child.attributes["id"]: k for k, child in enumerate(children)}
    if len(children) != 2 or node.attributes.get("defaultChild") not in places:
        raise Unknown("a Node without two children and a default")
    name = {child.children[0].attributes.get("field") for child in children}
    if len(name) != 1:
        raise Unknown("a Node whose children ask two fields")
    field = field_of(Node("Node", {"field": str(next(iter(name)))}), columns)
    here = {str(next(iter(name))): field[at]}
    truth = [holds(child.children[0], here, len(at)) for child in children]
    chosen = np.where(truth[0] == 1.0, 0, np.where(truth[1] == 1.0, 1, -1))
    unknown = np.isnan(truth[0]) | (np.isnan(truth[1]) & (truth[0] == 0.0))
    chosen[unknown] = places[node.attributes["defaultChild"]]
    for k, child in enumerate(children):
        _descend(child, at[chosen == k], columns, score)
