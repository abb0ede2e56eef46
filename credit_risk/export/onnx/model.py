"""The ONNX model of a program: double arithmetic, trees of ai.onnx.ml 5 with double thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.heading import heading
from credit_risk.export.onnx.graph import ML, Graph
from credit_risk.export.onnx.terms import UNSUPPORTED, Terms
from credit_risk.export.program import (
    Attribution,
    Band,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Rank,
    Statement,
    Tree,
    TreeSum,
    is_never,
    produced,
    read,
)
from credit_risk.export.program.terms import FLAG, Term, number, operations

LEFT_OUT = "Reasons of trees are left out: they are averages over the background rows of the package."
OPSET, ML_OPSET, IR = 21, 5, 10


def onnx_model(program: Program) -> bytes:
    """The bytes of the model; the same program gives the same bytes.

    Inputs: a tensor (rows,) a column, double with NaN or string with the empty string where missing. Outputs: the
    published columns (rows,), double (flags 1.0 or 0.0) or string. Raises PackageError with all that it cannot hold.
    """
    _refuse(program)
    return _Printer(program).model()


def _refuse(program: Program) -> None:
    faults = []
    for one in program.statements:
        terms = (one.value, one.absent, one.failed) if isinstance(one, Let) else ()
        found = sorted({op for term in terms for op in operations(term)} & set(UNSUPPORTED))
        if found:
            message = f"{produced(one)[0]!r} is calculated with {', '.join(found)}: not supported in ONNX"
            remedy = "use the export c, java or sql, or score with the package itself (`credit-risk score`)"
            faults.append(Fault(message, code="export_unsupported", file="model.json", remedy=remedy))
    if faults:
        raise PackageError(faults)


class _Printer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.graph = Graph()
        self.terms = Terms(self.graph)
        self.leaves: dict[str, str] = {}
        self.out: set[str] = set()
        for one in program.statements:
            if isinstance(one, Attribution) or self.out & set(read(one)):
                self.out |= set(produced(one))

    def model(self) -> bytes:
        add, constant, terms = self.graph.add, self.graph.constant, self.terms
        inputs = []
        for place, one in enumerate(self.program.inputs):
            kind = TensorProto.DOUBLE if one.kind == "number" else TensorProto.STRING
            inputs.append(helper.make_tensor_value_info(f"in:{one.name}", kind, ["rows"]))
            column = add("Identity", f"in:{one.name}")
            terms.values[one.name] = column
            terms.absent[one.name] = (
                add("IsNaN", column) if one.kind == "number" else add("Equal", column, constant("", str))
            )
            if place == 0:
                self.rows = terms.absent[one.name]
        for statement in self.program.statements:
            if not self.out & set(produced(statement)):
                self._state(statement)
        outputs = list(self._outputs())
        used = {name for node in self.graph.nodes for name in node.input}
        tensors = [one for one in self.graph.constants.values() if one.name in used]
        graph = helper.make_graph(self.graph.nodes, "model", inputs, outputs, tensors)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="credit_risk")
        lines = heading(self.program, "onnxruntime", proved=True, notes=(LEFT_OUT,) if self.out else ())
        made.doc_string = "\n".join(lines)
        facts = {"model_id": self.program.model_id, "model_version": self.program.model_version}
        helper.set_model_props(made, {**facts, "package_hash": self.program.package_hash})
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString(deterministic=True)

    def _outputs(self) -> Iterator[onnx.ValueInfoProto]:
        add = self.graph.add
        for one in self.program.published:
            if one.name in self.out:
                continue
            made = self._missing(one.name, one.kind)
            kind = TensorProto.STRING if one.kind == "text" else TensorProto.DOUBLE
            shape = add("Shape", self.rows)
            self.graph.nodes.append(helper.make_node("Expand", [made, shape], [one.column]))
            yield helper.make_tensor_value_info(one.column, kind, ["rows"])

    def _missing(self, name: str, kind: str) -> str:
        add, constant = self.graph.add, self.graph.constant
        made = self.terms.values[name]
        if kind == "flag":
            made = add("Cast", made, to=TensorProto.DOUBLE)
        nothing = constant("", str) if kind == "text" else constant(np.nan)
        for flags in (self.terms.absent, self.terms.failed):
            if name in flags:
                made = add("Where", flags[name], nothing, made)
        return made

    def _unusable(self, name: str) -> str | None:
        flags = [kind[name] for kind in (self.terms.absent, self.terms.failed) if name in kind]
        return flags[0] if len(flags) == 1 else self.graph.add("Or", *flags) if flags else None

    def _state(self, one: Statement) -> None:
        match one:
            case Let():
                self._let(one)
            case Classify():
                self._classify(one)
            case Pick():
                table = self.graph.constant(one.values)
                self.terms.values[one.name] = self.graph.add("Gather", table, self.terms.values[one.bin])
            case Tree():
                if one.name not in self.leaves:
                    self._trees(one)
            case TreeSum():
                self._tree_sum(one)
            case Band():
                place = self._place(one.input, one.cuts)
                levels = self.graph.constant(one.levels, str if one.kind == "text" else np.float64)
                self.terms.values[one.name] = self.graph.add("Gather", levels, place)
                self._passed(one.name, one.input)
            case Line():
                self._line(one)
            case Rank():
                self._rank(one)

    def _passed(self, name: str, source: str) -> None:
        for flags in (self.terms.absent, self.terms.failed):
            if source in flags:
                flags[name] = flags[source]

    def _flag(self, name: str, flag: Term) -> None:
        if not is_never(flag):
            self.terms.failed[name] = self.terms.print(flag)

    def _let(self, one: Let) -> None:
        add, terms = self.graph.add, self.terms
        value = terms.print(one.value)
        absent = None if is_never(one.absent) else terms.print(one.absent)
        failed = None if is_never(one.failed) else terms.print(one.failed)
        if one.checked:
            broken = add("Or", add("IsNaN", value), add("IsInf", value))
            if absent is not None:
                broken = add("And", broken, add("Not", absent))
            failed = broken if failed is None else add("Or", failed, broken)
        terms.values[one.name] = value
        if one.kind == FLAG:
            terms.flags.add(one.name)
        if absent is not None:
            terms.absent[one.name] = absent if failed is None else add("And", absent, add("Not", failed))
        if failed is not None:
            terms.failed[one.name] = failed

    def _place(self, name: str, bounds: tuple[float, ...]) -> str:
        """How many ascending bounds are not above a column, (n,) int64."""
        add, constant = self.graph.add, self.graph.constant
        x = add("Unsqueeze", self.terms.values[name], constant([1], np.int64))
        above = add("Cast", add("LessOrEqual", constant([bounds]), x), to=TensorProto.INT64)
        return add("ReduceSum", above, constant([1], np.int64), keepdims=0)

    def _classify(self, one: Classify) -> None:
        add, constant, x = self.graph.add, self.graph.constant, self.terms.values[one.input]
        codes = [(code, b.id) for b in one.bins for code in b.codes]
        if one.numeric:
            intervals = [b for b in one.bins if b.kind == "interval"]
            ids = constant([b.id for b in intervals], np.int64)
            bounds = tuple(b.lower for b in intervals[1:] if b.lower is not None)
            found = add("Gather", ids, self._place(one.input, bounds))
            for code, bin_id in codes:
                found = add("Where", add("Equal", x, constant(code)), constant(bin_id, np.int64), found)
        else:
            table = {value: b.id for b in one.bins for value in b.values}
            table.update({str(code): bin_id for code, bin_id in codes})
            unseen = next(b.id for b in one.bins if b.kind == "unseen")
            keys: dict[str, Any] = {"keys_strings": list(table), "values_int64s": list(table.values())}
            found = constant(unseen, np.int64)
            if table:
                found = add("LabelEncoder", x, domain=ML, default_int64=unseen, **keys)
        missing = next(b.id for b in one.bins if b.takes_missing)
        if (unusable := self._unusable(one.input)) is not None:
            found = add("Where", unusable, constant(missing, np.int64), found)
        self.terms.values[one.name] = found

    def _trees(self, first: Tree) -> None:
        """All trees of a step by one operator that gives the leaf of each; a missing feature is NaN."""
        add, constant = self.graph.add, self.graph.constant
        trees = [one for one in self.program.statements if isinstance(one, Tree) and one.step == first.step]
        split = [one for one in trees if one.left[0] >= 0]
        for one in trees:
            if one.left[0] < 0:
                self.leaves[one.name] = self.terms.values[one.name] = constant(one.value[0])
        if not split:
            return
        shape = add("Shape", self.rows)
        columns = [add("Expand", self._missing(name, "number"), shape) for name in first.features]
        matrix = add("TreeEnsemble", self.graph.matrix(columns), domain=ML, **ensemble(split))
        for place, one in enumerate(split):
            leaf = add("Gather", matrix, constant(place, np.int64), axis=1)
            self.leaves[one.name] = self.terms.values[one.name] = leaf

    def _tree_sum(self, one: TreeSum) -> None:
        terms = self.terms
        made = terms.print(number(one.base))
        for name in (*((one.offset,) if one.offset is not None else ()), *one.trees):
            made = self.graph.add("Add", made, terms.values[name])
        terms.values[one.name] = made
        self._flag(one.name, one.failed)

    def _line(self, one: Line) -> None:
        add, constant = self.graph.add, self.graph.constant
        x, place = self.terms.values[one.input], self._place(one.input, one.knots)
        last = len(one.knots) - 1
        at = add("Max", add("Sub", place, constant(1, np.int64)), constant(0, np.int64))
        knot, level = (add("Gather", constant(values), at) for values in (one.knots, one.levels))
        slope = add("Gather", constant([*one.slopes, 0.0]), at)
        inside = add("Add", level, add("Mul", add("Sub", x, knot), slope))
        below = add("Equal", place, constant(0, np.int64))
        made = add("Where", below, constant(one.levels[0]), inside)
        beyond = add("Equal", place, constant(last + 1, np.int64))
        self.terms.values[one.name] = add("Where", beyond, constant(one.levels[-1]), made)
        self._passed(one.name, one.input)

    def _rank(self, one: Rank) -> None:
        """Reasons by TopK, which puts the first of equals first; an inquiry that is not told is added as the last."""
        add, constant = self.graph.add, self.graph.constant
        shape = add("Shape", self.rows)
        columns = [add("Expand", self.terms.values[name], shape) for name in one.inputs]
        short = add("Sub", constant([one.baselines]), self.graph.matrix(columns))
        best = add("TopK", short, constant([one.maximum], np.int64), axis=1, outputs=2)
        codes = constant(one.codes, str)
        positive = add("Less", constant(0.0), best)
        told = add("Where", positive, add("Gather", codes, f"{best}_1"), constant("", str))
        for j, name in enumerate(one.names):
            if j < one.maximum:
                made = add("Gather", told, constant(j, np.int64), axis=1)
            elif one.inquiries and j == len(one.names) - 1:
                made = self._inquiry(one, short, f"{best}_1", positive)
            else:
                made = constant("", str)
            self.terms.values[name] = made
            self.terms.absent[name] = add("Equal", made, constant("", str))
            self._flag(name, one.failed)

    def _inquiry(self, one: Rank, short: str, places: str, positive: str) -> str:
        add, constant = self.graph.add, self.graph.constant
        asked = add("Gather", short, constant(one.inquiries, np.int64), axis=1)
        best = add("TopK", asked, constant([1], np.int64), axis=1, outputs=2)
        codes = constant([one.codes[k] for k in one.inquiries], str)
        code = self.graph.last(add("Gather", codes, f"{best}_1"))
        among = constant([k in one.inquiries for k in range(len(one.codes))], bool)
        told = add("Cast", add("And", positive, add("Gather", among, places)), to=TensorProto.INT64)
        none = add("Equal", add("ReduceSum", told, constant([1], np.int64), keepdims=0), constant(0, np.int64))
        there = add("And", none, self.graph.last(add("Less", constant(0.0), best)))
        return add("Where", there, code, constant("", str))


def ensemble(trees: list[Tree]) -> dict[str, Any]:
    """Attributes of TreeEnsemble (ai.onnx.ml 5): doubles, `x < threshold` goes to the true side, one target a tree."""
    features: list[int] = []
    splits: list[float] = []
    missing: list[int] = []
    leaves: list[float] = []
    targets: list[int] = []
    roots: list[int] = []
    sides: dict[str, list[int]] = {"true": [], "trueleaf": [], "false": [], "falseleaf": []}
    for target, tree in enumerate(trees):
        inner = [node for node, left in enumerate(tree.left) if left >= 0]
        place = {node: len(features) + k for k, node in enumerate(inner)}
        for node, left in enumerate(tree.left):
            if left < 0:
                place[node] = len(leaves)
                leaves.append(tree.value[node])
                targets.append(target)
        roots.append(place[0])
        for node in inner:
            features.append(tree.feature[node])
            splits.append(tree.threshold[node] or 0.0)
            missing.append(int(tree.default_left[node]))
            for side, child in (("true", tree.left[node]), ("false", tree.right[node])):
                sides[side].append(place[child])
                sides[side + "leaf"].append(int(tree.left[child] < 0))
    return {
        "n_targets": len(trees),
        "aggregate_function": 1,
        "post_transform": 0,
        "tree_roots": roots,
        "nodes_featureids": features,
        "nodes_modes": helper.make_tensor("modes", TensorProto.UINT8, [len(splits)], [1] * len(splits)),
        "nodes_splits": helper.make_tensor("splits", TensorProto.DOUBLE, [len(splits)], splits),
        "nodes_truenodeids": sides["true"],
        "nodes_trueleafs": sides["trueleaf"],
        "nodes_falsenodeids": sides["false"],
        "nodes_falseleafs": sides["falseleaf"],
        "nodes_missing_value_tracks_true": missing,
        "leaf_targetids": targets,
        "leaf_weights": helper.make_tensor("leaves", TensorProto.DOUBLE, [len(leaves)], leaves),
    }
