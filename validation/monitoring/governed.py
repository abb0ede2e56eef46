"""What of the model's governance is overdue, told again from the governance file of its version."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from validation import schema_check, strict_json
from validation.container import read_file
from validation.errors import Fault, ValidationInputError
from validation.monitoring.bench import Bench
from validation.monitoring.tables import compare_table, not_recomputed

NAME, CLOSED, RETIRED = "governance", "closed", "retired"
WORDS = ("as_of", "model", "version", "title", "severity", "status", "owner")
NOTHING = "nothing of the model is overdue"


def read_governance(path: Path, package_hash: str) -> dict[str, Any]:
    """A governance file of the package. Raises ValidationInputError: no such file, its schema, another package."""
    document: dict[str, Any] = strict_json.parse(
        read_file(path, strict_json.MAXIMUM_BYTES, "source_invalid"), str(path)
    )
    faults = schema_check.check(document, "governance.schema.json", str(path))
    if faults:
        raise ValidationInputError(faults)
    if document["package_hash"] != package_hash:
        found = (document["package_hash"], package_hash)
        message, remedy = "the file is of another package", "credit-risk inventory governance MODEL VERSION --out FILE"
        raise ValidationInputError(
            Fault("governance_other_package", message, str(path), "/package_hash", None, *found, remedy)
        )
    return document


def compare_governance(bench: Bench, document: dict[str, Any] | None) -> None:
    """Compare `monitoring.governance` with what the file says was due before the day of the run.

    A file of another day is not held against the run: a finding may have been closed between. Findings of other
    versions do not stand in it, and are told as not recomputed.
    """
    day = str(bench.run.manifest["created"])[:10]
    if document is None:
        reason = "what the inventory says: name the governance file of the version with --governance"
        not_recomputed(bench.ledger, bench.run, NAME, reason)
        return
    if document["as_of"] != day:
        reason = f"the governance file is of {document['as_of']}, and the run of {day}"
        bench.ledger.not_evaluable(f"monitoring.{NAME}", f"not recomputed: {reason}")
        return
    if bench.run.table("verdict") is None or NAME not in set(bench.run.table("verdict")["area"]):  # type: ignore[index]
        bench.ledger.not_evaluable(f"monitoring.{NAME}", "not recomputed: the run named no inventory")
        return
    rows = overdue_rows(document, day)
    own: pd.DataFrame | str = pd.DataFrame(rows, dtype=object) if rows else NOTHING
    stated = bench.run.table(NAME)
    others = set() if stated is None else set(stated["version"].dropna()) - {document["version"]}
    if others and not rows:
        bench.ledger.not_evaluable(f"monitoring.{NAME}: {', '.join(sorted(others))}", "not recomputed: another version")
        return
    known = [("version", ["None", document["version"]])]
    compare_table(
        bench.ledger, bench.run, NAME, own, ["indicator", "item", "due"], {"days_overdue": "rows"}, WORDS, among=known
    )


def overdue_rows(document: dict[str, Any], day: str) -> list[dict[str, Any]]:
    """Findings that are not closed, and dates of a model that is not retired, that were due before the day."""
    model, rows = document["model"], []
    for one in _table(document, "governance.findings"):
        if one["status"] != CLOSED and one["due"] is not None and one["due"] < day:
            told = {name: one[name] for name in ("version", "title", "severity", "status", "owner", "due")}
            rows.append({"indicator": "finding", "item": one["finding"], **told})
    versions = _table(document, "governance.versions")
    stage = next((one["stage"] for one in reversed(versions)), None)
    for one in _table(document, "governance.dates") if stage != RETIRED else ():
        if one["due"] < day:
            nothing = dict.fromkeys(("version", "item", "severity", "status", "owner"))
            rows.append(
                {"indicator": one["occasion"], "title": f"next {one['occasion']}", "due": one["due"], **nothing}
            )
    for row in rows:
        row |= {"as_of": day, "model": model}
        row["days_overdue"] = (date.fromisoformat(day) - date.fromisoformat(row["due"])).days
    return rows


def _table(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    item = next(one for one in document["evidence"] if one["id"] == name)
    names = [column["name"] for column in item.get("columns", [])]
    return [dict(zip(names, row, strict=True)) for row in item.get("rows", [])]
