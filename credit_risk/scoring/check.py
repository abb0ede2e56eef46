"""What JSON Schema cannot say of a model: names, kinds, bins that tile the line, trees that end. All faults at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault, PackageError
from credit_risk.scoring.columns import BIN, FLAG, NUMBER, REASONS, STRING
from credit_risk.scoring.expressions import ANY, expression_kind

Step = Mapping[str, Any]
Kinds = dict[str, str]
Complain = Callable[..., None]
FORMAT, FORMAT_VERSION = "credit-risk-model", "0.1"


def check_model(model: Mapping[str, Any]) -> Kinds:
    """Kinds of all names of a model whose shape the schema has already accepted.

    Raises PackageError with every semantic fault: unknown version or step type, names read before they are produced or
    produced twice, kinds that do not fit, intervals with gaps or overlaps, malformed trees.
    """
    faults: list[Fault] = []

    def complain(path: str, message: str, code: str = "model_invalid") -> None:
        faults.append(Fault(message, code=code, file="model.json", path=path))

    if (model.get("format"), model.get("format_version")) != (FORMAT, FORMAT_VERSION):
        found = f"{model.get('format')!r} version {model.get('format_version')!r}"
        complain(
            "/format_version",
            f"unknown format {found}; this reader knows {FORMAT} {FORMAT_VERSION}",
            "version_unknown",
        )
        raise PackageError(faults)
    kinds: Kinds = {}
    bins: dict[str, int] = {}
    for i, item in enumerate(model["inputs"]):
        _produce(kinds, item["name"], item["type"], f"/inputs/{i}", complain)
    ids: set[str] = set()
    for i, step in enumerate(model["steps"]):
        path = f"/steps/{i}"
        if step["id"] in ids:
            complain(f"{path}/id", f"step id {step['id']!r} stands twice", "name_twice")
        ids.add(step["id"])
        checker = _CHECKERS.get(step["type"])
        if checker is None:
            complain(f"{path}/type", f"unknown step type {step['type']!r}", "step_unknown")
            continue
        checker(step, path, kinds, bins, complain)
    _outputs(model["outputs"], kinds, complain)
    if faults:
        raise PackageError(faults)
    return kinds


def _produce(kinds: Kinds, name: str, kind: str, path: str, complain: Complain) -> None:
    if name in kinds:
        complain(path, f"name {name!r} is produced twice", "name_twice")
    kinds[name] = kind


def _read(kinds: Kinds, name: str, allowed: tuple[str, ...], path: str, complain: Complain) -> None:
    if name not in kinds:
        complain(path, f"{name!r} is neither an input nor produced before", "name_unknown")
    elif kinds[name] not in (*allowed, ANY):
        complain(path, f"{name!r} is a {kinds[name]}, needed is a {' or '.join(allowed)}", "kind_wrong")


def _derive(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    found = expression_kind(
        step["expression"], kinds, lambda text: complain(f"{path}/expression", text, "expression_invalid")
    )
    if found not in (step["value_type"], ANY):
        complain(
            f"{path}/value_type",
            f"the expression yields a {found}, declared is {step['value_type']}",
            "kind_wrong",
        )
    _produce(kinds, step["output"], step["value_type"], f"{path}/output", complain)


def _guard(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    found = expression_kind(
        step["condition"], kinds, lambda text: complain(f"{path}/condition", text, "expression_invalid")
    )
    if found not in (FLAG, ANY):
        complain(f"{path}/condition", f"the condition yields a {found}, needed is a flag", "kind_wrong")
    _produce(kinds, step["output"], FLAG, f"{path}/output", complain)


def _classing(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    numeric = step["kind"] == "numeric"
    _read(kinds, step["input"], (NUMBER if numeric else STRING,), f"{path}/input", complain)
    items = step["bins"]
    if [b["id"] for b in items] != list(range(len(items))):
        complain(f"{path}/bins", "bin ids must be 0, 1, 2 … in the order of the list", "bins_invalid")
    count = {kind: sum(b["kind"] == kind for b in items) for kind in ("missing", "unseen", "interval", "categories")}
    if count["missing"] != 1:
        complain(f"{path}/bins", f"exactly one missing bin is needed, found {count['missing']}", "bins_invalid")
    if count["unseen"] != (0 if numeric else 1):
        complain(
            f"{path}/bins",
            f"a {step['kind']} classing has {0 if numeric else 1} unseen bins, found {count['unseen']}",
            "bins_invalid",
        )
    if count["categories" if numeric else "interval"]:
        complain(
            f"{path}/bins",
            f"a {step['kind']} classing has no {'categories' if numeric else 'interval'} bins",
            "bins_invalid",
        )
    if numeric:
        _tiles([b for b in items if b["kind"] == "interval"], f"{path}/bins", complain)
    else:
        _unique(
            [v for b in items if b["kind"] == "categories" for v in b["values"]],
            "category",
            f"{path}/bins",
            complain,
        )
    codes = [code for b in items if b["kind"] == "special" for code in b["codes"]]
    _unique(codes, "special code", f"{path}/bins", complain)
    if any(isinstance(code, str) == numeric for code in codes):
        complain(
            f"{path}/bins",
            f"special codes of a {step['kind']} classing are {'numbers' if numeric else 'text'}",
            "bins_invalid",
        )
    _produce(kinds, step["output_bin"], BIN, f"{path}/output_bin", complain)
    _produce(kinds, step["output_woe"], NUMBER, f"{path}/output_woe", complain)
    bins[step["output_bin"]] = len(items)


def _unique(values: list[Any], what: str, path: str, complain: Complain) -> None:
    for value in sorted({v for v in values if values.count(v) > 1}, key=repr):
        complain(path, f"{what} {value!r} stands twice", "bins_overlap")


def _tiles(items: list[Mapping[str, Any]], path: str, complain: Complain) -> None:
    """Intervals `[lower, upper)` that cover the line, in order, without gap or overlap."""
    if not items:
        complain(path, "at least one interval is needed", "bins_invalid")
        return
    if items[0]["lower"] is not None or items[-1]["upper"] is not None:
        complain(path, "the first lower and the last upper end must be null", "bins_invalid")
    for before, after in pairwise(items):
        if before["upper"] is None or before["upper"] != after["lower"]:
            complain(
                path,
                f"an interval ends at {before['upper']!r} and the next begins at {after['lower']!r}",
                "bins_overlap",
            )
    for item in items:
        if item["lower"] is not None and item["upper"] is not None and not item["lower"] < item["upper"]:
            complain(path, f"interval [{item['lower']!r}, {item['upper']!r}) is empty", "bins_overlap")


def _linear(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    for j, term in enumerate(step["terms"]):
        _read(kinds, term["input"], (NUMBER,), f"{path}/terms/{j}/input", complain)
    if step["offset"] is not None:
        _read(kinds, step["offset"], (NUMBER,), f"{path}/offset", complain)
    _produce(kinds, step["output"], NUMBER, f"{path}/output", complain)


def _trees(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    for j, name in enumerate(step["features"]):
        _read(kinds, name, (NUMBER,), f"{path}/features/{j}", complain)
    if step["offset"] is not None:
        _read(kinds, step["offset"], (NUMBER,), f"{path}/offset", complain)
    for j, tree in enumerate(step["trees"]):
        fault = _tree_fault(tree, len(step["features"]))
        if fault is not None:
            complain(f"{path}/trees/{j}", fault, "tree_invalid")
    _produce(kinds, step["output"], NUMBER, f"{path}/output", complain)


def _tree_fault(tree: Step, features: int) -> str | None:
    names = ("feature", "threshold", "left", "right", "default_left", "value")
    sizes = {len(tree[name]) for name in names}
    if len(sizes) != 1:
        return "the column arrays differ in length"
    nodes = sizes.pop()
    parents = [0] * nodes
    for node in range(nodes):
        left, right, threshold = tree["left"][node], tree["right"][node], tree["threshold"][node]
        if left == -1:
            if right != -1 or threshold is not None or tree["feature"][node] != -1:
                return f"leaf {node} has a right child, threshold or feature"
            continue
        if not node < left < nodes or not node < right < nodes or left == right:
            return f"node {node} has children {left} and {right}; they must differ and come after it"
        if threshold is None or not 0 <= tree["feature"][node] < features:
            return f"node {node} lacks a threshold or names a feature that does not exist"
        if tree["value"][node] != 0:
            return f"inner node {node} has value {tree['value'][node]!r}; only leaves count"
        parents[left] += 1
        parents[right] += 1
    if parents != [0] + [1] * (nodes - 1):
        return "not every node but the root has exactly one parent"
    return None


def _sum(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    for j, name in enumerate(step["inputs"]):
        _read(kinds, name, (NUMBER,), f"{path}/inputs/{j}", complain)
    _produce(kinds, step["output"], NUMBER, f"{path}/output", complain)


def _switch(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    _read(kinds, step["input"], (NUMBER, STRING, FLAG, BIN), f"{path}/input", complain)
    kind = kinds.get(step["input"], ANY)
    chosen = [case["value"] for case in step["cases"]] + ([step["default"]] if step["default"] is not None else [])
    for name in chosen:
        _read(kinds, name, (NUMBER, STRING, FLAG, BIN), path, complain)
    found = {kinds[name] for name in chosen if name in kinds}
    if len(found) > 1:
        complain(path, f"chooses between values of different kinds: {', '.join(sorted(found))}", "kind_wrong")
    for j, case in enumerate(step["cases"]):
        value = case["equals"]
        own = FLAG if isinstance(value, bool) else (STRING if isinstance(value, str) else NUMBER)
        if kind not in (own, ANY) and not (kind == BIN and own == NUMBER):
            complain(f"{path}/cases/{j}/equals", f"{value!r} never equals a {kind}", "kind_wrong")
    _produce(kinds, step["output"], min(found, default=NUMBER), f"{path}/output", complain)


def _one_number(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    _read(kinds, step["input"], (NUMBER,), f"{path}/input", complain)
    if step.get("method") == "piecewise_linear":
        x, y = step["x"], step["y"]
        if len(x) != len(y) or any(a >= b for a, b in pairwise(x)) or any(a > b for a, b in pairwise(y)):
            complain(
                path,
                "piecewise_linear needs x strictly increasing, y non-decreasing, of one length",
                "knots_invalid",
            )
    _produce(kinds, step["output"], NUMBER, f"{path}/output", complain)


def _scale(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    if step["form"] == "linear":
        _one_number(step, path, kinds, bins, complain)
        return
    whole = step["rounding"] != "none"
    for j, item in enumerate(step["characteristics"]):
        here = f"{path}/characteristics/{j}"
        _read(kinds, item["input"], (BIN,), f"{here}/input", complain)
        size = bins.get(item["input"], len(item["points"]))
        if len(item["points"]) != size:
            complain(f"{here}/points", f"{len(item['points'])} points for {size} bins", "points_invalid")
        if whole and any(not float(p).is_integer() for p in item["points"]):
            complain(f"{here}/points", "points are said to be rounded and are not integral", "points_invalid")
        _produce(kinds, item["output"], NUMBER, f"{here}/output", complain)
    if whole and not float(step["base_points"]).is_integer():
        complain(f"{path}/base_points", "base points are said to be rounded and are not integral", "points_invalid")
    _produce(kinds, step["output"], NUMBER, f"{path}/output", complain)


def _grade(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    _read(kinds, step["input"], (NUMBER,), f"{path}/input", complain)
    _tiles(step["grades"], f"{path}/grades", complain)
    _produce(kinds, step["output"], STRING, f"{path}/output", complain)


def _reasons(step: Step, path: str, kinds: Kinds, bins: dict[str, int], complain: Complain) -> None:
    for j, item in enumerate(step["characteristics"]):
        here = f"{path}/characteristics/{j}"
        _read(kinds, item["input"], (NUMBER,), f"{here}/input", complain)
        expected = item["reference_points"] - step["rank_step"] * (j + 1)
        if not math.isclose(item["baseline"], expected, rel_tol=1e-12, abs_tol=1e-12):
            complain(
                f"{here}/baseline",
                f"{item['baseline']!r} is not reference_points − rank_step·{j + 1}",
                "baseline_wrong",
            )
    _produce(kinds, step["output"], REASONS, f"{path}/output", complain)


def _outputs(outputs: Mapping[str, Any], kinds: Kinds, complain: Complain) -> None:
    wanted = {
        "linear_score": NUMBER,
        "probability": NUMBER,
        "score": NUMBER,
        "grade": STRING,
        "reasons": REASONS,
    }
    for key, kind in wanted.items():
        if outputs.get(key) is not None:
            _read(kinds, outputs[key], (kind,), f"/outputs/{key}", complain)
    for j, name in enumerate(outputs.get("decision", [])):
        _read(kinds, name, (FLAG,), f"/outputs/decision/{j}", complain)


_CHECKERS: dict[str, Callable[[Step, str, Kinds, dict[str, int], Complain], None]] = {
    "derive": _derive,
    "guard": _guard,
    "classing": _classing,
    "linear": _linear,
    "trees": _trees,
    "sum": _sum,
    "switch": _switch,
    "link": _one_number,
    "calibrate": _one_number,
    "scale": _scale,
    "grade": _grade,
    "reasons": _reasons,
}
