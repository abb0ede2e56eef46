"""`simulate_portfolio`: a through-the-door population whose truth is known.

Row i is an application in month m with characteristics x (true) and r (on record; r = x but where a data-quality break
strikes). With the drivers d (`drivers.py`; each a stated function of observed values), the cycle c and independent
standard normal v, w:

    outcome       bad = 1 where f + e > 0,   f = β₀ + Σ βₖ·dₖ(x) + [0.35·(d₁² − 1)] + a·c̄(m) + drift(m)
                  true PD = P(bad | x, m) = Φ(f);   c̄(m) = mean of c over the months m + 1 ... m + 12
    decision      accepted where z + u > 0,  z = γ₀ + Σ γₖ·dₖ(r) + [0.7·instrument] − [disparity·female]
                  P(accepted | r, instrument) = Φ(z)
    unobserved    u = v,  e = ρ·v + √(1 − ρ²)·w
    cycle         c(m) = sin(2πm / cycle_months) + aₘ,  aₘ = 0.8·aₘ₋₁ + 0.15·N(0, 1)

    mar                ρ = 0, no square: P(bad | x, accepted) = P(bad | x), and linear in the drivers
    mar_misspecified   ρ = 0, with the square (in brackets above), which a model linear in the drivers leaves out
    mnar               ρ ≠ 0: P(bad | x, accepted) = Φ₂(f, z; ρ) / Φ(z), the censored bivariate probit exactly

β₀ and γ₀ are solved so that the bad rate and the acceptance rate are as asked, with c = 0 and without drift, on a pilot
population that does not depend on the seed. The old score is 600 + 40·(γ₀ + Σ γₖ·dₖ(r)) in whole points; instrument,
disparity and u are what made underwriters depart from it. The life of the loan (`accounts.py`, `history.py`) is drawn
so that 90 or more days past due occur within 12 months on book if and only if bad = 1.

The design follows the Monte Carlo of METHODS section 1 (there: four normal characteristics, probit outcome and
selection), in the clothes of an applications table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from credit_risk.datasets.accounts import NEVER, Accounts, live
from credit_risk.datasets.characteristics import (
    CATEGORIES,
    NUMERIC,
    PROTECTED,
    Columns,
    recorded_characteristics,
    true_characteristics,
)
from credit_risk.datasets.decisions import (
    DECISIONS,
    OVERRIDES,
    STATUSES,
    SYSTEM_DECISIONS,
    Decision,
    decide,
    unobserved,
)
from credit_risk.datasets.dictionary import OUTCOMES, RESOLUTIONS, column_dictionary
from credit_risk.datasets.draws import Block, Draws, Floats, Integers
from credit_risk.datasets.drift import UNSEEN_LABEL, DataQualityBreak, Drift, PopulationShift
from credit_risk.datasets.drivers import COEFFICIENTS, INSTRUMENT, INSTRUMENT_COEFFICIENT, QUADRATIC, drivers
from credit_risk.datasets.frames import joined, labelled, nullable
from credit_risk.datasets.history import STATES, History, monthly_history
from credit_risk.datasets.months import application_months, dates, origins
from credit_risk.datasets.portfolio import Portfolio
from credit_risk.datasets.process import Process
from credit_risk.datasets.spec import PERFORMANCE_MONTHS, PortfolioSpec, Selection


def simulate_portfolio(
    *,
    applicants: int = 100_000,
    months: int = 36,
    seed: int = 20261120,
    selection: Selection = "mar",
    instrument: bool = False,
    drift: Drift | Sequence[Drift] = (),
    start: str = "2018-01",
    acceptance_rate: float = 0.55,
    bad_rate: float = 0.2,
    rho: float | None = None,
    follow_up: int = 12,
    history_months: int = 18,
    cycle_amplitude: float = 0.15,
    cycle_months: int = 60,
    missing_share: float = 0.04,
    repeat_share: float = 0.05,
    disparity: float = 0.0,
    hard_policy: bool = False,
    chunk_size: int = 131_072,
) -> Portfolio:
    """Simulate `applicants` applications over `months` months; the same arguments give the same bits.

    selection: mar, mar_misspecified or mnar (module docstring). instrument: a column `underwriter_leniency` moves
    acceptance and not the outcome. drift: one or more of PopulationShift, ConceptDrift, DataQualityBreak. start: first
    month of application. acceptance_rate: of those who do not withdraw; bad_rate: of everyone; both with the cycle at
    zero and without drift. rho: correlation of the unobserved parts, for mnar (None: −0.6). follow_up: months observed
    after the last month of application; with fewer than 12 the youngest vintages are immature. history_months: months
    on book in `history`, 12 or more, or 0 for none. cycle_amplitude: of the cycle in the outcome index (probit units).
    missing_share: of income; other columns lose a stated part of it. repeat_share: applications of a person who applied
    before. disparity: what the decision holds against women (probit units). hard_policy: a breach of policy is always
    rejected, so that there is no overlap there. chunk_size: rows made at a time; it changes memory, never the result.

    Raises CreditRiskError with all faults of all arguments.
    """
    values = dict(locals())
    is_switch = dataclasses.is_dataclass(drift) or isinstance(drift, str) or not isinstance(drift, Sequence)
    values["drift"] = (drift,) if is_switch else tuple(drift)  # type: ignore[arg-type]
    return _portfolio(Process.of(PortfolioSpec(**values)))


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One block of applications with all that was drawn for it; arrays (k,)."""

    block: Block
    recorded: Columns
    leniency: Floats | None
    decision: Decision
    outcome_index: Floats
    pd_true: Floats
    noise: Floats
    fate: Floats
    bad: NDArray[np.bool_]
    accounts: Accounts
    history: list[History]


def _portfolio(process: Process) -> Portfolio:
    spec = process.spec
    draws = Draws(spec.seed)
    month = application_months(spec.applicants, spec.months)
    origin = origins(draws, spec.applicants, spec.months, spec.repeat_share)
    chunks = []
    for first in range(0, spec.applicants, spec.chunk_size):
        last = min(first + spec.chunk_size, spec.applicants)
        chunks.append(_chunk(process, Block(draws, first, last, month[first:last], origin[first:last])))
    return Portfolio(
        spec=spec,
        applications=_applications(spec, chunks),
        outcomes=_outcomes(spec, chunks),
        history=_history(spec, chunks),
        losses=_losses(spec, chunks),
        macro=_macro(process),
        truth=_truth(chunks),
        parameters=_parameters(process),
        drift=_drift(spec),
        columns=column_dictionary(spec.instrument),
    )


def _chunk(process: Process, block: Block) -> _Chunk:
    spec = process.spec
    shifts = {k: switch for k, switch in enumerate(spec.drift) if isinstance(switch, PopulationShift)}
    breaks = {k: switch for k, switch in enumerate(spec.drift) if isinstance(switch, DataQualityBreak)}
    true = true_characteristics(block, shifts, spec.start, spec.months, spec.missing_share)
    recorded = recorded_characteristics(true, block, breaks, spec.start, spec.months)
    values = drivers(true)
    index = process.outcome_index(values, block.month)
    pd_true = ndtr(index)
    noise, fate = unobserved(block, spec.correlation)
    bad = index + fate > 0.0
    leniency = block.own_normal("instrument") if spec.instrument else None
    decision = decide(process, block, recorded, drivers(recorded) if breaks else values, leniency, noise)
    accounts = live(process, block, true, values, decision.old_score, pd_true, bad)
    history = monthly_history(block, accounts, decision.booked, pd_true, spec.history_months, _last_month(spec))
    return _Chunk(
        block, recorded, leniency, decision, index, pd_true, noise, fate, bad, accounts, history
    )  # fmt: skip


def _last_month(spec: PortfolioSpec) -> int:
    """Last month observed, counted from the first month of application."""
    return spec.months - 1 + spec.follow_up


def _identifiers(chunks: list[_Chunk]) -> Integers:
    return np.arange(1, chunks[-1].block.last + 1, dtype=np.int64)


def _applications(spec: PortfolioSpec, chunks: list[_Chunk]) -> pd.DataFrame:
    blocks = [chunk.block for chunk in chunks]
    decisions = [chunk.decision for chunk in chunks]
    data: dict[str, Any] = {
        "application_id": _identifiers(chunks),
        "applicant_id": joined(blocks, "origin") + 1,
        "application_date": dates(spec.start, joined(blocks, "month")),
    }
    for name in NUMERIC:
        data[name] = np.concatenate([chunk.recorded[name] for chunk in chunks])
    for name, labels in {**{n: (*ls, UNSEEN_LABEL) for n, (ls, _) in CATEGORIES.items()}, **PROTECTED}.items():
        data[name] = labelled(np.concatenate([chunk.recorded[name] for chunk in chunks]), labels)
    if spec.instrument:
        data[INSTRUMENT] = joined(chunks, "leniency")
    data["old_score"] = joined(decisions, "old_score")
    data["system_decision"] = labelled(joined(decisions, "system"), SYSTEM_DECISIONS)
    for name, labels in (("decision", DECISIONS), ("override", OVERRIDES), ("status", STATUSES)):
        data[name] = labelled(joined(decisions, name), labels)
    return pd.DataFrame(data, copy=False)


def _outcomes(spec: PortfolioSpec, chunks: list[_Chunk]) -> pd.DataFrame:
    lives = [chunk.accounts for chunk in chunks]
    place = np.flatnonzero(joined([chunk.decision for chunk in chunks], "booked"))
    month = joined([chunk.block for chunk in chunks], "month")[place]
    observed = _last_month(spec) - month
    default = joined(lives, "default")[place]
    seen = default <= np.minimum(observed, PERFORMANCE_MONTHS)
    outcome = np.select([seen, observed >= PERFORMANCE_MONTHS], [1, 0], 2)
    return pd.DataFrame(
        {
            "application_id": place.astype(np.int64) + 1,
            "booking_date": dates(spec.start, month),
            "loan_amount": joined(lives, "amount")[place],
            "interest_rate": np.round(joined(lives, "rate")[place] * 1200.0, 2),
            "instalment": np.round(joined(lives, "instalment")[place], 2),
            "observed_until": dates(spec.start, np.full(len(place), _last_month(spec), dtype=np.int64)),
            "months_observed": observed,
            "outcome": labelled(outcome, OUTCOMES),
            "bad": nullable(seen.astype(np.int64), outcome < 2),
        },
        copy=False,
    )


def _history(spec: PortfolioSpec, chunks: list[_Chunk]) -> pd.DataFrame:
    pieces = [piece for chunk in chunks for piece in chunk.history] or [_no_history()]
    return pd.DataFrame(
        {
            "application_id": joined(pieces, "row") + 1,
            "month": dates(spec.start, joined(pieces, "month")),
            "months_on_book": joined(pieces, "months_on_book"),
            "days_past_due": joined(pieces, "days_past_due"),
            "amount_past_due": joined(pieces, "amount_past_due"),
            "balance": joined(pieces, "balance"),
            "state": labelled(joined(pieces, "state"), STATES),
            "cured": joined(pieces, "cured"),
            "written_off": joined(pieces, "written_off"),
            "write_off_amount": joined(pieces, "write_off_amount"),
        },
        copy=False,
    )


def _no_history() -> History:
    whole, real, flag = np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.bool_)
    return History(whole, whole, whole, whole, real, real, whole, flag, flag, real)


def _losses(spec: PortfolioSpec, chunks: list[_Chunk]) -> pd.DataFrame:
    lives = [chunk.accounts for chunk in chunks]
    month = joined([chunk.block for chunk in chunks], "month")
    default, cure, write_off = (joined(lives, name) for name in ("default", "cure", "write_off"))
    shown = np.minimum(_last_month(spec) - month, spec.horizon)
    place = np.flatnonzero(joined([chunk.decision for chunk in chunks], "booked") & (default <= shown))
    month, default, cure, write_off = (values[place] for values in (month, default, cure, write_off))
    ended = np.minimum(cure, write_off)
    known = month + ended <= _last_month(spec)
    exposure, lgd = joined(lives, "exposure")[place], joined(lives, "lgd")[place]
    closing = pd.Series(dates(spec.start, month + np.where(known, ended, 0))).where(known)
    return pd.DataFrame(
        {
            "application_id": place.astype(np.int64) + 1,
            "default_date": dates(spec.start, month + default),
            "default_month_on_book": default,
            "exposure_at_default": exposure,
            "resolution": labelled(np.where(known, np.where(cure < NEVER, 0, 1), 2), RESOLUTIONS),
            "resolution_date": closing,
            "lgd": np.where(known, lgd, np.nan),
            "loss": np.where(known, np.round(exposure * lgd, 2), np.nan),
        },
        copy=False,
    )


def _truth(chunks: list[_Chunk]) -> pd.DataFrame:
    lives, decisions = [chunk.accounts for chunk in chunks], [chunk.decision for chunk in chunks]
    bad = joined(chunks, "bad")
    exposure, lgd = joined(lives, "exposure"), joined(lives, "lgd")
    return pd.DataFrame(
        {
            "application_id": _identifiers(chunks),
            "true_pd": joined(chunks, "pd_true"),
            "bad": bad.astype(np.int64),
            "outcome_index": joined(chunks, "outcome_index"),
            "acceptance_probability": joined(decisions, "probability"),
            "acceptance_index": joined(decisions, "index"),
            "unobserved_decision": joined(chunks, "noise"),
            "unobserved_outcome": joined(chunks, "fate"),
            "months_to_default": nullable(joined(lives, "default"), bad),
            "exposure_at_default": np.where(bad, exposure, np.nan),
            "lgd": np.where(bad, lgd, np.nan),
            "loss": np.where(bad, np.round(exposure * lgd, 2), 0.0),
        },
        copy=False,
    )


def _macro(process: Process) -> pd.DataFrame:
    count = _last_month(process.spec) + 1
    cycle = process.cycle[:count]
    month = dates(process.spec.start, np.arange(count, dtype=np.int64))
    return pd.DataFrame({"month": month, "cycle": cycle, "unemployment_rate": 6.0 + 2.0 * cycle})


def _parameters(process: Process) -> pd.DataFrame:
    spec = process.spec
    rows: list[tuple[str, str, float]] = [("outcome", "intercept", process.outcome_intercept)]
    rows += [("outcome", name, pair[0]) for name, pair in COEFFICIENTS.items()]
    if spec.selection == "mar_misspecified":
        rows.append(("outcome", "bureau^2 - 1", QUADRATIC))
    rows += [("outcome", "cycle, mean of 12 months ahead", float(spec.cycle_amplitude))]
    rows += [("acceptance", "intercept", process.acceptance_intercept)]
    rows += [("acceptance", name, pair[1]) for name, pair in COEFFICIENTS.items()]
    if spec.instrument:
        rows.append(("acceptance", INSTRUMENT, INSTRUMENT_COEFFICIENT))
    rows += [("acceptance", "female", 0.0 - spec.disparity), ("both", "rho", spec.correlation)]
    return pd.DataFrame(rows, columns=["equation", "term", "coefficient"])


def _drift(spec: PortfolioSpec) -> pd.DataFrame:
    rows = []
    for switch in spec.drift:
        values = dataclasses.asdict(switch)
        first, last = values.pop("start"), values.pop("end")
        details = ", ".join(f"{name}={value}" for name, value in values.items())
        rows.append((type(switch).__name__, first, last or "", details))
    return pd.DataFrame(rows, columns=["kind", "start", "end", "details"], dtype=None if rows else "str")
