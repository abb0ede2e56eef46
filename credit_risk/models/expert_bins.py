"""Bins and points of an expert scorecard as a plan gives them: read, put in order, all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault
from credit_risk.binning.bins import Bin, Code, number_text
from credit_risk.binning.given import as_category
from credit_risk.models.expert_spec import ExpertBinSpec, ExpertCharacteristicSpec

Floats = NDArray[np.float64]
NUMERIC, CATEGORICAL = "numeric", "categorical"
Path = tuple[str | int, ...]
Found = list[tuple[Path, Fault]]


@dataclass(frozen=True, slots=True)
class ExpertBins:
    """Bins in the order of a classing, and the points (k,) of each. kind: numeric or categorical."""

    kind: str
    bins: tuple[Bin, ...]
    points: Floats


def read_bins(
    spec: ExpertCharacteristicSpec, specials: Iterable[Code] | None = None, *, rounded: bool = True
) -> tuple[ExpertBins | None, Found]:
    """The bins that a plan gives of one characteristic, or None with every fault and its path below `bins`.

    specials: the special codes of the column, each of which needs a bin; None where they are not known. rounded:
    whether points must be whole numbers. Order of the bins: intervals from below or categories as given, special codes
    by themselves, missing, unseen.
    """
    given = spec.bins
    faults = [item for place, one in enumerate(given) for item in _bin_faults(one, ("bins", place), rounded)]
    intervals = [place for place, one in enumerate(given) if _is_interval(one)]
    grouped = [place for place, one in enumerate(given) if one.categories is not None]
    if intervals and grouped:
        message = "some bins are intervals of numbers and some categories"
        faults.append((("bins",), _fault(message, "give one or the other")))
    elif not intervals and not grouped:
        message = "no bin holds ordinary values"
        faults.append((("bins",), _fault(message, "give intervals (at_least, below) or categories")))
    faults += [*_interval_faults(given, intervals), *_repeated(given, bool(grouped)), *_coverage(given, bool(grouped))]
    known = {_code(code, bool(grouped)) for one in given for code in one.special or ()}
    lacking = [code for code in specials or () if _code(code, bool(grouped)) not in known]
    if lacking:
        told = ", ".join(number_text(code) for code in lacking)
        message = f"special codes have no points: {told}"
        faults.append((("bins",), _fault(message, "write them in `special` of a bin")))
    if faults:
        return None, faults
    order = sorted(range(len(given)), key=lambda place: _place(given[place], place))
    bins = tuple(_bin(given[place], number, bool(grouped)) for number, place in enumerate(order))
    kind = CATEGORICAL if grouped else NUMERIC
    return ExpertBins(kind, bins, np.array([float(given[place].points) for place in order])), []


def _is_interval(one: ExpertBinSpec) -> bool:
    return one.at_least is not None or one.below is not None


def _bin_faults(one: ExpertBinSpec, path: Path, rounded: bool) -> Found:
    found: Found = []
    if rounded and not float(one.points).is_integer():
        message = "points are no whole number, and the plan rounds points"
        remedy = "write whole numbers, or scaling.rounding: none"
        found.append(((*path, "points"), _fault(message, remedy, found=repr(one.points))))
    kinds = [_is_interval(one), one.categories is not None, one.unseen]
    if sum(kinds) > 1:
        message = "a bin is an interval, categories or unseen, not several of them"
        found.append((path, _fault(message, "make bins of their own")))
    elif one.unseen and (one.missing or one.special is not None):
        message = "the bin of unseen categories holds nothing else"
        found.append((path, _fault(message, "give missing and special codes a bin of their own")))
    elif not any(kinds) and not one.missing and one.special is None:
        found.append((path, _fault("the bin holds nothing", "say what it holds")))
    if one.at_least is not None and one.below is not None and not one.at_least < one.below:
        shown = f"at_least {one.at_least!r}, below {one.below!r}"
        found.append((path, _fault("the interval is empty", "write at_least below below", found=shown)))
    return found


def _interval_faults(given: Sequence[ExpertBinSpec], places: Sequence[int]) -> Found:
    """Intervals that overlap, leave gaps, or do not reach from the lowest to the highest value."""
    if not places:
        return []
    found: Found = []
    ordered = sorted(places, key=lambda place: (given[place].at_least is not None, given[place].at_least or 0.0))
    if given[ordered[0]].at_least is not None:
        message = f"values below {given[ordered[0]].at_least!r} have no points"
        found.append((("bins", ordered[0], "at_least"), _fault(message, "leave at_least of the lowest interval out")))
    if all(given[place].below is not None for place in places):
        last = max(places, key=lambda place: given[place].below or 0.0)
        message = f"values from {given[last].below!r} on have no points"
        found.append((("bins", last, "below"), _fault(message, "leave below of the highest interval out")))
    for one, other in pairwise(ordered):
        end, start = given[one].below, given[other].at_least
        if end is None or start is None or end > start:
            message = f"overlaps the interval of bin {one + 1}"
            found.append((("bins", other), _fault(message, "let each begin where the one before ends")))
        elif end < start:
            message = f"values from {end!r} to {start!r} have no points"
            found.append((("bins", other), _fault(message, "let each begin where the one before ends")))
    return found


def _repeated(given: Sequence[ExpertBinSpec], text: bool) -> Found:
    """Categories and special codes that stand twice, also one as the other."""
    found: Found = []
    seen = dict[Any, int]()
    for place, one in enumerate(given):
        for key, codes in (("categories", one.categories), ("special", one.special)):
            for code in codes or ():
                value = as_category(code) if key == "categories" else _code(code, text)
                if value is None:
                    message = "a special code of numbers is a number"
                    found.append((("bins", place, key), _fault(message, "write the number", found=repr(code))))
                elif value in seen:
                    message = f"{code!r} stands in bin {seen[value] + 1} too"
                    found.append((("bins", place, key), _fault(message, "name it once")))
                else:
                    seen[value] = place
    return found


def _coverage(given: Sequence[ExpertBinSpec], text: bool) -> Found:
    """Missing values in exactly one bin, unseen categories too where there are categories."""
    found: Found = []
    for key, needed in (("missing", True), ("unseen", text)):
        places = [place for place, one in enumerate(given) if getattr(one, key)]
        if needed and not places:
            message = f"{key} {'values' if key == 'missing' else 'categories'} have no points"
            found.append((("bins",), _fault(message, f"add a bin with {key}: true")))
        if not needed and places:
            message = "numbers have no unseen categories"
            found.append((("bins", places[0], key), _fault(message, "leave it out")))
        for place in places[1:]:
            message = f"bin {places[0] + 1} takes what is {key} already"
            found.append((("bins", place, key), _fault(message, "keep one of them")))
    return found


def _code(code: Code, text: bool) -> Code | None:
    """A special code as the column holds it; None where it is no number and the column holds numbers."""
    if text:
        return as_category(code)
    try:
        return float(code)
    except (TypeError, ValueError):
        return None


def _place(one: ExpertBinSpec, place: int) -> tuple[int, float, int]:
    if _is_interval(one):
        return 0, -np.inf if one.at_least is None else one.at_least, place
    rank = 0 if one.categories is not None else 3 if one.unseen else 1 if one.special is not None else 2
    return rank, 0.0, place


def _bin(one: ExpertBinSpec, number: int, text: bool) -> Bin:
    codes = tuple(value for code in one.special or () if (value := _code(code, text)) is not None)
    if _is_interval(one):
        return Bin(number, "interval", one.at_least, one.below, codes=codes, takes_missing=one.missing)
    if one.categories is not None:
        values = tuple(as_category(code) for code in one.categories)
        return Bin(number, "categories", values=values, codes=codes, takes_missing=one.missing)
    if one.unseen:
        return Bin(number, "unseen")
    if codes:
        return Bin(number, "special", codes=codes, takes_missing=one.missing)
    return Bin(number, "missing")


def points_trend(read: ExpertBins) -> str:
    """Trend of the bad rate that the points of the intervals state: ascending, descending, or none."""
    points = [p for p, b in zip(read.points, read.bins, strict=True) if b.kind == "interval"]
    steps = np.diff(points)
    if read.kind == CATEGORICAL or not len(steps) or not np.any(steps):
        return "none"
    return "descending" if np.all(steps >= 0) else "ascending" if np.all(steps <= 0) else "none"


def _fault(message: str, remedy: str, *, found: str | None = None) -> Fault:
    return Fault(message, "expert_bins", found=found, remedy=remedy)
