"""Clusters: rows that have an obligor, an account or a group of the plan in common, and so are not independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.intake import Intake
from credit_risk.sampling.samples import DEVELOPMENT, SAMPLES, duplicate_groups
from credit_risk.sampling.spec import SamplesSpec
from credit_risk.scoring.steps import text_of_number

Objects = NDArray[np.object_]
CLUSTER_COLUMNS = ("sample", "rows", "clusters", "largest", "shared_clusters", "shared_rows")
SHOWN = 5


def row_clusters(intake: Intake, spec: SamplesSpec) -> Objects:
    """Cluster of each row as text, None where the row stands by itself; object (n,).

    The group of the plan (`samples.group`; of duplicates: the key of the first of equal rows), else the obligor or
    account of the performance history. Where these are personal data, a cluster is called by its number, in the order
    of the rows. Raises IntakeError where a group of the plan tears an account or obligor apart.
    """
    clusters = _named_clusters(intake, spec)
    return _numbered(clusters) if spec.group in intake.personal_clusters else clusters


def _numbered(clusters: Objects) -> Objects:
    codes = pd.factorize(clusters)[0]
    found = np.full(len(codes), None, dtype=object)
    found[codes >= 0] = [str(code + 1) for code in codes[codes >= 0].tolist()]
    return found


def _named_clusters(intake: Intake, spec: SamplesSpec) -> Objects:
    if spec.group is None:
        return _texts(intake.cluster, len(intake.outcome))
    if spec.group == "duplicates":
        numbers = duplicate_groups(intake.frame[list(intake.contract_columns)])
        _, first = np.unique(numbers, return_index=True)
        groups = _texts(np.asarray(intake.key, dtype=object)[first[numbers]], len(numbers))
    else:
        groups = _texts(intake.frame[spec.group].to_numpy(object), len(intake.outcome))
    if intake.cluster is not None:
        owners = _texts(intake.cluster, len(groups))
        _refuse_torn(owners, groups, spec.group, shown=None not in intake.personal_clusters)
    return groups


def cluster_numbers(clusters: Sequence[str | None] | Objects) -> NDArray[np.int64]:
    """Whole numbers (n,), equal where the clusters are; a row without a cluster has a number of its own."""
    codes = pd.factorize(np.asarray(clusters, dtype=object))[0].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return codes


def repeats(clusters: Sequence[str | None] | Objects) -> bool:
    """Whether any two rows share a cluster."""
    codes = cluster_numbers(clusters)
    return len(codes) > 0 and int(codes.max()) + 1 < len(codes)


def clusters_frame(labels: Objects, clusters: Objects) -> pd.DataFrame:
    """Evidence `samples.clusters`: rows and clusters of each sample, and what it has in common with development.

    labels, clusters (n,). A row without a cluster counts as a cluster. `shared_clusters` and `shared_rows` are those
    of clusters that also stand in development; missing for development itself.
    """
    numbers = cluster_numbers(clusters)
    inside = np.unique(numbers[labels == DEVELOPMENT])
    rows = []
    for sample in SAMPLES:
        mine = numbers[labels == sample]
        if len(mine) == 0:
            continue
        found, counts = np.unique(mine, return_counts=True)
        shared = np.isin(found, inside)
        both = (int(shared.sum()), int(counts[shared].sum())) if sample != DEVELOPMENT else (None, None)
        rows.append((sample, len(mine), len(found), int(counts.max()), *both))
    return pd.DataFrame(rows, columns=list(CLUSTER_COLUMNS))


def _texts(values: Objects | None, rows: int) -> Objects:
    if values is None:
        return np.full(rows, None, dtype=object)
    levels = {value: _text(value) for value in pd.unique(pd.Series(values, dtype=object))}
    found = np.full(rows, None, dtype=object)
    found[:] = [levels[value] if value in levels else _text(value) for value in values.tolist()]
    return found


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or value != value:
        return None
    return text_of_number(value) if isinstance(value, float) else str(value)


def _refuse_torn(owners: Objects, groups: Objects, name: str, *, shown: bool) -> None:
    """A group of the plan holds whole accounts (obligors): their rows would else stand in two samples."""
    frame = pd.DataFrame({"owner": owners, "group": cluster_numbers(groups)}).dropna(subset="owner")
    counts = frame.groupby("owner", sort=True)["group"].nunique()
    torn = counts.index[counts > 1].tolist()
    if torn:
        message = f"rows of one obligor or account stand in different groups of {name!r}"
        found = f"{len(torn):,} of them" + (f", such as {', '.join(torn[:SHOWN])}" if shown else "")
        remedy = "leave samples.group out (obligors and accounts are kept together anyway), or name a coarser group"
        raise IntakeError(Fault(message, code="group", path="samples.group", found=found, remedy=remedy))
