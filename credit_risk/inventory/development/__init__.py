"""The log of development: what was tried, on which data, with which parameters, what came of it, what was decided."""

from __future__ import annotations
