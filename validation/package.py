"""What the strict reader hands over: a package whose every byte was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from validation.rebuild.source.snapshot import MadeSnapshot
from validation.sources import Sources
from validation.verification_file import Verification


@dataclass(frozen=True, slots=True)
class RejectInference:
    """What a package holds of reject inference: two models in the format of model.json, and two tables.

    acceptance: its output `probability` is that of being rejected; known_outcomes: that of bad. applicants: `row`
    (place in the snapshot from 0), `_sample`, `_accepted`, `_acceptance`, `_probability`; rows: what was fitted on,
    `row`, `_outcome`, `_weight`, `_inferred`.
    """

    acceptance: Mapping[str, Any]
    known_outcomes: Mapping[str, Any]
    applicants: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, slots=True)
class Package:
    """A valid model package.

    `hash` is the SHA-256 of manifest.json; `model` and `challengers` (by model id) are the parsed model.json;
    `snapshot` the rows (None where they do not travel and were not given); `predictions` maps (model id, sample)
    to a frame; `evidence` maps ids to parsed evidence; `reject_inference` is None where the package holds none of it;
    `source` the source rows, None where they were not given; `made` how they gave the rows of a snapshot that did not
    travel, None where it travelled, was given, or nothing was; `exports` the bytes of the annex's files by name,
    without its manifest.
    In frames a missing number is NaN, a missing text None.
    """

    name: str
    hash: str
    is_zip: bool
    manifest: Mapping[str, Any]
    plan: Mapping[str, Any]
    model: Mapping[str, Any]
    challengers: Mapping[str, Mapping[str, Any]]
    snapshot: pd.DataFrame | None = field(repr=False)
    snapshot_hash: str | None
    predictions: Mapping[tuple[str, str], pd.DataFrame] = field(repr=False)
    verification: Verification = field(repr=False)
    evidence: Mapping[str, Mapping[str, Any]] = field(repr=False)
    reject_inference: RejectInference | None = field(default=None, repr=False)
    source: Sources | None = field(default=None, repr=False)
    made: MadeSnapshot | None = field(default=None, repr=False)
    exports: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def models(self) -> dict[str, Mapping[str, Any]]:
        """The champion first, then the challengers as the plan lists them (others last), by model id."""
        listed = [item.get("id") for item in self.plan.get("models") or [] if isinstance(item, dict)]
        order = sorted(self.challengers, key=lambda one: listed.index(one) if one in listed else len(listed))
        return {self.model["model"]["id"]: self.model, **{one: self.challengers[one] for one in order}}

    @property
    def champion_id(self) -> str:
        """The model id of the champion."""
        return str(self.model["model"]["id"])

    @property
    def outcome_type(self) -> str:
        """The type of the outcome: binary, amount or fraction."""
        return str(self.model["outcome"]["type"])

    @property
    def candidate_ids(self) -> dict[str, str]:
        """The name of each model in the evidence, by model id: the plan's candidate for the champion, else the id."""
        names = {model_id: model_id for model_id in self.models}
        candidates = [item for item in self.plan.get("models") or [] if isinstance(item, dict)]
        chosen = [item.get("id") for item in candidates if item.get("champion") or len(candidates) == 1]
        if len(chosen) == 1 and isinstance(chosen[0], str):
            names[self.champion_id] = chosen[0]
        return names

    def file_of(self, model_id: str) -> str:
        """Return the file that holds a model."""
        return "model.json" if model_id == self.champion_id else f"challengers/{model_id}/model.json"

    def setting(self, section: str, key: str, default: float) -> float:
        """Return a number that the plan sets in a section, or the default of the format where it sets none."""
        value = (self.plan.get(section) or {}).get(key)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default

    def rows_of(self, evidence_id: str) -> list[dict[str, Any]] | None:
        """Return the rows of a table as dictionaries, or None where the package has no such table."""
        evidence = self.evidence.get(evidence_id)
        if evidence is None or evidence["kind"] not in ("table", "figure"):
            return None
        names = [item["name"] for item in evidence["columns"]]
        return [dict(zip(names, row, strict=True)) for row in evidence["rows"]]
