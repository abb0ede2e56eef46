"""The bivariate probit: its coefficients, and the profile of the correlation of decision and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from credit_risk.display.base import Display
from credit_risk.display.style import ALERT, COLOURS, REFERENCE, line_style
from credit_risk.reject_inference.bivariate_probit import BivariateProbitFit
from credit_risk.reject_inference.probit_tables import (
    PROBIT_COLUMNS,
    PROFILE_COLUMNS,
    correlation_profile_table,
    probit_table,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_FALL = 12.0


class ProbitDisplay(Display):
    """Frame of evidence `reject_inference.probit`, without the intercepts in the plot."""

    columns = PROBIT_COLUMNS
    default_title = "Decision, outcome and their correlation"

    @classmethod
    def from_fit(cls, fit: BivariateProbitFit, *, title: str | None = None) -> ProbitDisplay:
        """Parameters of a fit as `probit_table` tells them."""
        return cls(probit_table(fit), title=title)

    def _size(self) -> tuple[float, float]:
        return 6.4, max(4.2, 0.3 * len(self._frame) + 1.2)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame[self._frame["term"] != "intercept"].reset_index(drop=True)
        ax.axvline(0.0, **REFERENCE)
        for number, (equation, mark) in enumerate((("decision", "s"), ("outcome", "o"), ("correlation", "D"))):
            part = frame[frame["equation"] == equation]
            for place, row in part.iterrows():
                ax.plot([row["lower"], row["upper"]], [place, place], color=COLOURS[number], linewidth=1.6)
            label = f"{equation} (profile interval)" if equation == "correlation" else equation
            ax.plot(part["estimate"], part.index, mark, color=COLOURS[number], label=label)
        ax.set_yticks(range(len(frame)), frame["term"].astype(str))
        ax.set_ylim(len(frame) - 0.4, -0.6)
        ax.set_xlabel("Estimate, with interval")
        ax.grid(visible=False, axis="y")
        ax.legend()


class CorrelationProfileDisplay(Display):
    """Frame of evidence `reject_inference.correlation_profile`: the fall of the log likelihood at each correlation."""

    columns = PROFILE_COLUMNS
    default_title = "Profile of the correlation of decision and outcome"

    @classmethod
    def from_fit(cls, fit: BivariateProbitFit, *, title: str | None = None) -> CorrelationProfileDisplay:
        """The profile of a fit as `correlation_profile_table` tells it."""
        return cls(correlation_profile_table(fit), title=title)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame.sort_values("rho")
        inside = frame["inside"].astype(bool).to_numpy()
        rho, fall = frame["rho"].to_numpy(dtype=float), frame["relative"].to_numpy(dtype=float)
        ax.plot(rho, fall, **line_style(0), label="log likelihood, less its maximum")
        ax.plot(rho[inside], fall[inside], "o", color=COLOURS[0], label="inside the interval")
        ax.plot(rho[~inside], fall[~inside], "o", color=COLOURS[0], markerfacecolor="white", label="outside")
        best = frame["maximum"].astype(bool).to_numpy()
        if best.any():
            at = float(rho[best][0])
            ax.axvline(at, color=ALERT, linestyle=(0, (5, 2)), linewidth=1.2, label=f"estimate {at:.3f}")
        ax.axvline(0.0, **REFERENCE)
        ax.set(xlabel="Correlation", xlim=(-1.0, 1.0), ylim=(max(-SHOWN_FALL, float(np.min(fall))) * 1.05 - 0.2, 0.6))
        ax.set_ylabel("Log likelihood, relative")
        ax.legend()
