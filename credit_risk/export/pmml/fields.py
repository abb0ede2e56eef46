"""Steps of model.json as fields of a PMML document: derived fields, and sums of trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml.attribution import PartTrees, reads
from credit_risk.export.pmml.derived import derived_fields
from credit_risk.export.pmml.ranking import ranked_reasons
from credit_risk.export.pmml.trees import start_model, tree_model
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring.columns import REASONS, STRING
from credit_risk.scoring.expressions import references
from credit_risk.scoring.step_names import read_names

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TreeSum:
    """A sum of models in a chain: the field that it gives, the fields that it reads, and the models."""

    output: str
    reads: tuple[str, ...]
    models: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a step adds: sums of trees, and derived fields that read them and other values."""

    produces: frozenset[str]
    reads: frozenset[str]
    fields: tuple[Element, ...]
    sums: tuple[TreeSum, ...] = ()


@dataclass(slots=True)
class Writer:
    """Turns the steps of a model into pieces, one after the other.

    kinds: of all values; taken: names of fields that exist; parts: trees of each attribution by its output.
    `sure` grows by the values that are never missing, `lists` by the fields of each reason list.
    """

    kinds: Mapping[str, str]
    taken: set[str]
    parts: Mapping[str, PartTrees]
    classings: dict[str, Step] = field(default_factory=dict)
    trees: dict[str, Step] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    lists: dict[str, list[str]] = field(default_factory=dict)

    def piece(self, step: Step) -> Piece:
        """The piece of one step; the steps that it reads must have been turned before."""
        return _PIECES[step["type"]](self, step)

    def known(self, names: Sequence[str], value: Element) -> Element:
        """`value` where no field is missing that may be."""
        return e.if_known([name for name in dict.fromkeys(names) if name not in self.sure], value)

    def unused(self, name: str) -> str:
        """A name for a field that helps another."""
        number = 1
        while f"{name} ({number})" in self.taken:
            number += 1
        self.taken.add(f"{name} ({number})")
        return f"{name} ({number})"

    def mark(self, output: str, names: Sequence[str]) -> None:
        """Remember that `output` is never missing where none of `names` is."""
        if all(name in self.sure for name in names):
            self.sure.add(output)


def derived_field(name: str, kind: str, value: Element) -> Element:
    """A `DerivedField` of text, or of a number."""
    types = ("categorical", "string") if kind == STRING else ("continuous", "double")
    return Element("DerivedField", {"name": name, "optype": types[0], "dataType": types[1]}, [value])


def _one(writer: Writer, step: Step, value: Element, names: Sequence[str]) -> Piece:
    """A piece of one field, which is missing where one of `names` is."""
    output = step["output"]
    made = derived_field(output, writer.kinds[output], writer.known(names, value))
    writer.mark(output, names)
    return Piece(frozenset([output]), frozenset(names), (made,))


def _derive(writer: Writer, step: Step) -> Piece:
    made = tuple(derived_fields(step, writer.kinds, writer.taken))
    return Piece(frozenset([step["output"]]), frozenset(references(step["expression"])), made)


def _guard(writer: Writer, step: Step) -> Piece:
    made = tuple(derived_fields(guard_as_derivation(step), writer.kinds, writer.taken))
    writer.sure.add(step["output"])
    return Piece(frozenset([step["output"]]), frozenset(references(step["condition"])), made)


def guard_as_derivation(guard: Step) -> Step:
    """A guard as a derivation: 1 where the condition is true, 0 where it is false or missing."""
    condition = {"op": "coalesce", "args": [guard["condition"], {"const": False}]}
    return {"output": guard["output"], "value_type": "flag", "expression": condition}


def _classing(writer: Writer, step: Step) -> Piece:
    writer.classings[step["output_bin"]] = step
    woe = step["output_woe"]
    writer.sure |= {woe, step["output_bin"]}
    made = derived_field(woe, "number", e.by_bin(step, [one["woe"] for one in step["bins"]]))
    return Piece(frozenset([woe]), frozenset([step["input"]]), (made,))


def _linear(writer: Writer, step: Step) -> Piece:
    offset = [] if step["offset"] is None else [step["offset"]]
    return _one(writer, step, e.linear(step), offset + [term["input"] for term in step["terms"]])


def _sum(writer: Writer, step: Step) -> Piece:
    value = e.ref(step["inputs"][0])
    for name in step["inputs"][1:]:
        value = e.apply("+", value, e.ref(name))
    return _one(writer, step, value, step["inputs"])


def _link(writer: Writer, step: Step) -> Piece:
    return _one(writer, step, e.link(step), [step["input"]])


def _calibrate(writer: Writer, step: Step) -> Piece:
    return _one(writer, step, e.calibrate(step), [step["input"]])


def _grade(writer: Writer, step: Step) -> Piece:
    return _one(writer, step, e.grade(step, step["input"]), [step["input"]])


def _scale(writer: Writer, step: Step) -> Piece:
    if step["form"] == "points":
        return _points(writer, step)
    score = e.apply("-", e.number(step["offset"]), e.apply("*", e.number(step["factor"]), e.ref(step["input"])))
    if step["rounding"] == "none":
        return _one(writer, step, score, [step["input"]])
    exact = writer.unused(step["output"])
    first = derived_field(exact, "number", writer.known([step["input"]], score))
    whole = _one(writer, step, e.half_away_from_zero(e.ref(exact)), [step["input"]])
    return Piece(whole.produces, whole.reads, (first, *whole.fields))


def _points(writer: Writer, step: Step) -> Piece:
    total, made, inputs = e.number(step["base_points"]), [], []
    for item in step["characteristics"]:
        classing = writer.classings[item["input"]]
        inputs.append(classing["input"])
        made.append(derived_field(item["output"], "number", e.by_bin(classing, item["points"])))
        total = e.apply("+", total, e.ref(item["output"]))
    names = {item["output"] for item in step["characteristics"]} | {step["output"]}
    writer.sure |= names
    made.append(derived_field(step["output"], "number", total))
    return Piece(frozenset(names), frozenset(inputs), tuple(made))


def _switch(writer: Writer, step: Step) -> Piece:
    values = [case["value"] for case in step["cases"]] + ([] if step["default"] is None else [step["default"]])
    if writer.kinds[step["output"]] == REASONS:
        return _switched_reasons(writer, step, values)
    output = step["output"]
    if step["default"] is not None:
        writer.mark(output, values)
    made = derived_field(output, writer.kinds[output], e.switch(step))
    return Piece(frozenset([output]), frozenset([step["input"], *values]), (made,))


def _switched_reasons(writer: Writer, step: Step, values: Sequence[str]) -> Piece:
    """The reason lists that a switch chooses among, place by place; a shorter list has none at the last places."""
    lists = {value: writer.lists[value] for value in values}
    nothing, made, names = writer.unused(step["output"]), [], []
    made.append(derived_field(nothing, STRING, e.no_text()))
    for k in range(max(map(len, lists.values()))):
        at = {value: found[k] if k < len(found) else nothing for value, found in lists.items()}
        cases = [{**case, "value": at[case["value"]]} for case in step["cases"]]
        chosen = e.switch({**step, "cases": cases, "default": at.get(step["default"])})
        names.append(writer.unused(step["output"]))
        made.append(derived_field(names[-1], STRING, chosen))
    writer.lists[step["output"]] = names
    return Piece(frozenset([step["output"], *names]), frozenset([step["input"], *values]), tuple(made))


def _reasons(writer: Writer, step: Step) -> Piece:
    made: list[Element] = []
    read = [item["input"] for item in step["characteristics"]]

    def keep(role: str, kind: str, value: Element) -> str:
        name = writer.unused(f"{step['output']}: {role}")
        made.append(derived_field(name, kind, writer.known(read, value) if kind != STRING else value))
        return name

    names = ranked_reasons(step, keep)
    writer.lists[step["output"]] = names
    return Piece(frozenset([step["output"], *names]), frozenset(read), tuple(made))


def _trees(writer: Writer, step: Step) -> Piece:
    writer.trees[step["id"]] = step
    output, offset = step["output"], step["offset"]
    may_lack = offset is not None and offset not in writer.sure
    name = writer.unused(output) if may_lack else output
    start = start_model(step["base_margin"], offset, step["features"][0])
    models = (start, *(tree_model(tree, step["features"]) for tree in step["trees"]))
    needed = tuple(dict.fromkeys([*step["features"], *([] if offset is None else [offset])]))
    made = (derived_field(output, "number", writer.known([offset], e.ref(name))),) if may_lack else ()
    writer.mark(output, [] if offset is None else [offset])
    return Piece(frozenset([output, name]), frozenset(needed), made, (TreeSum(name, needed, models),))


def _attribution(writer: Writer, step: Step) -> Piece:
    trees, sums, made = writer.trees[step["trees"]], [], []
    for part in step["characteristics"]:
        found = writer.parts[part["output"]]
        value = e.number(found.constant)
        if found.trees:
            name = writer.unused(part["output"])
            start = start_model(found.constant, None, trees["features"][0])
            models = tuple(tree_model(tree, trees["features"]) for tree in found.trees)
            asked = tuple(dict.fromkeys([trees["features"][0], *reads(trees, [found])]))
            sums.append(TreeSum(name, asked, (start, *models)))
            value = e.ref(name)
        value = e.apply("*", e.number(step["multiplier"]), value)
        made.append(derived_field(part["output"], "number", value))
        writer.sure.add(part["output"])
    produced = {part["output"] for part in step["characteristics"]} | {one.output for one in sums}
    return Piece(frozenset(produced), frozenset(trees["features"]), tuple(made), tuple(sums))


def needed_steps(model: Mapping[str, Any], wanted: set[str]) -> list[Step]:
    """Steps on which the values `wanted` depend, in the order of the model."""
    names, found = set(wanted), []
    for step in reversed(model["steps"]):
        produced = {step.get(key) for key in ("output", "output_bin", "output_woe")}
        produced |= {part["output"] for part in step.get("characteristics", ()) if "output" in part}
        if produced & names:
            found.append(step)
            names |= read_names(step)
            if step["type"] == "attribution":
                names |= {one["output"] for one in model["steps"] if one["id"] == step["trees"]}
    return found[::-1]


_PIECES: dict[str, Callable[[Writer, Step], Piece]] = {
    "derive": _derive,
    "guard": _guard,
    "classing": _classing,
    "linear": _linear,
    "sum": _sum,
    "link": _link,
    "calibrate": _calibrate,
    "grade": _grade,
    "scale": _scale,
    "switch": _switch,
    "reasons": _reasons,
    "trees": _trees,
    "attribution": _attribution,
}
