"""The bank's governance policy: tiers, what gates require, who approves, deadlines; one YAML file."""

from __future__ import annotations

from credit_risk.inventory.policy.read import default_policy, read_policy
from credit_risk.inventory.policy.spec import PolicySpec
from credit_risk.inventory.policy.tiering import effective_tier, tier_faults, tier_of

__all__ = ["PolicySpec", "default_policy", "effective_tier", "read_policy", "tier_faults", "tier_of"]
