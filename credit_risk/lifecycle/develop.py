"""Development: from a plan to fitted candidates with their evidence. Each stage is a function of what came before."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core.evidence import Evidence
from credit_risk._core.extras import optional_import
from credit_risk.binning.mean_table import MeanTable
from credit_risk.binning.table import BinningTable
from credit_risk.display.evidence import EvidenceDisplay
from credit_risk.lifecycle.candidates import Candidate, Training
from credit_risk.lifecycle.measures.training import MeasureTraining
from credit_risk.lifecycle.performance import Scored
from credit_risk.lifecycle.progress import Progress, silent
from credit_risk.lifecycle.rejects.inference import Inference
from credit_risk.plan import Plan
from credit_risk.plan.places import places_told
from credit_risk.sampling.source import Source
from credit_risk.selection.waterfall import Selection

Attach = Callable[[Source], Source]


@dataclass(frozen=True)
class Development:
    """A finished development. Evidence is found by id, `development[id]`; candidates score through `predict`.

    snapshot: every row that the development used, as the package stores it; verification: cases for other engines;
    inference: reject inference, where the plan asks for it.
    """

    plan: Plan
    source: dict[str, Any]
    snapshot: pd.DataFrame
    training: Training | MeasureTraining
    selection: Selection | None
    candidates: tuple[Candidate, ...]
    scored: Scored
    verification: pd.DataFrame
    evidence: tuple[Evidence, ...]
    inference: Inference | None = None

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
    def classing(self) -> Mapping[str, BinningTable | MeanTable]:
        """Fitted classing of every predictor, by characteristic."""
        return self.training.tables

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table and figure of the evidence as a frame, by id."""
        return {e.id: e.frame() for e in self.evidence if e.kind in ("table", "figure")}

    def __getitem__(self, identifier: str) -> EvidenceDisplay:
        """One item of evidence by id, which shows itself and has `.table` and `.plot()`.

        Raises KeyError with the ids that come near.
        """
        for item in self.evidence:
            if item.id == identifier:
                return EvidenceDisplay(item)
        near = difflib.get_close_matches(identifier, [e.id for e in self.evidence], 5, 0.4)
        raise KeyError(f"no evidence {identifier!r}; near: {', '.join(near) or 'see .contents'}")

    @property
    def contents(self) -> pd.DataFrame:
        """Id, kind and title of every item of evidence."""
        return pd.DataFrame([(e.id, e.kind, e.title) for e in self.evidence], columns=["id", "kind", "title"])

    def __repr__(self) -> str:
        model = f"{self.plan.model.id!r}, version {self.plan.model.version!r}"
        return f"Development({model}, champion {self.champion.id!r}, {len(self.evidence)} items of evidence)"

    def _repr_html_(self) -> str:
        title = f"{self.plan.model.name}, version {self.plan.model.version}: champion {self.champion.id}"
        parts = [f"<h4>{escape(title)}</h4>"]
        binary = ("samples.summary", "performance.discrimination")
        measured = ("samples.measures", "performance.level", "performance.ranking")
        for identifier in binary if self.plan.outcome.type == "binary" else measured:
            parts.append(self[identifier]._repr_html_())
        return "".join(parts)


def develop(
    plan: Plan,
    data: Any = None,
    *,
    progress: Progress = silent,
    journal: Path | str | None = None,
    attached: Attach | None = None,
) -> Development:
    """Develop all candidates of a plan, on one BLAS thread, so that the result does not depend on their number.

    data: a frame of pandas, polars or Arrow that stands for the source that the plan names. journal: a folder where a
    search of settings writes its finished trials, so that one that was interrupted goes on where it stood.
    attached: gives the source its protected attributes, where these lie in a store of their own.
    Raises IntakeError where the data break the contract and ModelError where a candidate cannot be fitted.
    """
    from credit_risk.lifecycle.stages import run_stages

    threadpoolctl = optional_import("threadpoolctl", "model")
    with threadpoolctl.threadpool_limits(limits=1), places_told(plan):
        return run_stages(plan, progress, data, None if journal is None else Path(journal), attached)
