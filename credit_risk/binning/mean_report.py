"""Tables of classing on amounts and fractions, with the columns of the evidence catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from credit_risk.binning.mean_table import MeanTable
from credit_risk.binning.means import FINE_CLASSES
from credit_risk.binning.report import policy_items
from credit_risk.binning.spec import ClassingSpec

BINARY_ITEMS = (
    "Weight of evidence",
    "Engine",
    "Difference of bad rates of neighbours, least",
    "Test of neighbours",
    "Objective",
    "Order of categories",
    "Zero cells",
    "Unseen categories",
    "Bins without development rows",
)


def mean_summary_frame(tables: Mapping[str, MeanTable]) -> pd.DataFrame:
    """Evidence `classing.summary`, most informative first (ties by name); gini is over the greatest possible one."""
    rows: list[dict[str, Any]] = [
        {
            "characteristic": name,
            "kind": table.kind,
            "trend": table.trend,
            "trend_source": table.trend_source,
            "bins": len(table.bins),
            "information_value": table.information_value,
            "information_value_loss": None,
            "gini": table.gini,
            "missing_share": table.share_of("missing"),
            "special_share": table.share_of("special"),
            "engine": table.engine,
            "solver_status": table.solver_status,
        }
        for name, table in tables.items()
    ]
    rows.sort(key=lambda row: (-row["information_value"], row["characteristic"]))
    return pd.DataFrame(rows)


def mean_figure_frame(table: MeanTable) -> pd.DataFrame:
    """Data of evidence `classing.mean_figure.{characteristic}`: bins that hold development rows."""
    frame = table.frame()
    keep = ["label", "count_share", "mean", "mean_lower", "mean_upper"]
    return frame.loc[frame["count"] > 0, keep].reset_index(drop=True)


MEAN_FIGURE_CHART: dict[str, Any] = {
    "type": "bar_line",
    "x": "label",
    "y": ["count_share"],
    "line": ["mean"],
    "lower": "mean_lower",
    "upper": "mean_upper",
    "x_title": "Values",
    "y_title": "Rows, share",
    "line_title": "Mean",
}


def mean_policy_items(settings: ClassingSpec, kind: str, *, exposure: bool) -> dict[str, str]:
    """Evidence `classing.policy`: the rules in words and numbers, where the outcome is an amount or a fraction."""
    per = "per unit of exposure" if exposure else "per row"
    value = {
        "amount": f"ln(mean of the bin / mean of development), means {per}",
        "fraction": "log-odds of the mean of the bin less log-odds of the mean of development",
    }[kind]
    sums = {"amount": "shares of the outcome and of the exposure or rows", "fraction": "shares of y and of 1 − y"}[kind]
    shared = {k: v.replace("bad rate", "mean") for k, v in policy_items(settings).items() if k not in BINARY_ITEMS}
    return {
        "Value of a bin": f"{value}; it rises with the outcome",
        "Objective": f"information value Σ (s − e)·ln(s/e) over {sums}, under the trend of the mean",
        "Engine": f"dynamic programme: the greatest information value over at most {FINE_CLASSES} equal-frequency "
        "candidates (every distinct value where there are no more), proved",
        **shared,
        "Order of categories": "ascending development mean, ties by text",
        "Zero sums": f"where one of a bin's two sums is zero, {settings.zero_cell!r} rows of the mean are added to "
        "both (of a fraction, that number to each)",
        "Bins without development rows": "value 0 (neutral); so are unseen categories",
    }
