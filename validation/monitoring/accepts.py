"""How rows came to have an outcome: the champion's accepts, those at random alone, or all weighted by acceptance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.monitoring.bench import Bench
from validation.monitoring.production import OTHER, yes

ACCEPTS, RANDOM, WEIGHTED = "champion's accepts", "random accepts", "inverse acceptance"


@dataclass(frozen=True, slots=True)
class Accepts:
    """basis, as tables tell it; keep (n,): rows of production that count; mass (n,): their weights, None: 1 each."""

    basis: str
    keep: NDArray[np.bool_]
    mass: NDArray[np.float64] | None = None


def accepts_of(bench: Bench) -> Accepts | str:
    """By the plan; a text says which column of the rows is wanting."""
    spec: dict[str, Any] = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    frame, share, cut_off = bench.production.frame, spec.get("random_share"), bench.settings.cut_off
    every = np.ones(len(frame), bool)
    if share is not None and cut_off is not None and "score" in frame:
        below = ~(frame["score"].to_numpy(np.float64) >= cut_off)
        return Accepts(WEIGHTED, every, np.where(below, 1.0 / float(share), 1.0))
    name = spec.get("random_accepts")
    if name is None:
        return Accepts(ACCEPTS, every)
    if OTHER + str(name) not in frame:
        return f"name --column {name}=COLUMN of the random accepts, as the run did"
    return Accepts(RANDOM, yes(frame[OTHER + str(name)].to_numpy(object)) == True)  # noqa: E712
