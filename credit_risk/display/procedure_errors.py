"""Coefficients on inferred rows with two intervals: as if every outcome were known, and of the whole procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.display.base import Display
from credit_risk.display.style import ALERT, COLOURS, REFERENCE
from credit_risk.reject_inference.procedure_errors import PROCEDURE_COLUMNS, ProcedureErrors

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ProcedureErrorsDisplay(Display):
    """Frame of evidence `reject_inference.coefficients`; the naive interval is dotted, of the same confidence.

    Constants, whose scale is another, stand in the frame alone.
    """

    columns = PROCEDURE_COLUMNS
    default_title = "Coefficients, with errors of the whole procedure"

    @classmethod
    def from_errors(cls, errors: ProcedureErrors, *, title: str | None = None) -> ProcedureErrorsDisplay:
        """Of what `bootstrap_procedure` found."""
        return cls(errors.frame(), title=title)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame[self._frame["term"] != "intercept"].reset_index(drop=True)
        several = "model" in frame and frame["model"].nunique() > 1
        error = frame[["standard_error", "naive_error"]].astype(float)
        half = (frame["upper"] - frame["coefficient"]) / error["standard_error"] * error["naive_error"]
        ax.axvline(0.0, **REFERENCE)
        for place, row in enumerate(frame.to_dict("records")):
            middle, naive = float(row["coefficient"]), float(half[place])
            told = {0: ("whole procedure", "as if every outcome were known")}.get(place, (None, None))
            ax.plot(
                [row["lower"], row["upper"]], [place] * 2, color=COLOURS[0], linewidth=1.8, marker="|", label=told[0]
            )
            ax.plot(
                [middle - naive, middle + naive],
                [place + 0.28] * 2,
                color=ALERT,
                linewidth=1.4,
                linestyle=":",
                marker="|",
                label=told[1],
            )
            ax.plot(middle, place, marker="o", color=COLOURS[0])
        names = [f"{row['model']}: {row['term']}" if several else str(row["term"]) for _, row in frame.iterrows()]
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.3, -0.7)
        ax.set_xlabel("Coefficient, with intervals")
        ax.grid(visible=False, axis="y")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    def _size(self) -> tuple[float, float]:
        return 8.0, max(2.2, 1.0 + 0.34 * len(self._frame))
