"""Bins of a classing and grades of a grade step: order, gaps, overlaps, and the bins that must be there."""

from __future__ import annotations

import itertools
from typing import Any

from validation.errors import Fault

_ALLOWED = {
    "numeric": ("interval", "special", "missing"),
    "categorical": ("categories", "special", "missing", "unseen"),
}


def check_bins(step: dict[str, Any], file: str, path: str) -> list[Fault]:
    """Return the faults of the bins of one classing step (SPECIFICATION 3.2)."""
    bins = step["bins"]
    faults: list[Fault] = []

    def report(code: str, message: str, index: int | None = None) -> None:
        place = f"{path}/bins" if index is None else f"{path}/bins/{index}"
        faults.append(Fault(code, message, file=file, path=place))

    found = [item["id"] for item in bins]
    if found != list(range(len(bins))):
        report("bin_ids", f"the ids are not 0, 1, 2 … in list order: {found}")
    for index, item in enumerate(bins):
        if item["kind"] not in _ALLOWED[step["kind"]]:
            code = "unseen_bin" if item["kind"] == "unseen" else "schema"
            report(code, f"a {step['kind']} classing has no {item['kind']} bin", index)
    kinds = [item["kind"] for item in bins]
    takers = sum(item["kind"] == "missing" or "takes_missing" in item for item in bins)
    if takers != 1:
        report("missing_bin", f"{takers} bins for missing values instead of one")
    if step["kind"] == "categorical" and kinds.count("unseen") != 1:
        report("unseen_bin", f"{kinds.count('unseen')} unseen bins instead of one")
    _check_unseen(bins, report)
    _check_values(step, report)
    if step["kind"] == "numeric":
        _check_intervals(bins, report)
    return faults


def _check_unseen(bins: list[dict[str, Any]], report: Any) -> None:
    """A bin of unseen categories that refers to the WoE of another bin has that WoE."""
    for index, item in enumerate(bins):
        other = item.get("woe_of")
        if other is None:
            continue
        if other == index or other >= len(bins):
            report("unseen_bin", f"woe_of names {other}, which is no other bin", index)
        elif bins[other]["woe"] != item["woe"]:
            report("unseen_bin", f"the WoE {item['woe']!r} is not that of bin {other}, {bins[other]['woe']!r}", index)


def _check_values(step: dict[str, Any], report: Any) -> None:
    categories: set[str] = set()
    codes: set[float | str] = set()
    wanted = str if step["kind"] == "categorical" else (int, float)
    for index, item in enumerate(step["bins"]):
        for value in item.get("values", []):
            if value in categories:
                report("category_repeated", f"the category {value!r} stands twice", index)
            categories.add(value)
        for code in item.get("codes", []):
            if not isinstance(code, wanted):
                report("schema", f"the special code {code!r} is not of the type of the input", index)
            if code in codes:
                report("special_repeated", f"the special code {code!r} stands twice", index)
            codes.add(code)
    for value in sorted(str(item) for item in categories & codes):
        report("category_repeated", f"{value!r} is a category and a special code")


def _check_intervals(bins: list[dict[str, Any]], report: Any) -> None:
    intervals = [(index, item) for index, item in enumerate(bins) if item["kind"] == "interval"]
    if not intervals:
        report("bins_gap", "a numeric classing has no interval")
        return
    if intervals[0][1]["lower"] is not None:
        report("bins_gap", "the first interval is not open below", intervals[0][0])
    if intervals[-1][1]["upper"] is not None:
        report("bins_gap", "the last interval is not open above", intervals[-1][0])
    for index, item in intervals:
        lower, upper = item["lower"], item["upper"]
        if lower is not None and upper is not None and lower >= upper:
            report("bins_order", f"the interval from {lower!r} to {upper!r} is empty", index)
    for (_, before), (index, item) in itertools.pairwise(intervals):
        _check_joint(before, item, index, report)


def _check_joint(before: dict[str, Any], item: dict[str, Any], index: int, report: Any) -> None:
    end, start = before["upper"], item["lower"]
    if end is None or start is None:
        report("bins_overlap", "an open end stands between two intervals", index)
    elif start > end:
        report("bins_gap", f"the interval begins at {start!r}, the one before ends at {end!r}", index)
    elif start < end:
        first = before["lower"]
        code = "bins_order" if first is not None and start < first else "bins_overlap"
        report(code, f"the interval begins at {start!r}, the one before ends at {end!r}", index)


def check_grades(grades: list[dict[str, Any]], file: str, path: str) -> list[Fault]:
    """Return the faults of the grades of a grade step: contiguous, ascending, open at both ends, each name once."""
    faults = []

    def report(message: str, index: int) -> None:
        faults.append(Fault("grades_order", message, file=file, path=f"{path}/{index}"))

    last = len(grades) - 1
    seen: set[str] = set()
    for index, item in enumerate(grades):
        lower, upper = item["lower"], item["upper"]
        if (lower is None) != (index == 0):
            report("the first grade, and no other, is open below", index)
        if (upper is None) != (index == last):
            report("the last grade, and no other, is open above", index)
        if lower is not None and upper is not None and lower >= upper:
            report(f"the grade from {lower!r} to {upper!r} is empty", index)
        if index and lower != grades[index - 1]["upper"]:
            report("does not begin where the grade before ends", index)
        if item["grade"] in seen:
            report(f"the grade {item['grade']!r} stands twice", index)
        seen.add(item["grade"])
    return faults
