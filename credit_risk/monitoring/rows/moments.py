"""Sum, mean and standard error of numbers that come some at a time."""

from __future__ import annotations

import math

import numpy as np

from credit_risk.evaluation._arrays import Floats


class Moments:
    """Of numbers without missing values. count; sum: 0 of none."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self._mean, self._squares = 0.0, 0.0

    def add(self, x: Floats) -> None:
        """Some more numbers (n,): their squares about the mean join those so far (Chan, Golub and LeVeque 1979)."""
        if not len(x):
            return
        own = math.fsum(x)
        mean = own / len(x)
        gap, whole = mean - self._mean, self.count + len(x)
        self._squares += float(np.sum((x - mean) ** 2)) + gap * gap * self.count * len(x) / whole
        self._mean += gap * len(x) / whole
        self.count = whole
        self.sum += own

    @property
    def mean(self) -> float:
        """NaN of none."""
        return self.sum / self.count if self.count else math.nan

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN of fewer than two."""
        return math.sqrt(self._squares / (self.count - 1) / self.count) if self.count > 1 else math.nan


__all__ = ["Moments"]
