"""Variables as SQL: values derived and classed by the statements that exports of the model are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from credit_risk.export.program import program_of
from credit_risk.export.program.terms import Name
from credit_risk.export.sql.columns import Columns, columns_of
from credit_risk.export.sql.dialects import GREATEST_DOUBLE, Dialect
from credit_risk.export.sql.stages import select, staged
from credit_risk.monitoring.reference import OUTPUT, Reference
from credit_risk.monitoring.source.mapping import INPUT, TEXT_OUTPUTS
from credit_risk.monitoring.variables import REFUSED, Variable


class ClassingSql:
    """The bins of variables as expressions of one dialect."""

    def __init__(self, reference: Reference, dialect: Dialect):
        self._dialect = dialect
        self._bins = {one.name: f"\x02bin {k}" for k, one in enumerate(reference.variables)}
        model = _counting_model(reference, self._bins)
        within = {one.within.value for one in reference.variables if one.within is not None}
        program = program_of(model, reference.package_hash, [*self._bins.values(), *sorted(within)])
        self._columns: Columns = columns_of(program, dialect)
        self._inputs = {one.name: self._columns.of[one.name] for one in program.inputs}
        self._kinds = {one.name: one.kind for one in program.inputs}

    def needed(self, variable: Variable) -> dict[str, str]:
        """The column of production for each column that `counted` reads."""
        return {self._inputs[name]: production_name(name) for name in sorted(variable.inputs)}

    def counted(self, variable: Variable, source: str, keys: Sequence[str], infinite: frozenset[str]) -> str:
        """Rows by `keys` and bin (`bin`, `n`) of a SELECT `source` that gives the keys and the columns needed.

        infinite: columns of production that hold infinite numbers.
        """
        bin_column = self._columns.of[self._bins[variable.name]]
        wanted = [bin_column]
        refused = []
        flag = self._columns.errors.get(variable.value)
        if flag is not None:
            wanted.append(flag)
            refused.append(f"{flag} = 1")
        for name in sorted(variable.inputs):
            if production_name(name) in infinite and self._kinds[name] == "number":
                wanted.append(self._inputs[name])
                refused.append(f"ABS({self._inputs[name]}) > {self._dialect.literal(GREATEST_DOUBLE)}")
        where = self._within(variable, wanted)
        stages = staged(self._columns.made, list(self._inputs.values()), list(dict.fromkeys(wanted)))
        selects = [("input", source)]
        for count, stage in enumerate(stages, start=1):
            selects.append((f"step_{count}", select(stage, selects[-1][0], keys, self._dialect)))
        steps = ",\n".join(f"{name} {self._dialect.cte} (\n  {text}\n)" for name, text in selects)
        told = f"CASE WHEN {' OR '.join(refused)} THEN {REFUSED} ELSE {bin_column} END" if refused else bin_column
        by = ", ".join([*keys, told])
        return (
            f"WITH {steps}\nSELECT {', '.join([*keys, ''])}{told} AS bin, COUNT(*) AS n"
            f"\nFROM {selects[-1][0]}{where}\nGROUP BY {by}"
        )

    def _within(self, variable: Variable, wanted: list[str]) -> str:
        """The condition of the rows that a variable of a segment is counted in."""
        if variable.within is None:
            return ""
        printer = self._columns.printer
        column = self._columns.of[variable.within.value]
        wanted.append(column)
        equals = variable.within.equals
        if isinstance(equals[0], str):
            held = printer.text_among(Name(variable.within.value), [str(one) for one in equals])
        else:
            held = printer.among(column, [printer.number(float(one)) for one in equals])
        printer.used.clear()
        if variable.within.other:
            return f"\nWHERE NOT COALESCE(({held}), 1 = 0)"
        return f"\nWHERE {held}"


def production_name(name: str) -> str:
    """The column of production that holds an input of the model or `output:<name>`."""
    return name.removeprefix(OUTPUT) if name.startswith(OUTPUT) else f"{INPUT}{name}"


def _counting_model(reference: Reference, bins: Mapping[str, str]) -> dict[str, Any]:
    """A model.json of nothing but derived values and classings."""
    outputs = sorted({one.value for one in reference.variables if one.value.startswith(OUTPUT)})
    inputs = [{"name": i["name"], "type": i["type"]} for i in reference.model["inputs"]]
    for name in outputs:
        text = name.removeprefix(OUTPUT) in TEXT_OUTPUTS
        inputs.append({"name": name, "type": "string" if text else "number"})
    steps: list[Mapping[str, Any]] = list(reference.steps)
    for k, one in enumerate(reference.variables):
        steps.append(
            {
                "id": f"\x02classing {k}",
                "type": "classing",
                "input": one.value,
                "kind": "numeric" if one.numeric else "categorical",
                "output_bin": bins[one.name],
                "output_woe": f"\x02woe {k}",
                "bins": [_bin(b, one) for b in one.bins],
            }
        )
    return {**reference.model, "inputs": inputs, "steps": steps, "outputs": {}}


def _bin(one: Any, variable: Variable) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "label": one.label,
        "lower": one.lower,
        "upper": one.upper,
        "values": list(one.values),
        "codes": list(one.codes),
        "takes_missing": one.takes_missing,
        "woe": 0.0,
    }
