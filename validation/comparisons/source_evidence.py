"""Evidence on the data held against our rows of the source: waterfall, profile, conversions, duplicates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from validation.comparisons.profile import EMPTY, compare_profiles, profile_of
from validation.rebuild.source.columns import IDENTIFIER_LIKE
from validation.rebuild.source.decided import split
from validation.rebuild.source.files import equal
from validation.rebuild.source.made import Made
from validation.rebuild.workspace import Workspace
from validation.steps.values import text_of_number

MASKED = re.compile(r"special codes of (.*) read as missing in the expression", re.DOTALL)
PERSONAL = "personal data"
COUNTED = (
    "word for no value",
    "blank text",
    "number in the notation",
    "spaces around",
    "leading zeros",
    "whole number",
)
KEPT = ("number written as a code", "date in the format", "kept as text: numbers", "kept as text: whole")


def compare_source_evidence(space: Workspace, made: Made) -> None:
    """Compare tables on the data with our own of the source rows."""
    _compare_source(space, made)
    _compare_waterfall(space, made)
    _compare_exclusions(space, made)
    _compare_statuses(space, made)
    _compare_profile(space, made)
    _compare_duplicates(space, made)
    _compare_conversions(space, made)
    _compare_left_out(space, made)
    _compare_definition(space, made)


def _items(space: Workspace, area: str) -> dict[str, Any] | None:
    table = space.package.rows_of(area)
    return None if table is None else {row["item"]: row["value"] for row in table}


def _compare_source(space: Workspace, made: Made) -> None:
    items, area = _items(space, "data.source"), "data.source"
    if items is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    own = {
        "sha256": made.table.sha256,
        "rows": str(made.table.rows),
        "columns": str(len(made.table.columns)),
    }
    names = list(own)
    space.ledger.words(area, "file", [_text(items.get(name)) for name in names], [own[name] for name in names], names)


def _text(value: Any) -> str | None:
    return None if value is None else text_of_number(value) if isinstance(value, float) else str(value)


def _compare_waterfall(space: Workspace, made: Made) -> None:
    area, table = "data.waterfall", space.package.rows_of("data.waterfall")
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    steps = made.decided.steps
    names = [step[0] for step in steps]
    space.ledger.words(area, "steps", [row["step"] for row in table], names, names)
    if len(table) != len(steps):
        return
    for place, column in ((1, "removed"), (2, "remaining")):
        own = [float(str(step[place])) for step in steps]
        space.ledger.numbers(area, column, "rows", [row[column] for row in table], own, names)
    told = [(row["reason"], step[3]) for row, step in zip(table, steps, strict=True) if step[3]]
    space.ledger.words(area, "reason", [one for one, _ in told], [two for _, two in told], [two for _, two in told])


def _compare_exclusions(space: Workspace, made: Made) -> None:
    """Rows by outcome and reason, each row of the source once."""
    area, table = "outcome.exclusions", space.package.rows_of("outcome.exclusions")
    values, reasons = made.decided.values, made.decided.reasons
    kind = space.package.outcome_type
    known = {"bad": values == 1.0, "good": values == 0.0}
    if kind != "binary":
        known = {f"known {kind}": np.isfinite(values)}
    own = {f"{name}: ": int(np.count_nonzero(mask)) for name, mask in known.items()}
    for reason in dict.fromkeys(reasons.tolist()):
        if reason is not None:
            name, words = split(reason)
            own[f"{name}: {words}"] = int(np.count_nonzero(equal(reasons, reason)))
    if table is None:
        out = int(np.count_nonzero(~np.isfinite(values)))
        if out and space.package.plan["outcome"]["history"] is None:
            space.ledger.words(area, "table of the rows that left", [None], [f"{out} rows"], ["rows"])
        return
    stated = {f"{row['outcome']}: {row['reason'] or ''}": row for row in table}
    names = sorted({*own, *stated})
    stated_names, own_names = ([n if n in side else None for n in names] for side in (stated, own))
    space.ledger.words(area, "reasons", stated_names, own_names, names)
    both = [name for name in names if name in own and name in stated]
    space.ledger.numbers(area, "rows", "rows", [stated[n]["rows"] for n in both], [own[n] for n in both], both)
    shares = [own[n] / len(values) for n in both]
    space.ledger.numbers(area, "share", "share", [stated[n]["share"] for n in both], shares, both)


def _compare_statuses(space: Workspace, made: Made) -> None:
    area, table, status = "outcome.status", space.package.rows_of("outcome.status"), made.decided.status
    if status is None or table is None:
        if status is not None:
            space.ledger.words(area, "table of statuses", [None], ["held"], ["statuses"])
        return
    names = sorted(set(status.tolist()))
    space.ledger.words(area, "status", [row["status"] for row in table], names, names)
    if [row["status"] for row in table] != names:
        return
    masks = [equal(status, name) for name in names]
    counts = [int(np.count_nonzero(mask)) for mask in masks]
    space.ledger.numbers(area, "rows", "rows", [row["rows"] for row in table], counts, names)
    shares = [count / len(status) for count in counts]
    space.ledger.numbers(area, "share", "share", [row["share"] for row in table], shares, names)
    if space.package.outcome_type == "binary":
        for column, value in (("good", 0.0), ("bad", 1.0)):
            own = [int(np.count_nonzero(made.decided.values[mask] == value)) for mask in masks]
            space.ledger.numbers(area, column, "rows", [row[column] for row in table], own, names)


def _compare_profile(space: Workspace, made: Made) -> None:
    """Counts and statistics of every column, derived characteristics among them; values of persons are not shown."""
    area, table = "data.profile", space.package.rows_of("data.profile")
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    columns = {**made.columns, **made.derived}
    rows = [row for row in table if row["column"] in columns]
    names = [row["column"] for row in rows]
    unknown = [row["column"] for row in table if row["column"] not in columns]
    space.ledger.words(area, "columns that the source has", unknown, [None] * len(unknown), unknown)
    shown = [row["column"] for row in table]
    lost = [name for name in made.derived if name not in shown]
    space.ledger.words(area, "derived characteristics", [None] * len(lost), lost, lost)
    compare_profiles(space, rows, [profile_of(columns[name], made.specials.get(name, ())) for name in names])


def _compare_duplicates(space: Workspace, made: Made) -> None:
    """Rows alike in all columns but the key and those that tell rows apart."""
    area, table = "data.duplicates", space.package.rows_of("data.duplicates")
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    told = {row["column"] for row in space.package.rows_of("data.columns_left_out") or []}
    apart = {name for name, why in made.left_out.items() if why == IDENTIFIER_LIKE and name in told}
    used = [column.codes for name, column in made.columns.items() if name not in apart]
    number = pd.DataFrame({str(k): codes for k, codes in enumerate(used)}).groupby(
        [str(k) for k in range(len(used))], sort=False
    )
    sizes = number.size().to_numpy()
    counts = [len(made.key), int(np.sum(sizes - 1)), int(np.sum(sizes[sizes > 1]))]
    labels = [row["measure"] for row in table]
    space.ledger.numbers(area, "rows", "rows", [row["rows"] for row in table], counts, labels)
    shares = [count / len(made.key) for count in counts]
    space.ledger.numbers(area, "share", "share", [row["share"] for row in table], shares, labels)


def _compare_conversions(space: Workspace, made: Made) -> None:
    """What was done to values while they were read, with the rows; words that we do not count are not judged."""
    area, table = "data.conversions", space.package.rows_of("data.conversions")
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = {(row["column"], _phrase(row["conversion"])): row["rows"] for row in table}
    own: dict[tuple[str, str], int] = {(name, "missing"): rows for name, rows in made.missing.items()}
    for name, column in made.columns.items():
        own |= {(name, _phrase(words)): rows for words, rows in column.done.items()}
    own |= _masked(space, made, stated)
    judged = [key for key in stated if key in own or _counted(key[1])]
    keys = sorted({*own, *judged})
    labels = [f"{name}: {words}" for name, words in keys]
    space.ledger.numbers(area, "rows", "rows", [stated.get(k, 0) for k in keys], [own.get(k, 0) for k in keys], labels)


def _phrase(words: str) -> str:
    """A conversion without what the words say beside it, so that both sides name it alike."""
    if EMPTY.match(words):
        return "missing"
    for start in KEPT:
        if words.startswith(start):
            return start
    return words


def _counted(phrase: str) -> bool:
    return phrase == "missing" or phrase in KEPT or phrase.startswith(COUNTED) or MASKED.match(phrase) is not None


def _masked(space: Workspace, made: Made, stated: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Rows of special codes that an expression reads as missing, where the package tells of them."""
    found = {}
    for name, words in stated:
        match = MASKED.match(words)
        if match and match[1] in made.columns and match[1] in made.specials:
            column = made.columns[match[1]]
            special = np.isin(column.levels, np.array(made.specials[match[1]], dtype=column.levels.dtype))
            found[name, words] = int(column.counts[special].sum())
    return found


def _compare_left_out(space: Workspace, made: Made) -> None:
    """Reasons of columns that were left out for what they hold; doubtful texts are the developer's to judge."""
    area, table = "data.columns_left_out", space.package.rows_of("data.columns_left_out")
    if not table:
        return
    rows = [row for row in table if row["column"] in made.left_out and row["reason"] != PERSONAL]
    names = [row["column"] for row in rows]
    own = [made.left_out[name] for name in names]
    doubtful = [name in made.columns and made.columns[name].doubtful for name in names]
    told = [o if d and row["reason"] != o else row["reason"] for row, o, d in zip(rows, own, doubtful, strict=True)]
    space.ledger.words(area, "reason", told, own, names)
    left = [row["column"] for row in table if row["column"] not in made.left_out]
    judged = [row["column"] for row in table if row["column"] in left and row["reason"] != PERSONAL]
    if judged:
        reason = f"why texts could be numbers or dates is not judged again: {', '.join(judged[:10])}"
        space.ledger.not_evaluable(area, reason)


def _compare_definition(space: Workspace, made: Made) -> None:
    """Counts of the outcome in its definition."""
    area, items = "outcome.definition", _items(space, "outcome.definition")
    if items is None or space.package.outcome_type != "binary":
        return
    values = made.decided.values
    bad, good = (int(np.count_nonzero(values == one)) for one in (1.0, 0.0))
    own = {"rows bad": float(bad), "rows good": float(good), "bad rate": bad / max(bad + good, 1)}
    own |= {"rows in no sample": float(len(values) - bad - good)} if bad + good < len(values) else {}
    names = [name for name in own if name in items]
    stated = [float(str(items[name]).replace(",", "")) for name in names]
    space.ledger.numbers(area, "counts", "share", stated, [own[name] for name in names], names)
