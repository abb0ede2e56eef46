"""A candidate with the policy rules of the plan beside its score."""

from __future__ import annotations

from dataclasses import replace

from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, references
from credit_risk.lifecycle.candidates.training import Candidate, Training
from credit_risk.models.rules import with_rules
from credit_risk.scoring import compile_model


def ruled(candidate: Candidate, training: Training, cut_off: float | None) -> Candidate:
    """The candidate whose model.json holds the rules and the overall decision; unchanged where there are no rules."""
    if not training.rules:
        return candidate
    read = [name for rule in training.rules for name in references(rule.condition)]
    own = {item["name"]: item for item in candidate.model["inputs"]}
    wanted = {column.name: column.as_dict() for column in read_inputs(read, training)}
    order = [*training.inputs, *(name for name in own if name not in training.inputs)]
    inputs = [own.get(name) or wanted[name] for name in order if name in own or name in wanted]
    derived = derivations(read, training)
    model = with_rules(candidate.model, training.rules, inputs, derived, cut_off)
    return replace(candidate, model=model, compiled=compile_model(model))
