"""One statement of SQL for a model: head, input, steps, results."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export.heading import heading
from credit_risk.export.names import identifiers
from credit_risk.export.program import Attribution, Classify, Program, Tree
from credit_risk.export.program.terms import NUMBER
from credit_risk.export.sql.attribution import MOST_CONSTANTS, constants, without_reasons
from credit_risk.export.sql.columns import Columns, columns_of
from credit_risk.export.sql.dialects import DIALECTS, Dialect
from credit_risk.export.sql.inputs import KEY, TABLE, input_columns
from credit_risk.export.sql.stages import WIDTH, Stage, select, staged

REMEDY = "export for another dialect, or score with the package itself (`credit-risk score`)"


@dataclass(frozen=True, slots=True)
class SqlExport:
    """A model as SQL.

    statements: to be run in this order; all but the last make tables that the next one reads (one alone where the
    dialect's limits allow). results: the published column for each column of the result; trace: the name of the
    program (bins, values of leaves) for each further one. inputs: the table's column for each input. notes: what is
    left out, in words.
    """

    dialect: str
    head: str
    statements: tuple[str, ...]
    results: dict[str, str]
    trace: dict[str, str]
    inputs: dict[str, str]
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.head + "".join(one + ";\n" for one in self.statements)


def sql_export(
    program: Program, dialect: str, *, trace: bool = False, table: str = TABLE, keys: Sequence[str] = (KEY,)
) -> SqlExport:
    """The program as SQL of a dialect (`duckdb`, `postgres`, `sqlite`, `spark`, `snowflake`, `bigquery`, `oracle`,
    `tsql`, `teradata`).

    trace: also select the bin of every classing and the leaf of every tree. table, keys: where the inputs are, and the
    columns that are passed through. Raises PackageError where a limit of the dialect cannot be kept.
    """
    d = DIALECTS[dialect]
    program, notes = _within_bounds(program)
    columns = columns_of(program, d)
    aliases = identifiers([one.column for one in program.published], most=30)
    results = {aliases[one.column].lower(): one.column for one in program.published}
    traced = _traced(program, columns) if trace else {}
    wanted = [columns.of[one.name] for one in program.published] + list(traced)
    inputs = [columns.of[one.name] for one in program.inputs]
    stages = staged(columns.made, inputs, list(dict.fromkeys(wanted)))
    _check(stages, d)
    key_columns = [f"key_{k}" for k in range(1, len(keys) + 1)]
    named = input_columns(program, d)
    first = _input(program, columns, stages, d, table, list(zip(key_columns, keys, strict=True)), named)
    selects = [("input", first)]
    for count, stage in enumerate(stages, start=1):
        selects.append((f"step_{count}", select(stage, selects[-1][0], key_columns, d)))
    final = [f"{new} AS {d.quoted(key)}" for new, key in zip(key_columns, keys, strict=True)]
    final += [f"{columns.of[one.name]} AS {aliases[one.column].lower()}" for one in program.published]
    final += [column for column in traced if column not in results]
    last = "SELECT\n    " + ",\n    ".join(final) + f"\nFROM {selects[-1][0]}"
    statements = _statements(selects, last, program, d)
    head = _head(program, d, named, notes, len(statements))
    return SqlExport(d.key, head, tuple(statements), results, traced, named, notes)


def _within_bounds(program: Program) -> tuple[Program, tuple[str, ...]]:
    """The program without attributions that take more constants than a statement should hold, and words on it."""
    trees = {one.name: one for one in program.statements if isinstance(one, Tree)}
    large: set[str] = set()
    for one in program.statements:
        if isinstance(one, Attribution) and constants(one, trees) > MOST_CONSTANTS:
            large.update(one.outputs)
    if not large:
        return program, ()
    note = (
        f"Left out: the reasons. Attributions of these trees take more than {MOST_CONSTANTS:,} constants; "
        "`credit-risk score` gives them."
    )
    return without_reasons(program, large), (note,)


def _traced(program: Program, columns: Columns) -> dict[str, str]:
    return {columns.of[one.name]: one.name for one in program.statements if isinstance(one, Classify | Tree)}


def _input(
    program: Program,
    columns: Columns,
    stages: list[Stage],
    d: Dialect,
    table: str,
    keys: list[tuple[str, str]],
    named: dict[str, str],
) -> str:
    """The one place to edit: the table, its key, and the columns that are inputs."""
    read = {name for stage in stages for one in stage.made for name in one.needs}
    items = [f"    {d.quoted(key)} AS {new}" for new, key in keys]
    for one in program.inputs:
        if columns.of[one.name] in read:
            form = d.number if one.kind == NUMBER else d.text
            items.append(f"    {form.replace('{x}', d.quoted(named[one.name]))} AS {columns.of[one.name]}")
    lines = ["    -- The place to edit: the table with the applications and its key."]
    return "\n".join(["SELECT", *lines, ",\n".join(items), f"  FROM {table}"])


def _statements(selects: list[tuple[str, str]], last: str, program: Program, d: Dialect) -> list[str]:
    """One statement, or as many as the dialect's length of a statement needs."""
    parts: list[list[tuple[str, str]]] = [[]]
    size = 0
    for name, text in selects:
        length = len(text.encode()) + 60
        if d.most_bytes and parts[-1] and size + length > d.most_bytes * 0.9:
            parts.append([])
            size = 0
        parts[-1].append((name, text))
        size += length
    tables = [f"{_plain(program.model_id)}_part_{k}" for k in range(1, len(parts))]
    found = []
    for k, part in enumerate(parts):
        if k:
            name, text = part[0]
            before = parts[k - 1][-1][0]
            part = [(name, _from(text, before, tables[k - 1])), *part[1:]]
        ctes = ",\n".join(f"{name} {d.cte} (\n  {text}\n)" for name, text in part)
        if k == len(parts) - 1:
            found.append(f"WITH {ctes}\n{last}")
            continue
        query = f"WITH {ctes}\nSELECT * FROM {part[-1][0]}"
        found.append(d.part_table.format(name=tables[k], query=query))
    return found


def _from(text: str, before: str, table: str) -> str:
    return re.sub(rf"\n  FROM {before}\b", f"\n  FROM {table}", text)


def _plain(model_id: str) -> str:
    return identifiers([model_id], most=20)[model_id].lower()


def _check(stages: list[Stage], d: Dialect) -> None:
    """Raises PackageError where a limit of the dialect cannot be kept."""
    faults = []
    widest = max((len(stage.passed) + len(stage.made) for stage in stages), default=0)
    if widest > d.most_columns:
        faults.append(f"{widest:,} columns in one step, and {d.title} has at most {d.most_columns:,}")
    if d.most_tokens:
        longest = max((_tokens(one.lines) for stage in stages for one in stage.made), default=0)
        if longest > d.most_tokens:
            faults.append(
                f"{longest:,} names and constants in one expression, and {d.title} has at most {d.most_tokens:,}"
            )
    if faults:
        raise PackageError(
            [
                Fault(f"the model as SQL has {fault}", code="export_unsupported", file="model.json", remedy=REMEDY)
                for fault in faults
            ]
        )


def _tokens(lines: Sequence[str]) -> int:
    return sum(len(re.findall(r"[\w.]+", line.split(" -- ")[0])) for line in lines)


def _head(program: Program, d: Dialect, named: dict[str, str], notes: tuple[str, ...], statements: int) -> str:
    """Comments at the beginning."""
    lines = [
        *heading(program, d.title, proved=d.proved, notes=notes),
        "Missing is NULL; an empty text is missing. The package refuses infinite numbers: they are not to be scored.",
        "in_error is 1 where the package refuses the row: then every result that it concerns is NULL.",
        "Names: x_ inputs, b_ numbers of bins, v_ values, t_ trees, e_ flags of error; others are steps on the way.",
        "Numbers are doubles in the shortest form that reads back to the same, added in the order of the package.",
        *d.notes,
    ]
    if statements > 1:
        lines.append(
            f"{d.title} takes statements of {d.most_bytes:,} bytes: run these {statements} one after the other. "
            "The tables that end in _part_1 … hold what lies between; drop them afterwards."
        )
    renamed = [(name, column) for name, column in named.items() if name != column]
    lines += [
        f"Column {column} stands for the input {json.dumps(name, ensure_ascii=False)}" for name, column in renamed
    ]
    found = []
    for line in lines:
        plain = "".join(c if c.isprintable() else " " for c in line)
        found += [f"-- {part}" for part in textwrap.wrap(plain, WIDTH - 3, break_long_words=False)]
    return "\n".join(found) + "\n"
