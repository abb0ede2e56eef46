"""The simulated portfolio: its tables, its truth, and words about both."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from credit_risk.datasets.characteristics import PROTECTED
from credit_risk.datasets.description import describe
from credit_risk.datasets.dictionary import plan_columns
from credit_risk.datasets.spec import PortfolioSpec
from credit_risk.datasets.writing import write_tables


@dataclass(frozen=True, eq=False)
class Portfolio:
    """What `simulate_portfolio` returns. Frames are tidy; `columns` explains every column of every one.

    What the bank sees: applications (n rows), outcomes (one row a booked account), history (one row an account and
    month), losses (one row a default), macro (one row a month). What only the simulator knows: truth (n rows, in the
    order of applications), parameters (true coefficients of both equations), drift (the switches).
    """

    spec: PortfolioSpec
    applications: pd.DataFrame
    outcomes: pd.DataFrame
    history: pd.DataFrame
    losses: pd.DataFrame
    macro: pd.DataFrame
    truth: pd.DataFrame
    parameters: pd.DataFrame
    drift: pd.DataFrame
    columns: pd.DataFrame

    @property
    def protected(self) -> tuple[str, ...]:
        """Names of the protected columns."""
        return tuple(PROTECTED)

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables by name, in the order in which they are documented."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "spec"}

    def booked_accounts(self) -> pd.DataFrame:
        """Applications that were booked and whose outcome is mature, with `bad` (int64): what a modeller can train on.

        Mature: booked 12 months or more before observed_until. A default that came sooner in a younger vintage is left
        out with its vintage, which would otherwise show its bads and not its goods.
        """
        mature = self.outcomes.loc[self.outcomes["months_observed"] >= 12, ["application_id", "bad"]]
        table = self.applications.merge(mature, on="application_id", how="inner", validate="one_to_one")
        return table.astype({"bad": "int64"})

    def contract(self) -> dict[str, dict[str, Any]]:
        """`data.columns` of a plan for these applications: type, specials, allowed, missing, description, personal."""
        return plan_columns(self.spec.instrument)

    def summary(self) -> pd.DataFrame:
        """Applications, their share, observed and true bad rate by status. Columns: status, applications, share,
        bad_rate_observed (mature accounts; missing where there are none), bad_rate_true, mean_true_pd."""
        table = self.truth.assign(status=self.applications["status"].to_numpy())
        groups = table.groupby("status", sort=False)
        result = pd.DataFrame(
            {
                "applications": groups.size(),
                "share": groups.size() / len(table),
                "bad_rate_true": groups["bad"].mean(),
                "mean_true_pd": groups["true_pd"].mean(),
            }
        )
        observed = self.booked_accounts().groupby("status")["bad"].mean()
        result.insert(2, "bad_rate_observed", observed.reindex(result.index))
        return result.sort_values("applications", ascending=False, kind="stable").reset_index()

    def description(self) -> str:
        """The process that made these data, with its actual parameters, as Markdown."""
        return describe(self.spec, self.parameters, self.drift)

    def write(self, folder: str | Path, file_format: Literal["parquet", "csv"] = "parquet") -> Path:
        """Write all tables to a new `folder`, those that only the simulator knows to its subfolder `truth`.

        Also `README.md` (the description) and `portfolio.json` (the arguments). The same portfolio gives the same
        bytes. Missing values are null. Raises CreditRiskError where the folder exists and is not empty, or the format
        is unknown; what was half-written is removed.
        """
        return write_tables(self.frames(), self.spec, self.description(), Path(folder), file_format)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(frame):,}" for name, frame in self.frames().items())
        return f"Portfolio(selection={self.spec.selection!r}, seed={self.spec.seed}: {counts})"

    def _repr_html_(self) -> str:
        shares = ["share", "bad_rate_observed", "bad_rate_true", "mean_true_pd"]
        table = self.summary().to_html(
            index=False, na_rep="–", formatters=dict.fromkeys(shares, "{:.1%}".format) | {"applications": "{:,}".format}
        )
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td style='text-align:right'>{len(frame):,}</td>"
            f"<td>{escape(', '.join(map(str, frame.columns)))}</td></tr>"
            for name, frame in self.frames().items()
        )
        tables = (
            f"<table><thead><tr><th>table</th><th>rows</th><th>columns</th></tr></thead><tbody>{rows}</tbody></table>"
        )
        words = "".join(f"<p>{escape(part)}</p>" for part in self.description().split("\n\n") if part[:1] not in "#|-")
        details = f"<details><summary>How the data were made</summary>{words}</details>"
        return f"<div><p><b>{escape(repr(self).split(':')[0])})</b></p>{table}{tables}{details}</div>"
