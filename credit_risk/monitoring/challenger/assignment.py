"""A live split by hash of the applicant's identifier: reproducible, uniform, and the same in any language.

The number of an applicant is the first 8 bytes, big-endian, unsigned, of SHA-256(UTF-8(salt) ‖ 0x00 ‖
UTF-8(identifier)); a whole-number identifier is its decimal text, without sign or zeros in front. Arms take the numbers
in the order in which they are declared: arm k those below its threshold ⌊2^64 · (share of arms 1 to k)⌋ and not of an
arm before; shares are read as the decimals they are written as. Nothing is normalised: other bytes are another
applicant.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from credit_risk._core.errors import CreditRiskError, Fault

SPACE = 2**64
SPLIT_COLUMNS = ["arm", "threshold", "share", "rows", "expected", "statistic", "p_value", "verdict"]
"""A row each arm; chi-square test of the numbers of rows against the declared shares, the same in each row."""
REPRODUCED_COLUMNS = ["arm", "rows", "reproduced", "differing", "first_differing"]
MATCH, MISMATCH = "as declared", "sample ratio mismatch"


@dataclass(frozen=True, slots=True)
class Split:
    """salt: one a test, so that tests are independent; shares: of each arm, in order, together 1.

    Raises CreditRiskError where the salt is empty or holds U+0000, a share is not within (0, 1), or they do not add up.
    """

    salt: str
    shares: Mapping[str, float]

    def __post_init__(self) -> None:
        faults = []
        if not self.salt or "\x00" in self.salt:
            allowed = "text without U+0000"
            faults.append(Fault("not a salt", "salt", path="salt", found=repr(self.salt), allowed=allowed))
        exact = [_exact(one) for one in self.shares.values()]
        if len(exact) < 2 or any(one is None or not 0 < one < 1 for one in exact):
            found = ", ".join(f"{name} {one!r}" for name, one in self.shares.items())
            faults.append(
                Fault("not shares of two arms or more", "range", path="shares", found=found, allowed="(0, 1)")
            )
        elif sum(one for one in exact if one is not None) != 1:
            found = str(float(sum(one for one in exact if one is not None)))
            faults.append(Fault("shares do not add up to 1", "range", path="shares", found=found))
        if faults:
            raise CreditRiskError(faults)

    @property
    def thresholds(self) -> dict[str, int]:
        """Where each arm ends, exclusive; the last at 2^64."""
        found, up_to = {}, Fraction(0)
        for name, share in self.shares.items():
            up_to += _exact(share) or 0
            found[name] = int(SPACE * up_to)
        return found


def two_arms(salt: str, challenger_share: float, champion: str = "champion", challenger: str = "challenger") -> Split:
    """A split of champion and challenger."""
    share = _exact(challenger_share)
    rest = float("nan") if share is None else float(1 - share)
    return Split(salt, {challenger: challenger_share, champion: rest})


def number_of(identifier: str | int, salt: str) -> int:
    """The number of an applicant within [0, 2^64), by the bytes that the module documents."""
    text = _text(identifier)
    digest = hashlib.sha256(salt.encode() + b"\x00" + text.encode()).digest()
    return int.from_bytes(digest[:8], "big")


def assign(identifiers: ArrayLike, split: Split) -> NDArray[np.object_]:
    """The arm (n,) of each identifier: text, or whole numbers (7 and "7" are one applicant).

    It depends on identifier, salt and shares alone: neither on order nor on who else applies; an applicant who comes
    again has the same arm. Raises CreditRiskError on missing identifiers, and on numbers that are not whole.
    """
    values = np.asarray(identifiers, dtype=object)
    odd = [place for place, one in enumerate(values) if not _is_identifier(one)]
    if odd:
        found = f"{len(odd)} of {len(values)} rows, first {values[odd[0]]!r} in row {odd[0] + 1}"
        allowed = "text or whole numbers"
        raise CreditRiskError(Fault("not identifiers", "key", path="identifiers", found=found, allowed=allowed))
    edges, names = list(split.thresholds.values()), list(split.shares)
    arms = [names[_first_above(edges, number_of(one, split.salt))] for one in values]
    return np.array(arms, dtype=object)


def check_split(arms: ArrayLike, split: Split, significance: float = 0.001) -> pd.DataFrame:
    """SPLIT_COLUMNS: whether arms (n,) of applicants, each once, have the declared shares (sample ratio mismatch).

    A test of a split of one million rows finds what no eye sees; a mismatch means that rows were lost or assigned
    otherwise, and comparisons of the arms do not hold. Raises CreditRiskError on arms that are not declared.
    """
    given = pd.Series(np.asarray(arms, dtype=object))
    unknown = sorted({str(one) for one in given[~given.isin(list(split.shares))]})
    if unknown or not len(given):
        found, allowed = ", ".join(unknown) or "no rows", ", ".join(split.shares)
        raise CreditRiskError(Fault("arms that are not declared", "arm", path="arms", found=found, allowed=allowed))
    return split_table({name: int((given == name).sum()) for name in split.shares}, split, significance)


def split_table(counts: Mapping[str, int], split: Split, significance: float = 0.001) -> pd.DataFrame:
    """SPLIT_COLUMNS of how many applicants, each once, have each of the arms of a split; one at least has any."""
    rows = np.array([counts[name] for name in split.shares])
    expected = np.array([float(share) for share in split.shares.values()]) * rows.sum()
    test = stats.chisquare(rows, expected * (rows.sum() / expected.sum()))
    statistic, p_value = float(test.statistic), float(test.pvalue)
    return pd.DataFrame(
        {
            "arm": list(split.shares),
            "threshold": [str(one) for one in split.thresholds.values()],
            "share": [float(one) for one in split.shares.values()],
            "rows": rows,
            "expected": expected,
            "statistic": statistic,
            "p_value": p_value,
            "verdict": MISMATCH if p_value < significance else MATCH,
        }
    )[SPLIT_COLUMNS]


def reproduce(identifiers: ArrayLike, arms: ArrayLike, split: Split) -> pd.DataFrame:
    """REPRODUCED_COLUMNS: logged arms (n,) against those that the identifiers have, by logged arm.

    first_differing: the first row (1-based) that was assigned otherwise, None where there is none.
    """
    logged, right = np.asarray(arms, dtype=object).astype(str), assign(identifiers, split)
    if len(logged) != len(right):
        found, allowed = f"{len(logged)} rows", f"{len(right)} rows"
        raise CreditRiskError(Fault("length differs", "length", path="arms", found=found, allowed=allowed))
    same = logged == right
    rows: list[tuple[Any, ...]] = []
    for name in sorted(set(logged)):
        inside = logged == name
        wrong = np.flatnonzero(inside & ~same)
        first = int(wrong[0]) + 1 if len(wrong) else None
        rows.append((name, int(inside.sum()), int((inside & same).sum()), len(wrong), first))
    frame = pd.DataFrame(rows, columns=REPRODUCED_COLUMNS)
    return frame.assign(first_differing=pd.Series([row[-1] for row in rows], dtype=object))


def _is_identifier(one: Any) -> bool:
    return isinstance(one, str) or (isinstance(one, int | np.integer) and not isinstance(one, bool | np.bool_))


def _text(identifier: str | int) -> str:
    return identifier if isinstance(identifier, str) else str(int(identifier))


def _first_above(edges: list[int], number: int) -> int:
    return next(place for place, edge in enumerate(edges) if number < edge)


def _exact(share: float) -> Fraction | None:
    """A share as the decimal it is written as."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share):
        return None
    return Fraction(repr(share))
