"""What a bin adds to the linear score: the steps from the linear score back to the classings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from credit_risk.monitoring.variables import Within
from credit_risk.scoring.step_names import produced_names, read_names

Step = Mapping[str, Any]
UNKNOWN = math.nan


class Additive:
    """The values that the published linear score is a weighted sum of.

    `weights`: the factor of each value on its way to the linear score; NaN where it goes another way than by sums.
    `within`: the case of a switch on that way, where there is one.
    """

    def __init__(self, model: Mapping[str, Any]):
        self._steps = list(model["steps"])
        self._maker = {name: step for step in self._steps for name in produced_names(step)}
        self.weights: dict[str, float] = {}
        self.within: dict[str, set[Within | None]] = {}
        self._visit(model["outputs"]["linear_score"], 1.0, None)

    def bin_effects(self, step: Step) -> tuple[float, ...]:
        """Of a `classing` step, by bin id: NaN where it enters the linear score other than by a sum."""
        ways = self._ways(step)
        if not ways:
            return tuple(UNKNOWN for _ in step["bins"])
        return tuple(math.fsum(way[k] for way in ways) for k in range(len(step["bins"])))

    def rows_of(self, step: Step) -> Within | None:
        """The case of a switch in which alone a classing matters; None: in several, in all or in none."""
        cases = self.within.get(step["output_woe"], set()) | self.within.get(step["output_bin"], set())
        return next(iter(cases)) if len(cases) == 1 else None

    def _ways(self, step: Step) -> list[list[float]]:
        found = []
        if step["output_woe"] in self.weights:
            found.append([self.weights[step["output_woe"]] * float(one["woe"]) for one in step["bins"]])
        for scale in self._steps:
            if scale["type"] != "scale" or scale["form"] != "points":
                continue
            for part in scale["characteristics"]:
                if part["input"] == step["output_bin"] and part["output"] in self.weights:
                    weight = self.weights[part["output"]]
                    found.append([weight * float(points) for points in part["points"]])
        return found

    def _visit(self, name: str, weight: float, within: Within | None) -> None:
        known = self.weights.get(name, 0.0)
        if math.isnan(known) and within in self.within[name]:
            return
        self.weights[name] = known + weight
        self.within.setdefault(name, set()).add(within)
        step = self._maker.get(name)
        if step is None:
            return
        match step["type"]:
            case "linear":
                if step["offset"] is not None:
                    self._visit(step["offset"], weight, within)
                for term in step["terms"]:
                    self._visit(term["input"], weight * float(term["coefficient"]), within)
            case "sum":
                for one in step["inputs"]:
                    self._visit(one, weight, within)
            case "switch":
                self._cases(step, weight, within)
            case "scale" if step["form"] == "points" and name == step["output"]:
                for part in step["characteristics"]:
                    self._visit(part["output"], weight, within)
            case "scale" if step["form"] == "points":
                part = next(one for one in step["characteristics"] if one["output"] == name)
                self.within.setdefault(part["input"], set()).add(within)
            case "classing":
                pass
            case _:
                for one in read_names(step):
                    self._visit(one, UNKNOWN, within)

    def _cases(self, step: Step, weight: float, within: Within | None) -> None:
        equals = tuple(case["equals"] for case in step["cases"])
        for case in step["cases"]:
            self._visit(case["value"], weight, within or Within(step["input"], (case["equals"],)))
        if step["default"] is not None:
            self._visit(step["default"], weight, within or Within(step["input"], equals, other=True))
