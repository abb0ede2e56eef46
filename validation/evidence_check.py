"""Evidence against its schema and the catalogue: id, kind, columns, cells."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any
from urllib.parse import quote

from validation import schema_check
from validation.errors import Fault

_ABSENT = ("not_applicable", "not_provided")
_CELLS = {"number": (int, float), "integer": (int,), "string": (str,), "boolean": (bool,)}


def file_name(evidence_id: str) -> str:
    """File name of an evidence id: percent-encoded outside `[A-Za-z0-9._-]`; long ones are cut and hashed."""
    text = quote(evidence_id, safe="").replace("~", "%7E")
    if len(text) > 180:
        text = f"{text[:150]}~{hashlib.sha256(evidence_id.encode('utf-8')).hexdigest()[:16]}"
    return text + ".json"


def entry_for(evidence_id: str) -> dict[str, Any] | None:
    """Return the catalogue entry whose id or pattern the id matches, or None."""
    for pattern, entry in _patterns():
        if pattern.fullmatch(evidence_id):
            return entry
    return None


def check_evidence(evidence: Any, file: str) -> list[Fault]:
    """Return the faults of one piece of evidence; `file` is its path in the package."""
    faults = schema_check.check(evidence, "evidence.schema.json", file)
    if faults:
        return faults
    evidence_id = evidence["id"]
    if file.rsplit("/", 1)[-1] != file_name(evidence_id):
        fault = Fault(
            "evidence_unknown",
            "the file is not named by the id",
            file,
            "/id",
            None,
            evidence_id,
            file_name(evidence_id),
        )
        faults.append(fault)
    entry = entry_for(evidence_id)
    if entry is None:
        faults.append(Fault("evidence_unknown", "the id is not in the catalogue", file, "/id", None, evidence_id))
        return faults
    kind = evidence["kind"]
    if kind not in _ABSENT and kind != entry["kind"]:
        faults.append(
            Fault(
                "evidence_unknown",
                "not of the kind in the catalogue",
                file,
                "/kind",
                None,
                kind,
                entry["kind"],
            )
        )
    elif kind in ("table", "figure"):
        faults.extend(_check_columns(evidence, entry, file))
        faults.extend(_check_rows(evidence, file))
    return faults


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    entries = schema_check.load("evidence_catalogue.json")["entries"]
    result = []
    for entry in sorted(entries, key=lambda item: "{" in item["id"]):
        parts = re.split(r"\{[a-z_]+\}", entry["id"])
        result.append((re.compile("(.+)".join(re.escape(part) for part in parts), re.DOTALL), entry))
    return result


def _check_columns(evidence: dict[str, Any], entry: dict[str, Any], file: str) -> list[Fault]:
    found = [(item["name"], item["type"], item["unit"]) for item in evidence["columns"]]
    wanted = [(item["name"], item["type"], item["unit"]) for item in entry["columns"]]
    faults = []
    if found != wanted:
        fault = Fault(
            "evidence_unknown",
            "other columns than in the catalogue",
            file,
            "/columns",
            None,
            str(found),
            str(wanted),
        )
        faults.append(fault)
    chart = evidence.get("chart")
    if chart:
        names = {item["name"] for item in evidence["columns"]}
        used = [chart["x"], *chart["y"], *chart.get("line", [])]
        used += [chart[key] for key in ("series", "panels", "lower", "upper") if chart.get(key) is not None]
        for name in used:
            if name not in names:
                faults.append(Fault("schema", "the chart names no column", file, "/chart", None, name))
    return faults


def _check_rows(evidence: dict[str, Any], file: str) -> list[Fault]:
    faults = []
    types = [_CELLS[item["type"]] for item in evidence["columns"]]
    for index, row in enumerate(evidence["rows"]):
        if len(row) != len(types):
            faults.append(Fault("schema", f"{len(row)} cells for {len(types)} columns", file, f"/rows/{index}"))
            continue
        for column, (cell, allowed) in enumerate(zip(row, types, strict=True)):
            if cell is None:
                continue
            if not isinstance(cell, allowed) or (isinstance(cell, bool) and bool not in allowed):
                path = f"/rows/{index}/{column}"
                name = evidence["columns"][column]["type"]
                faults.append(Fault("schema", "not of the type of its column", file, path, None, repr(cell), name))
    return faults
