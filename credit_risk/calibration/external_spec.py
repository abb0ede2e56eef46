"""What a plan says of external bad rates that the probability is matched to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from credit_risk._core.spec import Spec
from credit_risk.calibration.long_run_spec import IsoDate

Text = Annotated[str, StringConstraints(min_length=1)]


class ExternalBand(Spec):
    """A band of the column, or a value of it, and its external bad rate."""

    lower: float | None = Field(default=None, description="Least value in the band; null: no lower end.")
    upper: float | None = Field(default=None, description="Where the band ends, itself outside; null: no upper end.")
    value: Text | float | None = Field(
        default=None, description="The one value of the column that the rate is of, in place of lower and upper."
    )
    rate: float = Field(ge=0.0, le=1.0, description="Share of bads in the band, from outside.")
    count: float | None = Field(
        default=None,
        gt=0.0,
        description="Rows behind the rate: weights of the fit, and needed for standard errors and the test of fit; "
        "given for all bands or for none.",
    )
    share: float | None = Field(
        default=None,
        gt=0.0,
        le=1.0,
        description="Share of the band in the external population: weights of the fit where there are no counts; "
        "given for all bands or for none.",
    )

    @model_validator(mode="after")
    def _placed(self) -> ExternalBand:
        ends = (self.lower, self.upper)
        if self.value is not None and ends != (None, None):
            raise ValueError("a band has a value, or lower and upper, not both")
        if self.value is None and ends == (None, None):
            raise ValueError("a band needs a value, or lower or upper")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError("lower is below upper")
        return self

    @property
    def label(self) -> str:
        """The band in words, as evidence names it."""
        if self.value is not None:
            return self.value if isinstance(self.value, str) else f"{self.value:.12g}"
        if self.lower is None:
            return f"below {self.upper:.12g}"
        return f"{self.lower:.12g} and above" if self.upper is None else f"[{self.lower:.12g}, {self.upper:.12g})"


class ExternalSpec(Spec):
    """External bad rates by band of a column, of all applicants: published, or of a credit bureau."""

    column: Text = Field(description="Column of the source that tells the band of an applicant.")
    source: Text = Field(description="Who published the rates, and where.")
    date: IsoDate = Field(description="Date that the rates are of.")
    method: Literal["shift", "line", "intercept_by_band"] = Field(
        default="shift",
        description="shift: the log-odds of the map are shifted by one number. line: slope and intercept on the linear "
        "score, in place of a map (methods: none). Either by least binomial deviance of the band means. "
        "intercept_by_band: each band is shifted by its own number, so that its mean is its rate, and a row in no band "
        "by the one number of method shift; every model reads the column then.",
    )
    bands: Annotated[tuple[ExternalBand, ...], Field(strict=False, min_length=1)] = Field(
        description="Bands that do not overlap, with their rates. Rows in no band are not matched, and are counted."
    )
