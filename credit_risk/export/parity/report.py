"""What a parity report holds, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from credit_risk.export.heading import NOT_PROVED
from credit_risk.export.parity.compare import Parity
from credit_risk.scoring.model import PUBLISHED

Row = dict[str, Any]
TOLERANCE = 1e-12
"""Greatest difference of a probability, and of other numbers relative to their size."""
ENGINE_COLUMNS = ("engine", "export", "version", "verdict", "rows_per_second", "reason")
AGREEMENT_COLUMNS = (
    "engine",
    "population",
    "rows",
    "of_rows",
    "exempt",
    "paths",
    "path_differs",
    "largest_score",
    "largest_probability",
    "grades_differ",
    "reasons_differ",
    "decisions_differ",
    "errors_differ",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """An engine on one population of rows: agreement, of how many rows, and rows a second."""

    population: str
    of_rows: int
    parity: Parity
    rows_per_second: float


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What became of an engine or target. `version` None: not run; `reason` says why, or what broke.

    `altered`: files of the annex that are not what this version of the toolkit makes of the package, byte for byte.
    """

    target: str
    export: str
    version: str | None
    reason: str
    compared: tuple[Compared, ...] = ()
    tolerance: float = TOLERANCE
    altered: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`agrees`, `differs`, `failed` (the engine broke), or NOT PROVED."""
        if self.version is None:
            return NOT_PROVED
        if self.reason or not self.compared:
            return "failed"
        return "agrees" if all(one.parity.agrees(self.tolerance) for one in self.compared) else "differs"


@dataclass(frozen=True, slots=True)
class ParityReport:
    """All engines, by name, and the number of rows of each population."""

    package_hash: str
    engines: tuple[EngineReport, ...]
    populations: Mapping[str, int] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether no engine that ran differs or broke."""
        return all(one.verdict in ("agrees", NOT_PROVED) for one in self.engines)

    def frame(self) -> pd.DataFrame:
        """Agreement by engine and rows, as in the evidence `exports.parity`, with the engine's verdict."""
        table = pd.DataFrame(agreement_rows(self), columns=list(AGREEMENT_COLUMNS))
        return table.assign(verdict=table["engine"].map({one.target: one.verdict for one in self.engines}))

    def engines_frame(self) -> pd.DataFrame:
        """Every engine and target, as in the evidence `exports.engines`."""
        return pd.DataFrame(engine_rows(self), columns=list(ENGINE_COLUMNS))


def engine_rows(report: ParityReport) -> list[Row]:
    """Rows of `exports.engines`: one an engine or target, `reason` None where it ran and nothing is to be said."""
    return [_engine_row(one) for one in report.engines]


def agreement_rows(report: ParityReport) -> list[Row]:
    """Rows of `exports.parity`: one an engine and population of rows."""
    return [_agreement_row(one, compared) for one in report.engines for compared in one.compared]


def _engine_row(one: EngineReport) -> Row:
    reason = one.reason
    if one.altered:
        reason = f"{reason} Not the bytes that this version makes of the package: {', '.join(one.altered)}".strip()
    speeds = [compared.rows_per_second for compared in one.compared]
    values = (one.target, one.export, one.version, one.verdict, max(speeds) if speeds else None, reason or None)
    return dict(zip(ENGINE_COLUMNS, values, strict=True))


def _agreement_row(one: EngineReport, compared: Compared) -> Row:
    p = compared.parity
    values = (
        one.target,
        compared.population,
        p.rows,
        compared.of_rows,
        p.exempt,
        p.paths,
        p.path_differs,
        _greatest(p.largest, ("score", "linear_score")),
        _greatest(p.largest, PUBLISHED[1:4]),
        p.grades_differ,
        p.reasons_differ,
        p.decisions_differ,
        p.errors_differ,
    )
    return dict(zip(AGREEMENT_COLUMNS, values, strict=True))


def _greatest(largest: Mapping[str, float], names: Sequence[str]) -> float | None:
    return max((largest[name] for name in names if name in largest), default=None)
