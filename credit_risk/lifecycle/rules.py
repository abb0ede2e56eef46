"""Policy rules of a plan: as every model carries them, and the evidence of what they do."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.rules import decisions_table, hits_table, overlaps_table
from credit_risk.explanation.texts import ReasonWords, reason_words
from credit_risk.lifecycle.performance import SNAPSHOT, Scored, input_files
from credit_risk.models.rule_spec import RuleSpec
from credit_risk.models.rules import Rule, precedence, rule_name
from credit_risk.plan import Plan
from credit_risk.sampling import Intake
from credit_risk.scoring.expressions import references

IDS = ("rules.declared", "rules.texts", "rules.hits", "rules.overlaps", "rules.decisions")
NO_RULES = "the plan has no policy rules (rules)"
ALL, OUTSIDE = "all", "in no sample"
KNOWN = "outcomes are known of booked accounts only"
PREVAILS = "decline goes before refer, and refer before accept; rules of one action in the order of the plan"


def policy_rules(plan: Plan, intake: Intake) -> tuple[Rule, ...]:
    """The rules of the plan with their conditions as the data let them be read."""
    return tuple(Rule(rule.id, rule.action, rule_words(plan, rule).code, intake.rules[rule.id]) for rule in plan.rules)


def rule_words(plan: Plan, rule: RuleSpec) -> ReasonWords:
    """The words of a rule: its own, or those of the catalogue under its identifier."""
    entry = plan.reason_codes.catalogue.get(rule.id)
    return reason_words(
        rule.id,
        plan.reason_codes.languages,
        code=rule.code or (entry.code if entry else None),
        source=rule.source or (entry.source if entry else None),
        catalogue=entry.text if entry else None,
        column=rule.reason,
        description=rule.description,
    )


def rules_evidence(plan: Plan, intake: Intake, scored: Scored) -> list[Evidence]:
    """What the rules are, what applicants are told, whom they hit, where they meet, and what is decided in all."""
    if not plan.rules:
        return [absent(identifier, "not_applicable", NO_RULES) for identifier in IDS]
    champion = plan.champion.id
    predictions = scored.predictions[champion]
    columns = [name for name in predictions.columns if name.startswith("decision:")]
    hits = predictions[columns].to_numpy(bool)
    names, actions = [rule.id for rule in plan.rules], [rule.action for rule in plan.rules]
    order, groups = precedence(actions), row_groups(scored)
    confidence, inputs = plan.evaluation.confidence, (SNAPSHOT, "model.json")
    hit = hits_table(names, actions, hits, order, groups, scored.y, scored.weights, confidence)
    decision = predictions["overall_decision"].to_numpy(object)
    decided = decisions_table(decision, hits.any(axis=1), groups, scored.y, scored.weights, confidence)
    files = input_files(scored, [champion], champion)
    found = [
        table("rules.declared", _declared(plan, intake, order), inputs=("plan.json", "model.json"), notes=(PREVAILS,)),
        table("rules.texts", _texts(plan, order), inputs=("plan.json",)),
        table("rules.hits", hit, inputs=inputs, notes=(KNOWN,)),
    ]
    if len(names) > 1:
        overlaps = overlaps_table(names, actions, hits, order, scored.weights)
        found.append(table("rules.overlaps", overlaps, inputs=inputs))
    else:
        found.append(absent("rules.overlaps", "not_applicable", "the plan has one policy rule only"))
    return [*found, table("rules.decisions", decided, inputs=files, notes=(KNOWN, _decides(plan)))]


def row_groups(scored: Scored) -> dict[str, NDArray[np.bool_]]:
    """Rows (n,) of every sample, of those in none where there are any, and all."""
    groups = {sample: scored.sample == sample for sample in scored.samples}
    outside = pd.isna(scored.sample)
    if outside.any():
        groups[OUTSIDE] = outside
    return {**groups, ALL: np.ones(len(scored.sample), dtype=bool)}


def _decides(plan: Plan) -> str:
    cut_off = plan.strategy.cut_off
    if cut_off is None:
        return "the plan declares no cut-off: whom no rule hits is undecided"
    return f"whom no rule hits is accepted at a score of {cut_off:g} or more, and declined below"


def _declared(plan: Plan, intake: Intake, order: list[int]) -> pd.DataFrame:
    rows = []
    for rank, place in enumerate(order, start=1):
        rule = plan.rules[place]
        words = rule_words(plan, rule)
        rows.append(
            {
                "order": rank,
                "rule": rule.id,
                "flag": rule_name(rule.id),
                "action": rule.action,
                "condition": rule.when,
                "fields": ", ".join(source_fields(intake, intake.rules[rule.id])),
                "reason_code": words.code,
                "source": words.source or None,
                "description": rule.description or None,
                "author": rule.author,
            }
        )
    return pd.DataFrame(rows)


def source_fields(intake: Intake, expression: dict[str, object]) -> list[str]:
    """Columns of the source that an expression reads, derived characteristics through their own, each once."""
    found: dict[str, None] = {}
    for name in references(expression):
        inner = intake.derived.get(name)
        found |= dict.fromkeys([name] if inner is None else source_fields(intake, inner))
    return list(found)


def _texts(plan: Plan, order: list[int]) -> pd.DataFrame:
    rows = []
    for place in order:
        words = rule_words(plan, plan.rules[place])
        for language, text in words.texts.items():
            told = language not in words.missing
            rows.append((plan.rules[place].id, words.code, language, text, told))
    return pd.DataFrame(rows, columns=["rule", "reason_code", "language", "text", "for_applicants"])
