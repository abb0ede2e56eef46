"""A PMML 4.4 document evaluated: fields, points, reason codes and outputs, with nothing of the exporter's code.

Only what is understood is evaluated. Another model, element or attribute raises Unknown with its name, so that the
export is told as not evaluable rather than taken for right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from validation.exports.chain import last_model, regression, run_chain
from validation.exports.document import Node, Unknown, parse
from validation.exports.expressions import Column, Columns, Floats, holds, known, number_of
from validation.exports.expressions import evaluate as value_of

_SCORECARD = (
    "modelName", "functionName", "initialScore", "useReasonCodes", "reasonCodeAlgorithm", "baselineMethod",
    "baselineScore", "isScorable", "algorithmName",
)  # fmt: skip
_MODELS = ("Scorecard", "RegressionModel", "MiningModel")
_PARTS = ("MiningSchema", "Output", "LocalTransformations", "Characteristics", "ModelVerification")
_INCOMPLETE = (IndexError, KeyError, ValueError, TypeError, OverflowError)
_OUTPUT = ("name", "optype", "dataType", "feature", "rank", "isFinalResult")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read; `hash` is the package hash that its header tells, None without one.

    inputs: type by field, `double` or `string`. outputs: names in order. verification: rows of its ModelVerification,
    by field, with the value as text or None where it is missing.
    """

    hash: str | None
    inputs: Mapping[str, str]
    outputs: Sequence[str]
    verification: Sequence[Mapping[str, str | None]]
    root: Node
    model: Node

    @property
    def notes(self) -> list[str]:
        """What the header says in words (`Annotation`), such as results that are left out."""
        header = self.root.first("Header")
        return [] if header is None else [one.text for one in header.all("Annotation")]


def read(data: bytes) -> Document:
    """Return the document in `data`; raises XmlRefused for what is no harmless XML, Unknown for what is not known."""
    try:
        return _read(parse(data))
    except _INCOMPLETE as error:
        raise Unknown(f"an element that is not complete ({error})") from error


def _read(root: Node) -> Document:
    if root.tag != "PMML" or root.attributes.get("version") != "4.4":
        raise Unknown(f"{root.tag} of version {root.attributes.get('version')}")
    known(root, ("version",), ("Header", "DataDictionary", *_MODELS))
    model, dictionary = next((one for one in root.children if one.tag in _MODELS), None), root.first("DataDictionary")
    if model is None or dictionary is None:
        raise Unknown("a document without a model and DataDictionary")
    if model.tag == "Scorecard":
        known(model, _SCORECARD, _PARTS)
    header = root.first("Header")
    told = (
        {}
        if header is None
        else {one.attributes.get("name"): one.attributes.get("value") for one in header.all("Extension")}
    )
    output = last_model(model).first("Output")
    names = [] if output is None else [_named(one) for one in output.children]
    inputs = {_named(one): _kind(one) for one in dictionary.children}
    return Document(told.get("package_hash"), inputs, names, _verification(model), root, model)


def evaluate(document: Document, frame: pd.DataFrame) -> dict[str, Column]:
    """Return every output (n,) of the document over the rows of `frame`, whose columns hold the inputs.

    Numbers are float64 with NaN for missing, texts objects with None. Raises Unknown for what is not evaluated, also
    where it is nested too deeply.
    """
    rows = len(frame)
    try:
        columns = _fields(document, frame)
        _derive(document.model, columns, rows)
        if document.model.tag == "Scorecard":
            score, ranked = _score(document.model, columns, rows)
            return _outputs(document.model, columns, score, ranked, rows)
        last = last_model(document.model)
        if last is not document.model:
            run_chain(document.model, columns, rows, _derive)
            _derive(last, columns, rows)
        return _outputs(last, columns, regression(last, columns, rows), [[] for _ in range(rows)], rows)
    except RecursionError as error:
        raise Unknown("expressions nested too deeply") from error
    except _INCOMPLETE as error:
        raise Unknown(f"an element that is not complete ({error})") from error


def _derive(model: Node, columns: dict[str, Column], rows: int) -> None:
    """Put the derived fields of a model into `columns`."""
    for step in _inside(model, "LocalTransformations", ("DerivedField",)):
        known(step, ("name", "optype", "dataType"))
        columns[_named(step)] = _typed(value_of(_only(step), columns, rows), step)


def _fields(document: Document, frame: pd.DataFrame) -> dict[str, Column]:
    """Return the columns of the mining schema, with what the document makes of missing values."""
    columns: dict[str, Column] = {}
    dictionary = document.root.first("DataDictionary")
    assert dictionary is not None
    absent = {_named(one): _missing_values(one) for one in dictionary.children}
    for item in _inside(document.model, "MiningSchema", ("MiningField",)):
        known(item, ("name", "invalidValueTreatment", "missingValueReplacement", "missingValueTreatment", "usageType"))
        name = _named(item)
        if item.attributes.get("usageType", "active") != "active":
            raise Unknown(f"MiningField of usageType {item.attributes['usageType']}")
        if name not in document.inputs or name not in frame.columns:
            raise Unknown(f"the input {name!r}, which the package does not have")
        columns[name] = _input(frame[name], document.inputs[name], absent[name], item.attributes)
    return columns


def _input(values: pd.Series, kind: str, absent: Sequence[str], treatment: Mapping[str, str]) -> Column:
    replacement = treatment.get("missingValueReplacement")
    if kind == "double":
        if values.dtype.kind not in "fiu":
            raise Unknown("a number in place of a text")
        numbers = values.to_numpy(np.float64).copy()
        for text in absent:
            numbers[numbers == number_of(text)] = np.nan
        if replacement is not None:
            numbers[np.isnan(numbers)] = number_of(replacement)
        return numbers
    texts = [None if item is None or item != item or item == "" or item in absent else item for item in values.tolist()]
    if any(item is not None and not isinstance(item, str) for item in texts):
        raise Unknown("a text in place of a number")
    return np.array([*(replacement if item is None else item for item in texts), None], dtype=object)[:-1]


def _missing_values(item: Node) -> list[str]:
    """Return the values that a field declares missing; other lists of values change what is valid and are Unknown."""
    known(item, ("name", "optype", "dataType", "displayName"), ("Value",))
    for value in item.children:
        known(value, ("value", "property", "displayValue"), ())
        if value.attributes.get("property") != "missing":
            raise Unknown("Value of a field that is not its missing value")
    return [value.attributes["value"] for value in item.children]


def _kind(item: Node) -> str:
    kind = item.attributes.get("dataType", "")
    if kind not in ("double", "string"):
        raise Unknown(f"{item.tag} of dataType {kind}")
    return kind


def _typed(value: Column, item: Node) -> Column:
    """Return a value as the type that its field declares; an all-missing number may stand for a text."""
    if _kind(item) == "double" and value.dtype.kind != "f":
        raise Unknown(f"{item.tag} {_named(item)}: a text declared as number")
    if _kind(item) == "string" and value.dtype.kind == "f":
        if not np.isnan(value).all():
            raise Unknown(f"{item.tag} {_named(item)}: a number declared as text")
        return np.full(len(value), None, dtype=object)
    return value


def _named(item: Node) -> str:
    if "name" not in item.attributes:
        raise Unknown(f"{item.tag} without a name")
    return item.attributes["name"]


def _only(item: Node) -> Node:
    if len(item.children) != 1:
        raise Unknown(f"{item.tag} with {len(item.children)} expressions")
    return item.children[0]


def _inside(model: Node, tag: str, allowed: tuple[str, ...]) -> list[Node]:
    parts = list(model.all(tag))
    if len(parts) > 1:
        raise Unknown(f"{len(parts)} elements {tag} in {model.tag}")
    if not parts:
        return []
    part = parts[0]
    known(part, (), allowed)
    return part.children


def _score(model: Node, columns: Columns, rows: int) -> tuple[Floats, list[list[str | None]]]:
    """Return the sum of the partial scores (n,), and the ranked reason codes of each row.

    A characteristic takes its first attribute that is true; where none is, the row has no score. A reason is the
    points below (or above) the baseline of its characteristic, kept where it is not negative, the greatest first.
    """
    total = np.full(rows, number_of(model.attributes.get("initialScore", "0")))
    lost: dict[str, Floats] = {}
    below = model.attributes.get("reasonCodeAlgorithm", "pointsBelow") == "pointsBelow"
    wanted = model.attributes.get("useReasonCodes", "true") == "true"
    for item in _inside(model, "Characteristics", ("Characteristic",)):
        known(item, ("name", "reasonCode", "baselineScore"), ("Attribute",))
        points, codes = _partial(item, columns, rows)
        total = total + points
        if not wanted:
            continue
        base = item.attributes.get("baselineScore", model.attributes.get("baselineScore"))
        if base is None:
            raise Unknown("Characteristic without a baseline score")
        gap = number_of(base) - points if below else points - number_of(base)
        for code in dict.fromkeys(code for code in codes if code is not None):
            where = np.array([one == code for one in codes], dtype=bool)
            lost[code] = lost.get(code, np.zeros(rows)) + np.where(where, gap, 0.0)
    return total, _ranked(lost, rows)


def _partial(item: Node, columns: Columns, rows: int) -> tuple[Floats, list[str | None]]:
    points, codes, left = np.full(rows, np.nan), np.full(rows, None, dtype=object), np.ones(rows, dtype=bool)
    for one in item.children:
        known(one, ("partialScore", "reasonCode"))
        if "partialScore" not in one.attributes:
            raise Unknown("Attribute without a partial score")
        taken = left & (holds(_only(one), columns, rows) == 1.0)
        points[taken] = number_of(one.attributes["partialScore"])
        codes[taken] = one.attributes.get("reasonCode", item.attributes.get("reasonCode"))
        left &= ~taken
    return points, codes.tolist()


def _ranked(lost: Mapping[str, Floats], rows: int) -> list[list[str | None]]:
    if not lost:
        return [[] for _ in range(rows)]
    names = list(lost)
    gaps = np.array([lost[name] for name in names])
    order = np.argsort(-gaps, axis=0, kind="stable")
    return [[names[k] for k in order[:, row] if gaps[k, row] >= 0.0] for row in range(rows)]


def _outputs(
    model: Node, columns: Mapping[str, Column], score: Floats, ranked: list[list[str | None]], rows: int
) -> dict[str, Column]:
    values, found = dict(columns), {}
    for item in _inside(model, "Output", ("OutputField",)):
        known(item, _OUTPUT)
        name, feature = _named(item), item.attributes.get("feature", "predictedValue")
        if feature == "predictedValue":
            value: Column = score
        elif feature == "reasonCode":
            rank = int(number_of(item.attributes.get("rank", "1")))
            value = np.array(
                [*(codes[rank - 1] if len(codes) >= rank else None for codes in ranked), None], dtype=object
            )[:-1]
        elif feature == "transformedValue":
            value = value_of(_only(item), values, rows)
        else:
            raise Unknown(f"OutputField of feature {feature}")
        values[name] = found[name] = _typed(value, item)
    return found


def _verification(model: Node) -> list[dict[str, str | None]]:
    part = model.first("ModelVerification")
    if part is None:
        return []
    fields, table = part.first("VerificationFields"), part.first("InlineTable")
    if fields is None or table is None:
        raise Unknown("ModelVerification without fields and table")
    columns = {one.attributes.get("column", ""): one.attributes.get("field", "") for one in fields.children}
    rows = []
    for row in table.all("row"):
        given = {cell.tag: cell.text for cell in row.children}
        rows.append({field: given.get(column) for column, field in columns.items()})
    return rows
