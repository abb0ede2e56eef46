"""Trees in PMML: a `MiningModel` that adds up binary `TreeModel`s, thresholds as the model has them.

A threshold of model.json is the double at the float32 rounding boundary, so that plain `lessThan` gives the trained
branch and no vendor attribute is needed. A missing value goes to the default child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credit_risk.export.pmml.parts import number_text
from credit_risk.export.pmml.xml import Element

Step = Mapping[str, Any]
TRUE = Element("True")


def tree_model(tree: Step, features: Sequence[str]) -> Element:
    """The `TreeModel` of one tree (column arrays of a `trees` step) over fields named `features`."""
    used = dict.fromkeys(features[f] for f in tree["feature"] if f >= 0)
    schema = fields_read(list(used) or features[:1])
    attributes = {
        "functionName": "regression",
        "missingValueStrategy": "defaultChild",
        "noTrueChildStrategy": "returnNullPrediction",
        "splitCharacteristic": "binarySplit",
    }
    return Element("TreeModel", attributes, [schema, _node(tree, features, 0, TRUE)])


def _node(tree: Step, features: Sequence[str], node: int, predicate: Element) -> Element:
    left, right = tree["left"][node], tree["right"][node]
    if left < 0:
        return Element("Node", {"id": str(node), "score": number_text(tree["value"][node])}, [predicate])
    field, threshold = features[tree["feature"][node]], number_text(tree["threshold"][node])
    children = [
        _node(tree, features, child, _split(field, operator, threshold))
        for child, operator in ((left, "lessThan"), (right, "greaterOrEqual"))
    ]
    default = left if tree["default_left"][node] else right
    return Element("Node", {"id": str(node), "defaultChild": str(default)}, [predicate, *children])


def _split(field: str, operator: str, threshold: str) -> Element:
    return Element("SimplePredicate", {"field": field, "operator": operator, "value": threshold})


def fields_read(names: Sequence[str]) -> Element:
    """The schema of a model inside a model; it must name one field at least."""
    return Element("MiningSchema", {}, [Element("MiningField", {"name": name}) for name in names])


def start_model(base: float, offset: str | None, field: str) -> Element:
    """What a sum of trees starts from: the base margin and, where there is one, the offset of the row.

    field: any field of the model, which a schema must name where there is no offset.
    """
    predictors = [] if offset is None else [Element("NumericPredictor", {"name": offset, "coefficient": "1.0"})]
    table = Element("RegressionTable", {"intercept": number_text(base)}, predictors)
    return Element("RegressionModel", {"functionName": "regression"}, [fields_read([offset or field]), table])


def sum_model(name: str, reads: Sequence[str], models: Sequence[Element], local: Sequence[Element] = ()) -> Element:
    """The model that adds up `models` in their order and gives the sum as the field `name`.

    reads: fields of the chain that it needs; local: derived fields that only it needs.
    """
    result = {"name": name, "optype": "continuous", "dataType": "double", "feature": "predictedValue"}
    children = [
        fields_read(reads),
        Element("Output", {}, [Element("OutputField", {**result, "isFinalResult": "false"})]),
    ]
    if local:
        children.append(Element("LocalTransformations", {}, local))
    children.append(Element("Segmentation", {"multipleModelMethod": "sum"}, segments(models)))
    return Element("MiningModel", {"functionName": "regression"}, children)


def segments(models: Sequence[Element]) -> list[Element]:
    """Segments that hold always, numbered."""
    return [Element("Segment", {"id": str(k + 1)}, [TRUE, model]) for k, model in enumerate(models)]
