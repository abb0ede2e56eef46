"""The models of the corpus: small, by hand, together using every step type, every kind of bin and nasty names."""

from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]

FACTOR = 20.0 / math.log(2.0)
OFFSET = 600.0 - FACTOR * math.log(50.0)
SCALING = {
    "points_to_double_odds": 20.0,
    "base_score": 600.0,
    "base_odds": 50.0,
    "factor": FACTOR,
    "offset": OFFSET,
}
ATTRIBUTED_BASE = -1.5 + (3 * (0.4 + 0.05 - 0.015625) + (0.1 + 0.05 + 0.03125)) / 4
NASTY = 'Einkommen "netto", €/Monat <a&b> %2F ../x'


def _head(identifier: str, kind: str) -> Json:
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": identifier, "name": identifier.title(), "type": kind, "version": "0.1.0"},
        "outcome": {"event": "default", "probability_name": "probability of bad", "type": "binary"},
    }


def _input(name: str, kind: str = "number", **specials: str) -> Json:
    codes = [{"code": float(c) if kind == "number" else c, "meaning": m} for c, m in specials.items()]
    return {"name": name, "type": kind, "specials": codes, "description": ""}


def _interval(number: int, lower: float | None, upper: float | None, woe: float) -> Json:
    return {
        "id": number,
        "kind": "interval",
        "label": f"[{lower}, {upper})",
        "lower": lower,
        "upper": upper,
        "woe": woe,
    }


def _categories(number: int, values: list[str], woe: float) -> Json:
    return {"id": number, "kind": "categories", "label": " | ".join(values), "values": values, "woe": woe}


def _other(number: int, kind: str, woe: float, **fields: Any) -> Json:
    return {"id": number, "kind": kind, "label": kind, "woe": woe, **fields}


def _classing(name: str, kind: str, bins: list[Json]) -> Json:
    return {
        "id": f"classing {name}",
        "type": "classing",
        "input": name,
        "kind": kind,
        "bins": bins,
        "output_bin": f"bin {name}",
        "output_woe": f"woe {name}",
    }


def _linear(intercept: float, terms: dict[str, float], output: str = "linear score") -> Json:
    listed = [{"input": name, "coefficient": value} for name, value in terms.items()]
    return {"id": output, "type": "linear", "intercept": intercept, "terms": listed, "offset": None, "output": output}


def _link(source: str, output: str = "probability") -> Json:
    return {"id": output, "type": "link", "function": "logit", "input": source, "output": output}


def _outputs(**names: Any) -> Json:
    return {
        "linear_score": "linear score",
        "probability": "probability",
        "probability_name": "probability of bad",
        **names,
    }


def _points_and_reasons(parts: dict[str, list[float]], baselines: dict[str, float]) -> list[Json]:
    scale = {
        "id": "score",
        "type": "scale",
        "form": "points",
        "base_points": 480.0,
        "rounding": "half_away_from_zero",
        "scaling": SCALING,
        "characteristics": [
            {"characteristic": name, "input": f"bin {name}", "points": points, "output": f"points {name}"}
            for name, points in parts.items()
        ],
        "output": "score",
    }
    reasons = {
        "id": "reasons",
        "type": "reasons",
        "method": "points_below_reference",
        "reference": "mean points of development",
        "maximum": 2,
        "rank_step": 1e-06,
        "characteristics": [
            {
                "characteristic": name,
                "input": f"points {name}",
                "reason_code": f"R{rank:02}",
                "reference_points": reference,
                "baseline": reference - 1e-06 * rank,
            }
            for rank, (name, reference) in enumerate(baselines.items(), start=1)
        ],
        "output": "reasons",
    }
    return [scale, reasons]


def scorecard() -> Json:
    """A scorecard: intervals, a special code, categories, missing, unseen; a name that needs escaping everywhere."""
    income = [
        _interval(0, None, 1000.0, -0.75),
        _interval(1, 1000.0, 2500.5, 0.1),
        _interval(2, 2500.5, None, 0.8125),
        _other(3, "special", -0.25, codes=[-9.0, -8.0]),
        _other(4, "missing", -0.5),
    ]
    housing = [
        _categories(0, ["rent", "Miete, möbliert"], -0.3),
        _categories(1, ["own"], 0.4),
        _other(2, "missing", 0.0),
        _other(3, "unseen", 0.0),
    ]
    points = {NASTY: [-22.0, 3.0, 24.0, -7.0, -14.0], "housing": [-9.0, 12.0, 0.0, 0.0]}
    return {
        **_head("corpus-scorecard", "scorecard"),
        "inputs": [_input(NASTY, **{"-9": "not asked", "-8": "refused"}), _input("housing", "string")],
        "steps": [
            _classing(NASTY, "numeric", income),
            _classing("housing", "categorical", housing),
            _linear(-1.25, {f"woe {NASTY}": -1.0, "woe housing": -0.9}),
            _link("linear score"),
            *_points_and_reasons(points, {NASTY: 4.5, "housing": 2.25}),
        ],
        "outputs": _outputs(score="score", reasons="reasons"),
    }


def joined() -> Json:
    """Bins that hold more than their own: codes and missing in an interval or with categories; unseen as rare."""
    income = [
        {**_interval(0, None, 1000.0, -0.75), "codes": [-9.0], "takes_missing": True},
        _interval(1, 1000.0, 2500.5, 0.1),
        {**_interval(2, 2500.5, None, 0.8125), "codes": [-8.0, 1200.0]},
    ]
    housing = [
        {**_categories(0, ["rent", "Miete, möbliert"], -0.3), "codes": ["?"]},
        _categories(1, ["own"], 0.4),
        {**_other(2, "special", -0.125, codes=["n/a"]), "takes_missing": True},
        _other(3, "unseen", -0.3, woe_of=0),
    ]
    points = {NASTY: [-22.0, 3.0, 24.0], "housing": [-9.0, 12.0, -3.0, -9.0]}
    return {
        **_head("corpus-joined", "scorecard"),
        "inputs": [
            _input(NASTY, **{"-9": "not asked", "-8": "refused"}),
            _input("housing", "string", **{"?": "unclear", "n/a": "not asked"}),
        ],
        "steps": [
            _classing(NASTY, "numeric", income),
            _classing("housing", "categorical", housing),
            _linear(-1.25, {f"woe {NASTY}": -1.0, "woe housing": -0.9}),
            _link("linear score"),
            *_points_and_reasons(points, {NASTY: 4.5, "housing": 2.25}),
        ],
        "outputs": _outputs(score="score", reasons="reasons"),
    }


def boosting() -> Json:
    """Two trees, one of them a single leaf; missing goes left in one place and right in another."""
    tree = {
        "feature": [0, 1, -1, -1, -1],
        "threshold": [24.500000000000004, 0.30000001192092896, None, None, None],
        "left": [1, 3, -1, -1, -1],
        "right": [2, 4, -1, -1, -1],
        "default_left": [True, False, False, False, False],
        "value": [0.0, 0.0, 0.4, -0.2, 0.1],
    }
    leaf = {
        "feature": [-1],
        "threshold": [None],
        "left": [-1],
        "right": [-1],
        "default_left": [False],
        "value": [0.05],
    }
    trees = {
        "id": "trees",
        "type": "trees",
        "features": ["age", "utilisation"],
        "base_margin": -1.5,
        "offset": None,
        "trees": [tree, leaf],
        "output": "linear score",
    }
    return {
        **_head("corpus-boosting", "monotone_boosting"),
        "inputs": [_input("age"), _input("utilisation")],
        "steps": [trees, _link("linear score")],
        "outputs": _outputs(),
    }


def attributed() -> Json:
    """Trees with attributions against two background rows, and reasons with an inquiry as the one more."""
    model = boosting()
    model["model"] |= {"id": "corpus-attributed", "name": "Corpus-Attributed"}
    model["inputs"].append(_input("inquiries"))
    trees = model["steps"][0]
    trees["features"].append("inquiries")
    trees["trees"].append(
        {
            "feature": [2, -1, -1],
            "threshold": [3.5, None, None],
            "left": [1, -1, -1],
            "right": [2, -1, -1],
            "default_left": [True, False, False],
            "value": [0.0, -0.015625, 0.03125],
        }
    )
    names = ["age", "utilisation", "inquiries"]
    background = {
        "description": "two applicants",
        "rows": [[60.0, 0.125, 0.0], [None, 0.5, 4.0]],
        "weights": [3.0, 1.0],
    }
    model["steps"] += [
        {
            "id": "score",
            "type": "scale",
            "form": "linear",
            "input": "linear score",
            "factor": FACTOR,
            "offset": OFFSET,
            "rounding": "none",
            "scaling": SCALING,
            "output": "score",
        },
        {
            "id": "attribution",
            "type": "attribution",
            "trees": "trees",
            "multiplier": -32.0,
            "base": ATTRIBUTED_BASE,
            "background": background,
            "characteristics": [
                {"characteristic": name, "features": [name], "output": f"attribution {name}"} for name in names
            ],
        },
        {
            "id": "reasons",
            "type": "reasons",
            "method": "attribution_below_reference",
            "reference": "mean of the background",
            "maximum": 1,
            "rank_step": 1e-06,
            "characteristics": [
                {
                    "characteristic": name,
                    "input": f"attribution {name}",
                    "reason_code": f"R{rank:02}",
                    "reference_points": 0.0,
                    "baseline": 0.0 - 1e-06 * rank,
                }
                for rank, name in enumerate(names, start=1)
            ],
            "inquiries": ["inquiries"],
            "output": "reasons",
        },
    ]
    model["outputs"] |= {"score": "score", "reasons": "reasons"}
    return model


def amount() -> Json:
    """An expected amount: classed and raw terms, an offset from the exposure, the log link, no points."""
    bins = [_interval(0, None, 24.0, 0.25), _interval(1, 24.0, None, -0.5), _other(2, "missing", 0.125)]
    exposed = {"op": "logarithm", "args": [{"ref": "exposure"}]}
    steps: list[Json] = [
        {"id": "ln", "type": "derive", "output": "ln(exposure)", "value_type": "number", "expression": exposed},
        _classing("months", "numeric", bins),
        {**_linear(-3.5, {"woe months": 1.0, "rate": 0.0625}), "offset": "ln(exposure)"},
        {**_link("linear score", "expected value"), "function": "log"},
    ]
    return {
        **_head("corpus-amount", "glm"),
        "outcome": {"type": "amount", "event": "loss within 24 months", "value_name": "loss"},
        "inputs": [_input("exposure"), _input("months"), _input("rate")],
        "steps": steps,
        "outputs": {"linear_score": "linear score", "expected_value": "expected value"},
    }


def fraction() -> Json:
    """An expected fraction with the logit link, and a grade."""
    bins = [_categories(0, ["house", "flat"], -0.75), _other(1, "missing", 0.0), _other(2, "unseen", 0.0)]
    grade = {
        "id": "grade",
        "type": "grade",
        "input": "expected value",
        "grades": [
            {"grade": "low", "lower": None, "upper": 0.25, "probability": None},
            {"grade": "high", "lower": 0.25, "upper": None, "probability": None},
        ],
        "output": "grade",
    }
    return {
        **_head("corpus-fraction", "glm"),
        "outcome": {"type": "fraction", "event": "share of the exposure that is lost", "value_name": "LGD"},
        "inputs": [_input("collateral", "string"), _input("ltv")],
        "steps": [
            _classing("collateral", "categorical", bins),
            _linear(-1.5, {"woe collateral": 1.0, "ltv": 0.5}),
            _link("linear score", "expected value"),
            grade,
        ],
        "outputs": {"linear_score": "linear score", "expected_value": "expected value", "grade": "grade"},
    }


def _segment_steps() -> list[Json]:
    ratio = {"op": "divide", "args": [{"ref": "balance"}, {"ref": "limit"}]}
    thin = {
        "op": "or",
        "args": [
            {"op": "is_missing", "args": [{"ref": "balance"}]},
            {"op": "less", "args": [{"ref": "limit"}, {"const": 100.0}]},
        ],
    }
    segment = {"op": "if", "args": [thin, {"const": "thin"}, {"const": "thick"}]}
    steps: list[Json] = [
        {"id": "ratio", "type": "derive", "output": "ratio", "value_type": "number", "expression": ratio},
        {"id": "segment", "type": "derive", "output": "segment", "value_type": "string", "expression": segment},
    ]
    bins = [_interval(0, None, 0.5, 0.6), _interval(1, 0.5, None, -0.6), _other(2, "missing", 0.0)]
    steps.append(_classing("ratio", "numeric", bins))
    steps.append(_linear(-2.0, {"woe ratio": -1.0}, "thick score"))
    steps.append(_linear(-1.0, {}, "thin score"))
    steps.append(
        {
            "id": "switch",
            "type": "switch",
            "input": "segment",
            "cases": [{"equals": "thin", "value": "thin score"}],
            "default": "thick score",
            "output": "segment score",
        }
    )
    return steps


def _calibrations() -> list[Json]:
    base = {"type": "calibrate"}
    return [
        {
            **base,
            "id": "platt",
            "method": "logistic",
            "scale": "probability",
            "slope": 0.9,
            "intercept": -0.05,
            "input": "raw",
            "output": "p1",
        },
        {**base, "id": "shift", "method": "intercept_shift", "shift": 0.1, "input": "p1", "output": "p2"},
        {**base, "id": "beta", "method": "beta", "a": 1.1, "b": 0.9, "c": 0.02, "input": "p2", "output": "p3"},
        {
            **base,
            "id": "isotonic",
            "method": "piecewise_linear",
            "x": [0.0, 0.125, 0.5, 1.0],
            "y": [0.001, 0.125, 0.4, 0.9],
            "input": "p3",
            "output": "probability",
        },
    ]


def _overall(decline: str, refer: str, score: str) -> Json:
    """Decline before refer; then declined below a score of 500, and else undecided (missing)."""
    scored = {"op": "if", "args": [{"op": "less", "args": [{"ref": score}, {"const": 500.0}]}, {"const": "decline"}]}
    scored["args"].append({"const": None})
    return {"op": "if", "args": [{"ref": decline}, {"const": "decline"}, _referred(refer, scored)]}


def _referred(refer: str, otherwise: Json) -> Json:
    return {"op": "if", "args": [{"ref": refer}, {"const": "refer"}, otherwise]}


def every_step() -> Json:
    """Segments, a two-part sum, guards, five calibrations, a linear scale and grades."""
    over_limit = {"op": "greater", "args": [{"ref": "ratio"}, {"const": 1.0}]}
    never = {"op": "in", "args": [{"ref": "purpose"}, {"const": "gambling"}, {"const": "Glücksspiel"}]}
    steps = _segment_steps()
    steps += [
        {"id": "sum", "type": "sum", "inputs": ["segment score"], "output": "linear score"},
        {
            "id": "g1",
            "type": "guard",
            "condition": over_limit,
            "action": "refer",
            "reason_code": "G1",
            "output": "over limit",
        },
        {
            "id": "g2",
            "type": "guard",
            "condition": never,
            "action": "decline",
            "reason_code": "G2",
            "output": "excluded",
        },
        _link("linear score", "raw"),
        *_calibrations(),
        {
            "id": "score",
            "type": "scale",
            "form": "linear",
            "input": "linear score",
            "factor": FACTOR,
            "offset": OFFSET,
            "rounding": "none",
            "scaling": SCALING,
            "output": "score",
        },
        {
            "id": "grade",
            "type": "grade",
            "input": "probability",
            "grades": [
                {"grade": "A", "lower": None, "upper": 0.125, "probability": 0.05},
                {"grade": "B", "lower": 0.125, "upper": 0.3, "probability": 0.2},
                {"grade": "C", "lower": 0.3, "upper": None, "probability": None},
            ],
            "output": "grade",
        },
        {
            "id": "steps",
            "type": "calibrate",
            "method": "piecewise_constant",
            "x": [0.25, 0.5, 0.625],
            "y": [0.01, 0.05, 0.05, 0.6],
            "input": "raw",
            "output": "p4",
        },
        {
            "id": "overall",
            "type": "derive",
            "output": "overall decision",
            "value_type": "string",
            "expression": _overall("excluded", "over limit", "score"),
        },
    ]
    return {
        **_head("corpus-every-step", "segmented"),
        "inputs": [_input("balance"), _input("limit"), _input("purpose", "string")],
        "steps": steps,
        "outputs": _outputs(
            score="score",
            grade="grade",
            decision=["over limit", "excluded"],
            overall_decision="overall decision",
        ),
    }
