"""`python -m credit_risk` is `credit-risk`."""

from __future__ import annotations

import sys

from credit_risk.cli import main

if __name__ == "__main__":
    sys.exit(main())
