"""A model.json as a program: every step in the order of the model, and nothing that no published result needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from credit_risk.export.program.expressions import Value, lowered
from credit_risk.export.program.statements import (
    Attribution,
    Band,
    Bin,
    Classify,
    Input,
    Let,
    Line,
    Pick,
    Program,
    Published,
    Rank,
    Statement,
    Tree,
    TreeSum,
    is_never,
    produced,
    read,
)
from credit_risk.export.program.terms import (
    BIN,
    FALSE,
    FLAG,
    NUMBER,
    TEXT,
    Absent,
    Call,
    Constant,
    Failed,
    Name,
    Term,
    all_of,
    any_of,
    call,
    choose,
    negated,
    number,
)
from credit_risk.scoring.model import PUBLISHED
from credit_risk.scoring.step_names import produced_names
from credit_risk.scoring.steps import most_reasons

Step = Mapping[str, Any]
FARTHEST = 700.0
"""Beyond it a logit is cut: a probability of 1e-304, which no engine turns into an overflow or underflow."""
IN_ERROR = "in_error"


def program_of(model: Mapping[str, Any], package_hash: str, values: Sequence[str] = ()) -> Program:
    """The program of a model.json that `check_model` accepts; `package_hash` goes into the heads of exports.

    values: names of values (bins among them) that are published besides, under their own names.

    Published are the results of `CompiledModel.score` under their names (`decision:<guard>` is a flag, printed as 1.0
    or 0.0), and `in_error`: the flag that the package refuses the row, where every result that it concerns is missing.
    """
    state = _State({item["name"] for item in model["inputs"]}.union(*map(produced_names, model["steps"])))
    for item in model["inputs"]:
        state.declare(item["name"], TEXT if item["type"] == "string" else NUMBER, Absent(item["name"]), FALSE)
    for step in model["steps"]:
        _STEPS[step["type"]](step, state)
    published = (*_published(model, state), *(Published(name, name, state.values[name].kind) for name in values))
    flag = any_of(*(state.values[one.name].failed for one in published))
    name = state.fresh(IN_ERROR)
    state.let(name, FLAG, flag)
    published = (*published, Published(IN_ERROR, name, FLAG))
    statements = _needed(state.statements, [one.name for one in published])
    inputs = tuple(
        Input(item["name"], TEXT if item["type"] == "string" else NUMBER, item.get("description") or "")
        for item in model["inputs"]
    )
    return Program(
        model_id=model["model"]["id"],
        model_name=model["model"]["name"],
        model_version=model["model"]["version"],
        package_hash=package_hash,
        probability_name=model["outcome"].get("probability_name") or model["outcome"].get("value_name") or "",
        inputs=inputs,
        statements=tuple(statements),
        published=published,
        absent=frozenset(_absent_names(model, statements)),
        failed=frozenset(one.name for one in statements if isinstance(one, Let) and _can_fail(one)),
    )


class _State:
    """What was stated so far, and of each name its value with the flags of missing and of error."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.counts: dict[str, int] = {}
        self.statements: list[Statement] = []
        self.values: dict[str, Value] = {}
        self.lists: dict[str, tuple[str, ...]] = {}

    def fresh(self, name: str) -> str:
        """A name that nothing bears, from `name` and a number after a hash sign."""
        count = self.counts.get(name, 0) + 1
        while f"{name}#{count}" in self.taken:
            count += 1
        self.counts[name] = count
        self.taken.add(f"{name}#{count}")
        return f"{name}#{count}"

    def declare(self, name: str, kind: str, absent: Term, failed: Term) -> None:
        self.values[name] = Value(kind, Name(name), absent, failed)

    def let(
        self,
        name: str,
        kind: str,
        value: Term,
        absent: Term = FALSE,
        failed: Term = FALSE,
        *,
        checked: bool = False,
        step: str = "",
        note: str = "",
    ) -> None:
        one = Let(name, kind, value, absent, failed, checked, step, note)
        self.statements.append(one)
        self.declare(
            name,
            kind,
            FALSE if is_never(absent) else Absent(name),
            Failed(name) if _can_fail(one) else FALSE,
        )

    def let_value(self, name: str, value: Value, step: str, note: str = "") -> None:
        self.let(name, value.kind, value.term, value.absent, value.failed, checked=value.checked, step=step, note=note)

    def failed(self, *names: str) -> Term:
        return any_of(*(self.values[name].failed for name in names))

    def unusable(self, *names: str) -> Term:
        """A flag: one of the names is missing or in error."""
        return any_of(*(any_of(self.values[name].absent, self.values[name].failed) for name in names))


def _can_fail(one: Let) -> bool:
    return one.checked or not is_never(one.failed)


def _derive(step: Step, state: _State) -> None:
    value = _expression(step["expression"], step["output"], step["id"], state)
    kinds = {"number": NUMBER, "string": TEXT, "flag": FLAG}
    kind = kinds[step["value_type"]]
    if value.kind != kind:  # nothing but a null constant
        value = replace(value, kind=kind, term={NUMBER: number(0.0), TEXT: Constant(""), FLAG: FALSE}[kind])
    state.let_value(step["output"], value, step["id"], step.get("description") or "")


def _expression(expression: Step, name: str, step: str, state: _State) -> Value:
    def bind(value: Value) -> Value:
        bound = state.fresh(name)
        state.let_value(bound, value, step)
        return replace(state.values[bound], empty=value.empty)

    return lowered(expression, state.values.__getitem__, bind)


def _guard(step: Step, state: _State) -> None:
    value = _expression(step["condition"], step["output"], step["id"], state)
    note = f"policy rule: {step['action']}, reason {step['reason_code']}"
    true = all_of(negated(value.absent), negated(value.failed), value.term)
    state.let(step["output"], FLAG, true, FALSE, value.failed, step=step["id"], note=note)


def _classing(step: Step, state: _State) -> None:
    numeric = step["kind"] == "numeric"
    bins = tuple(
        Bin(
            id=one["id"],
            kind=one["kind"],
            label=one["label"],
            lower=one.get("lower"),
            upper=one.get("upper"),
            values=tuple(one.get("values", ())),
            codes=tuple(float(code) if numeric else code for code in one.get("codes", ())),
            takes_missing=one["kind"] == "missing" or bool(one.get("takes_missing")),
        )
        for one in step["bins"]
    )
    failed = state.values[step["input"]].failed
    state.statements.append(Classify(step["output_bin"], step["input"], numeric, bins, step["id"]))
    state.declare(step["output_bin"], BIN, FALSE, failed)
    values = tuple(float(one["woe"]) for one in step["bins"])
    note = f"weight of evidence of {step['input']}"
    _pick(step["output_woe"], step["output_bin"], values, state, step["id"], note)


def _pick(name: str, bin_name: str, values: tuple[float, ...], state: _State, step: str, note: str) -> None:
    made = next(one for one in state.statements if isinstance(one, Classify) and one.name == bin_name)
    state.statements.append(Pick(name, bin_name, values, tuple(one.label for one in made.bins), step, note))
    state.declare(name, NUMBER, FALSE, state.values[bin_name].failed)


def _linear(step: Step, state: _State) -> None:
    names = [term["input"] for term in step["terms"]]
    terms: list[Term] = [number(step["intercept"])]
    if step["offset"] is not None:
        names, terms = [step["offset"], *names], [*terms, Name(step["offset"])]
    terms += [call("multiply", number(one["coefficient"]), Name(one["input"])) for one in step["terms"]]
    value = terms[0] if len(terms) == 1 else Call("add", tuple(terms))
    picked = {one.name for one in state.statements if isinstance(one, Pick | TreeSum)}
    state.let(
        step["output"],
        NUMBER,
        value,
        failed=state.unusable(*names),
        checked=not set(names) <= picked,
        step=step["id"],
        note="linear score",
    )


def _trees(step: Step, state: _State) -> None:
    features = tuple(step["features"])
    names = []
    for count, tree in enumerate(step["trees"], start=1):
        name = state.fresh(f"{step['output']}#tree")
        columns = {key: tuple(tree[key]) for key in ("feature", "left", "right", "default_left", "value", "threshold")}
        state.statements.append(Tree(name, features, **columns, number=count, step=step["id"]))
        state.declare(name, NUMBER, FALSE, FALSE)
        names.append(name)
    offset = step["offset"]
    failed = any_of(state.failed(*features), state.unusable(offset) if offset is not None else FALSE)
    state.statements.append(
        TreeSum(step["output"], float(step["base_margin"]), offset, tuple(names), failed, step["id"])
    )
    state.declare(step["output"], NUMBER, FALSE, failed)


def _attribution(step: Step, state: _State) -> None:
    total = next(one for one in state.statements if isinstance(one, TreeSum) and one.step == step["trees"])
    tree = next(one for one in state.statements if isinstance(one, Tree) and one.step == step["trees"])
    places = {name: place for place, name in enumerate(tree.features)}
    failed = state.failed(*tree.features)
    parts = step["characteristics"]
    state.statements.append(
        Attribution(
            outputs=tuple(one["output"] for one in parts),
            characteristics=tuple(one["characteristic"] for one in parts),
            groups=tuple(tuple(places[name] for name in one["features"]) for one in parts),
            features=tree.features,
            trees=total.trees,
            multiplier=float(step["multiplier"]),
            background=tuple(tuple(row) for row in step["background"]["rows"]),
            weights=tuple(float(w) for w in step["background"]["weights"]),
            failed=failed,
            step=step["id"],
        )
    )
    for one in parts:
        state.declare(one["output"], NUMBER, FALSE, failed)


def _sum(step: Step, state: _State) -> None:
    names = step["inputs"]
    value = Name(names[0]) if len(names) == 1 else Call("add", tuple(Name(name) for name in names))
    state.let(step["output"], NUMBER, value, failed=state.unusable(*names), step=step["id"])


def _switch(step: Step, state: _State) -> None:
    key = state.values[step["input"]]
    there = all_of(negated(key.absent), negated(key.failed))
    operation = "text_equal" if key.kind == TEXT else "equal"
    flags = [all_of(there, call(operation, key.term, _literal(case["equals"], key.kind))) for case in step["cases"]]
    names = [case["value"] for case in step["cases"]]
    default = step["default"]
    if names[0] in state.lists:
        _switch_lists(step, state, flags, names, key)
        return
    values = [state.values[name] for name in names]
    last = state.values[default] if default is not None else None

    def chosen(sides: list[Term], otherwise: Term) -> Term:
        return choose(list(zip(flags, sides, strict=True)), otherwise)

    failed = any_of(key.failed, chosen([one.failed for one in values], last.failed if last else Constant(True)))
    absent = all_of(chosen([one.absent for one in values], last.absent if last else FALSE), negated(failed))
    term = chosen([one.term for one in values], last.term if last else values[-1].term)
    state.let(step["output"], values[0].kind, term, absent, failed, step=step["id"])


def _switch_lists(step: Step, state: _State, flags: list[Term], names: list[str], key: Value) -> None:
    """A switch among lists of reasons: each place by itself, as many as the longest has."""
    default = step["default"]
    lists = [state.lists[name] for name in names]
    other = state.lists[default] if default is not None else ()
    size = max(len(one) for one in [*lists, other])
    found = []
    for place in range(size):

        def side(one: tuple[str, ...], what: str, place: int = place) -> Term:
            if place >= len(one):
                return {"term": Constant(""), "absent": Constant(True), "failed": FALSE}[what]
            return getattr(state.values[one[place]], what)  # type: ignore[no-any-return]

        cases = {
            what: choose(
                [(flag, side(one, what)) for flag, one in zip(flags, lists, strict=True)],
                side(other, what) if default is not None or what == "term" else Constant(what == "failed"),
            )
            for what in ("term", "absent", "failed")
        }
        failed = any_of(key.failed, cases["failed"])
        name = state.fresh(step["output"])
        state.let(name, TEXT, cases["term"], all_of(cases["absent"], negated(failed)), failed, step=step["id"])
        found.append(name)
    state.lists[step["output"]] = tuple(found)


def _literal(value: Any, kind: str) -> Constant:
    return Constant(value) if kind == TEXT else number(value)


def _passed(
    step: Step, state: _State, value: Term, failed: Term = FALSE, note: str = "", checked: bool = False
) -> None:
    """A value of one input: missing and error pass through, and `failed` is error besides."""
    given = state.values[step["input"]]
    error = any_of(given.failed, all_of(negated(given.absent), failed))
    state.let(step["output"], NUMBER, value, given.absent, error, checked=checked, step=step["id"], note=note)


def _inverse_logit(x: Term) -> Term:
    cut = call("maximum", call("minimum", x, number(FARTHEST)), number(-FARTHEST))
    return call("divide", number(1.0), call("add", number(1.0), call("exponential", call("negate", cut))))


def _log_odds(p: Term) -> Term:
    return call("logarithm", call("divide", p, call("subtract", number(1.0), p)))


def _outside(p: Term) -> Term:
    """A flag: not strictly between 0 and 1."""
    return any_of(call("less_or_equal", p, number(0.0)), call("less_or_equal", number(1.0), p))


def _link(step: Step, state: _State) -> None:
    x = Name(step["input"])
    links: dict[str, Callable[[Term], Term]] = {
        "logit": _inverse_logit,
        "log": lambda v: call("exponential", v),
        "probit": lambda v: call("normal", v),
        "identity": lambda v: v,
    }
    function = step["function"]
    _passed(step, state, links[function](x), note=f"inverse {function} link", checked=function == "log")


def _calibrate(step: Step, state: _State) -> None:
    method, x = step["method"], Name(step["input"])
    note = f"calibration: {method}"
    if method in ("piecewise_constant", "piecewise_linear"):
        _by_knots(step, state, note)
    elif method == "intercept_shift":
        _passed(step, state, call("add", x, number(step["shift"])), note=note, checked=True)
    elif method == "beta":
        b = call("multiply", number(step["b"]), call("logarithm", call("subtract", number(1.0), x)))
        a = call("multiply", number(step["a"]), call("logarithm", x))
        shifted = call("add", call("subtract", a, b), number(step["c"]))
        _passed(step, state, _inverse_logit(shifted), _outside(x), note)
    elif step["scale"] == "probability":
        shifted = call("add", call("multiply", number(step["slope"]), _log_odds(x)), number(step["intercept"]))
        _passed(step, state, _inverse_logit(shifted), _outside(x), note)
    else:
        line = call("add", call("multiply", number(step["slope"]), x), number(step["intercept"]))
        _passed(step, state, line, note=note, checked=True)


def _by_knots(step: Step, state: _State, note: str) -> None:
    xs, ys = tuple(map(float, step["x"])), tuple(map(float, step["y"]))
    if step["method"] == "piecewise_constant":
        made: Statement = Band(step["output"], NUMBER, step["input"], xs, ys, step["id"], note)
    else:
        slopes = tuple((ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) for i in range(len(xs) - 1))
        made = Line(step["output"], step["input"], xs, ys, slopes, step["id"])
    state.statements.append(made)
    given = state.values[step["input"]]
    state.declare(step["output"], NUMBER, given.absent, given.failed)


def _scale(step: Step, state: _State) -> None:
    if step["form"] == "linear":
        line = call("subtract", number(step["offset"]), call("multiply", number(step["factor"]), Name(step["input"])))
        if step["rounding"] == "half_away_from_zero":
            line = call("round_half_away_from_zero", line)
        _passed(step, state, line, note="score in points", checked=True)
        return
    names = [item["output"] for item in step["characteristics"]]
    for item in step["characteristics"]:
        points = tuple(float(one) for one in item["points"])
        _pick(item["output"], item["input"], points, state, step["id"], f"points of {item['characteristic']}")
    terms: tuple[Term, ...] = (number(step["base_points"]), *(Name(name) for name in names))
    value = terms[0] if len(terms) == 1 else Call("add", terms)
    state.let(step["output"], NUMBER, value, failed=state.failed(*names), step=step["id"], note="score in points")


def _grade(step: Step, state: _State) -> None:
    cuts = tuple(float(one["upper"]) for one in step["grades"][:-1])
    levels = tuple(one["grade"] for one in step["grades"])
    state.statements.append(Band(step["output"], TEXT, step["input"], cuts, levels, step["id"], "rating grade"))
    given = state.values[step["input"]]
    state.declare(step["output"], TEXT, given.absent, given.failed)


def _reasons(step: Step, state: _State) -> None:
    parts = step["characteristics"]
    inputs = tuple(item["input"] for item in parts)
    names = tuple(state.fresh(step["output"]) for _ in range(most_reasons(step)))
    asked = set(step.get("inquiries", ()))
    failed = state.unusable(*inputs)
    state.statements.append(
        Rank(
            names=names,
            inputs=inputs,
            characteristics=tuple(item["characteristic"] for item in parts),
            baselines=tuple(float(item["baseline"]) for item in parts),
            codes=tuple(item["reason_code"] for item in parts),
            maximum=min(int(step["maximum"]), len(parts)),
            inquiries=tuple(k for k, item in enumerate(parts) if item["characteristic"] in asked),
            failed=failed,
            step=step["id"],
        )
    )
    for name in names:
        state.declare(name, TEXT, Absent(name), failed)
    state.lists[step["output"]] = names


def _published(model: Mapping[str, Any], state: _State) -> list[Published]:
    found: list[Published] = []
    for key in PUBLISHED:
        name = model["outputs"].get(key)
        if not name:
            continue
        if key == "reasons":
            found += [Published(f"reason_{k}", one, TEXT) for k, one in enumerate(state.lists[name], start=1)]
        elif key == "decision":
            found += [Published(f"decision:{one}", one, FLAG) for one in name]
        else:
            found.append(Published(key, name, state.values[name].kind))
    return found


def _needed(statements: list[Statement], names: list[str]) -> list[Statement]:
    """The statements that the names depend on, in order."""
    wanted, kept = set(names), []
    for one in reversed(statements):
        if wanted & set(produced(one)):
            kept.append(one)
            wanted |= set(read(one))
    return kept[::-1]


def _absent_names(model: Mapping[str, Any], statements: list[Statement]) -> list[str]:
    found = [item["name"] for item in model["inputs"]]
    for one in statements:
        if isinstance(one, Let) and not is_never(one.absent):
            found.append(one.name)
        elif isinstance(one, Rank):
            found += one.names
        elif isinstance(one, Band | Line) and one.input in found:
            found.append(one.name)
    return found


_STEPS: dict[str, Callable[[Step, _State], None]] = {
    "derive": _derive,
    "guard": _guard,
    "classing": _classing,
    "linear": _linear,
    "trees": _trees,
    "attribution": _attribution,
    "sum": _sum,
    "switch": _switch,
    "link": _link,
    "calibrate": _calibrate,
    "scale": _scale,
    "grade": _grade,
    "reasons": _reasons,
}
