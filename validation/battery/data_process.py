"""The process of the data: missing values and special codes and their drift, constant and stuck inputs, copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from validation.battery.verdicts import not_evaluable, verdict
from validation.rebuild import characteristics
from validation.rebuild.characteristics import Characteristic
from validation.rebuild.metrics import effective_size
from validation.rebuild.workspace import DEVELOPMENT, Workspace

AREA, TABLE = "data_process", "validation.representativeness"
CHANCE = 1e-6
STUCK = 0.999
SURE = 3.29
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drift:
    """A share in development and in another sample of one characteristic, and z of their difference."""

    name: str
    first: float
    second: float
    z: float

    @property
    def size(self) -> float:
        """The difference of the shares, 0 where chance explains it."""
        return abs(self.second - self.first) if abs(self.z) > SURE else 0.0


def check_data_process(space: Workspace) -> None:
    """Judge what the champion reads, sample by sample, and rows that stand twice."""
    chosen, base = characteristics.of_champion(space), space.rows.get(DEVELOPMENT)
    if base is None or not chosen:
        not_evaluable(
            space, AREA, "missing values", DEVELOPMENT, "no development sample, or the champion reads nothing"
        )
    else:
        _judge_missing(space, chosen, base)
        _judge_constant(space, chosen, base)
        for name, rows in space.rows.items():
            if name != DEVELOPMENT:
                _judge_drift(space, chosen, base, name, rows)
                _judge_stuck(space, chosen, base, name, rows)
                _judge_beyond(space, chosen, base, name, rows)
    _judge_contract(space)
    _judge_copies(space)
    not_evaluable(
        space,
        AREA,
        "stale ratings",
        "champion",
        "the package holds one score of each row, and no date of a rating before",
    )
    not_evaluable(space, AREA, "technical defaults", "champion", "the package does not tell why an outcome is bad")


def drift_of(name: str, mask: Booleans, weight: NDArray[np.float64], base: Integers, rows: Integers) -> Drift:
    """Return the drift of the share of rows in `mask` (n,), weighted; z by the two-sample test at effective sizes."""
    shares, sizes = [], []
    for side in (base, rows):
        w = weight[side]
        shares.append(float(np.sum(w[mask[side]]) / np.sum(w)))
        sizes.append(effective_size(float(np.sum(w)), float(np.sum(w**2))))
    pooled = (shares[0] * sizes[0] + shares[1] * sizes[1]) / sum(sizes)
    variance = pooled * (1.0 - pooled) * (1.0 / sizes[0] + 1.0 / sizes[1])
    gap = shares[1] - shares[0]
    return Drift(name, shares[0], shares[1], gap / float(np.sqrt(variance)) if variance > 0 else 0.0)


def _judge_missing(space: Workspace, chosen: list[Characteristic], base: Integers) -> None:
    weight = space.weight[base]
    shares = [float(np.average(one.missing()[base], weights=weight)) for one in chosen]
    worst = int(np.argmax(shares))
    verdict(
        space,
        AREA,
        "missing values",
        DEVELOPMENT,
        f"greatest share missing ({chosen[worst].name})",
        shares[worst],
        review="missing_share_review",
        fail="missing_share_fail",
        statement=f"{chosen[worst].name} is missing in {shares[worst]:.1%} of development.",
        remedy="Say why it is missing, and whether it will be in use.",
        evidence=("data.profile",),
    )


def _judge_drift(space: Workspace, chosen: list[Characteristic], base: Integers, name: str, rows: Integers) -> None:
    for test, masks in (
        ("drift of missing values", [one.missing() for one in chosen]),
        ("drift of special codes", [one.special() for one in chosen]),
    ):
        if test == "drift of special codes" and not any(one.specials for one in chosen):
            not_evaluable(space, AREA, test, name, "no special code is declared of what the champion reads")
            continue
        found = [drift_of(one.name, mask, space.weight, base, rows) for one, mask in zip(chosen, masks, strict=True)]
        worst = max(found, key=lambda one: one.size)
        what = "missing" if test.endswith("values") else "a special code"
        verdict(
            space,
            AREA,
            test,
            name,
            f"difference of shares ({worst.name})",
            worst.size,
            review="missing_drift_review",
            fail="missing_drift_fail",
            statement=f"{worst.name} is {what} in {worst.first:.1%} of development and {worst.second:.1%} of {name}.",
            remedy="Find what changed in the data process.",
            evidence=(TABLE,),
        )


def _levels(one: Characteristic, rows: Integers) -> tuple[object, int, int]:
    """The most frequent content of some rows with its count, and how many contents there are; missing is one."""
    data = pd.Series(one.value.data[rows])
    counts = data.value_counts(dropna=False, sort=False)
    place = int(np.argmax(counts.to_numpy()))
    return counts.index[place], int(counts.iloc[place]), len(counts)


def _judge_constant(space: Workspace, chosen: list[Characteristic], base: Integers) -> None:
    constant = [one.name for one in chosen if _levels(one, base)[2] < 2]
    verdict(
        space,
        AREA,
        "inputs that never vary",
        DEVELOPMENT,
        "inputs",
        float(len(constant)),
        fail="constant_inputs_maximum",
        statement=f"What the champion reads has one value in all of development: {', '.join(constant) or 'none'}.",
        remedy="Leave it out: nothing can have been learnt of it.",
        evidence=("data.profile",),
    )


def stuck(one: Characteristic, base: Integers, rows: Integers) -> bool:
    """Whether nearly all rows have one content that chance would not give to so many, by its share in development."""
    content, count, _ = _levels(one, rows)
    if count < STUCK * len(rows):
        return False
    data = pd.Series(one.value.data[base])
    same = data.isna() if pd.isna(content) else data.eq(content)  # type: ignore[call-overload]
    share = (float(np.count_nonzero(same)) + 0.5) / (len(base) + 1.0)
    return bool(special.bdtrc(count - 1, len(rows), share) < CHANCE)


def _judge_stuck(space: Workspace, chosen: list[Characteristic], base: Integers, name: str, rows: Integers) -> None:
    found = [one.name for one in chosen if stuck(one, base, rows)]
    verdict(
        space,
        AREA,
        "inputs that ceased to vary",
        name,
        "inputs",
        float(len(found)),
        fail="stuck_inputs_maximum",
        statement=f"On {name} nearly all rows have one value, unlike development: {', '.join(found) or 'none'}.",
        remedy="Repair the feed of the data; scores of these rows rest on a default value.",
        evidence=(TABLE,),
    )


def _judge_beyond(space: Workspace, chosen: list[Characteristic], base: Integers, name: str, rows: Integers) -> None:
    """Ordinary values beyond those of development, and levels never seen there."""
    shares = [float(np.average(beyond(one, base, rows), weights=space.weight[rows])) for one in chosen]
    worst = int(np.argmax(shares))
    verdict(
        space,
        AREA,
        "inputs beyond those of development",
        name,
        f"share of rows ({chosen[worst].name})",
        shares[worst],
        review="beyond_development_review",
        fail="beyond_development_fail",
        statement=f"{chosen[worst].name} has a value that development never had in {shares[worst]:.1%} of {name}.",
        remedy="Say what the model does beyond its data.",
        evidence=(TABLE,),
    )


def beyond(one: Characteristic, base: Integers, rows: Integers) -> Booleans:
    """(m,) where a row has an ordinary value outside the range, or a level outside the list, of the rows `base`."""
    ordinary = one.ordinary()
    known, own = one.value.data[base][ordinary[base]], one.value.data[rows]
    if not one.numeric:
        levels = set(known.tolist())
        return np.array([item not in levels for item in own.tolist()], dtype=bool) & ordinary[rows]
    if not len(known):
        return np.asarray(ordinary[rows])
    own = np.where(ordinary[rows], own.astype(np.float64), float(known[0]))
    return np.asarray((own < known.min()) | (own > known.max()))


def _judge_contract(space: Workspace) -> None:
    """Rows that break a term of the contract were counted among the comparisons: told here, found there."""
    test = "values outside the contract"
    found = [one for one in space.ledger.comparisons if one.quantity == "rows that break a term"]
    if not found:
        not_evaluable(space, AREA, test, "snapshot", "the package holds no contract of its data")
        return
    verdict(
        space,
        AREA,
        test,
        "snapshot",
        "columns with such rows",
        float(sum(one.breaches for one in found)),
        fail="contract_breaches_maximum",
        statement="Values lie outside the ranges and lists of the contract, or are missing where none may be.",
        remedy="Correct the data or the contract.",
        evidence=("data.contract",),
    )


def _judge_copies(space: Workspace) -> None:
    """Rows equal in all predictors and the outcome: as many between samples as development itself leads to expect."""
    names = _compared_columns(space)
    base = space.known(DEVELOPMENT)
    if not names or not len(base):
        not_evaluable(space, AREA, "copied rows", "snapshot", "no predictor or no development row")
        return
    digest = digests(space.frame, [*names, "_outcome"])
    own = digest[base]
    first = float(np.mean(pd.Series(own).duplicated(keep=False))) if len(own) else 0.0
    verdict(
        space,
        AREA,
        "rows that stand twice",
        DEVELOPMENT,
        "share of rows",
        first,
        review="duplicates_review",
        fail="duplicates_fail",
        statement=f"{first:.1%} of the development rows equal another one in {len(names)} columns and the outcome.",
        remedy="Say whether they are the same applicant; keep one of each.",
        evidence=("data.duplicates",),
    )
    for name in space.rows:
        rows = space.known(name)
        if name == DEVELOPMENT or not len(rows):
            continue
        share = float(np.mean(np.isin(digest[rows], own)))
        variance = share * (1.0 - share) / len(rows) + first * (1.0 - first) / len(own)
        excess = share - first
        sure = excess > SURE * float(np.sqrt(variance)) if variance > 0 else excess > 0
        verdict(
            space,
            AREA,
            "rows copied from development",
            name,
            "share of rows beyond that of development",
            excess if sure else min(excess, 0.0),
            fail="copied_rows_fail",
            statement=f"{share:.1%} of {name} equal a development row in {len(names)} columns and the outcome; of "
            f"development itself {first:.1%} equal another row.",
            remedy="Draw the samples again: what is tested was trained on.",
            evidence=("data.duplicates",),
        )


def digests(frame: pd.DataFrame, names: Iterable[str]) -> NDArray[np.uint64]:
    """Return a number (n,) of the contents of some columns, equal where all of them are."""
    return np.asarray(pd.util.hash_pandas_object(frame[list(names)], index=False).to_numpy(np.uint64))


def _compared_columns(space: Workspace) -> list[str]:
    contract = space.package.rows_of("data.contract")
    if contract is None:
        return [name for name in space.frame.columns if not name.startswith("_")]
    wanted = {row["column"] for row in contract if row["role"] in ("predictor", "protected")}
    return [name for name in space.frame.columns if name in wanted]
