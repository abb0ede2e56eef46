"""A query around another one: its rows, with the results of the package's generated SQL beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.extras import optional_import
from credit_risk.package import Package
from credit_risk.sampling.parquet_batches import ReadingRules
from credit_risk.serving.source import NOTHING, TEXT, InputFacts

if TYPE_CHECKING:
    from credit_risk.export.program import Program
    from credit_risk.export.sql import SqlExport
    from credit_risk.export.sql.dialects import Dialect
    from credit_risk.serving.sql.reading import Reading

REMEDY = "score with the package's own arithmetic: --method arrow"


@dataclass(frozen=True, slots=True)
class SqlScoring:
    """What an engine adds to rows that it reads.

    columns: those of the input, in the order of `ReadingRules.columns`. told: name of the column that is 1 where a row
    is for the rules of intake to judge, else 0. results: a column of the query for each published result (name, text
    or number). whole: columns of the input are given for all rows; else, but for the key, for rows with `told` alone.
    """

    program: Program
    dialect: Dialect
    columns: tuple[str, ...]
    key: str | None
    readings: dict[str, Reading]
    whole: bool
    told: str
    results: dict[str, tuple[str, bool]]
    prefix: str = field(repr=False)
    _exports: dict[int, SqlExport] = field(default_factory=dict, repr=False)

    def export(self, carried: int = 0) -> SqlExport:
        """The model as SQL over the table `<prefix>table`, with so many columns carried; made once."""
        from credit_risk.export.sql import sql_export

        if carried not in self._exports:
            keys = [*self._names("carried", carried), *self._names("raw", len(self.columns)), f"{self.prefix}marked"]
            self._exports[carried] = sql_export(self.program, self.dialect.key, table=f"{self.prefix}table", keys=keys)
        return self._exports[carried]

    def _names(self, what: str, count: int) -> list[str]:
        return [f"{self.prefix}{what}_{place}" for place in range(count)]

    def over(self, source: str, given: Sequence[str] | None = None, carried: Sequence[str] = ()) -> str:
        """The query over `source`, a query in parentheses or a name, one row a row of it in its order.

        given: names of `columns` there, where they are other ones; carried: further columns that are passed through.
        Its columns: `carried`, `columns` (under the names given), `told`, `results`.
        """
        from credit_risk.export.sql import input_columns

        d, p = self.dialect, self.prefix
        names = list(given or self.columns)
        raw, extra = self._names("raw", len(names)), self._names("carried", len(carried))
        passed = [f"{d.quoted(name)} AS {new}" for name, new in zip([*carried, *names], [*extra, *raw], strict=True)]
        made = {name: f"{p}value_{place}" for place, name in enumerate(self.readings)}
        values = [f"{reading.value} AS {made[name]}" for name, reading in self.readings.items()]
        conditions = [f"({reading.marked})" for reading in self.readings.values() if reading.marked]
        marked = f"CASE WHEN {' OR '.join(conditions)} THEN 1 ELSE 0 END" if conditions else "0"
        named = input_columns(self.program, d)
        inputs = [f"{made[name]} AS {d.quoted(named[name])}" for name in self.readings]
        fence = f"\n{d.fence}" if d.fence else ""
        plain = f"(SELECT\n    {_listed(passed)}\nFROM {source}) AS {p}plain"
        read = f"(SELECT\n    {_listed([*extra, *raw, *values])}\nFROM {plain}{fence}) AS {p}read"
        mark = f"{p}marked"
        items = [*extra, *raw, f"{marked} AS {mark}", *inputs]
        table = f"(SELECT\n    {_listed(items)}\nFROM {read}{fence}) AS {p}typed"
        export = self.export(len(carried))
        before, after = export.statements[0].split(f"FROM {p}table\n")  # it stands there once
        scored = f"{before}FROM {table}\n{after}"
        return self._results(
            export, scored, list(zip(extra, carried, strict=True)), list(zip(raw, names, strict=True)), mark
        )

    def _results(
        self, export: SqlExport, scored: str, carried: list[tuple[str, str]], raw: list[tuple[str, str]], mark: str
    ) -> str:
        from credit_risk.export.program import IN_ERROR

        d = self.dialect
        columns = {published: column for column, published in export.results.items()}
        bad = f"{d.quoted(mark)} = 1 OR {columns[IN_ERROR]} = 1"
        items = [f"{d.quoted(old)} AS {d.quoted(new)}" for old, new in carried]
        for name, (old, new) in zip(self.columns, raw, strict=True):
            value = d.quoted(old)
            if not self.whole and name != self.key:
                value = f"CASE WHEN {bad} THEN {value} END"
            items.append(f"{value} AS {d.quoted(new)}")
        items.append(f"CASE WHEN {bad} THEN 1 ELSE 0 END AS {self.told}")
        kind = "DOUBLE PRECISION" if d.key == "postgres" else "DOUBLE"
        for new, (published, is_text) in self.results.items():
            column = columns[published]
            items.append(f"{column if is_text else f'CAST({column} AS {kind})'} AS {new}")
        return f"SELECT\n    {_listed(items)}\nFROM (\n{scored}\n) AS {self.prefix}scored"


def sql_scoring(package: Package, facts: InputFacts, rules: ReadingRules, engine: str, *, whole: bool) -> SqlScoring:
    """How an engine scores the input with generated SQL, with the results of the Arrow method in its order.

    whole: all columns of the input are wanted (a log needs their hashes). Raises ScoringError where a column cannot be
    read as the rules of intake read it, or where the SQL leaves results out; PackageError where a limit of the engine
    cannot be kept; MissingExtraError.
    """
    optional_import("sqlglot", "exports")
    from credit_risk.export.program import IN_ERROR, program_of
    from credit_risk.export.program.terms import TEXT as TEXT_KIND
    from credit_risk.export.sql import DIALECTS

    program, d = program_of(package.model, package.package_hash), DIALECTS[engine]
    faults: list[Fault] = []
    prefix = _free("credit_risk_", [*facts.columns, *(one.name for one in program.inputs)])
    columns, told = tuple(rules.columns()), f"{prefix}told"
    readings: dict[str, Reading] = {}
    for place, item in enumerate(rules.inputs):
        x, value = f"{prefix}raw_{columns.index(item['name'])}", f"{prefix}value_{place}"
        found = _reading(item, x, value, facts, rules, d)
        if isinstance(found, str):
            faults.append(Fault(found, "sql_reading", rules.name, item["name"], remedy=REMEDY))
        else:
            readings[item["name"]] = found
    published = [one for one in program.published if one.column != IN_ERROR]
    results = {f"{prefix}result_{k}": (one.column, one.kind == TEXT_KIND) for k, one in enumerate(published)}
    scoring = SqlScoring(program, d, columns, rules.key, readings, whole, told, results, prefix)
    exported = scoring.export()
    faults += [
        Fault(f"the model as SQL for {d.title} lacks results: {note}", "sql_lacks", "model.json", remedy=REMEDY)
        for note in (*program.notes, *exported.notes)
    ]
    if len(exported.statements) > 1:
        faults.append(Fault(f"the model takes several statements of {d.title}", "sql_size", remedy=REMEDY))
    if faults:
        raise ScoringError(faults)
    return scoring


def _reading(
    item: Mapping[str, Any], x: str, value: str, facts: InputFacts, rules: ReadingRules, d: Dialect
) -> Reading | str:
    from credit_risk.serving.sql import reading

    name = item["name"]
    kinds = facts.kinds[name] - {NOTHING} or facts.kinds[name]
    if item["type"] == "string":
        return reading.text(d, x, value, kinds, rules.words.get(name, {}))
    if name in rules.notations and TEXT in kinds:
        return "holds numbers in text in a declared notation, which SQL does not read"
    return reading.number(d, x, value, kinds)


def _free(prefix: str, names: Sequence[str]) -> str:
    """A beginning that no name has."""
    while any(name.casefold().startswith(prefix) for name in names):
        prefix = f"x{prefix}"
    return prefix


def _listed(items: Sequence[str]) -> str:
    return ",\n    ".join(items)
