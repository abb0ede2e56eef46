"""What a bin is, and its label. Bins are keyed by integer id; labels are display only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Code = float | str


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin: an interval `[lower, upper)` (None is open), categories, special codes, missing, or unseen.

    codes: special codes that fall into it, also in a bin of another kind; takes_missing: whether missing does too.
    woe_of: id of the bin whose weight of evidence an unseen category has, None where it has its own.
    """

    id: int
    kind: str
    lower: float | None = None
    upper: float | None = None
    values: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    takes_missing: bool = False
    woe_of: int | None = None

    @property
    def label(self) -> str:
        """How the bin is shown; exact, so that two bins never share a label."""
        if self.kind == "missing" or self.kind == "unseen":
            return self.kind
        parts = []
        if self.kind == "interval":
            parts.append(_interval_label(self.lower, self.upper))
        elif self.kind == "categories":
            parts.append(", ".join(self.values))
        if self.codes:
            parts.append("special " + ", ".join(number_text(code) for code in self.codes))
        return " + ".join([*parts, "missing"] if self.takes_missing else parts)

    def as_dict(self, woe: float) -> dict[str, Any]:
        """The bin as a classing step of model.json holds it."""
        head: dict[str, Any] = {"id": self.id, "kind": self.kind, "label": self.label, "woe": woe}
        if self.kind == "interval":
            head |= {"lower": self.lower, "upper": self.upper}
        if self.kind == "categories":
            head["values"] = list(self.values)
        if self.codes:
            head["codes"] = list(self.codes)
        if self.takes_missing:
            head["takes_missing"] = True
        return head if self.woe_of is None else head | {"woe_of": self.woe_of}


def number_text(value: Code) -> str:
    """Shortest text that reads back to the same number, without a trailing `.0`."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _interval_label(lower: float | None, upper: float | None) -> str:
    if lower is None and upper is None:
        return "all values"
    if lower is None:
        return f"< {number_text(upper or 0.0)}"
    if upper is None:
        return f"≥ {number_text(lower)}"
    return f"[{number_text(lower)}, {number_text(upper)})"


def numeric_bins(cuts: Sequence[float], specials: Sequence[Code]) -> tuple[Bin, ...]:
    """Intervals between ascending `cuts`, then a bin for each special code, then missing."""
    edges = [None, *(float(cut) for cut in cuts), None]
    bins = [Bin(i, "interval", lower=a, upper=b) for i, (a, b) in enumerate(pairwise(edges))]
    return _with_tail(bins, specials, unseen=False)


def categorical_bins(
    groups: Sequence[Sequence[str]], specials: Sequence[Code], order: Sequence[str] = ()
) -> tuple[Bin, ...]:
    """A bin for each group of categories, then one for each special code, then missing, then unseen.

    Categories stand in their declared order, by text where there is none.
    """
    place = {text: rank for rank, text in enumerate(order)}
    values = [tuple(sorted(group, key=lambda text: (place.get(text, -1), text))) for group in groups]
    bins = [Bin(i, "categories", values=each) for i, each in enumerate(values)]
    return _with_tail(bins, specials, unseen=True)


def _with_tail(bins: list[Bin], specials: Sequence[Code], *, unseen: bool) -> tuple[Bin, ...]:
    for code in specials:
        bins.append(Bin(len(bins), "special", codes=(code,)))
    bins.append(Bin(len(bins), "missing"))
    if unseen:
        bins.append(Bin(len(bins), "unseen"))
    return tuple(bins)
