"""The old score and policy: who was accepted, by whom overridden, and who then took the loan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from credit_risk.datasets.characteristics import FEMALE, Columns
from credit_risk.datasets.draws import Block, Floats, Integers
from credit_risk.datasets.drivers import INSTRUMENT_COEFFICIENT, linear
from credit_risk.datasets.process import Process

CUT_OFF, POINTS_PER_UNIT, REFER_MARGIN = 600.0, 40.0, 24.0
WITHDRAWN_SHARE = 0.04
REPEAT_CORRELATION = 0.5

SYSTEM_DECISIONS = ("accept", "refer", "decline")
DECISIONS = ("accepted", "rejected", "none")
OVERRIDES = ("none", "high_side", "low_side")
STATUSES = ("booked", "not_taken_up", "withdrawn", "rejected", "overridden_high", "overridden_low")
ACCEPT, REFER, DECLINE = range(3)
ACCEPTED, REJECTED, NO_DECISION = range(3)


@dataclass(frozen=True, slots=True)
class Decision:
    """All (k,). Positions in the tuples of this module: system, decision, override, status.

    old_score in whole points; index and probability of acceptance given what is on record (and the instrument);
    noise u; booked: the loan was paid out.
    """

    old_score: Floats
    system: Integers
    decision: Integers
    override: Integers
    status: Integers
    index: Floats
    probability: Floats
    booked: NDArray[np.bool_]


def unobserved(block: Block, rho: float) -> tuple[Floats, Floats]:
    """(u, e), standard normal with correlation ρ: what moved decision and outcome and is on no record.

    Two applications of one person have correlation 0.5 in each.
    """
    own, shared = np.sqrt(1.0 - REPEAT_CORRELATION), np.sqrt(REPEAT_CORRELATION)
    noise = shared * block.person_normal("judgement") + own * block.own_normal("judgement")
    fate = shared * block.person_normal("fate") + own * block.own_normal("fate")
    return noise, rho * noise + np.sqrt(1.0 - rho * rho) * fate


def decide(
    process: Process,
    block: Block,
    recorded: Columns,
    values: dict[str, Floats],
    leniency: Floats | None,
    noise: Floats,
) -> Decision:
    """Decisions on `recorded` characteristics, whose drivers are `values`."""
    spec = process.spec
    score_index = process.acceptance_intercept + linear(values, 1)
    old_score = np.rint(CUT_OFF + POINTS_PER_UNIT * score_index)
    index = score_index - spec.disparity * (recorded["sex"] == FEMALE)
    if leniency is not None:
        index = index + INSTRUMENT_COEFFICIENT * leniency
    breach = values["policy_breach"] > 0.0
    barred = breach if spec.hard_policy else np.zeros_like(breach)
    accepted = (index + noise > 0.0) & ~barred
    system = np.select(
        [breach | (old_score < CUT_OFF - REFER_MARGIN), old_score < CUT_OFF + REFER_MARGIN], [DECLINE, REFER], ACCEPT
    )
    withdrawn = block.own("withdrawn") < WITHDRAWN_SHARE
    declined = block.own("take_up") < ndtr(-1.35 - 0.25 * values["bureau"])
    booked = accepted & ~withdrawn & ~declined
    low = accepted & ~withdrawn & (system == DECLINE)
    high = ~accepted & ~withdrawn & (system == ACCEPT)
    decision = np.select([withdrawn, accepted], [NO_DECISION, ACCEPTED], REJECTED)
    status = np.select([withdrawn, accepted & declined, low, accepted, high], [2, 1, 5, 0, 4], 3)
    return Decision(
        old_score=old_score,
        system=system.astype(np.int64),
        decision=decision.astype(np.int64),
        override=np.select([high, low], [1, 2], 0).astype(np.int64),
        status=status.astype(np.int64),
        index=index,
        probability=np.where(barred, 0.0, ndtr(index)),
        booked=booked,
    )
