"""The severities of findings, gravest first (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import Mapping

SEVERITIES = ("critical", "high", "medium", "low", "observation")


def counted(counts: Mapping[str, int]) -> str:
    """Counts of findings by severity in words, those that are 0 left out: `2 high, 1 observation`, or `no findings`."""
    told = [_words(count, severity) for severity, count in counts.items() if count]
    return ", ".join(told) or "no findings"


def _words(count: int, severity: str) -> str:
    several = "s" if severity == "observation" and count != 1 else ""
    return f"{count:,} {severity}{several}"
