"""Evidence of the upper bounds of Pluto and Tasche, where the grades have their probabilities from them."""

from __future__ import annotations

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration.master_scale import MasterScale
from credit_risk.calibration.rating_spec import LowDefaultSpec, RatingScaleSpec
from credit_risk.evaluation.graded import GradedSample

LOW_DEFAULT = "rating.low_default"
OTHERS = "the probabilities of the grades are from another source (rating_scale.probability)"
ASSUMED = "assumed: grades rank risk, so that the probability of a grade is at most that of it and all riskier ones"
SEVERAL = (
    "rows are obligors at the start of the window, bads those of all its years; the bound is of one year, every "
    "obligor has it in each year that it survives, and the grade has the probability of the whole window"
)


def low_default_evidence(spec: RatingScaleSpec, scale: MasterScale, graded: GradedSample) -> Evidence:
    """Counts, pools and bounds of every grade; not applicable where probabilities come from elsewhere."""
    if spec.probability != "pluto_tasche":
        return absent(LOW_DEFAULT, "not_applicable", OTHERS)
    counts = graded.counts(len(scale.grades))
    found = spec.low_default.settings.bounds(counts.rows, counts.bad, scale.grades)
    notes = [ASSUMED]
    if found.years > 1:
        notes.append(SEVERAL)
    if found.draws:
        notes.append(f"by {found.draws} simulated paths of the factor, seed {found.seed}: exact for these paths")
    return table(LOW_DEFAULT, found.table, inputs=("model.json", "data/snapshot.parquet"), notes=tuple(notes))


def low_default_items(spec: LowDefaultSpec) -> dict[str, str]:
    """Settings of the bounds, in words."""
    items = {
        "level of the bounds": f"{spec.confidence:g}",
        "asset correlation of the bounds": f"{spec.asset_correlation:g}",
    }
    if spec.years == 1:
        return items
    items |= {
        "years of the window": f"{spec.years}",
        "correlation of the factor from year to year": f"{spec.factor_correlation:g}",
    }
    if spec.asset_correlation > 0:
        items |= {"simulated paths": f"{spec.draws}", "seed of the paths": f"{spec.seed}"}
    return items
