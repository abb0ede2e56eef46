"""What a run goes by: the plan's section on monitoring, or the usual rules where it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.monitoring.alerts.run import protected_of
from credit_risk.monitoring.drift.policy import StabilityPolicy
from credit_risk.monitoring.performance.vintages import Least
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import OTHER, applicant_of
from credit_risk.monitoring.spec import MonitoringSpec, usual_rules
from credit_risk.monitoring.variables import SCORE
from credit_risk.package import Package

YES, NO = frozenset({"true", "yes", "y", "t", "1"}), frozenset({"false", "no", "n", "f", "0"})
CORRELATION = 0.04
"""Of retail exposures, where neither monitoring nor evaluation declares one (Basel's qualifying revolving ones)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """spec: the plan's, or the usual one (`declared` False). window: months of the outcome, None where undeclared.

    binary: whether the outcome is good or bad; protected: columns compared for fairness only, `references` their groups
    to compare with; correlation: of assets, with who says so; applicant: column of production that names the applicant,
    None where each row stands by itself; cut_off: of the score, by the plan's strategy.
    """

    spec: MonitoringSpec
    declared: bool
    binary: bool
    window: int | None
    correlation: float
    correlation_by: str
    protected: frozenset[str]
    references: Mapping[str, str]
    applicant: str | None = None
    cut_off: float | None = None

    def policy(self, reference: Reference) -> StabilityPolicy:
        """How indices are judged."""
        score = reference.of_role(SCORE)
        return StabilityPolicy(
            level=self.spec.significance,
            least_rows=float(self.spec.min_rows),
            zero_cells=self.spec.zero_cells,
            k=self.spec.persistence.at_least,
            n=self.spec.persistence.of,
            first=() if score is None else (score.name,),
            whole_for_segments=True,
        )

    @property
    def least(self) -> Least:
        """What measures of performance need."""
        return Least(bads=self.spec.min_bads)


def settings_of(package: Package) -> Settings:
    """Settings of a package's plan. Raises nothing: the plan was checked when the package was made."""
    plan = package.plan
    given = plan.get("monitoring")
    binary = plan["outcome"].get("type", "binary") == "binary"
    rules: dict[str, Any] = {} if given is not None else {"metrics": usual_rules(binary=binary)}
    spec = MonitoringSpec.model_validate(given if given is not None else rules)
    window = spec.window_months or _number(plan["outcome"], "windows", "performance_months")
    correlation, by = spec.asset_correlation, "monitoring.asset_correlation"
    if correlation is None:
        correlation, by = _number(plan, "evaluation", "asset_correlation"), "evaluation.asset_correlation"
    if correlation is None:
        correlation, by = CORRELATION, "default of this toolkit: no plan declares one"
    references = {str(k): str(v) for k, v in ((plan.get("fairness") or {}).get("references") or {}).items()}
    head = (spec, given is not None, binary, window, float(correlation), by, protected_of(package), references)
    cut_off = _number(plan, "strategy", "cut_off")
    return Settings(*head, applicant_of(package), None if cut_off is None else float(cut_off))


def held(source: SqlSource, *names: str | None) -> list[str]:
    """Columns of the plan that production holds, as `source.rows` names them."""
    return [OTHER + name for name in names if name is not None and OTHER + name in source.columns]


def truth(values: ArrayLike) -> NDArray[np.object_]:
    """Truth values (n,) of a column that tells yes or no: true, yes, y, t or 1; false, no, n, f or 0; else None."""
    words = pd.Series(np.asarray(values, dtype=object)).map(lambda one: None if pd.isna(one) else str(one).lower())
    return np.array([True if w in YES else False if w in NO else None for w in words], dtype=object)


def applicants(frame: pd.DataFrame, settings: Settings) -> NDArray[np.object_] | None:
    """Names of the applicants (n,) of rows that were asked for with `held`, None where production has none."""
    column = f"{OTHER}{settings.applicant}"
    return frame[column].to_numpy(object) if settings.applicant is not None and column in frame else None


def _number(plan: Mapping[str, Any], *path: str) -> Any:
    value: Any = plan
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def evidence_rows(package: Package, name: str) -> pd.DataFrame | None:
    """The rows of a table or figure of the package, None where it has none."""
    item = package.evidence.get(name)
    if item is None or "rows" not in item:
        return None
    return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])
