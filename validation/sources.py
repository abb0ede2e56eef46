"""The source rows that a validation starts from: files given, recognised by their SHA-256, read as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from validation.errors import Fault, ValidationInputError
from validation.rebuild.source.files import SourceTable, located, read_table

SOURCE, HISTORY = "source", "performance history"


@dataclass(frozen=True, slots=True)
class Sources:
    """The table of the plan's rows, and the performance history where one was given."""

    table: SourceTable = field(repr=False)
    history: SourceTable | None = field(default=None, repr=False)


def read_sources(
    given: Sequence[str | Path], manifest: Mapping[str, Any], evidence: Mapping[str, Mapping[str, Any]]
) -> Sources:
    """Read the files `given` (of folders those that the package names), each the one that the package was made of.

    Raises ValidationInputError where one cannot be read, is another file than the package's source or history, or
    where the rows themselves are not among them.
    """
    stated = {SOURCE: dict(manifest["source"])}
    history = items_of(evidence, "outcome.history")
    if history.get("sha256"):
        stated[HISTORY] = {"name": history.get("file"), "sha256": history["sha256"]}
    names = [str(one["name"]) for one in stated.values()]
    roles = {one["sha256"]: role for role, one in stated.items()}
    found: dict[str, SourceTable] = {}
    faults: list[Fault] = []
    for path in located(given, names):
        try:
            table = read_table(path)
        except ValidationInputError as error:
            faults += error.faults
            continue
        if table.sha256 in roles:
            found[roles[table.sha256]] = table
        else:
            faults.append(_other(path, table, stated))
    if not faults and SOURCE not in found:
        message = "the rows of the source were not given"
        remedy = "give the source with --source, beside the performance history"
        faults.append(Fault("file_missing", message, str(manifest["source"]["name"]), remedy=remedy))
    if faults:
        raise ValidationInputError(faults)
    return Sources(found[SOURCE], found.get(HISTORY))


def items_of(evidence: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Items of a list of evidence by name; none where the package has no such list."""
    rows = (evidence.get(name) or {}).get("rows") or []
    return {row[0]: row[1] for row in rows}


def _other(path: Path, table: SourceTable, stated: Mapping[str, Mapping[str, Any]]) -> Fault:
    words = "; ".join(f"{role} {one['name']}: SHA-256 {one['sha256']}" for role, one in stated.items())
    found = f"SHA-256 {table.sha256}, {table.rows:,} rows, {len(table.columns):,} columns"
    message = "not the file that the package was made of: another file is another source"
    remedy = "give the file as it was, or develop the package again on this one"
    return Fault("source_other", message, str(path), None, None, found, words, remedy)
