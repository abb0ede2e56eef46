"""What the plan gives of a classing beforehand: splits of numbers, an order of categories, groups of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.columns import TextColumn
from credit_risk.binning.cuts import Splits
from credit_risk.binning.spec import CharacteristicSpec
from credit_risk.scoring.steps import text_of_number

Floats = NDArray[np.float64]


def numeric_splits(characteristic: str, own: CharacteristicSpec) -> Splits:
    """Splits of a numeric characteristic. Raises ModelError where they are no numbers, or where groups are given."""
    faults = []
    for key in ("groups", "fixed_groups"):
        if getattr(own, key):
            message = f"{characteristic!r} is numeric and has no categories to group"
            faults.append(_fault(characteristic, key, message, "give fixed_splits or candidate_splits"))
    for key in ("unseen", "rare_share"):
        if getattr(own, key) is not None:
            message = f"{characteristic!r} is numeric and has no categories, so {key} has no effect"
            faults.append(_fault(characteristic, key, message, "leave it out"))
    for key in ("fixed_splits", "candidate_splits"):
        texts = [split for split in getattr(own, key) or () if isinstance(split, str)]
        if texts:
            message = f"{characteristic!r} is numeric, so its splits are numbers"
            faults.append(_fault(characteristic, key, message, found=", ".join(map(repr, texts))))
    if faults:
        raise ModelError(faults)
    fixed = np.unique(np.array(own.fixed_splits or (), float))
    return Splits(fixed, None if own.candidate_splits is None else np.unique(np.array(own.candidate_splits, float)))


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of categories that the plan gives. kept: positions of categories that share a bin whatever else it holds;
    fixed: of those that are a bin; texts: all texts of each group of both, categories without rows among them."""

    kept: list[list[int]]
    fixed: list[list[int]]
    texts: dict[tuple[int, ...], tuple[str, ...]]

    def named(self, groups: Sequence[Sequence[int]], names: Sequence[str]) -> list[str]:
        """Texts of categories, group by group."""
        return [text for group in groups for text in self.texts.get(tuple(group), tuple(names[i] for i in group))]


def given_groups(characteristic: str, own: CharacteristicSpec, column: TextColumn) -> Groups:
    """Groups of an unordered characteristic. Raises ModelError where splits are given, where a group has no rows of
    development, or holds a special code."""
    faults = []
    for key in ("fixed_splits", "candidate_splits"):
        if getattr(own, key) is not None:
            message = f"the categories of {characteristic!r} have no order, so there is nothing to split"
            remedy = f"give groups, or declare the order (data.columns.{characteristic}.order)"
            faults.append(_fault(characteristic, key, message, remedy))
    place = {name: i for i, name in enumerate(column.names)}
    found: dict[str, list[list[int]]] = {"groups": [], "fixed_groups": []}
    texts: dict[tuple[int, ...], tuple[str, ...]] = {}
    for key, groups in found.items():
        for number, given in enumerate(getattr(own, key) or ()):
            named = tuple(dict.fromkeys(as_category(code) for code in given))
            positions = [place[text] for text in named if text in place and _rows(column, place[text]) > 0]
            codes = [text for text in named if text in place and column.special[place[text]]]
            where = f"{key}[{number}]"
            if codes:
                message = f"a group of {characteristic!r} holds a special code, which has a bin of its own"
                faults.append(_fault(characteristic, where, message, "take it out", found=", ".join(codes)))
            elif not positions:
                message = f"a group of {characteristic!r} has no development rows"
                remedy = "name categories that the data hold, or take the group out"
                faults.append(_fault(characteristic, where, message, remedy, found=", ".join(named)))
            else:
                groups.append(positions)
                texts[tuple(positions)] = named
    if faults:
        raise ModelError(faults)
    return Groups(found["groups"], found["fixed_groups"], texts)


def _rows(column: TextColumn, position: int) -> float:
    return float(column.parts.good[position] + column.parts.bad[position])


@dataclass(frozen=True, slots=True)
class Ranks:
    """A declared order of categories. observed: positions of those with rows, one a group, in order; at: their places
    in the order; splits: edges as numbers of observed categories; opens: place in the order where each edge opens."""

    order: tuple[str, ...]
    observed: list[list[int]]
    at: list[int]
    opens: dict[float, int]
    splits: Splits

    def bins(self, cuts: Floats) -> list[list[str]]:
        """Categories of each bin, in order; one without rows stands with the one before, unless a split opens at it."""
        edges = [0, *(self.opens.get(float(cut), self.at[int(cut)]) for cut in cuts), len(self.order)]
        return [list(self.order[a:b]) for a, b in pairwise(edges)]


def ranked(characteristic: str, column: TextColumn, order: tuple[str, ...], own: CharacteristicSpec) -> Ranks:
    """The categories in their declared order. Raises ModelError where some have no place in it, where splits name none
    of it, or where groups are given."""
    place = {text: rank for rank, text in enumerate(order)}
    faults = []
    unknown = [n for i, n in enumerate(column.names) if n not in place and not column.special[i]]
    if unknown:
        message = f"{characteristic!r} holds categories that have no place in the declared order"
        remedy = "add them to the order, declare them as special codes, or correct the data"
        path = f"data.columns.{characteristic}.order"
        told = ", ".join(map(repr, sorted(unknown)[:10]))
        faults.append(Fault(message, "order", path=path, found=told, allowed=", ".join(order), remedy=remedy))
    for key in ("groups", "fixed_groups"):
        if getattr(own, key):
            message = f"the categories of {characteristic!r} have an order, so they are split, not grouped"
            remedy = "give fixed_splits or candidate_splits: the categories that open a bin"
            faults.append(_fault(characteristic, key, message, remedy))
    if own.rare_share is not None or own.unseen == "rare":
        key = "unseen" if own.rare_share is None else "rare_share"
        message = f"rare categories of {characteristic!r} are not pooled, since they have an order"
        faults.append(_fault(characteristic, key, message, "leave it out"))
    for key in ("fixed_splits", "candidate_splits"):
        wrong = [text for text in map(as_category, getattr(own, key) or ()) if text not in place]
        if wrong:
            message = f"splits of {characteristic!r} name no category of the declared order"
            faults.append(_fault(characteristic, key, message, found=", ".join(wrong), allowed=", ".join(order)))
    if faults:
        raise ModelError(faults)
    position = {name: i for i, name in enumerate(column.names) if not column.special[i] and _rows(column, i) > 0}
    at = [rank for rank, text in enumerate(order) if text in position]
    observed = [[position[order[rank]]] for rank in at]
    fixed = _numbers(own.fixed_splits, place, at)
    if len(set(fixed.values())) < len(fixed):
        message = f"between fixed splits of {characteristic!r} there is no category with development rows"
        raise ModelError(_fault(characteristic, "fixed_splits", message, "keep one of them", found=", ".join(fixed)))
    candidates = None if own.candidate_splits is None else _numbers(own.candidate_splits, place, at)
    opens = {number: place[text] for given in (candidates or {}, fixed) for text, number in given.items()}
    edges = [np.unique(np.array(list((given or {}).values()), float)) for given in (fixed, candidates)]
    splits = Splits(edges[0], None if candidates is None else edges[1], shown=lambda k: _shown(order, at, k))
    return Ranks(order, observed, at, opens, splits)


def _numbers(given: Sequence[float | str] | None, place: dict[str, int], at: Sequence[int]) -> dict[str, float]:
    """By split, in order: how many categories with rows stand before it."""
    texts = sorted({as_category(split) for split in given or ()}, key=lambda text: place[text])
    return {text: float(sum(rank < place[text] for rank in at)) for text in texts}


def _shown(order: tuple[str, ...], at: Sequence[int], number: float) -> str:
    return order[at[int(number)]] if int(number) < len(at) else order[-1]


def as_category(code: Any) -> str:
    """A category as a plan may write it (a number, a truth value) as the text that a column holds."""
    if isinstance(code, bool):
        return str(code).lower()
    return code if isinstance(code, str) else text_of_number(code)


def _fault(
    characteristic: str,
    key: str,
    message: str,
    remedy: str | None = None,
    found: str | None = None,
    allowed: str | None = None,
) -> Fault:
    path = f"classing.characteristics.{characteristic}.{key}"
    return Fault(message, "classing", path=path, found=found, allowed=allowed, remedy=remedy)
