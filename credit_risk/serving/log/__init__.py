"""The prediction log (scorecards/format/PREDICTION_LOG.md): written, verified, erased from, read."""

from __future__ import annotations

from credit_risk.serving.log.erase import Erased, erase_before, erase_key
from credit_risk.serving.log.secret import Secret, read_secret
from credit_risk.serving.log.verify import Verified, verify_log

__all__ = ["Erased", "Secret", "Verified", "erase_before", "erase_key", "read_secret", "verify_log"]
