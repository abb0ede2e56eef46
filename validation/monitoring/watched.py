"""Alerts that the plan's rules raise, made again from the values of metrics; what a run keeps open beside them.

An alert is of a rule, a segment and a subject. It is raised where the cut is reached in at least `at_least` of the
latest `of` months that are due. A month that is not evaluable, or whose value chance explains, reaches no cut; a rule
on outcomes is judged up to the last month that is evaluable. Alerts of earlier runs whose condition holds no longer
stay until a person closes them: of these the log alone knows what they told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from validation import strict_json
from validation.monitoring.bench import ALL, Bench
from validation.monitoring.catalogue import LATE, OF_FAIRNESS, usual_rules
from validation.monitoring.restated import Judged

AREA, OBJECTIVE = "monitoring.alerts", "objective"
MONTHS = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
RED, YELLOW, CLOSED = "red", "yellow", "closed"
WORDS = ("id", "severity", "metric", "first_period", "last_period", "owner", "response")
Key = tuple[str, str, str]
"""Rule, segment and subject."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule or an objective of the plan. strict: a cut is passed beyond it alone; left_out: columns of segments that
    it is not asked of."""

    id: str
    metric: str
    population: str
    subjects: tuple[str, ...] | None
    cut: Mapping[str, Any]
    strict: bool
    tested: bool
    months: int
    at_least: int
    of: int
    severities: Mapping[str, str]
    owner: str | None
    response: str | None
    segments: tuple[str, ...]
    left_out: frozenset[str]
    late: bool

    def colour(self, one: Judged | None) -> str | None:
        """Red, yellow, or None, of a value, a month without one, or one that chance explains."""
        if one is None or not one.evaluable or (self.tested and one.beyond_chance is False):
            return None
        if self._reached(one.value, self.cut.get(RED)) and not (self.strict and one.value == self.cut[RED]):
            return RED
        return YELLOW if not self.strict and self._reached(one.value, self.cut.get(YELLOW)) else None

    def _reached(self, value: float, cut: float | None) -> bool:
        if cut is None:
            return False
        if self.cut["side"] == "below":
            return value <= cut
        return (value if self.cut["side"] == "above" else abs(value - float(self.cut.get("neutral", 0.0)))) >= cut

    def covers(self, segment: str) -> bool:
        """Whether its population holds a segment (`all`, or column=value)."""
        column = segment.split("=", 1)[0]
        if ALL in (segment, self.population):
            return segment == self.population
        if column in self.left_out:
            return False
        return self.population in (segment, column) or (self.population == "segments" and column in self.segments)


@dataclass(frozen=True, slots=True)
class Raised:
    """period: the last of all values; alerts: cells of those that must stand in the table; red: rules of red ones, all:
    of any colour; untold: rules that could not be judged, one for each segment and subject."""

    period: str
    alerts: Mapping[Key, Mapping[str, Any]]
    red: frozenset[str]
    every: frozenset[str]
    untold: int


def watches_of(bench: Bench) -> list[Watch]:
    """Rules and objectives of the plan, or the usual rules where it has no section on monitoring."""
    plan = bench.package.plan
    own: Mapping[str, Any] | None = plan.get("monitoring")
    spec: Mapping[str, Any] = own or {}
    rules = usual_rules(binary=bench.package.outcome_type == "binary") if own is None else spec.get("metrics") or ()
    listed = plan["data"].get("protected") or ()
    protected = frozenset(
        name for names in (listed.values() if isinstance(listed, Mapping) else [listed]) for name in names
    )
    found = []
    for one in rules:
        late, fair = one["metric"] in LATE, one["metric"] in OF_FAIRNESS
        colours = {RED: one["severity"], YELLOW: one["yellow_severity"]}
        subjects = None if one.get("subjects") is None else tuple(one["subjects"])
        found.append(
            _watch(bench, spec, one, one["metric"], subjects, one["cut"], colours, late, () if fair else protected)
        )
    for one in spec.get("objectives") or ():
        cut = {"side": "above" if one["direction"] == "at_most" else "below", RED: one["target"]}
        colours, late = {RED: one["severity"]}, one.get("metric") in LATE
        found.append(_watch(bench, spec, one, OBJECTIVE, (one["id"],), cut, colours, late, protected))
    return found


def _watch(
    bench: Bench,
    spec: Mapping[str, Any],
    one: Mapping[str, Any],
    metric: str,
    subjects: tuple[str, ...] | None,
    cut: Mapping[str, Any],
    severities: Mapping[str, str],
    late: bool,
    left_out: Iterable[str],
) -> Watch:
    lasting = one.get("persistence") or {"at_least": bench.settings.at_least, "of": bench.settings.of}
    months = MONTHS[one.get("frequency") or spec.get("frequency") or "monthly"]
    return Watch(
        str(one["id"]), metric, str(one.get("population") or ALL), subjects, cut, metric == OBJECTIVE,
        metric != OBJECTIVE and bool(one.get("beyond_chance")), months, int(lasting["at_least"]), int(lasting["of"]),
        severities, one.get("owner"), one.get("response"), bench.settings.segments, frozenset(left_out), late,
    )  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- judging
def raised_of(model: str, watches: Sequence[Watch], values: Sequence[Judged]) -> Raised | None:
    """What the rules raise on all values of a run; None without any."""
    periods = sorted({one.period for one in values})
    if not periods:
        return None
    alerts, red, every, untold = dict[Key, Mapping[str, Any]](), set[str](), set[str](), 0
    for watch in watches:
        due = [period for period in periods if int(period[5:]) % watch.months == 0]
        if not due:
            continue
        series = _series(watch, values)
        untold += 0 if series else 1
        told = due
        if watch.late:
            known = [one.period for points in series.values() for one in points.values() if one.evaluable]
            told = [period for period in due if known and period <= max(known)]
        for (segment, subject), points in series.items():
            untold += int(due[-1] not in points or not points[due[-1]].evaluable)
            found = _condition(watch, points, told)
            if found is None:
                continue
            colour, first, last = found
            every.add(watch.id)
            red |= {watch.id} if colour == RED else set()
            alerts[watch.id, segment, subject] = {
                "id": alert_id(model, watch.id, segment, subject), "severity": watch.severities[colour],
                "metric": watch.metric, "first_period": first.period, "last_period": last.period, "value": last.value,
                "cut": watch.cut[colour], "owner": watch.owner, "response": watch.response,
            }  # fmt: skip
    return Raised(periods[-1], alerts, frozenset(red), frozenset(every), untold)


def _series(watch: Watch, values: Sequence[Judged]) -> dict[tuple[str, str], dict[str, Judged]]:
    found: dict[tuple[str, str], dict[str, Judged]] = {}
    for one in values:
        asked = watch.subjects is None or one.subject in watch.subjects
        if one.metric == watch.metric and asked and watch.covers(one.segment):
            found.setdefault((one.segment, one.subject), {})[one.period] = one
    return found


def _condition(watch: Watch, points: Mapping[str, Judged], due: Sequence[str]) -> tuple[str, Judged, Judged] | None:
    """Colour, and the first and the last month that reached the cut, of a condition that holds at the last month.

    It begins with the first month that reached the cut of the window in which it was met, at a month that reached it
    itself, and holds while each later window meets it.
    """
    colours = [watch.colour(points.get(period)) for period in due]
    begin: int | None = None
    for place in range(len(due)):
        start = max(0, place - watch.of + 1)
        hits = [at for at in range(start, place + 1) if colours[at] is not None]
        if len(hits) < watch.at_least:
            begin = None
        elif begin is None and colours[place] is not None:
            begin = hits[0]
    if begin is None:
        return None
    reached = [points[due[at]] for at in range(begin, len(due)) if colours[at] is not None]
    colour = RED if colours[-watch.of :].count(RED) >= watch.at_least else YELLOW
    return colour, reached[0], reached[-1]


def alert_id(model: str, rule: str, segment: str, subject: str) -> str:
    """Identifier of the alert: `A-` and twelve digits of the SHA-256 of the four names as canonical JSON."""
    return f"A-{hashlib.sha256(strict_json.write([model, rule, segment, subject])).hexdigest()[:12]}"


# ------------------------------------------------------------------------------------------------------------ comparing
def compare_alerts(bench: Bench, values: Sequence[Judged]) -> tuple[str | None, str, str]:
    """Compare `monitoring.alerts`; returns period, verdict and reason of the area of alerts.

    An alert that a person closed, as the run's `alerts.json` tells, need not stand in the table; one whose condition
    holds no longer may, where that document says that it recovered.
    """
    model = str(bench.package.manifest["model"]["id"])
    raised = raised_of(model, watches_of(bench), values)
    if raised is None:
        return None, "grey", "no value came that a rule could be held against"
    stated = bench.run.table("alerts")
    rows = [] if stated is None else stated.to_dict("records")
    of_model = {
        _key(row): row for row in rows if row["id"] == alert_id(model, *_key(row)) or _key(row) in raised.alerts
    }
    kept = {str(one["id"]): one for one in bench.run.alerts}
    keys = sorted({*of_model, *raised.alerts})
    labels = [" ".join(key) for key in keys]
    must = [_stands(raised.alerts.get(key), kept.get(alert_id(model, *key))) for key in keys]
    bench.ledger.words(AREA, "rows of the table", [key in of_model for key in keys], must, labels)
    both = [key for key in keys if key in of_model and key in raised.alerts]
    labels = [" ".join(key) for key in both]
    for column, rule in (("value", "mean"), ("cut", "mean")):
        cells, own = ([side[key][column] for key in both] for side in (of_model, raised.alerts))
        bench.ledger.numbers(AREA, column, rule, cells, own, labels)
    for column in WORDS:
        cells, own = ([side[key][column] for key in both] for side in (of_model, raised.alerts))
        bench.ledger.words(AREA, column, cells, own, labels)
    others = sorted(str(row["id"]) for row in rows if _key(row) not in raised.alerts)
    if others:
        reason = "not recomputed: what earlier runs told of conditions that hold no longer, or of another model"
        bench.ledger.not_evaluable(f"{AREA}: {', '.join(others)}", reason)
    return _verdict(raised)


def _key(row: Mapping[str, Any]) -> Key:
    return str(row["rule"]), str(row["segment"]), str(row["subject"])


def _stands(own: Mapping[str, Any] | None, kept: Mapping[str, Any] | None) -> bool:
    """Whether an alert must stand in the table. kept: what the run's document of alerts tells of it."""
    if kept is not None and kept["state"] == CLOSED:
        return own is not None and own["last_period"] > kept["last_period"]  # reached again since
    return own is not None or (kept is not None and kept["recovered"] is not None)


def _verdict(raised: Raised) -> tuple[str | None, str, str]:
    if raised.every:
        colour = "red" if raised.red else "amber"
        return raised.period, colour, f"cuts are broken: {', '.join(sorted(raised.red or raised.every))}"
    told = f"; {raised.untold} could not be judged" if raised.untold else ""
    return raised.period, "green", f"no rule of the plan is broken{told}"
