"""Hypothesis strategies: expressions, scorecards with awkward names and categories, and rows on their boundaries."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

NASTY = [
    "plain", "a b", ' "quoted" ', "ap'os", "<&>", "a<b", "back\\slash", "Übergröße", "信用", " lead", "trail ",
    "tab\there", "NaN", "1", "1.0", "null", "NULL", "line\nbreak", "carriage\rreturn", "cd]]>ata", "&amp;", "😀",
    "a,b", "-7", "\u00e9", "e\u0301",
]  # fmt: skip
NAMES = ["x", "LIMIT BAL", '<in> & "out" \'é', "信用额度", "score", "grade", "a,b", "reason_1", "woe", "case", "-", "1"]
EDGES = [-1e6, -7.0, -0.1, 0.0, 0.1, 0.30000000000000004, 1.0, 1.5, 25.0, 1e9 / 3]
WEIGHTS = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 12) + 0.0)


def _classing(index: int, name: str, numeric: bool, draw: st.DrawFn) -> dict[str, Any]:
    bins: list[dict[str, Any]] = []
    if numeric:
        edges = [None, *sorted(draw(st.sets(st.sampled_from(EDGES), max_size=4))), None]
        bins += [{"kind": "interval", "lower": a, "upper": b} for a, b in pairwise(edges)]
        codes = draw(st.lists(st.sampled_from([-7, -8.0, -9.0, 0, 99.5]), unique=True, max_size=3))
    else:
        values = draw(st.lists(st.sampled_from(NASTY), unique=True, min_size=1, max_size=8))
        cut = draw(st.integers(0, len(values) - 1))
        bins += [{"kind": "categories", "values": part} for part in (values[:cut], values[cut:]) if part]
        bins.append({"kind": "unseen"})
        codes = draw(st.lists(st.sampled_from(["special", "sp <2>", "-9"]), unique=True, max_size=2))
    bins += [{"kind": "special", "codes": codes[:1]}, {"kind": "special", "codes": codes[1:]}]
    bins = _joined([b for b in bins if b["kind"] != "special" or b["codes"]], draw)
    for k, one in enumerate(bins):
        one.update({"id": k, "label": f"bin {k}", "woe": draw(WEIGHTS)})
    unseen = next((one for one in bins if one["kind"] == "unseen"), None)
    if unseen is not None and draw(st.booleans()):
        other = draw(st.sampled_from([one for one in bins if one is not unseen]))
        unseen.update({"woe_of": other["id"], "woe": other["woe"]})
    step = {
        "id": f"classing {index}",
        "type": "classing",
        "input": name,
        "kind": "numeric" if numeric else "categorical",
    }
    return {**step, "bins": bins, "output_bin": f"bin of {index}", "output_woe": f"woe of {index}"}


def _joined(bins: list[dict[str, Any]], draw: st.DrawFn) -> list[dict[str, Any]]:
    """The bins with a place for missing, and some special bins taken into ordinary ones."""
    ordinary = [b for b in bins if b["kind"] in ("interval", "categories")]
    for one in [b for b in bins if b["kind"] == "special" and draw(st.booleans())]:
        if ordinary:
            into = draw(st.sampled_from(ordinary))
            into["codes"] = [*into.get("codes", []), *one["codes"]]
            bins = [b for b in bins if b is not one]
    takers = [b for b in bins if b["kind"] != "unseen"]
    if takers and draw(st.booleans()):
        draw(st.sampled_from(takers))["takes_missing"] = True
        return bins
    place = draw(st.integers(0, len(bins)))
    return [*bins[:place], {"kind": "missing"}, *bins[place:]]


def _derive(index: int, source: str, draw: st.DrawFn) -> dict[str, Any]:
    factor = draw(st.sampled_from([-1, 0.5, 3]))
    expression = {
        "op": "if",
        "args": [
            {"op": "less", "args": [{"ref": source}, {"const": draw(st.sampled_from(EDGES))}]},
            {"op": "divide", "args": [{"const": factor}, {"ref": source}]},
            {"op": "multiply", "args": [{"ref": source}, {"const": factor}]},
        ],
    }
    output = {"output": f"derived {index}", "value_type": "number", "expression": expression}
    return {"id": f"derive {index}", "type": "derive", "description": "", **output}


@st.composite
def scorecards(draw: st.DrawFn) -> dict[str, Any]:
    """A model.json of type scorecard, valid under the schema."""
    count = draw(st.integers(1, 4))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=count, max_size=count))
    numeric = [draw(st.booleans()) for _ in names]
    steps: list[dict[str, Any]] = []
    for k, (name, is_number) in enumerate(zip(names, numeric, strict=True)):
        classed = name
        if is_number and draw(st.integers(0, 3)) == 0:
            steps.append(_derive(k, name, draw))
            classed = f"derived {k}"
        steps.append(_classing(k, classed, is_number, draw))
    classings = [s for s in steps if s["type"] == "classing"]
    terms = [{"input": s["output_woe"], "coefficient": draw(WEIGHTS)} for s in classings]
    linear = {
        "id": "linear",
        "type": "linear",
        "intercept": draw(WEIGHTS),
        "offset": None,
        "terms": terms,
        "output": "log odds",
    }
    link = {"id": "link", "type": "link", "function": "logit", "input": "log odds", "output": "p"}
    whole = draw(st.booleans())
    point = (
        st.integers(-30, 30).map(float)
        if whole
        else st.floats(-30, 30, allow_nan=False).map(lambda x: round(x, 6) + 0.0)
    )
    characteristics = [
        {
            "characteristic": s["input"],
            "input": s["output_bin"],
            "points": [draw(point) for _ in s["bins"]],
            "output": f"points of {k}",
        }
        for k, s in enumerate(classings)
    ]
    scale = {"id": "scale", "type": "scale", "form": "points", "base_points": draw(st.integers(300, 700).map(float))}
    scale |= {
        "rounding": "half_away_from_zero" if whole else "none",
        "characteristics": characteristics,
        "output": "total",
    }
    scale["scaling"] = {
        "points_to_double_odds": 20.0,
        "base_score": 600.0,
        "base_odds": 50.0,
        "factor": 28.85,
        "offset": 487.1,
    }
    steps += [linear, link, scale]
    outputs = {
        "linear_score": "log odds",
        "probability": "p",
        "score": "total",
        "probability_name": "probability of bad",
    }
    if draw(st.booleans()):
        steps.append(_reasons(characteristics, draw))
        outputs["reasons"] = "why"
    if draw(st.booleans()):
        steps.append(_grades(draw))
        outputs["grade"] = "rating"
    inputs = [
        {"name": n, "type": "number" if is_number else "string", "description": "", "specials": []}
        for n, is_number in zip(names, numeric, strict=True)
    ]
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "generated", "name": 'A "generated" <card> & more', "version": "0.1.0", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "probability of bad"},
        "inputs": inputs,
        "steps": steps,
        "outputs": outputs,
    }


def _reasons(characteristics: list[dict[str, Any]], draw: st.DrawFn) -> dict[str, Any]:
    step = draw(st.sampled_from([1e-6, 0.5]))
    items = []
    for k, c in enumerate(draw(st.permutations(characteristics))[: draw(st.integers(1, len(characteristics)))]):
        reference = draw(
            st.sampled_from([*c["points"], sum(c["points"]) / len(c["points"]), c["points"][0] + step * (k + 1)])
        )
        code = draw(st.sampled_from(["R1", 'Too <many> & "few"', f"code of {c['characteristic']}"]))
        baseline = reference - step * (k + 1)
        item = {"characteristic": c["characteristic"], "input": c["output"], "reason_code": code}
        items.append({**item, "reference_points": reference, "baseline": baseline})
    head = {"id": "reasons", "type": "reasons", "method": "points_below_reference", "reference": "mean_development"}
    listed = [item["characteristic"] for item in items]
    asked = draw(st.lists(st.sampled_from(listed), unique=True, max_size=2))
    more = {"inquiries": asked} if asked else {}
    most = draw(st.integers(1, 4))
    return {**head, "maximum": most, "rank_step": step, "characteristics": items, "output": "why", **more}


def _grades(draw: st.DrawFn) -> dict[str, Any]:
    edges = [None, *sorted(draw(st.sets(st.integers(250, 750).map(float), max_size=3))), None]
    pairs = list(pairwise(edges))
    names = draw(
        st.lists(
            st.sampled_from(["A", "B+", "<C>", "D & E", "级"]), unique=True, min_size=len(pairs), max_size=len(pairs)
        )
    )
    grades = [{"grade": g, "lower": a, "upper": b, "probability": None} for g, (a, b) in zip(names, pairs, strict=True)]
    return {"id": "grade", "type": "grade", "input": "total", "grades": grades, "output": "rating"}


def _near(x: float) -> list[float]:
    return [x, math.nextafter(x, -math.inf), math.nextafter(x, math.inf)]


@st.composite
def rows(draw: st.DrawFn, model: dict[str, Any], count: int = 12) -> list[dict[str, Any]]:
    """Rows at interval edges, their neighbours, specials, known and unseen categories, and missing."""
    numbers = [v for e in EDGES for v in _near(e)] + [-0.0, -8.0, -9.0, 99.5, 3.0, 1e300]
    texts = [*NASTY, "special", "sp <2>", "-9", "never seen"]
    pools = {
        i["name"]: st.sampled_from([None, *(numbers if i["type"] == "number" else texts)]) for i in model["inputs"]
    }
    return [{name: draw(pool) for name, pool in pools.items()} for _ in range(count)]


NUMBERS = st.one_of(
    st.none(), st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 710.0, 1e308, -1e308, 5e-324]), st.floats(-1e3, 1e3)
)
TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "é"]).filter(bool))


@cache
def expressions(kind: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Expressions of a kind over number inputs `n1`, `n2` and text inputs `t1`, `t2`."""
    leaves = {
        "number": st.one_of(st.sampled_from([{"ref": "n1"}, {"ref": "n2"}]), NUMBERS.map(lambda v: {"const": v})),
        "string": st.one_of(st.sampled_from([{"ref": "t1"}, {"ref": "t2"}]), TEXTS.map(lambda v: {"const": v})),
        "flag": st.sampled_from([{"const": True}, {"const": False}, {"const": None}]),
    }
    if depth == 0:
        return leaves[kind]

    def build(op: str, *kinds: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.tuples(*[expressions(k, depth - 1) for k in kinds]).map(lambda args: {"op": op, "args": list(args)})

    constant = {"number": NUMBERS, "string": TEXTS}
    member = [
        st.tuples(
            expressions(k, depth - 1), st.lists(constant[k].filter(lambda v: v is not None), min_size=1, max_size=3)
        ).map(lambda pair: {"op": "in", "args": [pair[0], *({"const": v} for v in pair[1])]})
        for k in ("number", "string")
    ]
    choices: list[st.SearchStrategy[dict[str, Any]]] = [build("if", "flag", kind, kind), build("coalesce", kind, kind)]
    if kind == "number":
        choices += [build(op, "number", "number", "number") for op in ("add", "multiply", "minimum", "maximum")]
        choices += [build(op, "number", "number") for op in ("subtract", "divide", "share")]
        months = ("total", "average", "lowest", "highest", "count_at_least", "count_at_most", "months_since", "trend")
        choices += [build(op, "number", "number", "number") for op in months]
        choices += [build("count_present", "number", "string", "number")]
        choices += [build(op, "number") for op in ("negate", "absolute", "floor", "exponential", "logarithm")]
    if kind == "string":
        choices += [build("cross", "string", "string")]
        cuts = [{"const": cut} for cut in (-1.0, 0.5, 20)]
        choices += [expressions("number", depth - 1).map(lambda value: {"op": "band", "args": [value, *cuts]})]
    if kind == "flag":
        choices += [build(op, "number", "number") for op in ("less", "less_or_equal", "greater", "greater_or_equal")]
        choices += [build(op, k, k) for op in ("equal", "not_equal") for k in ("number", "string")]
        choices += [build("and", "flag", "flag"), build("or", "flag", "flag", "flag"), build("not", "flag"), *member]
        choices += [build("is_missing", k) for k in ("number", "string", "flag")]
    return st.one_of(leaves[kind], *choices)
