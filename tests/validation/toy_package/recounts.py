"""Classing on samples and months of the toy package, counted row by row in plain Python, weights included."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import stats

Z = float(stats.norm.ppf(0.975))
LEAST_ROWS, LEAST_BADS = 20, 30
Place = tuple[str, int]


def wilson(rate: float, n: float) -> tuple[float, float]:
    centre, spread = rate + Z * Z / (2 * n), Z * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return max(0.0, (centre - spread) / (1 + Z * Z / n)), min(1.0, (centre + spread) / (1 + Z * Z / n))


def kish(weights: list[float]) -> float:
    return math.fsum(weights) ** 2 / math.fsum(w * w for w in weights) if weights else 0.0


def brute_area(risk: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """AUC over all pairs, and DeLong's error from the means of the pairs' kernel over the other class."""
    a, c, u, v = risk[y == 1], risk[y == 0], w[y == 1], w[y == 0]
    kernel = (a[:, None] > c[None, :]) + 0.5 * (a[:, None] == c[None, :])
    of_bads, of_goods = kernel @ v / v.sum(), u @ kernel / u.sum()
    area = float(u @ of_bads / u.sum())
    parts = [(of_bads, u / u.sum()), (of_goods, v / v.sum())]
    variance = sum(float(np.sum(s**2 * (x - area) ** 2)) * len(x) / (len(x) - 1) for x, s in parts)
    return area, math.sqrt(variance)


class Recount:
    """Rows of one characteristic by group: bins (a function of the value), outcomes, weights."""

    def __init__(self, data: dict[str, list[Any]], name: str, bin_of: Callable[[Any], int], kinds: list[str]):
        self.name, self.kinds = name, kinds
        self.bins = [bin_of(value) for value in data[name]]
        self.y, self.w = data["_outcome"], data["_weight"]

    def cell(self, rows: list[int], number: int | None, outcome: int | None = None) -> list[float]:
        return [
            self.w[i]
            for i in rows
            if (number is None or self.bins[i] == number) and (outcome is None or self.y[i] == outcome)
        ]

    def woe(self, rows: list[int], number: int) -> tuple[float, float]:
        goods, bads = math.fsum(self.cell(rows, None, 0)), math.fsum(self.cell(rows, None, 1))
        good, bad = math.fsum(self.cell(rows, number, 0)), math.fsum(self.cell(rows, number, 1))
        if good + bad == 0:
            return 0.0, 0.0
        if good == 0 or bad == 0:
            good, bad = good + 0.5, bad + 0.5
        woe = math.log((good / goods) / (bad / bads))
        return woe, (good / goods - bad / bads) * woe

    def bin_rows(self, label: str, rows: list[int], *, with_woe: bool) -> list[list[Any]]:
        found = []
        total = math.fsum(self.cell(rows, None))
        for number, kind in enumerate(self.kinds):
            cell, bad = self.cell(rows, number), math.fsum(self.cell(rows, number, 1))
            count, size = math.fsum(cell), kish(cell)
            told: list[float | None] = [None] * (5 if with_woe else 3)
            if size >= LEAST_ROWS:
                told = [bad / count, *wilson(bad / count, size)]
                told += self.woe(rows, number) if with_woe else ()
            found.append([label, number, f"{kind} {number}", count, count / total, count - bad, bad, *told])
        return found

    def stability_row(self, label: str, rows: list[int], first: list[int], woe: list[float]) -> list[Any]:
        every, bads = self.cell(rows, None), self.cell(rows, None, 1)
        count, bad, size = math.fsum(every), math.fsum(bads), kish(every)
        rate = bad / count
        information = math.fsum(self.woe(rows, number)[1] for number in range(len(self.kinds)))
        held = sum(bool(self.cell(rows, number)) for number in range(len(self.kinds)))
        noise = 1 / kish(bads) + 1 / kish(self.cell(rows, None, 0))
        level = float(stats.chi2.ppf(0.95, held - 1)) * noise
        risk = np.array([-woe[self.bins[i]] for i in rows])
        area, error = brute_area(risk, np.array([self.y[i] for i in rows]), np.array([self.w[i] for i in rows]))
        centre, half = math.log(area / (1 - area)), Z * error / (area * (1 - area))
        bounds = [2 / (1 + math.exp(-(centre + sign * half))) - 1 for sign in (-1, 1)]
        head = [self.name, label, count, bad, rate, *wilson(rate, size), information, level, 2 * area - 1, *bounds]
        return [*head, *self.shift(rows, first), *self.order(rows, first)]

    def shift(self, rows: list[int], first: list[int]) -> tuple[float, float]:
        sides = []
        for side in (first, rows):
            every = self.cell(side, None)
            scale = kish(every) / math.fsum(every)
            sides.append([math.fsum(self.cell(side, number)) * scale for number in range(len(self.kinds))])
        used = [k for k in range(len(self.kinds)) if sides[0][k] + sides[1][k] > 0]
        extra = 0.5 if any(side[k] == 0 for side in sides for k in used) else 0.0
        n, m = (math.fsum(side) for side in sides)
        shares = [[(side[k] + extra) / math.fsum(side[j] + extra for j in used) for k in used] for side in sides]
        psi = math.fsum((a - e) * math.log(a / e) for e, a in zip(*shares, strict=True))
        return psi, float(stats.chi2.ppf(0.95, len(used) - 1)) * (1 / n + 1 / m)

    def order(self, rows: list[int], first: list[int]) -> list[Any]:
        def rate(side: list[int], number: int) -> float:
            return math.fsum(self.cell(side, number, 1)) / math.fsum(self.cell(side, number))

        ordinary = [k for k, kind in enumerate(self.kinds) if kind in ("interval", "categories")]
        ordinary = [k for k in ordinary if kish(self.cell(rows, k)) >= LEAST_ROWS and self.cell(first, k)]
        ordinary.sort(key=lambda k: rate(first, k))
        wrong = [(a, c) for a, c in pairwise(ordinary) if rate(rows, a) > rate(rows, c)]
        tests = []
        for a, c in wrong:
            n, m = kish(self.cell(rows, a)), kish(self.cell(rows, c))
            pooled = (rate(rows, a) * n + rate(rows, c) * m) / (n + m)
            z = (rate(rows, a) - rate(rows, c)) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            tests.append(float(stats.norm.sf(z)) * (len(ordinary) - 1))
        return [not wrong, len(wrong), min(1.0, *tests, 1.0) if tests else None]


def tables(
    data: dict[str, list[Any]], bin_of: dict[str, Any], kinds: dict[str, list[str]], woe: dict[str, list[float]]
) -> dict[str, list[list[Any]]]:
    """Rows of `classing.samples.*`, `classing.figure.*`, `classing.periods.*` and both tables of stability, by id."""
    found: dict[str, list[list[Any]]] = {"classing.stability": [], "classing.period_stability": []}
    groups: dict[str, dict[str, list[int]]] = {"samples": {}, "periods": {}}
    for i, (sample, date) in enumerate(zip(data["_sample"], data["DATE"], strict=True)):
        groups["samples"].setdefault(sample, []).append(i)
        groups["periods"].setdefault(date[:7], []).append(i)
    first = groups["samples"]["development"]
    for name, (function, _) in bin_of.items():
        counted = Recount(data, name, function, kinds[name])
        for kind, stability in (("samples", "classing.stability"), ("periods", "classing.period_stability")):
            labels = list(groups[kind]) if kind == "samples" else sorted(groups[kind])
            rows = [
                row
                for label in labels
                for row in counted.bin_rows(label, groups[kind][label], with_woe=kind == "samples")
            ]
            if kind == "samples":
                found[f"classing.figure.{name}"] = [[row[2], row[0], row[4], *row[7:10]] for row in rows]
            found[f"classing.{kind}.{name}"] = rows
            found[stability] += [
                counted.stability_row(label, groups[kind][label], first, woe[name]) for label in labels
            ]
    return found
