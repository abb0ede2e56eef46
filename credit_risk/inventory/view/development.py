"""The log of development as tables: experiments, their figures, what changed of the plan, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credit_risk._core.hash_chain import line_of
from credit_risk.inventory.development.log import Decision, Experiment
from credit_risk.inventory.view.tables import Table

Json = Any
SHOWN_FIELDS = 12


def development_tables(experiments: Sequence[Experiment], decisions: Sequence[Decision]) -> tuple[Table, ...]:
    """Tables `experiments`, `figures`, `changes` (all but those of a first experiment) and `decisions`."""
    return (
        Table("experiments", EXPERIMENT_COLUMNS, tuple(_experiment(one) for one in experiments)),
        Table(
            "figures",
            ("experiment", "model", "sample", "measure", "value"),
            tuple(
                (one.id, row["model"], row["sample"], row["measure"], row["value"])
                for one in experiments
                for row in one.result.get("figures") or ()
            ),
        ),
        Table(
            "changes",
            ("experiment", "previous", "field", "before", "after"),
            tuple(
                (one.id, one.previous, row["field"], as_cell(row["before"]), as_cell(row["after"]))
                for one in experiments
                if one.previous is not None
                for row in one.changes
            ),
        ),
        Table("decisions", DECISION_COLUMNS, tuple(_decision(one) for one in decisions)),
    )


EXPERIMENT_COLUMNS = (
    *("experiment", "version", "person", "started", "ended", "origin", "outcome", "error", "plan_sha256", "changed"),
    *("source", "source_sha256", "source_rows", "seed", "champion", "candidates", "recommendation", "package_hash"),
    *("software", "untold"),
)
DECISION_COLUMNS = (
    *("at", "version", "experiment", "about", "decision", "reason", "rejects", "evidence", "person", "event"),
)


def _experiment(one: Experiment) -> tuple[str | int | float | None, ...]:
    told: Mapping[str, Json] = one.result
    source, candidates = told.get("source") or {}, told.get("candidates") or ()
    champion = next((str(item["id"]) for item in candidates if item["champion"]), None)
    return (
        *(one.id, one.version, one.person, one.started, one.ended, one.origin, one.outcome, one.error),
        *(one.plan_sha256, changed_words(one), source.get("name"), source.get("sha256"), source.get("rows")),
        *((told.get("seeds") or {}).get("plan"), champion, ", ".join(str(item["id"]) for item in candidates) or None),
        (told.get("validation") or {}).get("recommendation"),
        one.package_hash,
        ", ".join(f"{name} {version}" for name, version in sorted(one.software.items())),
        "; ".join(one.untold) or None,
    )


def changed_words(one: Experiment) -> str:
    """Which fields of the plan changed against the experiment before, in one line."""
    if one.previous is None:
        return "the first"
    names = [str(row["field"]) for row in one.changes]
    if not names:
        return f"nothing against {one.previous}"
    more = f" and {len(names) - SHOWN_FIELDS} more" if len(names) > SHOWN_FIELDS else ""
    return f"against {one.previous}: {', '.join(names[:SHOWN_FIELDS])}{more}"


def _decision(one: Decision) -> tuple[str | int | None, ...]:
    told = (one.at, one.version, one.experiment, one.about, one.decision, one.reason, "; ".join(one.rejects) or None)
    return (*told, "; ".join(one.evidence) or None, one.person, one.sequence)


def as_cell(value: Json) -> str | int | float | None:
    """A value of a plan as a cell; lists and mappings as JSON, a truth as a word."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str | int | float):
        return value
    return line_of(value).decode("utf-8").strip()
