"""What must hold of policy rules: conditions that may be used, identifiers, and words for whom a rule declines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.plan.outcome_checks import MEASURES
from credit_risk.sampling.expressions import DATE_DIFFERENCES, dates_apart, parse_expression
from credit_risk.scoring.expressions import references

Found = Iterator[tuple[Path, Fault]]
FLAGS = {
    *("equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal"),
    *("in", "is_missing", "and", "or", "not"),
}
BRANCHING = ("if", "coalesce")


def rule_faults(plan: dict[str, Any], roles: dict[str, str], dates: set[Any]) -> Found:
    """All faults of `rules`; parts of the wrong type are passed over.

    roles: columns that may not be used, with why; dates: those among them that may be measured from.
    """
    rules = _listed(plan)
    if rules and _mapping(plan.get("outcome")).get("type") in MEASURES:
        message = "policy rules are of applicants who turn out good or bad, and the outcome is an amount or a fraction"
        yield ("rules",), _fault(message, "rule", remedy="leave rules out, or write a plan of its own for them")
    for index, rule in enumerate(rules):
        path: Path = ("rules", index)
        yield from _condition(rule, (*path, "when"), roles, dates)
        yield from _identifier(rules, index)
        yield from _words(plan, rule, path)
    yield from _codes(plan, rules)


def _condition(rule: dict[str, Any], path: Path, roles: dict[str, str], dates: set[Any]) -> Found:
    text = rule.get("when")
    if not isinstance(text, str) or not text:
        return
    parsed, faults = parse_expression(text)
    yield from ((path, fault) for fault in faults)
    if parsed is None:
        return
    if not _is_flag(parsed):
        message = "the condition is a value, not true or false"
        yield path, _fault(message, "expression", found=text, remedy="write a comparison, such as INCOME < 1000")
    measured, elsewhere = dates_apart(parsed, DATE_DIFFERENCES)
    for column in references(parsed):
        if column in roles and not (column in dates and column in measured - elsewhere):
            message = f"{column!r} may not stand in a rule: it is {roles[column]}"
            remedy = "take it out of the condition"
            remedy += ", or measure from it with months_between()" if column in dates else ""
            yield path, _fault(message, "never_a_predictor", remedy=remedy)


def _is_flag(expression: dict[str, Any]) -> bool:
    """Whether an expression can be true or false, by its operation; what stands in branches is left to the data."""
    return expression.get("op") in FLAGS or expression.get("op") in BRANCHING


def _identifier(rules: list[dict[str, Any]], index: int) -> Found:
    name = rules[index].get("id")
    if isinstance(name, str) and any(rule.get("id") == name for rule in rules[:index]):
        message = f"the rule {name!r} stands twice"
        yield ("rules", index, "id"), _fault(message, "duplicate_id", remedy="rename one")


def _words(plan: dict[str, Any], rule: dict[str, Any], path: Path) -> Found:
    """A rule that declines is the reason that an applicant is told, so it has words in every language."""
    name, reasons = rule.get("id"), _mapping(plan.get("reason_codes"))
    entry = _mapping(_mapping(reasons.get("catalogue")).get(name)) if isinstance(name, str) else {}
    told = [rule.get("reason"), entry.get("text")]
    if all(text is not None for text in told):
        message = f"the rule {name!r} has its words twice, here and in reason_codes.catalogue"
        yield (*path, "reason"), _fault(message, "reason_text", remedy="keep one of them")
    for key in ("code", "source"):
        if rule.get(key) is not None and entry.get(key) is not None:
            message = f"the rule {name!r} has its {key} twice, here and in reason_codes.catalogue"
            yield (*path, key), _fault(message, "reason_text", remedy="keep one of them")
    if rule.get("action") != "decline":
        return
    languages = [one for one in reasons.get("languages") or ("en",) if isinstance(one, str)]
    text = next((one for one in told if one is not None), None)
    lacking = [one for place, one in enumerate(languages) if not _has(text, one, place == 0)]
    if lacking:
        message = f"the rule {name!r} declines applicants and has no words for them in {', '.join(lacking)}"
        remedy = f"write reason at the rule, or reason_codes.catalogue.{name}.text"
        yield (*path, "reason"), _fault(message, "reason_text", remedy=remedy)


def _has(text: Any, language: str, first: bool) -> bool:
    if isinstance(text, dict):
        return bool(text.get(language))
    return bool(text) and first


def _codes(plan: dict[str, Any], rules: list[dict[str, Any]]) -> Found:
    """A rule whose code a characteristic or a group has too could not be told apart from it."""
    reasons = _mapping(plan.get("reason_codes"))
    catalogue = _mapping(reasons.get("catalogue"))
    own = {rule.get("id") for rule in rules}
    named = [*_mapping(_mapping(plan.get("data")).get("columns")), *_mapping(plan.get("derive"))]
    named += [*_mapping(reasons.get("groups")), *(name for name in catalogue if name not in own)]
    codes = {_mapping(catalogue.get(name)).get("code") or name: name for name in named}
    for index, rule in enumerate(rules):
        entry = _mapping(catalogue.get(str(rule.get("id"))))
        code = rule.get("code") or entry.get("code") or rule.get("id")
        if isinstance(code, str) and code in codes:
            message = f"the code {code!r} is also that of {codes[code]!r}"
            yield ("rules", index, "code"), _fault(message, "reason_code", remedy="give the rule its own")


def _listed(plan: dict[str, Any]) -> list[dict[str, Any]]:
    rules = plan.get("rules")
    return [rule if isinstance(rule, dict) else {} for rule in rules] if isinstance(rules, list | tuple) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _fault(message: str, code: str, *, found: str | None = None, remedy: str | None = None) -> Fault:
    return Fault(message, code=code, found=found, remedy=remedy)
