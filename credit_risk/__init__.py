"""Develop, explain, package and hand over credit-risk models. `import credit_risk as cr`."""

from __future__ import annotations

__version__ = "0.1.0"
