"""Rows of a live split, counted by arm a batch at a time; what needs all of them lies on disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk.evaluation.estimates import logit_estimate
from credit_risk.evaluation.fairness_gaps import Rate
from credit_risk.monitoring.challenger.arms import ArmRate
from credit_risk.monitoring.challenger.assignment import REPRODUCED_COLUMNS, Split, assign
from credit_risk.monitoring.performance.decisions import OPEN, YES, approved_of, rate_of_counts
from credit_risk.monitoring.rows.measures import rate_and_size
from credit_risk.monitoring.rows.spool import Folder, Sorted, Spool
from credit_risk.monitoring.rows.tally import Coding, Tally, followed
from credit_risk.monitoring.run.columns import OUTCOMES, clusters_of_names, labels_in, texts_of
from credit_risk.monitoring.run.decided import Share
from credit_risk.monitoring.run.settings import Settings, held
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.mapping import DECISION, KEY, OTHER
from credit_risk.monitoring.spec import ChallengersSpec

Names = NDArray[np.object_]


@dataclass(slots=True)
class ArmRows:
    """once: rows by applicant, arm -1 where it is no declared one; tallies: accounts of each arm; decided: approvals
    of those decided in each; logged, differing: rows by the arm that was logged, and those of them that the hash puts
    elsewhere, with the first (1-based, among rows with an identifier); nameless: rows without an identifier."""

    split: Split
    once: Spool
    tallies: dict[str, Tally] = field(default_factory=dict)
    decided: dict[str, Share] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    logged: Counter[str] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    nameless: int = 0
    named: int = 0

    def reproduced(self) -> pd.DataFrame:
        """REPRODUCED_COLUMNS, as of `reproduce`."""
        rows = [
            (arm, count, count - self.differing[arm], self.differing[arm], self.first.get(arm))
            for arm, count in sorted(self.logged.items())
        ]
        frame = pd.DataFrame(rows, columns=REPRODUCED_COLUMNS)
        return frame.assign(first_differing=pd.Series([row[-1] for row in rows], dtype=object))

    def applicants(self) -> dict[str, int]:
        """Applicants by the arm of their first row, where it is declared."""
        names = list(self.split.shares)
        counts = np.zeros(len(names), np.int64)
        ordered = Sorted(self.once, "applicant")
        for block in ordered.blocks():
            if not block.again:
                first = np.append(True, np.diff(block.place) > 0)[: len(block.records)]
                arms = block.records["arm"][first]
                counts += np.bincount(arms[arms >= 0], minlength=len(names))
        ordered.drop()
        return dict(zip(names, counts.tolist(), strict=True))

    def approval(self, arm: str, confidence: float = 0.95) -> Rate:
        """Approvals of those decided in an arm; where rows are of applicants who come again, with their clusters."""
        share = self.decided.get(arm)
        found: Rate = rate_of_counts(0, 0) if share is None else share.rate(confidence)[0]
        return found

    def rates(self, window: float, confidence: float = 0.95) -> dict[str, ArmRate]:
        """What is known of the accounts of each arm that has any."""
        found = {}
        for arm, tally in self.tallies.items():
            if not tally.usable:
                found[arm] = ArmRate(tally.rows, 0, 0.0, window, None)
                continue
            own = followed(tally, window)
            rate = rate_and_size(own)
            estimate = logit_estimate(rate.rate, rate.standard_error, confidence)
            found[arm] = ArmRate(tally.rows, own.bad, own.follow.followed, window, estimate)
        return found


def arm_rows(
    source: SqlSource,
    spec: ChallengersSpec,
    split: Split,
    settings: Settings,
    late: bool,
    words: Words,
    folder: Folder,
) -> ArmRows:
    """All rows of production."""
    known = late and settings.window is not None and settings.binary
    decided = [DECISION] if DECISION in source.columns and words.declared else []
    own = held(source, settings.applicant)
    asked = [KEY, *(["_time", *OUTCOMES] if known else []), *decided, *held(source, spec.arm), *own]
    found = ArmRows(split, folder.spool([("applicant", "u8"), ("arm", "i2")]))
    for period in source.periods:
        whole = spec.arm is not None  # rows are told by their number
        for table in source.batches(period, list(dict.fromkeys(asked)), whole=whole):
            name = own[0] if own else KEY
            identifier = texts_of(table, name)
            inside = ~pd.isna(identifier)
            found.nameless += len(inside) - int(inside.sum())
            batch = table.filter(pa.array(inside))
            arms = _arms(found, batch, identifier[inside], spec, by_hash=by_hash(source, settings))
            declared = np.isin(arms, list(split.shares))
            found.seen |= set(arms[declared].tolist())
            codes = {arm: place for place, arm in enumerate(split.shares)}
            numbers = np.array([codes.get(arm, -1) for arm in arms], np.int16)
            clusters = clusters_of_names(identifier[inside].astype(str).astype(object), 0)
            found.once.add({"applicant": clusters, "arm": numbers})
            names = clusters[declared] if own else None
            _add(found, batch.filter(pa.array(declared)), arms[declared], names, settings, words, folder, known)
    return found


def by_hash(source: SqlSource, settings: Settings) -> bool:
    """Whether production holds what applicants are assigned by: their names, or keys that are names, no pseudonyms."""
    if settings.applicant is None:
        return not source.pseudonymous
    return bool(held(source, settings.applicant))


def _arms(found: ArmRows, batch: pa.Table, identifier: Names, spec: ChallengersSpec, *, by_hash: bool) -> Names:
    """The arm of each row with an identifier, as logged, else by the hash; what was logged is held against the hash,
    where production tells by whom that is (`by_hash`)."""
    before = found.named
    found.named += len(identifier)
    if spec.arm is None:
        return assign(identifier, found.split)
    logged = texts_of(batch, OTHER + spec.arm)
    arms = np.where(pd.isna(logged), "missing", logged).astype(str).astype(object)
    found.logged.update(arms.tolist())
    if not by_hash:
        return arms
    right = assign(identifier, found.split)
    wrong = np.flatnonzero(arms != right)
    found.differing.update(arms[wrong].tolist())
    for place in wrong[::-1]:
        arm = str(arms[place])
        if found.first.get(arm, np.inf) > before + place + 1:
            found.first[arm] = before + int(place) + 1
    return arms


def _add(
    found: ArmRows,
    batch: pa.Table,
    arms: Names,
    clusters: NDArray[np.uint64] | None,
    settings: Settings,
    words: Words,
    folder: Folder,
    known: bool,
) -> None:
    """Decisions and accounts of rows of declared arms."""
    booked = np.ones(len(arms), bool)
    if DECISION in batch.column_names:
        done = approved_of(texts_of(batch, DECISION), words.approved, words.declined).approved
        booked = done == YES
        for arm in set(arms[done != OPEN].tolist()):
            inside = (arms == arm) & (done != OPEN)
            if arm not in found.decided:
                found.decided[arm] = Share.empty(folder, clustered=clusters is not None)
            found.decided[arm].add(booked[inside], None if clusters is None else clusters[inside])
    if not known or settings.window is None:
        return
    labels, _ = labels_in(batch, settings.window)
    for arm in set(arms[booked].tolist()):
        inside = np.flatnonzero(booked & (arms == arm))
        if arm not in found.tallies:
            found.tallies[arm] = Tally.empty(folder, Coding(), [], clustered=clusters is not None)
        columns: dict[str, Any] = {} if clusters is None else {"cluster": clusters[inside]}
        found.tallies[arm].add(labels.part(inside), columns)
