"""Development: from a plan to fitted candidates with their evidence. Each stage is a function of what came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from credit_risk._core.evidence import Evidence
from credit_risk._core.extras import optional_import
from credit_risk.binning.table import BinningTable
from credit_risk.display.tables import html_table
from credit_risk.lifecycle.candidates import Candidate, Training
from credit_risk.lifecycle.performance import Scored
from credit_risk.lifecycle.progress import Progress, silent
from credit_risk.plan import Plan
from credit_risk.selection.waterfall import Selection

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Development:
    """A finished development. Tables are evidence, by id; the champion and challengers score through `predict`.

    snapshot: every row that the development used, as the package stores it; verification: cases for other engines.
    """

    plan: Plan
    source: dict[str, Any]
    snapshot: pd.DataFrame
    training: Training
    selection: Selection | None
    candidates: tuple[Candidate, ...]
    scored: Scored
    verification: pd.DataFrame
    evidence: tuple[Evidence, ...]

    @property
    def champion(self) -> Candidate:
        """The candidate that becomes the model of the package."""
        return next(c for c in self.candidates if c.id == self.plan.champion.id)

    @property
    def challengers(self) -> tuple[Candidate, ...]:
        """The other candidates."""
        return tuple(c for c in self.candidates if c.id != self.plan.champion.id)

    @property
    def samples(self) -> list[str]:
        """Names of the samples, development first."""
        return self.scored.samples

    @property
    def classing(self) -> Mapping[str, BinningTable]:
        """Fitted classing of every predictor, by characteristic."""
        return self.training.tables

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table and figure of the evidence as a frame, by id."""
        return {e.id: e.frame() for e in self.evidence if e.kind in ("table", "figure")}

    def table(self, identifier: str) -> pd.DataFrame:
        """One table of the evidence. Raises KeyError with the ids that there are."""
        frames = self.frames
        if identifier not in frames:
            raise KeyError(f"no table {identifier!r}; there are {', '.join(sorted(frames))}")
        return frames[identifier]

    def plot(self, identifier: str, ax: Axes | None = None) -> Axes:
        """Draw one figure of the evidence, for example `performance.roc` or `classing.figure.<characteristic>`."""
        from credit_risk.display.figures import plot_evidence

        for item in self.evidence:
            if item.id == identifier and item.kind == "figure":
                return plot_evidence(item, ax=ax)
        figures = sorted(e.id for e in self.evidence if e.kind == "figure")
        raise KeyError(f"no figure {identifier!r}; there are {', '.join(figures)}")

    def _repr_html_(self) -> str:
        frames = self.frames
        title = f"{self.plan.model.name}, version {self.plan.model.version}: champion {self.champion.id}"
        parts = [f"<h4>{escape(title)}</h4>"]
        for identifier in ("samples.summary", "performance.discrimination"):
            parts.append(html_table(frames[identifier], caption=identifier))
        return "".join(parts)


def develop(plan: Plan, *, progress: Progress = silent) -> Development:
    """Develop all candidates of a plan, on one BLAS thread, so that the result does not depend on their number.

    Raises IntakeError where the data break the contract and ModelError where a candidate cannot be fitted.
    """
    from credit_risk.lifecycle.stages import run_stages

    threadpoolctl = optional_import("threadpoolctl", "model")
    with threadpoolctl.threadpool_limits(limits=1):
        return run_stages(plan, progress)
