"""Bins of a classing that stands in no model, read from the labels of its table, which are exact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
Step = dict[str, Any]
NUMBER = r"-?(?:[0-9]+\.?[0-9]*(?:e[+-]?[0-9]+)?)"
INTERVAL = re.compile(
    rf"all values|< (?P<below>{NUMBER})|≥ (?P<from>{NUMBER})|\[(?P<lower>{NUMBER}), (?P<upper>{NUMBER})\)"
)
MISSING, SPECIAL, AND = " + missing", "special ", " + special "
OF_ANOTHER = "of_another_bin"


def step_of_labels(name: str, kind: str, table: Sequence[Row], values: Iterable[Any]) -> Step | None:
    """The classing step that the labels of a classing table tell, None where they do not tell it.

    kind: `numeric`, or another for categories; table: rows with bin_id, label, kind, woe and woe_rule; values: those of
    the snapshot. Labels join categories by a comma: where a value holds what joins, they cannot be taken apart.
    """
    if kind != "numeric" and any(isinstance(v, str) and (", " in v or " + " in v or v == "") for v in set(values)):
        return None
    bins = []
    for number, row in enumerate(table):
        found = _bin(str(row["label"]), str(row["kind"]), kind == "numeric")
        if found is None or row["bin_id"] != number:
            return None
        bins.append({"id": number, "kind": row["kind"], "label": row["label"], "woe": row["woe"], **found})
    takers = [item for item in bins if item["kind"] == "missing" or "takes_missing" in item]
    if len(takers) != 1 or not _in_order(bins, kind == "numeric"):
        return None
    for item, row in zip(bins, table, strict=True):
        if row["woe_rule"] == OF_ANOTHER:
            same = [one["id"] for one in bins if one["woe"] == item["woe"] and one["id"] != item["id"]]
            if same:
                item["woe_of"] = same[0]
    return {"input": name, "kind": "numeric" if kind == "numeric" else "categorical", "bins": bins}


def _bin(label: str, kind: str, numeric: bool) -> dict[str, Any] | None:
    if kind in ("missing", "unseen"):
        return {} if label == kind else None
    found: dict[str, Any] = {}
    if label.endswith(MISSING):
        label, found["takes_missing"] = label.removesuffix(MISSING), True
    if kind == "special":
        if not label.startswith(SPECIAL):
            return None
        return found | {"codes": _codes(label.removeprefix(SPECIAL), numeric)}
    if AND in label:
        label, codes = label.split(AND, 1)
        found["codes"] = _codes(codes, numeric)
    if kind == "categories":
        return found | {"values": label.split(", ")}
    match = INTERVAL.fullmatch(label)
    if match is None:
        return None
    ends = {key: None if text is None else float(text) for key, text in match.groupdict().items()}
    lower = ends["lower"] if ends["from"] is None else ends["from"]
    upper = ends["upper"] if ends["below"] is None else ends["below"]
    return found | {"lower": lower, "upper": upper}


def _codes(text: str, numeric: bool) -> list[Any]:
    return [float(code) if numeric else code for code in text.split(", ")]


def _in_order(bins: Sequence[Mapping[str, Any]], numeric: bool) -> bool:
    """Whether intervals follow one another from open to open end; of categories, whether one bin takes unseen ones."""
    if not numeric:
        return sum(item["kind"] == "unseen" for item in bins) == 1
    intervals = [item for item in bins if item["kind"] == "interval"]
    if not intervals or intervals[0]["lower"] is not None or intervals[-1]["upper"] is not None:
        return False
    joined = all(one["upper"] is not None and one["upper"] == other["lower"] for one, other in pairwise(intervals))
    edges = [item["lower"] for item in intervals[1:]]
    return joined and all(a < b for a, b in pairwise(edges))
