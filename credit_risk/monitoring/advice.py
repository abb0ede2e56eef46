"""Whether to mend the feed, re-develop, re-calibrate, re-weight, wait or keep: by stated rules, with their reasons.

Five signals are read from the values of metrics, each moved, held, or not evaluable; the first rule whose signals fit
is the advice. The rules follow what a change of the record, of P(bad | x) or of P(x) does to ranking and to the level
(Moreno-Torres and others 2012, Pattern Recognition 45, 521-530): where only P(x) changes, calibration by the score
stays; where the level of P(bad | x) changes and its order does not, a map of the score suffices; where the order
changes, no map restores it. They advise; people decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.metrics import CATALOGUE, VALUE_COLUMNS
from credit_risk.monitoring.spec import PersistenceSpec, RetrainingSpec

Action = Literal["mend_the_feed", "re_develop", "re_calibrate", "re_weight", "wait_for_outcomes", "watch", "keep"]
ADVICE_COLUMNS = [
    *("period", "segment", "action", "rule", "because"),
    *("feed", "ranking", "calibration", "population", "characteristics", "moved"),
]
"""A row a segment. Signals are `moved`, `held` or `not evaluable`; `moved` lists what moved, with values."""
RULE_COLUMNS = ["rule", "feed", "ranking", "calibration", "population", "characteristics", "action", "because"]
SIGNALS = ("feed", "ranking", "calibration", "population", "characteristics")
MOVED, HELD, NOT_EVALUABLE = "moved", "held", "not evaluable"


@dataclass(frozen=True, slots=True)
class Rule:
    """Signals that must be so (those not named may be anything), what is advised then, and why."""

    number: int
    when: Mapping[str, tuple[str, ...]]
    action: Action
    because: str


RULES: tuple[Rule, ...] = (
    Rule(1, {"feed": (MOVED,)}, "mend_the_feed",
         "the record is not what the model was developed on: what ranking, level and population show is of a wrong "
         "record, and says nothing of applicants or of default"),
    Rule(2, {"ranking": (MOVED,), "population": (MOVED,), "calibration": (HELD,)}, "watch",
         "the AUC fell among other applicants and the level holds: a narrower spread of risk lowers it though the "
         "order has not failed; hold it against the estimate without labels before anything is developed anew (passed "
         "over where development's AUC is told in the same range of scores)"),
    Rule(3, {"ranking": (MOVED,)}, "re_develop",
         "the order of risk has failed, and no map of the score restores an order"),
    Rule(4, {"calibration": (MOVED,), "ranking": (HELD,)}, "re_calibrate",
         "the level has moved and the order of risk holds: a new map from score to probability suffices"),
    Rule(5, {"calibration": (MOVED,)}, "wait_for_outcomes",
         "the level has moved, and whether the order of risk holds cannot be judged yet: a new map may not suffice"),
    Rule(6, {"population": (MOVED,), "calibration": (HELD,), "ranking": (HELD,)}, "re_weight",
         "other applicants come, and P(bad | x) holds for them: the model stays; development is weighted to them when "
         "it is next estimated, and cut-offs and expected volumes are set anew"),
    Rule(7, {"population": (MOVED,)}, "wait_for_outcomes",
         "other applicants come, and whether P(bad | x) holds for them cannot be judged before outcomes are known"),
    Rule(8, {"characteristics": (MOVED,)}, "watch",
         "characteristics have moved, and the score, the level and the order as far as they are known have not"),
    Rule(9, {"calibration": (NOT_EVALUABLE,)}, "keep",
         "nothing that is known has moved; level and order cannot be judged before outcomes are known"),
    Rule(10, {"ranking": (NOT_EVALUABLE,)}, "keep",
         "nothing that is known has moved; the order of risk cannot be judged before more outcomes are known"),
    Rule(11, {}, "keep", "nothing has moved"),
)  # fmt: skip

OF_RANGE = 2
"""The rule that holds only while the range of scores may be what lowered the AUC."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A metric that a signal is read from: its threshold by name of RetrainingSpec (None: 1), and whether the latest
    period suffices. `whole`: told for all rows only, and true of every segment."""

    signal: str
    metric: str
    threshold: str | None
    at_once: bool = False
    whole: bool = False


SOURCES = (
    _Source("feed", "missing_share", "feed_broke", at_once=True),
    _Source("feed", "unseen_share", "feed_broke", at_once=True),
    _Source("feed", "contract_breaches", "feed_broke", at_once=True),
    _Source("feed", "record_breaks", None, at_once=True),
    _Source("feed", "bad_partitions", None, at_once=True, whole=True),
    _Source("feed", "replay_differences", None, at_once=True, whole=True),
    _Source("ranking", "auc_drop", "ranking_fell"),
    _Source("calibration", "calibration_in_the_large", "calibration_moved"),
    _Source("population", "score_psi", "population_moved"),
    _Source("characteristics", "characteristic_psi", "characteristic_moved"),
)


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice on a segment at its latest period: the rule that fits, the signals, and what moved, in words."""

    period: str
    segment: str
    rule: Rule
    signals: Mapping[str, str]
    moved: tuple[str, ...]

    @property
    def action(self) -> Action:
        """What is advised."""
        return self.rule.action


def retraining_advice(
    values: pd.DataFrame,
    thresholds: RetrainingSpec,
    persistence: PersistenceSpec,
    in_range: frozenset[str] = frozenset(),
) -> tuple[Advice, ...]:
    """Advice on each segment of `values` (VALUE_COLUMNS), `all` first.

    in_range: segments whose AUC is held against development's in the same range of scores; there a fall is no work of
    the range, and rule OF_RANGE is passed over.

    A signal has moved where a metric reaches its threshold, beyond chance where it is tested, in `at_least` of the
    latest `of` periods that are evaluable; a broken feed at once, in the latest period. It has held where such periods
    are fewer, and is not evaluable where none is. `thresholds.persistence` goes before `persistence`. Raises
    CreditRiskError where columns are absent.
    """
    require_columns(values, VALUE_COLUMNS, "values")
    known = values[values["metric"].isin([source.metric for source in SOURCES])]
    if known.empty:
        return ()
    segments = sorted(set(known["segment"]), key=lambda name: (name != ALL, name))
    period = str(max(known["period"]))
    lasting = thresholds.persistence or persistence
    return tuple(_advice(known, segment, period, thresholds, lasting, segment in in_range) for segment in segments)


def advice_frame(advice: tuple[Advice, ...]) -> pd.DataFrame:
    """ADVICE_COLUMNS of advice."""
    rows = [
        (one.period, one.segment, one.action, one.rule.number, one.rule.because,
         *(one.signals[name] for name in SIGNALS), "; ".join(one.moved))
        for one in advice
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ADVICE_COLUMNS)


def rules_frame() -> pd.DataFrame:
    """RULE_COLUMNS: the rules in their order, the first that fits being the advice; an empty cell is any."""
    rows = [
        (rule.number, *(" or ".join(rule.when.get(name, ())) for name in SIGNALS), rule.action, rule.because)
        for rule in RULES
    ]
    return pd.DataFrame(rows, columns=RULE_COLUMNS)


def rule_for(signals: Mapping[str, str], in_range: bool = False) -> Rule:
    """The first rule whose signals fit; without OF_RANGE where the AUC is held against development's in its range."""
    rules = (rule for rule in RULES if not (in_range and rule.number == OF_RANGE))
    return next(rule for rule in rules if all(signals[name] in allowed for name, allowed in rule.when.items()))


def _advice(
    values: pd.DataFrame,
    segment: str,
    period: str,
    thresholds: RetrainingSpec,
    lasting: PersistenceSpec,
    in_range: bool,
) -> Advice:
    signals: dict[str, str] = dict.fromkeys(SIGNALS, NOT_EVALUABLE)
    moved: list[str] = []
    for source in SOURCES:
        mine = values[(values["metric"] == source.metric) & (values["segment"] == (ALL if source.whole else segment))]
        for state, words in _states(mine, source, period, thresholds, lasting):
            if state == MOVED or signals[source.signal] == NOT_EVALUABLE:
                signals[source.signal] = state
            moved += [words] if state == MOVED else []
    return Advice(period, segment, rule_for(signals, in_range), signals, tuple(moved))


def _states(
    mine: pd.DataFrame, source: _Source, period: str, thresholds: RetrainingSpec, lasting: PersistenceSpec
) -> Iterator[tuple[str, str]]:
    """State of each subject of a metric, with what moved in words."""
    metric = CATALOGUE[source.metric]
    cut = 1.0 if source.threshold is None else float(getattr(thresholds, source.threshold))
    at_least, of = (1, 1) if source.at_once else (lasting.at_least, lasting.of)
    for subject, rows in mine.groupby("subject", sort=True):
        evaluable = rows[rows["evaluable"].astype(bool)].sort_values("period")
        latest = evaluable[evaluable["period"] == period] if source.at_once else evaluable.tail(of)
        if latest.empty:
            yield NOT_EVALUABLE, ""
            continue
        reached = [one for one in latest.itertuples(index=False) if _reached(one, cut, metric.neutral, metric.side)]
        if len(reached) < at_least:
            yield HELD, ""
            continue
        last: Any = reached[-1]
        of_what = "" if subject in (ALL, "score") else f" of {subject}"
        yield MOVED, f"{metric.title}{of_what}: {last.value:.4g} in {last.period}"


def _reached(one: Any, cut: float, neutral: float, side: str) -> bool:
    """Whether a value is at the threshold, and chance does not explain it."""
    chance = one.beyond_chance
    if not pd.isna(chance) and not chance:
        return False
    return bool(abs(one.value - neutral) >= cut if side == "away" else one.value >= cut)
