"""Variables of templates that a run of monitoring gives: its last month, and the months of its outcome."""

from __future__ import annotations

from docs_templates.evidence import as_text
from docs_templates.package import Package


def run_variables(package: Package) -> dict[str, str]:
    """`last_month`: the last month of production; `window`: months of the outcome, as cells of tables write them.

    Empty where the package is without a run, or the run does not tell; nothing equals it then.
    """
    return {
        "last_month": _greatest(package, "monitoring.moments", "period"),
        "window": _greatest(package, "monitoring.performance", "horizon"),
    }


def _greatest(package: Package, identifier: str, column: str) -> str:
    item = package.evidence.get(identifier)
    place = None if item is None or item.is_absent else item.position(column)
    if item is None or place is None:
        return ""
    return as_text(max((row[place] for row in item.rows if row[place] is not None), default=None))  # type: ignore[type-var]
