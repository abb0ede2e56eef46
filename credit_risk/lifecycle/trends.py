"""Trends of the bad rate that the plan declares, for classing and for models."""

from __future__ import annotations

from collections.abc import Sequence

from credit_risk.binning.classing import Trend
from credit_risk.binning.given import as_category
from credit_risk.plan import Plan
from credit_risk.sampling.derived_spec import DerivedSpec
from credit_risk.sampling.spec import ColumnSpec

DIRECTIONS = ("ascending", "descending", "peak", "valley", "none")


def declared_trends(plan: Plan, names: Sequence[str]) -> dict[str, Trend]:
    """Trends that the plan states: for the classing, else the expert's expectation of the column."""
    trends, columns = {}, described(plan)
    for name in names:
        column = columns.get(name)
        of_classing = plan.classing.declared_trend(name)
        if of_classing is not None:
            trends[name] = Trend(of_classing, "plan, classing")
        elif column is not None and column.expected_trend in DIRECTIONS:
            trends[name] = Trend(str(column.expected_trend), "plan, expectation")
    return trends


def declared_orders(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Declared orders of categories, as the texts that columns hold."""
    orders = {name: told.order for name, told in described(plan).items() if told.order is not None}
    return {name: tuple(as_category(code) for code in order) for name, order in orders.items()}


def described(plan: Plan) -> dict[str, ColumnSpec | DerivedSpec]:
    """What the plan says of columns and of derived characteristics."""
    return {**plan.data.columns, **plan.derived}
