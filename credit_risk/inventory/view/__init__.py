"""The inventory as tables, files and one page, for people who read it."""

from __future__ import annotations
