"""The snapshot held, cell by cell, against the rows that the validator makes of the source itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from validation.comparisons.source_evidence import compare_source_evidence
from validation.comparisons.source_history import compare_history
from validation.comparisons.source_vintages import compare_vintages, not_recounted
from validation.findings import Finding, Outcome
from validation.made_rows import NO_HISTORY
from validation.rebuild.source.files import equal
from validation.rebuild.source.made import Made, NotMadeError, make
from validation.rebuild.source.snapshot import JUDGED, PERSONAL, names_of_plan
from validation.rebuild.workspace import Workspace
from validation.sources import Sources

AREA, TABLE, SNAPSHOT = "source", "validation.source", "data/snapshot.parquet"
SHOWN = 3
NOT_GIVEN = "the source rows were not given (--source)"
NOT_A_FILE = "the source is a query of a database, which the validator does not read; give the snapshot's own file"
REMEDY = "Make the package again from the source, or correct the plan, so that one follows from the other."
Mask = NDArray[np.bool_]
Row = list[Any]


@dataclass(slots=True)
class _Paired:
    """Places of the rows that the snapshot and the validator both have, by key; labels name rows of the snapshot."""

    space: Workspace
    made: Made
    theirs: NDArray[np.int64]
    ours: NDArray[np.int64]
    rows: list[Row] = field(default_factory=list)

    def labels(self, places: NDArray[np.int64]) -> str:
        """The first keys of some of the rows, in words."""
        keys = self.space.frame["_key"].to_numpy()[self.theirs[places[:SHOWN]]]
        more = ", …" if len(places) > SHOWN else ""
        return ", ".join(map(str, keys.tolist())) + more

    def column(self, name: str) -> NDArray[Any]:
        """The snapshot's values of a column, in the order of the pairs."""
        return self.space.frame[name].to_numpy()[self.theirs]


def compare_source(space: Workspace, without_source: str | None = None) -> None:
    """Make the rows again from the source and compare them with the snapshot and its evidence.

    The rows of `validation.source`, or why there are none, stand in the tables of the ledger. without_source: why the
    source was not given, in the words of whoever left it away.
    """
    given, plan = space.package.source, space.package.plan
    reason = None
    if given is None:
        reason = NOT_A_FILE if isinstance((plan.get("data") or {}).get("source"), Mapping) else NOT_GIVEN
        reason = reason if without_source is None else f"{NOT_GIVEN}: {without_source}"
    elif (plan.get("outcome") or {}).get("history") is not None and given.history is None:
        reason = NO_HISTORY
    if reason is not None:
        space.ledger.not_evaluable(AREA, reason)
        space.ledger.tables[TABLE] = f"the validation began with the snapshot: {reason}"
        not_recounted(space, reason)
        return
    assert given is not None
    made = space.package.made
    if made is not None and made.made is not None:
        space.ledger.tables[TABLE] = _taken(space, made.made, made.sha256)
    else:
        space.ledger.tables[TABLE] = _compared(space, given)


def _taken(space: Workspace, made: Made, digest: str | None) -> list[Row]:
    """Hold rows that were made of the source, as no snapshot travelled, against what the package states of it."""
    _order_statuses(space, made)
    manifest, size = space.package.manifest, len(made.key)
    stated = manifest["snapshot"]["sha256"]
    written, here = manifest["libraries"].get("pyarrow"), pa.__version__
    test, same = f"{AREA}: snapshot hash", stated == digest
    rows = [_told("snapshot, made of the source, by its SHA-256", size, manifest["snapshot"]["rows"], size, 1, 0)]
    if same or written == here:
        statement = (
            "The rows that the plan makes of the source are not those of the snapshot that the manifest names: written "
            f"by the same library (pyarrow {here}) they have the SHA-256 {digest}."
        )
        rows[0][-2:] = [0, "pass"] if same else [1, "fail"]
        evidence = [SNAPSHOT, "data.source"]
        _judge(space, "snapshot hash", "source_differs", (stated, digest), 1, int(not same), statement, evidence)
    else:
        rows[0][-3:] = [0, 0, "not_evaluable"]
        reason = (
            f"the package was written with pyarrow {written}, here is {here}, which may give equal rows other bytes"
        )
        space.ledger.check(Outcome(test, "not_evaluable", 0, "equal", reason))
    compare_source_evidence(space, made)
    compare_history(space, made)
    compare_vintages(space, made)
    counts = {row["sample"]: row.get("rows") for row in space.package.rows_of("samples.summary") or []}
    for name in sorted(space.rows):
        own, theirs = len(space.rows[name]), counts.get(name)
        rows.append(_told(f"sample {name}", size, theirs, own, 1, int(theirs is not None and theirs != own)))
    return [*_files(space, made), *_waterfall(space, made), *rows]


def _compared(space: Workspace, given: Sources) -> list[Row] | str:
    plan = space.package.plan
    try:
        made = make(plan, given.table, given.history)
    except NotMadeError as error:
        statement = f"The rows cannot be made of the source by the terms of the plan: {error}."
        _fail(space, "rows", "source_differs", "rows", None, None, 1, statement, [SNAPSHOT, "plan.json"])
        return f"the rows cannot be made of the source by the terms of the plan: {error}"
    _order_statuses(space, made)
    pairs = _compare_rows(space, made)
    _compare_columns(pairs)
    _compare_outcomes(pairs)
    _compare_samples(pairs)
    compare_source_evidence(space, made)
    compare_history(space, made)
    compare_vintages(space, made)
    return [*_files(space, made), *_waterfall(space, made), *pairs.rows]


def _order_statuses(space: Workspace, made: Made) -> None:
    """Put our steps of statuses in the developer's order: no row has two, so that any order will do."""
    steps = made.decided.steps
    ours = {step[0]: step for step in steps if step[0].startswith("status: ")}
    stated = [row["step"] for row in space.package.rows_of("data.waterfall") or [] if row["step"] in ours]
    if sorted(stated) == sorted(ours):
        moved = [steps[0], *(ours[name] for name in stated)]
        for place in range(1, len(moved)):
            step, removed, _, reason = moved[place]
            moved[place] = (step, removed, moved[place - 1][2] - removed, reason)
        made.decided.steps[: len(moved)] = moved


def _compare_rows(space: Workspace, made: Made) -> _Paired:
    """Pair the rows by key; rows that only one side has, and rows in another order, are findings."""
    theirs, ours = space.frame["_key"].to_numpy(), made.key
    if len(theirs) == len(ours) and theirs.dtype == ours.dtype and bool(np.all(theirs == ours)):
        places = np.arange(len(ours))
        pairs = _Paired(space, made, places, places)
    else:
        place = {str(key): number for number, key in enumerate(ours.tolist())}
        both = [(n, place[str(key)]) for n, key in enumerate(theirs.tolist()) if str(key) in place]
        found = np.array(both, dtype=np.int64).reshape(-1, 2)
        pairs = _Paired(space, made, found[:, 0], found[:, 1])
    lost, extra = len(ours) - len(pairs.ours), len(theirs) - len(pairs.theirs)
    moved = int(np.count_nonzero(np.diff(pairs.ours) < 0))
    wrong = lost + extra + moved
    statement = (
        f"Of the {len(ours):,} rows that the plan makes of the source, {lost:,} are not in the snapshot; {extra:,} "
        f"rows of the snapshot are not in the source; {moved:,} stand in another order."
    )
    evidence = [SNAPSHOT, "data.source"]
    _judge(space, "rows", "source_differs", (len(theirs), len(ours)), len(ours), wrong, statement, evidence)
    pairs.rows.append(_told("rows of the snapshot", len(ours), len(theirs), len(ours), len(ours), wrong))
    return pairs


def _compare_columns(pairs: _Paired) -> None:
    """Compare every cell of every column of the contract, and which columns there are."""
    space, made = pairs.space, pairs.made
    there = list(space.frame.columns[6:])
    wrong: dict[str, Mask] = {}
    for name in there:
        if name in made.columns:
            wrong[name] = _differing(pairs.column(name), made.columns[name].values()[pairs.ours])
    cells = sum(int(np.count_nonzero(mask)) for mask in wrong.values())
    told = list(_told_cells(pairs, wrong))
    statement = f"{cells:,} cells of the snapshot are not those of the source: {'; '.join(told)}."
    first = next(((n, int(np.flatnonzero(mask)[0])) for n, mask in wrong.items() if mask.any()), None)
    values = (0, 0) if first is None else _values(pairs, *first)
    compared = len(wrong) * len(pairs.ours)
    _judge(space, "cells", "source_differs", values, compared, cells, statement, [SNAPSHOT])
    pairs.rows.append(_told("cells of columns", len(pairs.ours), len(pairs.theirs), len(pairs.ours), compared, cells))
    absent, extra, kept = _sets(space, made, there)
    statement = (
        f"Columns of the source that are not in the snapshot without a reason of the format: {_listed(absent)}; "
        f"columns of the snapshot that the source lacks: {_listed(extra)}; columns that the plan does not name and "
        f"that are no characteristics, and yet stand there: {_listed(kept)}."
    )
    faults = len(absent) + len(extra) + len(kept)
    evidence = [SNAPSHOT, "data.columns_left_out"]
    _judge(space, "columns", "source_differs", (len(there), None), len(there), faults, statement, evidence)


def _sets(space: Workspace, made: Made, there: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Columns that should be there, that should not, and that should have left."""
    stated = {row["column"]: row["reason"] for row in space.package.rows_of("data.columns_left_out") or []}
    personal = {n for n, spec in space.package.plan["data"]["columns"].items() if spec["personal"]}
    absent = []
    for name in made.columns:
        reason = stated.get(name)
        excused = (reason in JUDGED and name in made.left_out) or (reason is not None and reason not in JUDGED)
        if reason == PERSONAL:
            excused = name in personal
        if name not in there and not excused:
            absent.append(name)
    extra = [name for name in there if name not in made.columns]
    named = names_of_plan(space.package.plan)
    return absent, extra, [name for name in there if name in made.left_out and name not in named]


def _compare_outcomes(pairs: _Paired) -> None:
    """Compare outcomes, statuses and weights; a row that should have left by a rule is told by itself."""
    space, made = pairs.space, pairs.made
    decided = made.decided
    outcome = space.outcome[pairs.theirs]
    mine = decided.values[pairs.ours]
    wrong = _differing(outcome, mine)
    left = ~equal(decided.by[pairs.ours], None)
    stayed = wrong & left
    rules = sorted({str(one) for one in decided.by[pairs.ours][stayed].tolist()})
    count, places = int(np.count_nonzero(stayed)), np.flatnonzero(stayed)
    told = f"{count:,} rows have an outcome though the plan takes them out ({'; '.join(rules)})"
    statement = f"{told}: keys {pairs.labels(places)}."
    evidence = [SNAPSHOT, "data.waterfall"]
    _judge(space, "exclusions", "exclusion_not_as_planned", (count, 0), len(mine), count, statement, evidence)
    other = wrong & ~left
    count, places = int(np.count_nonzero(other)), np.flatnonzero(other)
    statement = (
        f"{count:,} rows have another outcome than the plan's definition gives them: keys {pairs.labels(places)} "
        f"({_pair(outcome, mine, places)})."
    )
    values = (0, 0) if not count else (_plain(outcome[places[0]]), _plain(mine[places[0]]))
    evidence = [SNAPSHOT, "outcome.definition"]
    _judge(space, "outcome", "outcome_not_as_defined", values, len(mine), count, statement, evidence)
    pairs.rows.append(_told("outcome", *_sides(outcome, mine), len(mine), int(np.count_nonzero(wrong))))
    status = made.decided.status
    own: NDArray[Any] = np.full(len(made.key), None, dtype=object) if status is None else status
    for name, theirs, ours in (
        ("status", pairs.column("_status"), own[pairs.ours]),
        ("weight", space.weight[pairs.theirs], made.weight[pairs.ours]),
        ("cluster", pairs.column("_cluster"), made.cluster[pairs.ours]),
    ):
        differs = _differing(theirs, ours)
        count, places = int(np.count_nonzero(differs)), np.flatnonzero(differs)
        words = f"{count:,} rows have another {name} than the plan makes of the source: keys {pairs.labels(places)}"
        values = (0, 0) if not count else (_plain(theirs[places[0]]), _plain(ours[places[0]]))
        statement = f"{words} ({_pair(theirs, ours, places)})."
        _judge(space, name, "source_differs", values, len(ours), count, statement, [SNAPSHOT])
        pairs.rows.append(_told(name, *_sides(theirs, ours), len(ours), count))


def _compare_samples(pairs: _Paired) -> None:
    """Compare the sample of every row with our draw of the same seed."""
    space, made = pairs.space, pairs.made
    theirs, ours = pairs.column("_sample"), made.sample[pairs.ours]
    differs = _differing(theirs, ours)
    count, places = int(np.count_nonzero(differs)), np.flatnonzero(differs)
    statement = (
        f"{count:,} rows stand in another sample than the plan's dates, shares and seed put them: keys "
        f"{pairs.labels(places)} ({_pair(theirs, ours, places)})."
    )
    values = (0, 0) if not count else (_plain(theirs[places[0]]), _plain(ours[places[0]]))
    evidence = [SNAPSHOT, "samples.summary"]
    _judge(space, "samples", "sample_not_as_drawn", values, len(ours), count, statement, evidence)
    everyone = [name for name in dict.fromkeys([*theirs.tolist(), *ours.tolist()]) if name is not None]
    for name in sorted(everyone):
        one, two = (equal(side, name) for side in (theirs, ours))
        sides = int(np.count_nonzero(one)), int(np.count_nonzero(two))
        pairs.rows.append(_told(f"sample {name}", len(ours), *sides, len(ours), int(np.count_nonzero(one != two))))


def _differing(theirs: NDArray[Any], ours: NDArray[Any]) -> Mask:
    """(n,) where two columns differ; missing is equal to missing alone, and text to no number."""
    if theirs.dtype.kind in "fiu" and ours.dtype.kind in "fiu":
        return ~((theirs == ours) | (np.isnan(theirs) & np.isnan(ours)))
    if theirs.dtype.kind in "fiu" or ours.dtype.kind in "fiu":
        numbers, texts = (theirs, ours) if theirs.dtype.kind in "fiu" else (ours, theirs)
        return ~(np.isnan(numbers) & equal(texts, None))
    return np.asarray(theirs != ours, dtype=bool)


def _told_cells(pairs: _Paired, wrong: Mapping[str, Mask]) -> Iterator[str]:
    broken = [(name, np.flatnonzero(mask)) for name, mask in wrong.items() if mask.any()]
    for name, places in broken[:SHOWN]:
        theirs, ours = _values(pairs, name, int(places[0]))
        shown = f" (package {theirs!r}, source {ours!r})" if theirs != ours else ""
        yield f"{name} in {len(places):,} rows, keys {pairs.labels(places)}{shown}"
    if len(broken) > SHOWN:
        yield f"and {len(broken) - SHOWN} more columns"


def _values(pairs: _Paired, name: str, place: int) -> tuple[Any, Any]:
    """Both values of a cell; those of a column of personal data are not told."""
    if pairs.space.package.plan["data"]["columns"].get(name, {}).get("personal"):
        return None, None
    theirs, ours = pairs.column(name)[place], pairs.made.columns[name].values()[pairs.ours][place]
    return _plain(theirs), _plain(ours)


def _pair(theirs: NDArray[Any], ours: NDArray[Any], places: NDArray[np.int64]) -> str:
    if not len(places):
        return "none"
    return f"package {_plain(theirs[places[0]])!r}, source {_plain(ours[places[0]])!r}"


def _plain(value: Any) -> Any:
    if value is None or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


def _sides(theirs: NDArray[Any], ours: NDArray[Any]) -> tuple[int, int, int]:
    """Rows, and of those how many have a value on each side."""
    known = [int(sum(v is not None and v == v for v in side.tolist())) for side in (theirs, ours)]
    return len(ours), known[0], known[1]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "") if names else "none"


def _told(step: str, rows_in: int, developer: int | None, validator: int, compared: int, differing: int) -> Row:
    return [step, rows_in, developer, validator, compared, differing, "fail" if differing else "pass"]


def _files(space: Workspace, made: Made) -> list[Row]:
    """One row a file: rows that it holds, by the manifest and by our reading."""
    stated = space.package.manifest["source"]["rows"]
    size = made.table.rows
    told = [_told(f"source: {made.table.name}", size, stated, size, 1, int(stated != size))]
    if made.history_table is not None:
        items = {row["item"]: row["value"] for row in space.package.rows_of("outcome.history") or []}
        theirs = items.get("rows")
        rows = made.history_table.rows
        count = int(theirs) if theirs is not None and str(theirs).isdigit() else None
        told.append(_told(f"history: {made.history_table.name}", rows, count, rows, 1, int(count != rows)))
    return told


def _waterfall(space: Workspace, made: Made) -> list[Row]:
    """One row a step of the data waterfall: rows that come in and go out."""
    stated = [row["remaining"] for row in space.package.rows_of("data.waterfall") or []]
    told, before = [], made.decided.steps[0][2]
    for place, (step, _, remaining, _) in enumerate(made.decided.steps):
        theirs = stated[place] if place < len(stated) else None
        told.append(_told(step, before, theirs, remaining, 1, int(theirs != remaining)))
        before = remaining
    return told


def _judge(
    space: Workspace,
    what: str,
    check: str,
    values: tuple[Any, Any],
    compared: int,
    wrong: int,
    statement: str,
    evidence: Sequence[str],
) -> None:
    if wrong:
        _fail(space, what, check, what, *values, compared, statement, evidence)
    else:
        space.ledger.check(Outcome(f"{AREA}: {what}", "pass", compared, "equal", None))


def _fail(
    space: Workspace,
    what: str,
    check: str,
    quantity: str,
    developer: Any,
    validator: Any,
    compared: int,
    statement: str,
    evidence: Sequence[str],
) -> None:
    test = f"{AREA}: {what}"
    severity = space.policy.checks[check]
    finding = Finding(test, severity, quantity, developer, validator, 0.0, statement, REMEDY, tuple(evidence))
    space.ledger.check(Outcome(test, "fail", compared, "equal", None, finding))
