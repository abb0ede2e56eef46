"""`python -m credit_risk` is `credit-risk`."""

from __future__ import annotations

from credit_risk.cli import program

if __name__ == "__main__":
    program()
