"""Development as the package tells it: the bins of every variable, its counts, and what a bin adds to the score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, PackageError
from credit_risk.evaluation.binned import band_edges, bin_counts
from credit_risk.export.program import Bin
from credit_risk.monitoring.development import Development, development_of
from credit_risk.monitoring.effects import Additive
from credit_risk.monitoring.frames import REFERENCE_COLUMNS
from credit_risk.monitoring.variables import (
    CHARACTERISTIC,
    GRADE,
    SCORE,
    Variable,
    Within,
    banded,
    bins_of_step,
    listed,
)
from credit_risk.package import Package
from credit_risk.scoring.step_names import free_name, produced_names, read_names

Step = Mapping[str, Any]
Json = Mapping[str, Any]
OUTPUT = "output:"
MOST_CATEGORIES = 30
"""Texts that have a bin of their own where the package has no classing of them; all others are one."""
QUANTILES = 10


@dataclass(frozen=True, slots=True)
class Reference:
    """What production is compared with.

    rows: by variable, development's rows in each bin (weights scaled to Kish's effective rows, as the package counts);
    steps: `derive` steps that values of variables need, in order; ranges: least and greatest value of development of
    each published number; left_out: variable and why it cannot be counted; notes: what was chosen, in words.
    """

    package_hash: str
    model: Json
    variables: tuple[Variable, ...]
    rows: Mapping[str, NDArray[np.float64]]
    steps: tuple[Step, ...]
    ranges: Mapping[str, tuple[float, float]]
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """REFERENCE_COLUMNS, a row a variable and bin; rows are NaN where the package cannot tell them."""
        lines = [
            (v.name, b.id, b.label, b.kind, _open(b.lower), _open(b.upper), float(self.rows[v.name][k]), v.effects[k])
            for v in self.variables
            for k, b in enumerate(v.bins)
        ]
        frame = pd.DataFrame(lines, columns=REFERENCE_COLUMNS)
        frame.attrs["notes"] = self.notes
        return frame

    def variable(self, name: str) -> Variable:
        """The variable of a name. Raises PackageError where there is none."""
        for one in self.variables:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.variables)
        raise PackageError(Fault("there is no such variable", "variable", path=name, allowed=known))

    def of_role(self, role: str) -> Variable | None:
        """The variable of the score or of the grades, None where the model has none."""
        return next((one for one in self.variables if one.role == role), None)


def read_reference(package: Package, *, population: str = "development") -> Reference:
    """Bins and counts of what a package's champion is monitored by.

    Classings are the champion's, else those of another candidate of the package, else (characteristics of trees)
    deciles and categories of development. population: `development` (the rows with a known outcome), or `applicants`:
    all applicants of the development sample, where the package infers the outcome of rejects; production that holds
    everybody who applied is compared with these. Raises PackageError where the package does not hold the population.
    """
    found = development_of(package, population)
    builder = _Builder(package, found)
    variables = builder.characteristics()
    taken = {one.name for one in variables}
    names = {role: free_name(role, taken) for role in ("score", "expected_value", "linear_score", GRADE)}
    variables += [one for one in (builder.score(names), builder.grade(names[GRADE])) if one is not None]
    rows = {one.name: builder.rows(one) for one in variables}
    ranges = {name: (float(np.min(x)), float(np.max(x))) for name, x in found.outputs.items() if _is_numeric(x)}
    return Reference(
        package.package_hash,
        package.model,
        tuple(variables),
        rows,
        tuple(builder.steps),
        ranges,
        builder.left_out,
        (*found.notes, *builder.notes),
    )


def _is_numeric(x: NDArray[Any]) -> bool:
    return x.dtype == np.float64 and len(x) > 0 and bool(np.isfinite(x).all())


def _open(edge: float | None) -> float:
    return math.nan if edge is None else float(edge)


class _Builder:
    """The variables of a package, one after the other."""

    def __init__(self, package: Package, development: Development):
        self.package, self.development = package, development
        self.model = package.model
        self.left_out: dict[str, str] = {}
        self.notes: list[str] = []
        self.inputs = {item["name"]: item for item in self.model["inputs"]}
        self.steps, self.kinds = self._derived()
        self.additive = Additive(self.model)

    def _derived(self) -> tuple[list[Step], dict[str, str]]:
        """Derived values of the champion, and of other candidates where its inputs give them; kinds of all values."""
        kinds = {name: str(item["type"]) for name, item in self.inputs.items()}
        steps: list[Step] = []
        for model in (self.model, *self.package.challengers.values()):
            for step in model["steps"]:
                if step["type"] == "derive" and step["output"] not in kinds and read_names(step) <= set(kinds):
                    steps.append(step)
                    kinds[step["output"]] = step["value_type"]
        return steps, kinds

    # -------------------------------------------------------------------------------------------- characteristics
    def characteristics(self) -> list[Variable]:
        """Classings of the champion, then those of other candidates, then characteristics without any."""
        own = [step for step in self.model["steps"] if step["type"] == "classing"]
        repeated = [step["input"] for step in own]
        found = []
        for step in own:
            within = self.additive.rows_of(step)
            name = step["input"] if repeated.count(step["input"]) == 1 else f"{step['input']}@{_case(within, step)}"
            found.append(self._classed(step, name, self.additive.bin_effects(step), "the model", within))
        known = set(repeated)
        for identifier, model in self.package.challengers.items():
            for step in model["steps"]:
                if step["type"] == "classing" and step["input"] not in known and step["input"] in self.kinds:
                    known.add(step["input"])
                    none = tuple(math.nan for _ in step["bins"])
                    found.append(self._classed(step, step["input"], none, f"the model {identifier}"))
        return found + [one for name in self._others(known) if (one := self._without_classing(name)) is not None]

    def _classed(
        self, step: Step, name: str, effects: tuple[float, ...], origin: str, within: Within | None = None
    ) -> Variable:
        bins = bins_of_step(dict(step))
        numeric = step["kind"] == "numeric"
        variable = Variable(name, CHARACTERISTIC, step["input"], numeric, bins, effects, origin, within)
        return self._needing(variable)

    def _needing(self, variable: Variable) -> Variable:
        names = {variable.value, *([variable.within.value] if variable.within else [])}
        return replace(variable, inputs=frozenset(self._behind(names)))

    def _behind(self, names: Iterable[str]) -> set[str]:
        """The inputs that values are made of."""
        wanted = set(names)
        for step in reversed(self.steps):
            if step["output"] in wanted:
                wanted |= read_names(step)
        return {name for name in wanted if name in self.inputs or name.startswith(OUTPUT)}

    def _others(self, known: set[str]) -> list[str]:
        """Characteristics of attributions, else inputs, that no classing is of."""
        told = [
            part["characteristic"]
            for step in self.model["steps"]
            if step["type"] == "attribution"
            for part in step["characteristics"]
        ]
        names = told or list(self.inputs)
        used = self._behind(known)
        return [name for name in dict.fromkeys(names) if name not in known and (told or name not in used)]

    def _without_classing(self, name: str) -> Variable | None:
        """Bins of development's values."""
        if name not in self.kinds or self.kinds[name] == "flag":
            self.left_out[name] = "no classing of it is in the package, and it is no single value of the model"
            return None
        values = self.development.values.get(name)
        if values is None:
            self.left_out[name] = "no classing of it is in the package, and the data do not travel with the package"
            return None
        codes = [item["code"] for item in self.inputs.get(name, {}).get("specials", [])]
        weights = self.development.weights
        if self.kinds[name] == "number":
            x = np.asarray(values, np.float64)
            good = np.isfinite(x) & ~np.isin(x, np.array(codes, np.float64))
            own = None if weights is None else weights[good]
            cuts = band_edges(x[good], QUANTILES, own) if good.any() else np.empty(0)
            bins = banded(list(cuts), codes)
        else:
            bins = self._listed(name, values, [str(code) for code in codes])
        none = tuple(math.nan for _ in bins)
        origin = "quantiles of development" if self.kinds[name] == "number" else "categories of development"
        self.notes.append(f"{name}: no classing in the package, bins are {origin}")
        return self._needing(Variable(name, CHARACTERISTIC, name, self.kinds[name] == "number", bins, none, origin))

    def _listed(self, name: str, values: NDArray[Any], codes: list[str]) -> tuple[Bin, ...]:
        texts = pd.Series(values, dtype=object).replace("", None).dropna().astype(str)
        sizes = texts[~texts.isin(codes)].value_counts()
        ordered = sorted(sizes.index, key=lambda text: (-int(sizes[text]), text))
        kept, others = sorted(ordered[:MOST_CATEGORIES]), sorted(ordered[MOST_CATEGORIES:])
        if others:
            self.notes.append(f"{name}: {len(others)} rare categories are one bin")
        return listed(kept, codes, together=others)

    # -------------------------------------------------------------------------------------------- score and grades
    def score(self, names: Mapping[str, str]) -> Variable | None:
        """Bands of the score, of the expected value where the outcome is an amount or a fraction."""
        column = "score" if self.model["outputs"].get("score") else "expected_value"
        if not self.model["outputs"].get(column):
            column = "linear_score"
        cuts, origin = self._edges(column)
        name = names[column]
        if cuts is None:
            self.left_out[name] = origin
            return None
        bins = banded(cuts)
        none = tuple(math.nan for _ in bins)
        inputs = frozenset({OUTPUT + column})
        return Variable(name, SCORE, OUTPUT + column, True, bins, none, origin, inputs=inputs)

    def _edges(self, column: str) -> tuple[list[float] | None, str]:
        told = self.package.evidence.get("performance.score_bands", {})
        if column == "score" and told.get("kind") in ("table", "figure"):
            names = [one["name"] for one in told["columns"]]
            rows = pd.DataFrame(told["rows"], columns=names)
            upper = rows.loc[rows["sample"] == "development"].sort_values("band")["upper"]
            return [float(x) for x in upper if x is not None and not math.isnan(x)], "evidence performance.score_bands"
        values = self.development.outputs.get(column)
        if values is None or not len(values):
            return None, "the package holds no predictions of development"
        bands = int(self.package.plan.get("evaluation", {}).get("bands", QUANTILES))
        edges = band_edges(values, bands, self.development.weights)
        return [float(x) for x in edges], f"quantiles of {column} of development"

    def grade(self, name: str) -> Variable | None:
        """The grades of the model, in their order."""
        output = self.model["outputs"].get("grade")
        if not output:
            self.left_out[name] = "the model has no grades"
            return None
        levels = [g["grade"] for s in self.model["steps"] if output in produced_names(s) for g in s.get("grades", [])]
        if not levels:  # chosen among the grades of segments
            levels = [g["grade"] for s in self.model["steps"] if s["type"] == "grade" for g in s["grades"]]
        bins = listed(list(dict.fromkeys(levels)))
        none = tuple(math.nan for _ in bins)
        inputs = frozenset({OUTPUT + "grade"})
        return Variable(name, GRADE, OUTPUT + "grade", False, bins, none, "the model", inputs=inputs)

    # ------------------------------------------------------------------------------------------------------- counts
    def rows(self, variable: Variable) -> NDArray[np.float64]:
        """Development's rows in each bin."""
        if variable.value.startswith(OUTPUT):
            values = self.development.outputs.get(variable.value.removeprefix(OUTPUT))
        else:
            values = self.development.values.get(variable.value)
        if values is None:
            return self._told(variable)
        chosen = np.ones(len(values), dtype=bool)
        if variable.within is not None:
            held = np.isin(self.development.values[variable.within.value], list(variable.within.equals))
            chosen = ~held if variable.within.other else held
        ids = variable.assign(values[chosen])
        weights = None if self.development.weights is None else {"": self.development.weights[chosen]}
        union = np.unique(ids)
        found = np.zeros(len(variable.bins))
        if len(ids):
            found[union] = bin_counts({"": ids}, weights)[""]
        return found

    def _told(self, variable: Variable) -> NDArray[np.float64]:
        """Counts from evidence `classing.table` where the data do not travel; NaN where it has none."""
        evidence = self.package.evidence.get(f"classing.table.{variable.name}", {})
        found = np.full(len(variable.bins), math.nan)
        if evidence.get("kind") == "table":
            rows = pd.DataFrame(evidence["rows"], columns=[one["name"] for one in evidence["columns"]])
            if [str(text) for text in rows["label"]] == [one.label for one in variable.bins]:
                found[:] = rows.sort_values("bin_id")["count"].to_numpy(np.float64)
                self.notes.append(f"{variable.name}: counts are those of evidence classing.table")
        if np.isnan(found).any():
            self.left_out[f"rows of {variable.name}"] = "the data do not travel with the package"
        return found


def _case(within: Within | None, step: Step) -> str:
    if within is None:
        return str(step["id"])
    words = " or ".join(str(value) for value in within.equals)
    return f"not {words}" if within.other else words
