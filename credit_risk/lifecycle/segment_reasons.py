"""Evidence on the reasons of a champion with segments: each segment has its own, held against its own applicants."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from credit_risk._core.evidence import Cell, Evidence, absent, key_values, table
from credit_risk.explanation import reasons as r
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.performance import Scored
from credit_risk.lifecycle.reason_evidence import catalogue_frame, method_items, rules_first, texts_frame
from credit_risk.plan import Plan

AGREEMENT = "each segment has reasons of its own; the methods are compared in none of them"


def segment_reason_evidence(plan: Plan, champion: Candidate, scored: Scored) -> list[Evidence]:
    """All evidence on the reasons of a champion whose segments have scorecards of their own.

    The catalogue has one block of rows a segment, in their order; texts and frequency are of all codes together.
    """
    assert champion.divided is not None
    cards = [(card, card.candidate.reasons) for card in champion.divided.cards]
    known = [(card, codes) for card, codes in cards if codes is not None]
    blocks = [catalogue_frame(card.training, card.candidate, codes) for card, codes in known]
    told = "; ".join(f"{card.name}: {len(block)} rows" for (card, _), block in zip(known, blocks, strict=True))
    predictions = scored.predictions[champion.id]
    given = {s: predictions.loc[scored.sample == s].filter(regex="^reason_[0-9]+$") for s in scored.samples}
    every = joined_codes([codes for _, codes in known])
    files = tuple(f"predictions/{sample}.parquet" for sample in scored.samples)
    items = [(card.name, method_items(plan, codes)) for card, codes in known]
    return [
        key_values("reasons.method", joined_items(items), inputs=("plan.json", "model.json")),
        table(
            "reasons.catalogue",
            pd.concat(blocks, ignore_index=True),
            inputs=("model.json", "plan.json"),
            notes=(f"references are of the applicants of each segment, whose reasons stand in order: {told}",),
        ),
        table("reasons.texts", texts_frame(every), inputs=("plan.json",)),
        table(
            "reasons.frequency",
            r.frequency_frame(every, given, scored.all_weights_by_sample()),
            inputs=files,
            notes=rules_first(plan),
        ),
        absent("reasons.agreement", "not_applicable", AGREEMENT),
    ]


def joined_codes(codes: list[r.ReasonCodes]) -> r.ReasonCodes:
    """The reasons of all segments, each code once, as it first stands."""
    found: dict[str, r.Reason] = {}
    for each in codes:
        for reason in each.reasons:
            found.setdefault(reason.words.code, reason)
    return replace(codes[0], reasons=tuple(found.values()))


def joined_items(items: list[tuple[str, dict[str, Cell]]]) -> dict[str, Cell]:
    """One value where all segments agree, else that of each behind its name."""
    found: dict[str, Cell] = {}
    for key in items[0][1]:
        values = [(name, own[key]) for name, own in items]
        alike = all(value == values[0][1] for _, value in values)
        found[key] = values[0][1] if alike else "; ".join(f"{name}: {value}" for name, value in values)
    if any(own["Released for notices"] == "no" for _, own in items):
        found["Released for notices"] = "no"
    return found
