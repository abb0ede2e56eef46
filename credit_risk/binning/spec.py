"""What a plan says of classing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.binning.override_spec import AnyOverride
from credit_risk.sampling.spec import Code, ColumnName, Trend

Placing = Literal["apart", "nearest_woe"]
Unseen = Literal["neutral", "missing", "worst", "rare"]
Splits = Annotated[tuple[float | str, ...], Strict(False)]
Group = Annotated[tuple[Code, ...], Strict(False), Field(min_length=1)]
Groups = Annotated[tuple[Group, ...], Strict(False)]
AnyTrend = Trend | Literal["auto_monotonic", "auto"]


class CharacteristicSpec(Spec):
    """Settings of one characteristic, in place of the general ones; null: the general setting holds."""

    trend: AnyTrend | None = Field(
        default=None, description="Trend of the bad rate, or the rule that chooses it; as classing.monotonic and trend."
    )
    min_bins: int | None = Field(default=None, ge=1, le=20, description="Fewest coarse classes.")
    max_bins: int | None = Field(default=None, ge=2, le=20, description="Most coarse classes.")
    min_share: float | None = Field(
        default=None, gt=0, le=0.5, description="Least share of the development rows in a coarse class."
    )
    max_share: float | None = Field(
        default=None, gt=0, le=1, description="Greatest share of the development rows in a coarse class; 1: no limit."
    )
    min_goods: float | None = Field(default=None, ge=0, description="Fewest goods in a coarse class.")
    min_bads: float | None = Field(default=None, ge=0, description="Fewest bads in a coarse class.")
    min_rate_difference: float | None = Field(
        default=None, ge=0, lt=1, description="Least difference of the bad rates of neighbours."
    )
    max_p_value: float | None = Field(
        default=None, gt=0, le=1, description="Greatest p-value of the test of neighbours; 1: no test."
    )
    fixed_splits: Splits | None = Field(
        default=None,
        min_length=1,
        description="Values, or categories of a declared order, each of which must open a bin; others may too.",
    )
    candidate_splits: Splits | None = Field(
        default=None,
        min_length=1,
        description="The only values or categories, besides the fixed ones, that may open a bin.",
    )
    groups: Groups | None = Field(
        default=None, min_length=1, description="Lists of categories without an order that share a bin with each other."
    )
    fixed_groups: Groups | None = Field(
        default=None, min_length=1, description="Lists of categories without an order, each a bin as it stands."
    )
    rare_share: float | None = Field(
        default=None, ge=0, le=0.5, description="Share below which categories are pooled before they are ordered."
    )
    missing: Placing | None = Field(default=None, description="Where missing values go; as classing.missing.")
    special: Placing | None = Field(default=None, description="Where special codes go; as classing.special.")
    nearest_woe_below: float | None = Field(
        default=None, gt=0, le=1, description="As classing.nearest_woe_below; 1: whatever their share."
    )
    unseen: Unseen | None = Field(default=None, description="Unseen categories; as classing.unseen.")


class ClassingSpec(Spec):
    """How characteristics are cut into bins and how weights of evidence are set."""

    engine: Literal["exact", "optbinning"] = Field(
        default="exact",
        description="Who finds the cuts: exact is a dynamic programme that proves the greatest information value; "
        "optbinning's solver works on at most max_prebins equal-frequency classes.",
    )
    trend: Literal["auto_monotonic", "auto", "none"] = Field(
        default="auto_monotonic",
        description="Trend where the plan declares none: the better of ascending and descending; auto lets a peak or a "
        "valley win that is clearly better (exact engine); none leaves the order free.",
    )
    max_prebins: int = Field(
        default=20,
        ge=2,
        le=20,
        description="Most fine classes: those that optbinning merges, and those whose Gini the leakage screen reads.",
    )
    min_bins: int = Field(default=1, ge=1, le=20, description="Fewest coarse classes.")
    max_bins: int = Field(default=6, ge=2, le=20, description="Most coarse classes, besides missing and special codes.")
    min_share: float = Field(
        default=0.05, gt=0, le=0.5, description="Least share of the development rows in a coarse class."
    )
    max_share: float = Field(
        default=1.0, gt=0, le=1, description="Greatest share of the development rows in a coarse class; 1: no limit."
    )
    min_goods: float = Field(default=0.0, ge=0, description="Fewest goods in a coarse class (weighted).")
    min_bads: float = Field(default=0.0, ge=0, description="Fewest bads in a coarse class (weighted).")
    min_rate_difference: float = Field(
        default=0.0, ge=0, lt=1, description="Least difference of the bad rates of neighbours."
    )
    max_p_value: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Greatest p-value of the test that neighbours have one bad rate (exact engine); null: no test.",
    )
    rare_share: float = Field(
        default=0.01,
        ge=0,
        le=0.5,
        description="Categories with a smaller share of the development rows are pooled before they are ordered.",
    )
    monotonic: dict[ColumnName, Trend] = Field(
        default_factory=dict,
        description="Trend of the bad rate that the classing must have, by characteristic.",
    )
    missing: Placing = Field(
        default="apart",
        description="Where missing values go: a bin of their own, or the bin of ordinary values of nearest weight of "
        "evidence, whose counts then include them.",
    )
    special: Placing = Field(default="apart", description="Where each special code goes, as missing.")
    nearest_woe_below: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Share of the development rows from which on missing or a special code stays apart though "
        "nearest_woe is asked for; null: they are joined whatever their share.",
    )
    unseen: Unseen = Field(
        default="neutral",
        description="Weight of evidence of categories not met in development: 0 (neutral), that of the bin of missing, "
        "that of the riskiest bin (worst), or that of the bin of the pooled rare categories (rare; 0 where none is).",
    )
    characteristics: dict[ColumnName, CharacteristicSpec] = Field(
        default_factory=dict, description="Settings of single characteristics, in place of the general ones."
    )
    overrides: Annotated[tuple[AnyOverride, ...], Strict(False)] = Field(
        default=(), description="Manual changes after classing, in order, each with its reason and author."
    )
    zero_cell: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Count set in place of zero goods or zero bads in a bin, so that its weight of evidence is finite.",
    )
    unobserved: Literal["neutral"] = Field(
        default="neutral", description="Weight of evidence of a bin without development rows: neutral is 0."
    )

    def of(self, characteristic: str) -> ClassingSpec:
        """The settings that hold for one characteristic: the general ones, with its own in their place."""
        own = self.characteristics.get(characteristic)
        if own is None:
            return self
        fields = set(type(self).model_fields) - {"trend"}
        given: dict[str, Any] = {k: v for k, v in own if k in fields and v is not None}
        if own.trend in ("auto_monotonic", "auto"):
            given["trend"] = own.trend
        return self.model_copy(update=given)

    def own(self, characteristic: str) -> CharacteristicSpec:
        """What the plan says of one characteristic alone."""
        return self.characteristics.get(characteristic, CharacteristicSpec())

    def declared_trend(self, characteristic: str) -> Trend | None:
        """The trend that the plan's classing declares for a characteristic, None where a rule chooses it."""
        own = self.characteristics.get(characteristic)
        if own is None or own.trend is None:
            return self.monotonic.get(characteristic)
        return None if own.trend == "auto_monotonic" or own.trend == "auto" else own.trend
