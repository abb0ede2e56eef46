"""Texts that people wrote in the plan, as evidence; what the plan lacks is told as not provided."""

from __future__ import annotations

from credit_risk._core.evidence import Evidence, absent, key_values, statement
from credit_risk.plan import Plan

TEXTS = ("purpose", "theory", "rationale", "judgement", "uses", "prohibited_uses", "oversight")
NAMES = ("owner", "contact", "tier")


def identity_evidence(plan: Plan, characteristics: int) -> Evidence:
    """Evidence `model.identity`; characteristics: how many enter the champion."""
    model = plan.model
    items: dict[str, str | int | float | bool | None] = {
        "Identifier": model.id,
        "Name": model.name,
        "Version": model.version,
        "Owner": model.owner,
        "Tier": model.tier,
        "Champion": f"{plan.champion.id} ({plan.champion.type})",
        "Characteristics of the champion": characteristics,
        "Challengers": ", ".join(f"{c.id} ({c.type})" for c in plan.challengers) or "none",
    }
    return key_values("model.identity", items, inputs=("plan.json",))


def authored_evidence(plan: Plan) -> list[Evidence]:
    """Evidence `authored.*`: statements with author and date, or `not_provided`."""
    model = plan.model
    found = []
    for name in TEXTS:
        text = getattr(model, name)
        identifier = f"authored.{name}"
        if text is None:
            found.append(_lacking(identifier, f"model.{name}"))
        else:
            found.append(statement(identifier, text.text, author=text.author, date=text.date))
    for name in NAMES:
        value = getattr(model, name)
        found.append(
            _lacking(f"authored.{name}", f"model.{name}") if value is None else statement(f"authored.{name}", value)
        )
    if not model.limitations:
        return [*found, _lacking("authored.limitations", "model.limitations")]
    texts = [item.text for item in model.limitations]
    authors = dict.fromkeys(item.author for item in model.limitations)
    latest = max(item.date for item in model.limitations)
    limitations = statement("authored.limitations", "\n\n".join(texts), author=", ".join(authors), date=latest)
    return [*found, limitations]


def _lacking(identifier: str, key: str) -> Evidence:
    return absent(identifier, "not_provided", f"the plan has no {key}")
