"""Tables of classing with the columns of the evidence catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.binning.bins import Bin
from credit_risk.binning.spec import CharacteristicSpec, ClassingSpec
from credit_risk.binning.table import BinningTable

LOSS_NOTE = (
    "Information value, lost at most: at whatever distinct values they are cut, the ordinary values cannot have more "
    "than the information value of the bins divided by 1 − this share, with the same trend, the most bins, the least "
    "share of a bin and the fixed splits (categories: in their order). 0 is the proved optimum. Other limits are not "
    "in the bound, so that with them it may be wide. Empty: not known, or bins changed by hand."
)


SUMMARY_COLUMNS = (
    *("characteristic", "kind", "trend", "trend_source", "bins", "information_value", "information_value_loss"),
    *("gini", "missing_share", "special_share", "engine", "solver_status"),
)


def summary_frame(tables: Mapping[str, BinningTable]) -> pd.DataFrame:
    """Evidence `classing.summary`, most informative first (ties by name)."""
    rows: list[dict[str, Any]] = [
        {
            "characteristic": name,
            "kind": "ordered" if table.order else table.kind,
            "trend": table.trend,
            "trend_source": table.trend_source,
            "bins": len(table.bins),
            "information_value": table.information_value,
            "information_value_loss": table.iv_loss,
            "gini": gini_of_bins(table),
            "missing_share": table.share_of("missing"),
            "special_share": table.share_of("special"),
            "engine": table.engine,
            "solver_status": table.solver_status,
        }
        for name, table in tables.items()
    ]
    rows.sort(key=lambda row: (-row["information_value"], row["characteristic"]))
    frame = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    frame.attrs["notes"] = (LOSS_NOTE,)
    return frame


JOINED_COLUMNS = (
    *("characteristic", "part", "fate", "count", "count_share", "good", "bad", "woe"),
    *("bin_id", "label", "woe_before", "woe_joined", "information_value_apart", "information_value"),
)


def joined_frame(tables: Mapping[str, BinningTable]) -> pd.DataFrame:
    """Evidence `classing.joined`: each special code and missing that the plan lets join an ordinary bin."""
    rows = []
    for name, table in tables.items():
        apart = table.apart or table
        for part in table.parts:
            taken = None if part.into is None else taker(table, part.label, apart)
            rows.append(
                {
                    "characteristic": name,
                    "part": part.label,
                    "fate": part.fate,
                    "count": part.count,
                    "count_share": part.count / float(np.sum(apart.count)),
                    "good": part.good,
                    "bad": part.bad,
                    "woe": part.woe,
                    "bin_id": None if taken is None else taken.id,
                    "label": None if taken is None else taken.label,
                    "woe_before": part.woe_into,
                    "woe_joined": None if taken is None else float(table.result.woe[taken.id]),
                    "information_value_apart": apart.information_value,
                    "information_value": table.information_value,
                }
            )
    return pd.DataFrame(rows, columns=list(JOINED_COLUMNS)).astype({"bin_id": "Int64"})


def taker(table: BinningTable, label: str, apart: BinningTable) -> Bin:
    """The bin of `table` that took the special or missing bin of this label of `apart`."""
    part = next(b for b in apart.bins if b.label == label)
    if part.kind == "missing":
        return next(b for b in table.bins if b.takes_missing)
    return next(b for b in table.bins if b.codes and set(part.codes) <= set(b.codes))


def gini_of_bins(table: BinningTable) -> float:
    """Gini of the characteristic's WoE on development, from the bins' counts alone (higher WoE is safer).

    2·AUC − 1 with AUC = P(woe of a good > woe of a bad) + ½·P(equal).
    """
    order = np.argsort(table.result.woe, kind="stable")
    woe, good, bad = table.result.woe[order], table.good[order], table.bad[order]
    _, group = np.unique(woe, return_inverse=True)
    goods, bads = np.bincount(group, good).astype(float), np.bincount(group, bad).astype(float)
    below = np.concatenate([[0.0], np.cumsum(bads)[:-1]])
    return float(2 * np.sum(goods * (below + bads / 2)) / (np.sum(goods) * np.sum(bads)) - 1)


def figure_frame(samples: pd.DataFrame) -> pd.DataFrame:
    """Data of evidence `classing.figure.{characteristic}` from `classing.samples`: bins with rows in any sample."""
    held = samples.groupby("bin_id")["count"].transform("sum") > 0
    keep = ["label", "sample", "count_share", "bad_rate", "bad_rate_lower", "bad_rate_upper"]
    return samples.loc[held, keep].reset_index(drop=True)


def period_frame(periods: pd.DataFrame) -> pd.DataFrame:
    """Data of evidence `classing.periods.{characteristic}` from a recount by period: bins with rows in any period."""
    held = periods.groupby("bin_id")["count"].transform("sum") > 0
    return periods.loc[held].drop(columns=["woe", "information_value"]).reset_index(drop=True)


FIGURE_CHART: dict[str, Any] = {
    "type": "bar_line",
    "x": "label",
    "y": ["count_share"],
    "line": ["bad_rate"],
    "series": "sample",
    "lower": "bad_rate_lower",
    "upper": "bad_rate_upper",
    "x_title": "Values",
    "y_title": "Rows, share",
    "line_title": "Bad rate",
}

PERIOD_CHART: dict[str, Any] = {
    "type": "interval",
    "x": "period",
    "y": ["bad_rate"],
    "panels": "label",
    "lower": "bad_rate_lower",
    "upper": "bad_rate_upper",
    "x_title": "Period",
    "y_title": "Bad rate",
}


def policy_items(settings: ClassingSpec) -> dict[str, str]:
    """Evidence `classing.policy`: the rules in words and numbers."""
    return {
        "Weight of evidence": "ln(share of goods / share of bads); higher is safer",
        **(_exact_rules(settings) if settings.engine == "exact" else _optbinning_rules(settings)),
        "Bins of ordinary values": f"at least {settings.min_bins}, at most {settings.max_bins}",
        "Size of bins of ordinary values": _sizes(settings),
        "Difference of bad rates of neighbours, least": repr(settings.min_rate_difference),
        "Objective": "information value, under the trend of the bad rate",
        "Rare categories": f"those with less than {settings.rare_share!r} of development rows are pooled into one "
        "group before they are ordered",
        "Order of categories": "as the plan declares it, neighbours only; where it declares none, ascending bad rate "
        "of development, ties by text",
        "Intervals": "[a, b): closed below, open above",
        "Special codes": "one bin each, outside the trend" if settings.special == "apart" else _nearest(settings),
        "Missing": "a bin of its own, outside the trend" if settings.missing == "apart" else _nearest(settings),
        "Zero cells": "where a bin has rows but no goods or no bads, "
        f"{settings.zero_cell!r} is added to both counts of that bin",
        "Bins without development rows": "weight of evidence 0 (neutral)",
        "Unseen categories": UNSEEN[settings.unseen],
        **{f"Settings of {name}": _own(own) for name, own in settings.characteristics.items()},
    }


UNSEEN = {
    "neutral": "weight of evidence 0 (neutral)",
    "missing": "the weight of evidence of the bin that takes missing",
    "worst": "the weight of evidence of the riskiest bin",
    "rare": "the weight of evidence of the bin that holds the rare categories, 0 (neutral) where none is rare",
}


def _nearest(settings: ClassingSpec) -> str:
    """Where something goes that joins the bin of nearest weight of evidence."""
    below = settings.nearest_woe_below
    share = "" if below is None else f" where it holds less than {below!r} of development rows; else a bin of its own"
    return "into the bin of ordinary values of nearest weight of evidence, which counts it as its own" + share


def _own(own: CharacteristicSpec) -> str:
    """What differs from the general settings, in the words of the plan."""
    given = own.model_dump(exclude_none=True)
    return ", ".join(f"{key} {_words(value)}" for key, value in given.items()) or "none"


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return " | ".join(f"[{', '.join(map(str, v))}]" if isinstance(v, tuple) else str(v) for v in value)
    return str(value)


def _sizes(settings: ClassingSpec) -> str:
    most = "" if settings.max_share == 1.0 else f" and at most {settings.max_share!r}"
    least = [
        f"{count!r} {what}" for count, what in ((settings.min_goods, "goods"), (settings.min_bads, "bads")) if count
    ]
    more = f"; at least {' and '.join(least)}" if least else ""
    return f"at least {settings.min_share!r}{most} of development rows{more}; goods and bads in each"


def _exact_rules(settings: ClassingSpec) -> dict[str, str]:
    tested = "none" if settings.max_p_value is None else f"p-value of neighbours at most {settings.max_p_value!r}"
    return {
        "Engine": "dynamic programme: the greatest information value over the candidate cuts, proved; candidates are "
        "the values at which a best cut can lie, and what may be lost against all distinct values is bounded",
        "Trend": "as the plan declares; where it declares none, the rule classing.trend chooses it on development, "
        f"which is a suggestion and no rationale: {settings.trend}",
        "Test of neighbours": tested,
    }


def _optbinning_rules(settings: ClassingSpec) -> dict[str, str]:
    return {
        "Engine": "optbinning (constraint programming, one worker, no time limit); only an answer proved "
        "OPTIMAL is taken, otherwise a deterministic merge of neighbours, told in the summary",
        "Trend": "as the plan declares; where it declares none, mined: the sign of the rank correlation with the "
        "outcome on development, which is a suggestion and no rationale",
        "Prebins": f"at most {settings.max_prebins}, at data values at equal-frequency ranks; "
        "every distinct value where there are no more",
        "Prebins without goods or without bads": "merged into the neighbour before coarse classing",
    }
