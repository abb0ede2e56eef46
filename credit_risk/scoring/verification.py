"""Verification rows: inputs that reach every bin, boundary and branch of a model, with every value it produces.

SPECIFICATION section 6. Cases are deterministic; coverage is counted from what the rows reach, not from what was meant.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.scoring.columns import NUMBER
from credit_risk.scoring.expressions import references
from credit_risk.scoring.inputs import read_inputs
from credit_risk.scoring.model import CompiledModel, compile_model
from credit_risk.scoring.steps import tree_leaves

MAX_ROWS = 2000
COMPARISONS = ("equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal", "in")
Step = Mapping[str, Any]
Value = float | str | None


@dataclass(frozen=True, slots=True)
class _Case:
    """One row: a development row (`row`, or the base row where None) with one input changed, where `name` is given."""

    kind: str
    detail: str
    name: str | None = None
    value: Value = None
    row: int | None = None


def verification_rows(
    model: CompiledModel | Mapping[str, Any], development: pd.DataFrame, max_rows: int = MAX_ROWS
) -> pd.DataFrame:
    """Cases as a frame: `case` (kind and what it covers), then `in:<input>` for every input of the model.

    `development` holds the input columns of the development sample. The base row is its first complete row. For every
    classing of an input: each interval edge, the double just below it, each category, each special code, missing and an
    unseen category. For trees: each threshold, its float32 value and neighbours, and a development row for each leaf.
    For classings of derived values, guards, switches and grades: the first development row of each outcome. For grades:
    the rows nearest to each edge on both sides. For guards:
    each constant that an input is held against, and the doubles beside it. Rows beyond
    `max_rows` are thinned evenly, tree rows first. Rows that the model refuses are left out. `verification_coverage`
    tells what is reached.
    """
    compiled = _compiled(model)
    scored = ~compiled.rows_in_error(development)
    read = read_inputs(compiled.model["inputs"], development)
    inputs = {name: column.array()[scored] for name, column in read.items()}
    base = _base_row(inputs)
    fixed = _distinct(
        [_Case("base", "first complete row"), *_input_cases(compiled, base), *_branch_cases(compiled, inputs)]
    )
    thresholds = _distinct(list(_threshold_cases(compiled, base)), fixed)
    leaves = list(_leaf_cases(compiled, inputs, _frame(compiled, [*fixed, *thresholds], inputs, base)))
    fixed = _thin(fixed, max_rows)
    room = max_rows - len(fixed)
    leaves = _thin(leaves, max(room - len(thresholds), room // 2))
    cases = _frame(compiled, [*fixed, *leaves, *_thin(thresholds, room - len(leaves))], inputs, base)
    failing = compiled.rows_in_error(_plain(compiled, cases)) if len(cases) else np.zeros(0, dtype=bool)
    return cases[~failing].reset_index(drop=True)


def verification_csv(model: CompiledModel | Mapping[str, Any], cases: pd.DataFrame) -> bytes:
    """`verification.csv` (SPECIFICATION section 6) of the cases of `verification_rows`."""
    compiled = _compiled(model)
    table = verification_table(compiled, cases)
    out = io.StringIO()
    out.write(",".join(_field(name) for name in table.columns) + "\n")
    columns = [table[name].tolist() for name in table.columns]
    for row in zip(*columns, strict=True):
        out.write(",".join(_field(value) for value in row) + "\n")
    return out.getvalue().encode("utf-8")


def verification_table(model: CompiledModel | Mapping[str, Any], cases: pd.DataFrame) -> pd.DataFrame:
    """The columns of `verification.csv`: cases, bins and WoE of each classing, points, attributions, and the results.

    A classing of an input that is classed more than once (segments), and points of a characteristic that is scored more
    than once, carry the step id: `bin:<input>@<step id>`.
    """
    compiled = _compiled(model)
    frame = _plain(compiled, cases)
    values = compiled.values(frame)
    columns: dict[str, Any] = {name: cases[name].to_numpy() for name in cases.columns}
    classings = _steps(compiled, "classing")
    for step in classings:
        tag = _tag(step["input"], step, [s["input"] for s in classings])
        columns[f"bin:{tag}"] = values[step["output_bin"]]
        columns[f"woe:{tag}"] = values[step["output_woe"]]
    scales = [s for s in _steps(compiled, "scale") if s["form"] == "points"]
    scored = [item["characteristic"] for s in scales for item in s["characteristics"]]
    for step in scales:
        for item in step["characteristics"]:
            columns[f"points:{_tag(item['characteristic'], step, scored)}"] = values[item["output"]]
    attributions = _steps(compiled, "attribution")
    attributed = [item["characteristic"] for s in attributions for item in s["characteristics"]]
    for step in attributions:
        for item in step["characteristics"]:
            columns[f"attribution:{_tag(item['characteristic'], step, attributed)}"] = values[item["output"]]
    scores = compiled.score(frame)
    flags = [name for name in scores if name.startswith("decision:")]
    scores = scores.astype(dict.fromkeys(flags, float))
    columns.update({name: scores[name].to_numpy() for name in scores})
    return pd.DataFrame({name: pd.Series(value, dtype=value.dtype) for name, value in columns.items()})


def verification_coverage(model: CompiledModel | Mapping[str, Any], cases: pd.DataFrame) -> pd.DataFrame:
    """What the cases reach: `kind`, `items` (in the model), `covered` (reached), `cases` (rows made for it)."""
    compiled = _compiled(model)
    values = compiled.values(_plain(compiled, cases))
    reached: dict[str, list[bool]] = {}
    for step in _steps(compiled, "classing"):
        _cover_classing(step, values, reached)
    for step in _steps(compiled, "trees"):
        _cover_trees(step, values, reached)
    for _, hit in _branches(compiled, values):
        reached.setdefault("branch", []).append(bool(hit.any()))
    made = cases["case"].str.split(":").str[0].value_counts() if len(cases) else {}
    rows = [(kind, len(hits), sum(hits), int(made.get(kind, 0))) for kind, hits in reached.items()]
    return pd.DataFrame(rows, columns=["kind", "items", "covered", "cases"])


def _compiled(model: CompiledModel | Mapping[str, Any]) -> CompiledModel:
    return model if isinstance(model, CompiledModel) else compile_model(model)


def _steps(compiled: CompiledModel, kind: str) -> list[Step]:
    return [step for step in compiled.model["steps"] if step["type"] == kind]


def _tag(name: str, step: Step, names: list[str]) -> str:
    return name if names.count(name) == 1 else f"{name}@{step['id']}"


def _base_row(inputs: dict[str, np.ndarray]) -> dict[str, Value]:
    """The first development row without missing inputs; else the first value of each input that is there."""
    absent = np.column_stack([pd.isna(values) for values in inputs.values()])
    complete = np.flatnonzero(~absent.any(axis=1))
    base: dict[str, Value] = {}
    for k, (name, values) in enumerate(inputs.items()):
        there = complete if len(complete) else np.flatnonzero(~absent[:, k])
        base[name] = values[there[0]] if len(there) else None
    return base


def _input_cases(compiled: CompiledModel, base: dict[str, Value]) -> Iterator[_Case]:
    for step in _steps(compiled, "classing"):
        name = step["input"]
        if name not in base:
            continue
        for one in step["bins"]:
            yield from _bin_cases(name, step, one)
    for step in _steps(compiled, "guard"):
        yield from _rule_cases(step["condition"], base)
    for item in compiled.model["inputs"]:
        for special in item["specials"]:
            code = float(special["code"]) if item["type"] == NUMBER else special["code"]
            yield _Case("special code", f"{item['name']} = {code}", item["name"], code)
        yield _Case("missing", item["name"], item["name"], None)


def _rule_cases(condition: Step, base: dict[str, Value]) -> Iterator[_Case]:
    """Each constant that a condition holds an input against, and the doubles beside it where it is a number."""
    args = condition.get("args", [])
    if condition.get("op") in COMPARISONS:
        names = list(dict.fromkeys(name for one in args for name in references(one)))
        constants = [one["const"] for one in args if one.get("const") is not None]
        if len(names) == 1 and names[0] in base:
            for value in constants:
                yield from _beside(names[0], value)
    for one in args:
        yield from _rule_cases(one, base)


def _beside(name: str, constant: Any) -> Iterator[_Case]:
    if isinstance(constant, str):
        yield _Case("rule boundary", f"{name} = {constant}", name, constant)
        return
    edge = float(constant)
    for words, value in (
        ("just below", float(np.nextafter(edge, -np.inf))),
        ("at", edge),
        ("just above", float(np.nextafter(edge, np.inf))),
    ):
        yield _Case("rule boundary", f"{name} {words} {edge!r}", name, value)


def _bin_cases(name: str, step: Step, one: Step) -> Iterator[_Case]:
    kind = one["kind"]
    if kind == "interval":
        codes = {float(c) for b in step["bins"] for c in b.get("codes", ())}
        edge = None if one["lower"] is None else float(one["lower"])
        if edge is not None:
            yield _Case("threshold", f"{name} just below {edge!r}", name, float(np.nextafter(edge, -np.inf)))
            yield _Case("threshold", f"{name} at {edge!r}", name, edge)
        if edge in codes or (edge is None and one["upper"] is None):  # the edge itself is not in the bin
            inside = 0.0 if edge is None else float(np.nextafter(edge, np.inf))
            while inside in codes:
                inside = float(np.nextafter(inside, np.inf))
            yield _Case("bin", f"{name} inside bin {one['id']}", name, inside)
    elif kind == "categories":
        for value in one["values"]:
            yield _Case("category", f"{name} = {value}", name, value)
    for code in one.get("codes", ()):
        special = float(code) if step["kind"] == "numeric" else code
        yield _Case("special code", f"{name} = {special}", name, special)
    if kind == "missing" or "takes_missing" in one:
        yield _Case("missing", name, name, None)
    if kind == "unseen":
        known = {v for b in step["bins"] for v in (*b.get("values", ()), *b.get("codes", ()))}
        value = "unseen"
        while value in known:
            value += "_"
        yield _Case("unseen category", name, name, value)


def _branches(compiled: CompiledModel, values: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Each outcome of each guard, switch and grade, and each bin of each classing of a derived value, with its rows."""
    for step in compiled.model["steps"]:
        kind = step["type"]
        if kind == "guard":
            for outcome in (True, False):
                yield f"guard {step['id']} {str(outcome).lower()}", values[step["output"]] == outcome
        elif kind == "switch":
            taken = np.zeros(len(values[step["output"]]), dtype=bool)
            for case in step["cases"]:
                hit = ~taken & (values[step["input"]] == case["equals"])
                yield f"switch {step['id']} = {case['equals']}", hit
                taken = taken | hit
            if step["default"] is not None:
                yield f"switch {step['id']} default", ~taken
        elif kind == "grade":
            for grade in step["grades"]:
                yield f"grade {grade['grade']}", values[step["output"]] == grade["grade"]
        elif kind == "classing" and step["input"] not in compiled.input_names:
            for one in step["bins"]:
                yield f"{step['input']} bin {one['id']}", values[step["output_bin"]] == one["id"]


def _branch_cases(compiled: CompiledModel, inputs: dict[str, np.ndarray]) -> Iterator[_Case]:
    derived = [s for s in _steps(compiled, "classing") if s["input"] not in compiled.input_names]
    if not (derived or any(_steps(compiled, kind) for kind in ("guard", "switch", "grade"))):
        return
    values = compiled.values(_table(inputs))
    for detail, hit in _branches(compiled, values):
        rows = np.flatnonzero(hit)
        if len(rows):
            yield _Case("branch", detail, row=int(rows[0]))
    for step in derived:
        edges = [b["lower"] for b in step["bins"] if b["kind"] == "interval" and b["lower"] is not None]
        for edge in edges:
            rows = np.flatnonzero(values[step["input"]] == edge)
            if len(rows):
                yield _Case("threshold", f"{step['input']} at {edge!r}", row=int(rows[0]))
    for step in _steps(compiled, "grade"):
        yield from _edge_cases(step, np.asarray(values[step["input"]], dtype=np.float64))


def _edge_cases(step: Step, graded: np.ndarray) -> Iterator[_Case]:
    """The development rows that come nearest to each edge between grades, below it and from it on."""
    for grade in step["grades"][1:]:
        edge = grade["lower"]
        for side, inside in (("below", graded < edge), ("from", graded >= edge)):
            rows = np.flatnonzero(inside)
            if len(rows):
                nearest = rows[np.argmin(np.abs(graded[rows] - edge))]
                yield _Case("grade edge", f"{step['output']} {side} {edge!r}", row=int(nearest))


def _splits(step: Step) -> Iterator[tuple[str, float]]:
    """Each distinct (feature, threshold) of a `trees` step, by feature and ascending."""
    found = {
        (f, t) for tree in step["trees"] for f, t in zip(tree["feature"], tree["threshold"], strict=True) if f >= 0
    }
    for feature, threshold in sorted(found):
        yield step["features"][feature], float(threshold)


def _threshold_cases(compiled: CompiledModel, base: dict[str, Value]) -> Iterator[_Case]:
    for step in _steps(compiled, "trees"):
        for name, edge in _splits(step):
            if name not in base:
                continue
            yield _Case("tree threshold", f"{name} just below {edge!r}", name, float(np.nextafter(edge, -np.inf)))
            yield _Case("tree threshold", f"{name} at {edge!r}", name, edge)
            single = np.float32(edge)
            for value in (single, np.nextafter(single, np.float32(-np.inf)), np.nextafter(single, np.float32(np.inf))):
                if np.isfinite(value):
                    yield _Case("tree threshold", f"{name} = float32 near {edge!r}", name, float(value))


def _leaf_cases(compiled: CompiledModel, inputs: dict[str, np.ndarray], cases: pd.DataFrame) -> Iterator[_Case]:
    """A development row for every leaf that no case and no row chosen before reaches."""
    chosen: list[int] = []
    steps = _steps(compiled, "trees")
    if not steps:
        return
    values = compiled.values(_table(inputs))
    plain = _plain(compiled, cases)
    reached = compiled.values(plain[~compiled.rows_in_error(plain)])
    for step in steps:
        development = tree_leaves(step, np.column_stack([values[name] for name in step["features"]]))
        cased = tree_leaves(step, np.column_stack([reached[name] for name in step["features"]]))
        for k in range(development.shape[1]):
            seen = set(cased[:, k].tolist()) | set(development[chosen, k].tolist())
            leaves, first = np.unique(development[:, k], return_index=True)
            for leaf, row in zip(leaves.tolist(), first.tolist(), strict=True):
                if leaf not in seen:
                    chosen.append(row)
                    yield _Case("tree leaf", f"{step['id']} tree {k} node {leaf}", row=row)


def _distinct(cases: list[_Case], before: list[_Case] | None = None) -> list[_Case]:
    """Cases that set up a row which no earlier case sets up."""

    def key(case: _Case) -> tuple[Any, ...]:
        return (case.name, case.value, case.row, case.name is None and case.row is None)

    seen = {key(case) for case in before or ()}
    result = []
    for case in cases:
        if key(case) not in seen:
            seen.add(key(case))
            result.append(case)
    return result


def _thin(cases: list[_Case], room: int) -> list[_Case]:
    """At most `room` cases, evenly spaced."""
    room = max(room, 0)
    return cases if len(cases) <= room else [cases[k * len(cases) // room] for k in range(room)]


def _frame(
    compiled: CompiledModel, cases: list[_Case], inputs: dict[str, np.ndarray], base: dict[str, Value]
) -> pd.DataFrame:
    columns = {"case": pd.Series([f"{case.kind}: {case.detail}" for case in cases], dtype=object)}
    for name in compiled.input_names:
        cells = []
        for case in cases:
            start = base[name] if case.row is None else inputs[name][case.row]
            cells.append(case.value if case.name == name else start)
        number = compiled.kinds[name] == NUMBER
        cells = [np.nan if c is None else float(c) for c in cells] if number else cells
        columns[f"in:{name}"] = pd.Series(cells, dtype=np.float64 if number else object)
    return pd.DataFrame(columns)


def _plain(compiled: CompiledModel, cases: pd.DataFrame) -> pd.DataFrame:
    return _table({name: cases[f"in:{name}"].to_numpy() for name in compiled.input_names})


def _table(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype=values.dtype) for name, values in columns.items()})


def _cover_classing(step: Step, values: dict[str, np.ndarray], reached: dict[str, list[bool]]) -> None:
    given, bins = values[step["input"]], values[step["output_bin"]]
    for one in step["bins"]:
        reached.setdefault("bin", []).append(bool((bins == one["id"]).any()))
        kind = one["kind"]
        if kind == "interval" and one["lower"] is not None:
            for value in (float(one["lower"]), float(np.nextafter(one["lower"], -np.inf))):
                reached.setdefault("threshold", []).append(bool((given == value).any()))
        for name, key in (("category", "values"), ("special code", "codes")):
            for value in one.get(key, ()):
                reached.setdefault(name, []).append(bool((given == value).any()))
        if kind == "missing" or "takes_missing" in one:
            reached.setdefault("missing", []).append(bool(pd.isna(given).any()))
        if kind == "unseen":
            reached.setdefault("unseen category", []).append(bool((bins == one["id"]).any()))


def _cover_trees(step: Step, values: dict[str, np.ndarray], reached: dict[str, list[bool]]) -> None:
    for name, edge in _splits(step):
        for value in (edge, float(np.nextafter(edge, -np.inf))):
            reached.setdefault("tree threshold", []).append(bool((values[name] == value).any()))
    leaves = tree_leaves(step, np.column_stack([values[name] for name in step["features"]]))
    for k, tree in enumerate(step["trees"]):
        seen = set(leaves[:, k].tolist())
        hits = [node in seen for node, left in enumerate(tree["left"]) if left < 0]
        reached.setdefault("tree leaf", []).extend(hits)


def _field(value: Any) -> str:
    """One CSV field: text quoted, numbers in shortest round-trip form, missing empty."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(value)
