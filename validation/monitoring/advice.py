"""The advice on retraining made again: signals from the values of metrics, and the first printed rule that fits them.

Values are our own where they were recomputed, and those of the run where they were not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from validation.monitoring.bench import ALL, Bench
from validation.monitoring.catalogue import TITLES
from validation.monitoring.restated import Judged
from validation.monitoring.tables import compare_table

MOVED, HELD, UNKNOWN = "moved", "held", "not evaluable"
SIGNALS = ("feed", "ranking", "calibration", "population", "characteristics")
WORDS = ("action", "because", *SIGNALS, "moved")
OF_RANGE = 2
"""The rule that is passed over where the AUC is held against development's in the same range of scores."""
RULES: tuple[tuple[Mapping[str, str], str, str], ...] = (
    ({"feed": MOVED}, "mend_the_feed",
     "the record is not what the model was developed on: what ranking, level and population show is of a wrong "
     "record, and says nothing of applicants or of default"),
    ({"ranking": MOVED, "population": MOVED, "calibration": HELD}, "watch",
     "the AUC fell among other applicants and the level holds: a narrower spread of risk lowers it though the "
     "order has not failed; hold it against the estimate without labels before anything is developed anew (passed "
     "over where development's AUC is told in the same range of scores)"),
    ({"ranking": MOVED}, "re_develop", "the order of risk has failed, and no map of the score restores an order"),
    ({"calibration": MOVED, "ranking": HELD}, "re_calibrate",
     "the level has moved and the order of risk holds: a new map from score to probability suffices"),
    ({"calibration": MOVED}, "wait_for_outcomes",
     "the level has moved, and whether the order of risk holds cannot be judged yet: a new map may not suffice"),
    ({"population": MOVED, "calibration": HELD, "ranking": HELD}, "re_weight",
     "other applicants come, and P(bad | x) holds for them: the model stays; development is weighted to them when "
     "it is next estimated, and cut-offs and expected volumes are set anew"),
    ({"population": MOVED}, "wait_for_outcomes",
     "other applicants come, and whether P(bad | x) holds for them cannot be judged before outcomes are known"),
    ({"characteristics": MOVED}, "watch",
     "characteristics have moved, and the score, the level and the order as far as they are known have not"),
    ({"calibration": UNKNOWN}, "keep",
     "nothing that is known has moved; level and order cannot be judged before outcomes are known"),
    ({"ranking": UNKNOWN}, "keep",
     "nothing that is known has moved; the order of risk cannot be judged before more outcomes are known"),
    ({}, "keep", "nothing has moved"),
)  # fmt: skip
"""Signals that must be so (others may be anything), the advice, and why; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Metric that a signal is read from, its threshold by name and as the format has it; away: what its distance is
    measured from; at_once: the last month suffices; whole: told of all rows, and true of every segment."""

    signal: str
    metric: str
    name: str | None
    usual: float
    away: float | None = None
    at_once: bool = False
    whole: bool = False


SOURCES = (
    _Source("feed", "missing_share", "feed_broke", 0.05, away=0.0, at_once=True),
    _Source("feed", "unseen_share", "feed_broke", 0.05, at_once=True),
    _Source("feed", "contract_breaches", "feed_broke", 0.05, at_once=True),
    _Source("feed", "record_breaks", None, 1.0, at_once=True),
    _Source("feed", "bad_partitions", None, 1.0, at_once=True, whole=True),
    _Source("feed", "replay_differences", None, 1.0, at_once=True, whole=True),
    _Source("ranking", "auc_drop", "ranking_fell", 0.05),
    _Source("calibration", "calibration_in_the_large", "calibration_moved", 0.1, away=1.0),
    _Source("population", "score_psi", "population_moved", 0.25),
    _Source("characteristics", "characteristic_psi", "characteristic_moved", 0.25),
)


def compare_advice(bench: Bench, own: Mapping[str, pd.DataFrame], values: Sequence[Judged]) -> None:
    """Compare `monitoring.advice_rules` with the rules of the format, and `monitoring.advice` with what they say."""
    numbered = [
        {"rule": number, "action": action, "because": why, **{name: when.get(name) for name in SIGNALS}}
        for number, (when, action, why) in enumerate(RULES, 1)
    ]
    words = ("action", "because", *SIGNALS)
    compare_table(bench.ledger, bench.run, "advice_rules", pd.DataFrame(numbered), ["rule"], {}, words)
    known = [one for one in values if one.metric in {source.metric for source in SOURCES}]
    if not known:
        compare_table(bench.ledger, bench.run, "advice", "nothing was measured that the advice goes by", [], {})
        return
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("retraining") or {}
    like = own.get("like", pd.DataFrame())
    ranged = {row["segment"] for row in like.to_dict("records") if row["status"] == "evaluable"}
    period = max(one.period for one in known)
    lasting = spec.get("persistence") or {"at_least": bench.settings.at_least, "of": bench.settings.of}
    rows = [
        {"period": period, "segment": segment, **advice_of(known, segment, period, spec, lasting, segment in ranged)}
        for segment in sorted({one.segment for one in known})
    ]
    compare_table(bench.ledger, bench.run, "advice", pd.DataFrame(rows), ["period", "segment"], {"rule": "rows"}, WORDS)


def advice_of(
    values: Sequence[Judged],
    segment: str,
    period: str,
    spec: Mapping[str, Any],
    lasting: Mapping[str, int],
    in_range: bool,
) -> dict[str, Any]:
    """Signals of a segment, what moved in words, and the rule that fits."""
    signals, moved = dict.fromkeys(SIGNALS, UNKNOWN), list[str]()
    for source in SOURCES:
        cut = source.usual if source.name is None else float(spec.get(source.name, source.usual))
        place = ALL if source.whole else segment
        mine = [one for one in values if one.metric == source.metric and one.segment == place]
        for state, words in _states(mine, source, cut, period, lasting):
            if state == MOVED or signals[source.signal] == UNKNOWN:
                signals[source.signal] = state
            moved += [words] if state == MOVED else []
    number, (_, action, why) = next(
        (number, rule)
        for number, rule in enumerate(RULES, 1)
        if not (in_range and number == OF_RANGE) and all(signals[name] == word for name, word in rule[0].items())
    )
    return {"rule": number, "action": action, "because": why, **signals, "moved": "; ".join(moved) or None}


def _states(
    mine: Sequence[Judged], source: _Source, cut: float, period: str, lasting: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    """State of each subject: moved where the cut is reached, beyond chance, in enough of the latest months."""
    for subject in sorted({one.subject for one in mine}):
        known = sorted((one for one in mine if one.subject == subject and one.evaluable), key=lambda one: one.period)
        latest = [one for one in known if one.period == period] if source.at_once else known[-lasting["of"] :]
        reached = [one for one in latest if _reached(one, source, cut)]
        if not latest:
            yield UNKNOWN, ""
        elif len(reached) < (1 if source.at_once else lasting["at_least"]):
            yield HELD, ""
        else:
            of = "" if subject in (ALL, "score") else f" of {subject}"
            last = reached[-1]
            yield MOVED, f"{TITLES[source.metric]}{of}: {last.value:.4g} in {last.period}"


def _reached(one: Judged, source: _Source, cut: float) -> bool:
    if one.beyond_chance is False:
        return False
    return (one.value if source.away is None else abs(one.value - source.away)) >= cut
