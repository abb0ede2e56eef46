"""verification.csv as a programmer uses it: one row in full, each case as what differs and what must come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.formatting import whole
from docs_templates.language import say
from docs_templates.package import Package

INPUT = "in:"
REASON = "reason_"
RESULTS = ("linear_score", "probability", "probability_with_margin", "expected_value", "score", "grade")


@dataclass(frozen=True, slots=True)
class Case:
    """A verification row: what it covers, inputs by name (empty: missing), results and reasons as in the file."""

    name: str
    inputs: dict[str, str]
    values: dict[str, str]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Reason codes that are given, the first one first."""
        return tuple(v for k, v in self.values.items() if k.startswith(REASON) and v)


def cases(package: Package) -> list[Case]:
    """The rows of verification.csv in their order; none where the package has no such file."""
    if package.verification is None:
        return []
    lines = csv.reader(io.StringIO(package.verification.decode("utf-8"), newline=""))
    head = next(lines)
    found = []
    for line in lines:
        row = dict(zip(head, line, strict=True))
        inputs = {k.removeprefix(INPUT): v for k, v in row.items() if k.startswith(INPUT)}
        found.append(Case(row["case"], inputs, {k: v for k, v in row.items() if not k.startswith(INPUT)}))
    return found


def rows_of(package: Package, which: str, first: int | None, number: str, caption: Spans) -> Table | Absent:
    """The table of the `base` case or of all `cases`."""
    if which == "base":
        return base_table(package, number, caption)
    return cases_table(package, first, number, caption)


def base_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """The first case in full, inputs and every value on the way."""
    every = cases(package)
    if not every:
        return Absent("not_provided", say("verification.title"), say("verification.none"))
    base = every[0]
    rows = [(say("verification.input"), name, _shown(value)) for name, value in base.inputs.items()]
    rows += [(say("verification.result"), name, _shown(value)) for name, value in base.values.items() if name != "case"]
    columns = (
        TableColumn(say("verification.kind")),
        TableColumn(say("verification.name"), mono=True),
        TableColumn(say("verification.value"), mono=True),
    )
    return Table(
        number, caption, columns, tuple(rows), None, (say("verification.case_from_verification_csv", name=base.name),)
    )


def cases_table(package: Package, first: int | None, number: str, caption: Spans) -> Table | Absent:
    """Every case as inputs that differ from the first, and what must come out. `first` limits the rows, as told."""
    every = cases(package)
    if not every:
        return Absent("not_provided", say("verification.title"), say("verification.none"))
    results = [name for name in RESULTS if name in every[0].values]
    decided = [name for name in every[0].values if name.startswith("decision:") or name == "overall_decision"]
    with_reasons = any(name.startswith(REASON) for name in every[0].values)
    shown = every[:first]
    rows = []
    for case in shown:
        changed = "\n".join(_changes(case, every[0])) or say("verification.base_case")
        row = [case.name, changed, *(_shown(case.values[name]) for name in results)]
        row += [", ".join(case.reasons) or say("verification.none_2")] if with_reasons else []
        rows.append((*row, *(_shown(case.values[name]) for name in decided)))
    columns = [
        TableColumn(say("verification.case")),
        TableColumn(say("verification.inputs_differ_from_base_case"), mono=True),
    ]
    columns += [TableColumn(say(f"verification.{name}"), mono=True) for name in results]
    columns += [TableColumn(say("verification.reasons"), mono=True)] if with_reasons else []
    columns += [TableColumn(name, mono=True) for name in decided]
    note = say("verification.rows_verification_csv_file_holds", shown=whole(len(shown)), every=whole(len(every)))
    return Table(number, caption, tuple(columns), tuple(rows), None, (note,))


def _changes(case: Case, base: Case) -> Sequence[str]:
    return [f"{name} = {_shown(value)}" for name, value in case.inputs.items() if value != base.inputs[name]]


def _shown(text: str) -> str:
    return text if text else say("verification.missing")
