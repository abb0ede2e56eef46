"""Each month's AUC against development's among scores as those of the month, whose rows lie on disk."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.monitoring.performance.like_for_like import (
    HeldOut,
    Like,
    Scores,
    development_like,
    like_frame,
)
from credit_risk.monitoring.run.settings import Settings, evidence_rows
from credit_risk.monitoring.source import SqlSource
from credit_risk.package import Package

NO_SAMPLE = "the package states no AUC of development"


class Ranged:
    """Development's rows, and their AUC in the range of each period that was added."""

    def __init__(self, package: Package, source: SqlSource):
        _, sample = development_sample(package)
        self.ranks = "linear_score" if "linear_score" in source.quantities else "probability"
        self.held: HeldOut | str = NO_SAMPLE if sample is None else held_out(package, sample)
        self.found: dict[str, Like] = {}

    def add(self, period: str, scores: NDArray[np.float64] | Scores) -> None:
        """Scores (m,) of the rows of a period that have an outcome, be it not yet."""
        if not isinstance(self.held, str) and len(scores):
            held = self.held
            self.found[period] = development_like(
                held.bad, held.risk[self.ranks], scores, held.weights, held.risk.get("probability")
            )

    def frame(self, compared: pd.DataFrame | str, settings: Settings) -> pd.DataFrame | str:
        """LIKE_COLUMNS, or why there is none."""
        if isinstance(self.held, str) or isinstance(compared, str):
            return self.held if isinstance(self.held, str) else str(compared)
        found = like_frame(
            compared,
            self.found,
            self.held,
            self.ranks,
            window=float(settings.window or 0),
            least_bads=settings.spec.min_bads,
            significance=settings.spec.significance,
        )
        return found if len(found) else "no month has an AUC at the end of the window"


def development_sample(package: Package) -> tuple[str, str | None]:
    """The champion, and the sample whose performance is development's: out of sample where it has one; None without."""
    frame = evidence_rows(package, "performance.discrimination")
    if frame is None:
        return "", None
    first = str(frame["model"].iloc[0])
    champion = next((str(one["id"]) for one in package.plan["models"] if one.get("champion")), first)
    held = set(frame.loc[frame["model"] == champion, "sample"])
    return champion, next((one for one in ("out_of_sample", "development") if one in held), None)


def held_out(package: Package, sample: str) -> HeldOut | str:
    """Rows of a sample with a known outcome, as performance is held against; a text where the package has none."""
    if not package.manifest["snapshot"]["included"]:
        return "the data do not travel with the package: development's AUC is known of its whole range alone"
    if sample not in package.samples:
        return f"the package holds no predictions of the sample {sample}"
    rows = package.snapshot()[["_key", "_outcome", "_weight"]].merge(package.predictions(sample), on="_key")
    rows = rows[rows["_outcome"].notna()]
    if rows.empty:
        return f"no row of the sample {sample} has a known outcome"
    weights = rows["_weight"].to_numpy(np.float64)
    return HeldOut(
        (rows["_outcome"] == 1.0).to_numpy(),
        {name: rows[name].to_numpy(np.float64) for name in ("linear_score", "probability") if name in rows},
        weights if (weights != weights[0]).any() else None,
        sample,
    )
