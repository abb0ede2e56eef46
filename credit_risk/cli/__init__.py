"""The command `credit-risk`. Nothing else in the package prints."""

from __future__ import annotations

from credit_risk.cli.main import main, program

__all__ = ["main", "program"]
