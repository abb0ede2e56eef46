"""Policy rules as steps of a model: a guard a rule, and the decision that rules and score make together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.scoring.step_names import free_name

DECLINE, REFER, ACCEPT = "decline", "refer", "accept"
PRECEDENCE = (DECLINE, REFER, ACCEPT)
"""Actions in the order in which they prevail."""
OVERALL = "overall_decision"
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whose condition has been read. condition: expression tree that gives a flag."""

    id: str
    action: str
    reason_code: str
    condition: Mapping[str, Any]


def rule_name(identifier: str) -> str:
    """Name of the flag of a rule in model.json."""
    return f"rule({identifier})"


def precedence(actions: Sequence[str]) -> list[int]:
    """Places of rules in the order in which they prevail: by action, then as the plan lists them."""
    return sorted(range(len(actions)), key=lambda place: (PRECEDENCE.index(actions[place]), place))


def rule_steps(
    rules: Sequence[Rule], taken: Collection[str], *, score: str | None, cut_off: float | None
) -> tuple[list[Step], list[str], str]:
    """Guard steps, the names of their flags, and the name of the overall decision, whose step is the last.

    taken: names that the model has already; score, cut_off: where both are given, whoever no rule hits is accepted at
    or above the cut-off and declined below it; otherwise such an applicant has no decision (missing).
    """
    used, steps = set(taken), list[Step]()
    for rule in rules:
        name = free_name(rule_name(rule.id), used)
        used.add(name)
        steps.append(
            {
                "id": rule_name(rule.id),
                "type": "guard",
                "condition": dict(rule.condition),
                "action": rule.action,
                "reason_code": rule.reason_code,
                "output": name,
            }
        )
    names = [step["output"] for step in steps]
    overall = free_name(OVERALL, used)
    expression = overall_expression(
        [(step["action"], step["output"]) for step in steps], None if cut_off is None else score, cut_off
    )
    told = "rules: decline before refer before accept; then the score" if cut_off is not None else "rules only"
    decision: Step = {
        "id": OVERALL,
        "type": "derive",
        "output": overall,
        "value_type": "string",
        "expression": expression,
        "description": f"Decision by {told}",
    }
    return [*steps, decision], names, overall


def overall_expression(flags: Sequence[tuple[str, str]], score: str | None, cut_off: float | None) -> Step:
    """Expression of the overall decision. flags: (action, name of the flag) of every rule."""
    result: Step = {"const": None}
    if score is not None and cut_off is not None:
        reaches = {"op": "greater_or_equal", "args": [{"ref": score}, {"const": float(cut_off)}]}
        result = {"op": "if", "args": [reaches, {"const": ACCEPT}, {"const": DECLINE}]}
    for action in reversed(PRECEDENCE):
        own: list[Step] = [{"ref": name} for given, name in flags if given == action]
        if own:
            fires = own[0] if len(own) == 1 else {"op": "or", "args": own}
            result = {"op": "if", "args": [fires, {"const": action}, result]}
    return result


def with_rules(
    model: Mapping[str, Any],
    rules: Sequence[Rule],
    inputs: Sequence[Mapping[str, Any]],
    derived: Sequence[Mapping[str, Any]],
    cut_off: float | None,
) -> Step:
    """model.json with rules after its own steps. inputs, derived: all that model and rules read, in their order.

    Derive steps that the model has already stay where they are.
    """
    present = {step["id"] for step in model["steps"]}
    more = [dict(step) for step in derived if step["id"] not in present]
    taken = {item["name"] for item in inputs} | {step["output"] for step in more}
    taken |= {name for step in model["steps"] for name in _produced(step)}
    steps, names, overall = rule_steps(rules, taken, score=model["outputs"].get("score"), cut_off=cut_off)
    return {
        **model,
        "inputs": [dict(item) for item in inputs],
        "steps": [*model["steps"], *more, *steps],
        "outputs": {**model["outputs"], "decision": names, OVERALL: overall},
    }


def _produced(step: Mapping[str, Any]) -> list[str]:
    parts = [part for part in step.get("characteristics", ()) if "output" in part]
    keys = ("output", "output_bin", "output_woe")
    return [step[key] for key in keys if key in step] + [part["output"] for part in parts]
