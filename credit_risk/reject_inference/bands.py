"""Score bands, and Hsia's augmentation: known outcomes stand for all applicants of their band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.reject_inference._inputs import check_bands, counted, probabilities_of
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, Mask, Places, known_rows

BAND_COLUMNS = (
    *("band", "from_probability", "to_probability", "decided", "known", "rejected"),
    *("bad_rate", "factor"),
)
FEW_KNOWN = 20
SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Bands:
    """Bands of probability of bad. edges (b-1,): a probability is in band k (from 0) where k edges are below it.

    asked: bands asked for; fewer are made where quantiles coincide.
    """

    edges: Floats
    asked: int

    @property
    def count(self) -> int:
        """Bands made."""
        return len(self.edges) + 1

    def of(self, probability: Floats) -> Places:
        """Band (n,), from 0, the safest first."""
        return np.searchsorted(self.edges, probability, side="left").astype(np.int64)


def quantile_bands(probability: Floats, weights: Floats, inside: Mask, bands: int) -> Bands:
    """Bands with equal weight of the rows `inside`, all (n,), as far as equal probabilities let them.

    Edge j is the least probability of an inside row up to which at least j/bands of their weight lies; edges that
    coincide are one, and the greatest probability is none, so that every band holds inside rows. Others lie where
    their probability says, those beyond the inside rows in the first or the last band.
    """
    values, place = np.unique(probability[inside], return_inverse=True)
    reached = np.cumsum(np.bincount(place, weights=weights[inside]))
    wanted = reached[-1] * np.arange(1, bands) / bands * (1 - SLACK)
    edges = np.unique(values[np.searchsorted(reached, wanted, side="left")])
    return Bands(edges[edges < values[-1]], bands)


def score_bands(decided: Decided, probability: ArrayLike, *, bands: int = 10) -> InferredRows:
    """Known outcomes with weights w·(weight of all decided of the band / weight of the known of the band) (Hsia 1978).

    probability (n,): of bad, by the model of known outcomes. Bands as in `quantile_bands` of the known, so that each
    holds known outcomes. Total weight: that of all decided. Raises CreditRiskError on probabilities outside [0, 1] and
    fewer than 2 bands.
    """
    check_bands(bands)
    p = probabilities_of(decided, probability, "probability")
    cut = quantile_bands(p, decided.weights, decided.known, bands)
    factor = _factors(decided, cut.of(p), cut.count)
    place, y, weight, inferred = known_rows(decided, factor[cut.of(p)])
    notes = (
        "assumes that, within a score band, rejected applicants are like those with known outcomes",
        f"factors from {factor.min():.3g} to {factor.max():.3g}",
        *band_notes(decided, p, cut),
    )
    return InferredRows("score_bands", place, y, weight, inferred, notes)


def band_table(decided: Decided, probability: ArrayLike, *, bands: int = 10) -> pd.DataFrame:
    """What `score_bands` and `parcelling` stand on, `BAND_COLUMNS`: weights of all decided, known and rejected by band,

    the bad rate of the known (weighted) and Hsia's factor. Errors as of `score_bands`.
    """
    check_bands(bands)
    p = probabilities_of(decided, probability, "probability")
    cut = quantile_bands(p, decided.weights, decided.known, bands)
    band = cut.of(p)
    columns = {
        "band": np.arange(1, cut.count + 1),
        "from_probability": np.r_[0.0, cut.edges],
        "to_probability": np.r_[cut.edges, 1.0],
        "decided": _weight(decided, band, cut.count, np.ones(len(p), dtype=bool)),
        "known": _weight(decided, band, cut.count, decided.known),
        "rejected": _weight(decided, band, cut.count, decided.rejected),
        "bad_rate": band_bad_rates(decided, band, cut.count),
        "factor": _factors(decided, band, cut.count),
    }
    return pd.DataFrame(columns, columns=list(BAND_COLUMNS))


def band_bad_rates(decided: Decided, band: Places, count: int) -> Floats:
    """Weighted bad rate of the known outcomes by band (count,); every band holds some."""
    known = decided.known
    bad = np.bincount(band[known], weights=decided.weights[known] * decided.y[known], minlength=count)
    return bad / _weight(decided, band, count, known)


def band_notes(decided: Decided, probability: Floats, cut: Bands) -> tuple[str, ...]:
    """Bands that fell together, bands with few known outcomes, rejects beyond the scores of the known."""
    known, rejected = decided.known, decided.rejected
    rows = np.bincount(cut.of(probability)[known], minlength=cut.count)
    told = [f"{counted(cut.count, 'band')}, quantiles of the probabilities of the known outcomes"]
    if cut.count < cut.asked:
        told.append(f"{cut.asked:,} bands were asked for: quantiles that coincide make one band")
    few = int(np.count_nonzero(rows < FEW_KNOWN))
    if few:
        told.append(f"{counted(few, 'band')} with fewer than {FEW_KNOWN} known outcomes, the least {int(rows.min()):,}")
    low, high = float(probability[known].min()), float(probability[known].max())
    for side, beyond, name in (
        ("below the safest", rejected & (probability < low), "first"),
        ("above the riskiest", rejected & (probability > high), "last"),
    ):
        if beyond.any():
            number = counted(int(np.count_nonzero(beyond)), "rejected applicant")
            told.append(f"{number} {side} known outcome: counted in the {name} band")
    return tuple(told)


def _factors(decided: Decided, band: Places, count: int) -> Floats:
    every = np.ones(len(band), dtype=bool)
    return _weight(decided, band, count, every) / _weight(decided, band, count, decided.known)


def _weight(decided: Decided, band: Places, count: int, inside: Mask) -> Floats:
    return np.bincount(band[inside], weights=decided.weights[inside], minlength=count).astype(np.float64)
